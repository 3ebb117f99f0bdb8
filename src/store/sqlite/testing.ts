import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll } from 'vitest'

/** A folder for the databases of a test file, gone with it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-store-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Child {
  process: ChildProcess
  /** The lines that it prints, as they come. */
  lines: AsyncIterableIterator<string>
  /** Once it has ended, however it did. */
  ended: Promise<void>
}

/** A process of its own that runs a TypeScript program; `prelude` is what programs here begin with. */
export function spawnProgram(program: string, wrapper: readonly string[] = []): Child {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '--eval', prelude + program]
  const [command, ...rest] = [...wrapper, ...node]
  const child = spawn(command as string, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  return { process: child, lines: createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })[Symbol.asyncIterator](), ended }
}

const source = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
const prelude = `
import { writeSync } from 'node:fs'
import { openSqliteStore } from ${source('./store.ts')}
import { noWrites } from ${source('../store.ts')}
import { newId } from ${source('../../core/ids.ts')}
const id = () => newId(Date.now(), Math.random)
// At once, so that what is printed is known however the process ends.
const print = (...words) => writeSync(1, words.join(' ') + '\\n')
const bornRow = body => ({ id: id(), namespace: 'default', kind: 'job', name: 'job', queue: 'default', state: 'queued', gate: 1, sort: 1, wakeAt: 1,
  delivered: true, createdAt: 1, startedAt: null, tags: { a: '1' }, input: null, body })
const openLane = async store => {
  const claim = await store.claim({ lane: id(), claim: id(), node: id(), nodeName: 'child', address: null, wanted: Array.from({ length: 64 }, (_, shard) => shard), dead: await store.lanes() })
  return { claim, sequence: claim.sequence, lastBatch: claim.lastBatch, batch(writes) {
    return { id: id(), lane: claim.lane, claim: claim.claim, sequence: this.sequence, lastBatch: this.lastBatch, checks: [], writes: { ...noWrites(), ...writes } }
  } }
}
`
