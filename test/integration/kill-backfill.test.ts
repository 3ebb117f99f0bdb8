import { writeFileSync } from 'node:fs'
import type { WireBackfilled, WireBatchView } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { ask, ledger } from './support/ledger.ts'
import { LONG, type Server, Stage, until } from './support/processes.ts'
import { recordsIn } from './support/records.ts'

const TIMES = LONG ? 400 : 30
const KILLS = LONG ? 20 : 2
const ACTIVE_MAX = 3
const FIRST = Date.parse('2026-01-01T00:00:00Z')
const HOUR = 3_600_000

const stage = new Stage()
afterAll(() => stage.end())

test(`a backfill of ${TIMES} times goes on over ${KILLS} kill -9 of the server: each once, in order, as many at a time as it may`, {
  timeout: LONG ? 900_000 : 170_000,
}, async () => {
  const records = stage.file('backfill.jsonl')
  writeFileSync(records, '')
  const database = stage.file('backfill.db')
  let server: Server = await stage.server({ database, lease: '1s' })
  const worker = stage.worker({ url: server.url, slots: 20, name: 'worker', records })
  await worker.word(word => word.is === 'ready')
  await ask(server, 'PUT', 'schedules/hourly', { cron: '0 * * * *', target: 'plain', input: { ms: 5 } })
  const range = { from: new Date(FIRST).toISOString(), to: new Date(FIRST + (TIMES - 1) * HOUR).toISOString(), maxActive: ACTIVE_MAX }
  const { backfill } = await ask<WireBackfilled>(server, 'POST', 'schedules/hourly/backfill', range)
  const view = (): Promise<WireBatchView> => ask<WireBatchView>(server, 'GET', `batches/${backfill}`)
  const lines = async () => (await ledger(server, 'hourly')).filter(({ source }) => source === 'backfill').sort((a, b) => a.n - b.n)
  for (let kill = 1; kill <= KILLS; kill++) {
    const goal = Math.floor((TIMES * kill) / (KILLS + 1))
    await until(`${goal} times are started`, async () => ((await view()).jobs?.total ?? 0) >= goal, 20)
    expect((await view()).jobs?.open ?? 0).toBeLessThanOrEqual(ACTIVE_MAX)
    await server.kill('SIGKILL')
    server = await stage.server({ database, port: server.port, lease: '1s' })
  }
  await until('it is done', async () => (await view()).state !== 'running' && (await view()).state !== 'waiting', 50)
  expect(await view()).toMatchObject({ state: 'completed', jobs: { total: TIMES, completed: TIMES }, backfill: { total: TIMES, skipped: 0 } })
  const told = await lines()
  expect(told.map(({ at }) => Date.parse(at))).toEqual(Array.from({ length: TIMES }, (_, n) => FIRST + n * HOUR))
  expect(new Set(told.map(({ run }) => run)).size).toBe(TIMES)
  const handled = new Set(recordsIn(records).flatMap(mark => (mark.is === 'end' && mark.how === 'returned' ? [mark.run] : [])))
  expect(told.filter(({ run }) => !handled.has(run as string))).toEqual([])
})
