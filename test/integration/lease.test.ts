import { writeFileSync } from 'node:fs'
import type { Client, WireEvent, WireHistory } from '@mainspring/sdk'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { blocking, leisurely, leisurelyOnce, plain } from './support/jobs.ts'
import { LONG, type Server, Stage, type WorkerChild } from './support/processes.ts'
import { type Record, recordsIn } from './support/records.ts'

const LEASE_MS = 1_000
/** A handler that does not let the event loop turn: 3 leases, or the 60 s of docs/architecture.md. */
const BLOCKED_MS = LONG ? 60_000 : 3 * LEASE_MS

const stage = new Stage()
const records = stage.file('records.jsonl')
let server: Server
let client: Client
beforeAll(async () => {
  writeFileSync(records, '')
  server = await stage.server({ database: stage.file('main.db'), lease: `${LEASE_MS}ms` })
  client = server.client()
})
const workers: WorkerChild[] = []
afterEach(() => Promise.all(workers.map(one => one.kill('SIGKILL'))))
afterAll(() => stage.end())

test('a handler that blocks its event loop for three leases loses none', { timeout: 120_000 }, async () => {
  const [blocked, idle] = [worker('blocked', 5), worker('idle', 5)]
  await Promise.all([blocked, idle].map(one => one.word(word => word.is === 'ready')))
  const run = await client.start(blocking, { ms: BLOCKED_MS })
  await run.result()
  expect(await run.get()).toMatchObject({ state: 'completed', attempt: 1 })
  expect(await kindsOf(run.id)).toEqual(['started', 'delivered', 'completed'])
  expect(startsOf(run.id)).toHaveLength(1)
})

test('a worker that is killed has lost its leases when they end, and another does the work', { timeout: 60_000 }, async () => {
  const first = worker('first', 5)
  const run = await client.start(plain, { ms: 60_000 })
  await first.word(word => word.is === 'begun' && word.run === run.id)
  await first.kill('SIGKILL')
  const second = worker('second', 5)
  const again = await second.word(word => word.is === 'begun' && word.run === run.id)
  expect(again).toMatchObject({ attempt: 2 })
  expect((await kindsOf(run.id)).slice(0, 3)).toEqual(['started', 'delivered', 'attempt_failed'])
  await run.terminate()
})

test('on SIGTERM a worker finishes what ends in time and gives the rest back, which runs elsewhere as the same attempt', {
  timeout: 60_000,
}, async () => {
  const first = worker('first', 10, 500)
  const soon = await client.start(leisurely, { afterTermMs: 100 })
  const soonOnce = await client.start(leisurelyOnce, { afterTermMs: 100 })
  const late = await client.start(leisurely, { afterTermMs: 60_000 })
  const lateOnce = await client.start(leisurelyOnce, { afterTermMs: 60_000 })
  for (const { id } of [soon, soonOnce, late, lateOnce]) await first.word(word => word.is === 'begun' && word.run === id)
  await first.kill('SIGTERM')
  expect(first.code).toBe(0)

  // In time, and answered before the worker ended.
  for (const run of [soon, soonOnce]) expect(await run.get()).toMatchObject({ state: 'completed', attempt: 1 })
  // Given back: nothing of it is lost, and no lease's end had to be waited for.
  expect(await late.get()).toMatchObject({ state: 'queued', attempt: 1 })
  expect(await kindsOf(late.id)).toEqual(['started', 'delivered', 'returned'])
  // At most once, and it had been begun.
  expect(await lateOnce.get()).toMatchObject({ state: 'failed', reason: 'lost', attempt: 1 })

  worker('second', 10)
  await late.result()
  expect(await late.get()).toMatchObject({ state: 'completed', attempt: 1 })
  expect(startsOf(late.id).map(({ worker, attempt }) => [worker, attempt])).toEqual([
    ['first', 1],
    ['second', 1],
  ])
  expect(startsOf(lateOnce.id)).toHaveLength(1)
})

function worker(name: string, slots: number, drainMs?: number): WorkerChild {
  const made = stage.worker({ url: server.url, slots, name, records, ...(drainMs !== undefined && { drainMs }) })
  workers.push(made)
  return made
}

function startsOf(run: string): (Record & { is: 'start' })[] {
  return recordsIn(records).filter(record => record.is === 'start' && record.run === run) as (Record & { is: 'start' })[]
}

async function kindsOf(run: string): Promise<string[]> {
  const { events } = await client.call<WireHistory>('runs.history', { run })
  return events.map((event: WireEvent) => event.is)
}
