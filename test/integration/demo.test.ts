import { Client, connect, type WireLedger } from '@mainspring/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApi } from '../../src/api/api.ts'
import { CLOSED_STATES, OPEN_STATES } from '../../src/core/run.ts'
import { playDay } from '../../src/demo/index.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { localConnection } from '../../src/server/local-connection.ts'
import { VirtualClock } from '../../src/server/testing/virtual-clock.ts'
import { openSqliteStore } from '../../src/store/sqlite/store.ts'
import { Stage, until } from './support/processes.ts'

/** A Friday afternoon. */
const NOW = Date.parse('2026-11-27T15:20:00Z')
const SCALE = 0.1

const stage = new Stage()
let client: Client
let stop: () => Promise<void> = async () => {}
beforeAll(async () => {
  const file = stage.file('day.db')
  await playDay({ file, now: NOW, scale: SCALE })
  ;({ client, stop } = await atItsEnd(file))
})
afterAll(async () => {
  await stop()
  await stage.end()
})

/** A node that opens the file at the moment at which the day ended, and stays in it. */
async function atItsEnd(file: string): Promise<{ client: Client; stop(): Promise<void> }> {
  const store = await openSqliteStore({ file, nodeName: 'test' })
  const clock = new VirtualClock(NOW)
  const problems: string[] = []
  const log = (level: string, message: string): void => void (level === 'error' && problems.push(message))
  const engine = createEngine({ store, clock, random: Math.random, nodeName: 'test', log })
  await engine.start()
  return {
    client: new Client({ connection: localConnection(createApi(engine, { now: () => NOW })) }),
    async stop() {
      await engine.stop()
      await store.close()
      expect(problems).toEqual([])
    },
  }
}

test('a played day has runs of many definitions, in every state', async () => {
  for (const state of [...OPEN_STATES, ...CLOSED_STATES]) expect((await client.runs.list({ state, limit: 1 })).runs, state).toHaveLength(1)
  const definitions = new Set<string>()
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client.runs.list({ limit: 1_000, ...(cursor && { cursor }) })
    for (const { definition } of page.runs) definitions.add(definition)
    cursor = page.next
  }
  expect(definitions.size).toBeGreaterThanOrEqual(12)
})

test('its ledgers account for the outage, overlaps, calendars, blackouts and a pause', async () => {
  const accounts = new Set<string>()
  const { schedules } = await client.schedules.list({ limit: 100 })
  for (const { name } of schedules) for (const { account } of (await ledgerOf(name)).lines) accounts.add(account)
  expect(schedules.length).toBeGreaterThanOrEqual(15)
  expect([...accounts].sort()).toEqual(expect.arrayContaining(['blacked_out', 'excluded', 'fired', 'paused', 'recovered', 'skipped']))
  const midnight = schedules.filter(({ nextAt }) => nextAt?.slice(11, 16) === '00:00')
  expect(midnight.length, 'schedules that mean the same midnight').toBeGreaterThanOrEqual(2)
})

test.each([
  ['legacy-sync', 'queued', 'no-worker'],
  ['send-newsletter', 'queued', 'paused'],
  ['charge-card', 'paused', 'parked'],
  ['remind-cart', 'scheduled', 'not-due'],
  ['export-gdpr', 'waiting', 'back-off'],
  ['export-gdpr', 'failed', 'attempts-exhausted'],
] as const)('a %s that is %s is explained by %s', async (job, state, code) => {
  const { runs } = await client.runs.list({ job, state, limit: 1 })
  const { reasons } = await client.handle(runs[0]?.id as string).explain()
  expect(reasons.map(reason => reason.code)).toContain(code)
})

test('the failing exports tell their causes', async () => {
  const { runs } = await client.runs.list({ job: 'export-gdpr', state: 'failed', limit: 1 })
  expect(runs[0]?.failure).toMatchObject({ type: 'ExportFailed', cause: { type: 'NoSuchBucket', cause: { type: 'HttpError' } } })
})

test('nothing happened while the server was down, and the nightly report has saved three checkpoints', async () => {
  const created = await client.runs.list({ createdAfter: new Date('2026-11-27T04:12:10Z'), createdBefore: new Date('2026-11-27T04:31:00Z') })
  expect(created.runs).toEqual([])
  const { runs } = await client.runs.list({ job: 'nightly-report' })
  expect(runs.map(({ state }) => state)).toEqual(['completed'])
  expect((await client.handle(runs[0]?.id as string).get()).checkpoint).toEqual({ done: 3 })
})

test('the same seed gives the same day, and another seed another one', async () => {
  const hour = async (name: string, seed: number): Promise<string[]> => {
    const file = stage.file(name)
    await playDay({ file, now: NOW, hours: 1, scale: 0.3, seed })
    const other = await atItsEnd(file)
    const { runs } = await other.client.runs.list({ limit: 1_000 })
    await other.stop()
    return runs.map(({ id, definition, createdAt }) => `${createdAt} ${definition} ${id}`)
  }
  const first = await hour('first.db', 7)
  expect(first.length).toBeGreaterThan(10)
  expect(await hour('second.db', 7)).toEqual(first)
  expect(await hour('third.db', 8)).not.toEqual(first)
})

test('dev --demo goes on with the day, refuses a file that is there, and ends at once', async () => {
  const refused = stage.command(['dev', '--demo', '--port', '0', '--database', stage.file('day.db')])
  await refused.says(/demo fills only a new one/)
  const dev = stage.command(['dev', '--demo', String(SCALE), '--port', '0', '--database', stage.file('lives.db')])
  const [, url] = await dev.says(/console\s+(http:\S+)/)
  await dev.says(/worker\s+\d+ jobs/)
  const begunAt = new Date()
  const live = connect({ url: url as string })
  const completed = async (): Promise<boolean> => (await live.runs.list({ state: 'completed', createdAfter: begunAt })).runs.length > 0
  await until('a run that was started live has completed', completed, 250)
  await live.close()
  await dev.kill('SIGINT')
  expect(dev.code).toBe(0)
})

function ledgerOf(name: string): Promise<WireLedger> {
  return client.schedules.ledger(name, { limit: 1_000 })
}
