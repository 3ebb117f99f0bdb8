import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client, RunHandle, WireLogLine } from '@mainspring/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as jobs from './support/isolated-jobs.ts'
import { type Child, LONG, type Server, Stage, until } from './support/processes.ts'

/** A handler that burns a core: 3 leases, or the 60 s of the issue. */
const LEASE_MS = 1_000
const BURN_MS = LONG ? 60_000 : 3 * LEASE_MS
const FOR_EVER_MS = 3_600_000

const stage = new Stage()
let server: Server
let client: Client
let worker: Child
beforeAll(async () => {
  server = await stage.server({ database: stage.file('main.db'), lease: `${LEASE_MS}ms` })
  client = server.client()
  worker = await working()
})
afterAll(() => stage.end())

async function working(): Promise<Child> {
  const child = stage.command(['worker', join(import.meta.dirname, 'support/isolated-jobs.ts'), '--url', server.url])
  await child.says(/worker is ready/)
  return child
}

test('a handler in a process of its own has all that a context has', async () => {
  const run = await client.start(jobs.whole, { at: new Date(0) }, { metadata: new Set([1]) })
  const output = (await run.result()) as Record<string, unknown>
  expect(output).toEqual({ pid: expect.any(Number), year: 1970, page: 1n, child: 42, metadata: new Set([1]) })
  expect(output.pid).not.toBe(worker.pid)
  expect(await run.get()).toMatchObject({ state: 'completed', progress: { value: 0.5, message: 'half' }, checkpoint: { page: 1n } })
  expect(await run.logs()).toMatchObject([{ message: 'in a process of its own', fields: { at: { $type: 'Date' } } }])
  const seen: unknown[] = []
  for await (const { value } of run.stream('seen')) seen.push(value)
  expect(seen).toEqual([{ at: new Date(0) }])
  // The next attempt has the same process.
  expect(await (await client.start(jobs.whole, { at: new Date(0) })).result()).toMatchObject({ pid: output.pid })
})

test('a handler that burns a core costs neither its lease nor another handler', async () => {
  const file = stage.file('enough')
  const run = await client.start(jobs.burning, { ms: BURN_MS, file })
  await lineOf(run, /burning/)
  expect(await (await client.start(jobs.child, 1)).result()).toBe(2)
  writeFileSync(file, '')
  await run.result()
  expect(await run.get()).toMatchObject({ state: 'completed', attempt: 1 })
})

test('what is thrown there is told as it was', async () => {
  const run = await client.start(jobs.throwing, undefined)
  await expect(run.result()).rejects.toMatchObject({
    failure: { type: 'TypeError', message: 'not so', stack: expect.stringContaining('isolated-jobs.ts'), cause: { message: 'why' } },
  })
  expect(await (await client.start(jobs.snoozing, null)).result()).toBe(1)
})

test.each([
  [3, 'with exit code 3'],
  ['SIGSEGV', 'by SIGSEGV'],
  ['SIGKILL', 'by SIGKILL'],
] as const)('a process that ends by %s fails its attempt alone', async (how, told) => {
  const beside = await client.start(jobs.burning, { ms: 500 })
  const run = await client.start(jobs.crashing, how)
  await expect(run.result()).rejects.toMatchObject({
    failure: { type: 'ProcessCrashed', code: 'process-crashed', message: expect.stringContaining(told) },
  })
  await beside.result()
  expect(await beside.get()).toMatchObject({ attempt: 1 })
})

test('out of memory is a reason of its own', async () => {
  const run = await client.start(jobs.greedy, undefined)
  await expect(run.result()).rejects.toMatchObject({
    reason: 'out-of-memory',
    failure: { type: 'OutOfMemory', code: 'out-of-memory', message: expect.stringContaining('32 MiB') },
  })
  expect(await run.get()).toMatchObject({ state: 'failed', attempt: 2 })
  expect((await run.explain()).reasons).toMatchObject([{ text: expect.stringContaining('ran out of memory') }])
})

test('a process is ended when the time of its attempt is up', async () => {
  const run = await client.start(jobs.late, FOR_EVER_MS)
  const pid = await pidOf(run)
  await expect(run.result()).rejects.toMatchObject({ reason: 'timed_out' })
  await until('the process has ended', () => !isAlive(pid))
})

test('a handler that hears of a cancel ends by itself; one that does not is ended after the grace', async () => {
  const hears = await client.start(jobs.polite, null)
  await lineOf(hears, /waiting/)
  await hears.cancel()
  await expect(hears.result()).rejects.toMatchObject({ code: 'run-cancelled' })
  const deaf = await client.start(jobs.burning, { ms: FOR_EVER_MS })
  const pid = await pidOf(deaf)
  await deaf.cancel()
  await expect(deaf.result()).rejects.toMatchObject({ code: 'run-cancelled' })
  await until('the process has ended', () => !isAlive(pid))
})

test('a process does not outlive its lease, nor its worker', async () => {
  const lost = await client.start(jobs.burning, { ms: FOR_EVER_MS })
  const first = await pidOf(lost)
  await lost.terminate()
  await until('the process whose lease is lost has ended', () => !isAlive(first))
  const orphan = await client.start(jobs.burning, { ms: FOR_EVER_MS })
  const second = await pidOf(orphan)
  await worker.kill('SIGKILL')
  await until('the process whose worker was killed has ended', () => !isAlive(second))
  await orphan.terminate()
})

test('a worker that was told to end waits for its processes, and leaves none behind', async () => {
  worker = await working()
  const run = await client.start(jobs.burning, { ms: FOR_EVER_MS })
  const pid = await pidOf(run)
  worker.send('SIGTERM')
  await worker.says(/finishing 1 attempt/)
  await run.cancel()
  await worker.says(/stopped/)
  await until('the process has ended', () => !isAlive(pid))
  expect(childrenOf(worker.pid)).toEqual([])
})

async function lineOf(run: RunHandle<unknown>, message: RegExp): Promise<string> {
  let found: WireLogLine | undefined
  await until(`there is a line ${message}`, async () => {
    found = (await run.logs()).find(line => message.test(line.message))
    return found !== undefined
  })
  return found?.message as string
}

async function pidOf(run: RunHandle<unknown>): Promise<number> {
  return Number(/\d+/.exec(await lineOf(run, /burning in/))?.[0])
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(name => {
      try {
        return readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(pid)
      } catch {
        return false
      }
    })
    .map(Number)
}
