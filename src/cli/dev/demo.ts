import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@mainspring/sdk'
import { goOn, JOBS_FOLDER, playDay } from '../../demo/index.ts'
import { Refusal } from '../../server/refusal.ts'
import { findJobFiles } from '../job-files.ts'
import type { Session } from '../session.ts'
import { Child, type ChildListener } from './child.ts'

/** What `dev --demo` has besides: a database with a day in it, and what goes on. */
export interface Demo {
  /** Of its jobs. */
  folder: string
  database: string
  /** A second worker beside that of `dev`, and the people who start runs. */
  begin(client: Client, url: string): void
  /** Nothing further is started. */
  end(): Promise<void>
  /** The database is gone, unless it was asked for by name. */
  remove(): void
}

export interface Playing {
  scale: number
  print(text: string): void
  /** Nobody waits for it any longer. */
  signal: AbortSignal
}

/**
 * Plays the day into a database that is only the demo's: one in a temporary folder, or that of `--database`, which must not be there yet. Null: a person did not want to wait.
 * @throws Refusal: there is such a file.
 */
export async function openDemo({ terminal, config }: Session, playing: Playing): Promise<Demo | null> {
  const named = config.origins.database === '--database'
  const { database: given, namespace } = config.settings
  if (namespace !== 'default')
    throw new Refusal({ code: 'demo-namespace', place: config.origins.namespace, title: 'The demo lives in the namespace "default".' })
  if (named && (given === 'memory:' || existsSync(given)))
    throw new Refusal({
      code: 'demo-database',
      place: '--database',
      title: given === 'memory:' ? 'The demo is played into a file.' : 'This file is there already, and the demo fills only a new one.',
      hint: 'Name another, or leave --database out.',
    })
  const folder = named ? null : mkdtempSync(join(tmpdir(), 'mainspring-demo-'))
  const database = folder === null ? given : join(folder, 'demo.db')
  const remove = (): void => {
    if (folder !== null) rmSync(folder, { recursive: true, force: true })
  }
  try {
    await played(database, playing)
  } catch (error) {
    remove()
    if (playing.signal.aborted) return null
    throw error
  }
  let stopPeople = (): void => {}
  let media: Child | null = null
  return {
    folder: JOBS_FOLDER,
    database,
    begin(client, url) {
      const files = findJobFiles(JOBS_FOLDER).filter(file => /[\\/]media\.[jt]s$/.test(file))
      media = new Child({ url, namespace, directory: terminal.directory, files, name: 'media-1', source: null }, NOBODY)
      stopPeople = goOn(client)
    },
    async end() {
      stopPeople()
      media?.kill()
      await media?.ended
    },
    remove,
  }
}

async function played(file: string, { scale, print, signal }: Playing): Promise<void> {
  const begunAt = performance.now()
  const shows = process.stdout.isTTY
  const what = 'playing the last 26 hours of a shop'
  if (!shows) print(`${what} …`)
  const progress = (share: number): void => void (shows && process.stdout.write(`\r  ${what} … ${Math.round(share * 100)} %`))
  progress(0)
  const { runs, lines } = await playDay({ file, scale, progress, signal })
  if (shows) process.stdout.write('\r\u001b[K')
  const seconds = Math.round((performance.now() - begunAt) / 1_000)
  print(`played the last 26 hours of a shop in ${seconds} s: ${runs.toLocaleString('en')} runs, ${lines.toLocaleString('en')} log lines`)
}

/** What happens to the second worker is seen in the console. */
const NOBODY: ChildListener = { ready: () => {}, mistake: () => {}, failed: () => {}, printed: () => {}, ended: () => {} }
