import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Where the dev session of a directory listens. Its port may not be the usual one, and the commands typed beside it must reach this session and no
 * other one, so it leaves a note in `.mainspring/`. A note of a process that is gone counts for nothing.
 */
interface DevSession {
  url: string
  process: number
}

export function writeDevSession(directory: string, url: string): void {
  const file = fileOf(directory)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify({ url, process: process.pid } satisfies DevSession))
}

export function removeDevSession(directory: string): void {
  rmSync(fileOf(directory), { force: true })
}

/** The address of the dev session that runs in this directory, or null. */
export function devSessionUrl(directory: string): string | null {
  try {
    const session = JSON.parse(readFileSync(fileOf(directory), 'utf8')) as DevSession
    process.kill(session.process, 0)
    return session.url
  } catch {
    return null
  }
}

function fileOf(directory: string): string {
  return join(directory, '.mainspring', 'dev.json')
}
