import type { FastifyInstance } from 'fastify'
import { beforeEach, expect, test } from 'vitest'
import { createApi } from './api.ts'
import { FakeEngine, NOW } from './fake-engine.ts'

const RETENTION = '/v1/namespaces/default/retention'
let engine: FakeEngine
let app: FastifyInstance
beforeEach(() => {
  engine = new FakeEngine()
  app = createApi(engine, { now: () => NOW }).http({ bind: 'localhost' })
})
const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: unknown) =>
  app.inject({
    method,
    url,
    headers: { host: 'localhost', ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
  })
const sets = () => engine.calls.filter(({ name }) => name === 'retention.set').map(({ args }) => args)

test('retention is told with who has set it, set field by field, and reset', async () => {
  const shown = { runs: 604_800_000, ledger: 7_776_000_000, set: { by: 'ana', since: new Date(NOW).toISOString() } }
  expect((await call('GET', RETENTION)).json()).toEqual(shown)
  expect((await call('PATCH', RETENTION, { runs: '30d' })).json()).toEqual(shown)
  await call('PATCH', RETENTION, { ledger: 5 })
  await call('DELETE', RETENTION)
  expect(sets()).toEqual([
    ['default', { runsMs: 30 * 86_400_000 }, null],
    ['default', { ledgerMs: 5 }, null],
    ['default', null, null],
  ])
})

test.each([
  [{}, 'invalid-option', ''],
  [{ runs: 'soon' }, 'invalid-duration', '/runs'],
  [{ ledger: -1 }, 'invalid-duration', '/ledger'],
  [{ keys: '1d' }, 'invalid-input', '/keys'],
])('%j is refused, and nothing is set', async (body, code, at) => {
  const problem = (await call('PATCH', RETENTION, body)).json()
  expect([problem.code, problem.at]).toEqual([code, at])
  expect(sets()).toEqual([])
})

test('what would go is told by namespace, definition and day, in this order; collecting says what has gone', async () => {
  const shared = { namespace: 'default', kind: 'job', definition: 'resize' }
  expect((await call('GET', '/v1/gc')).json()).toEqual({
    days: [
      { ...shared, day: '2026-02-01', runs: 1 },
      { ...shared, day: '2026-02-02', runs: 2 },
    ],
    more: false,
  })
  expect(engine.calls).toEqual([])
  expect((await call('POST', '/v1/gc')).json()).toEqual({ runs: 3, keys: 1, lines: 0, more: false })
})
