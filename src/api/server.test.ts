import { expect, test } from 'vitest'
import { createApi } from './api.ts'
import { FakeEngine, NOW } from './fake-engine.ts'

const facts = {
  version: '1.2.3',
  node: '24.0.0',
  store: 'sqlite',
  startedAt: NOW - 60_000,
  executors: ['http'],
  configuration: { port: { value: 7575, from: 'default' } },
}

test.each([
  ['127.0.0.1', false],
  ['0.0.0.0', true],
])('a server that listens on %s says so, and that keys are asked for: %s', async (bind, asksForKeys) => {
  const api = createApi(new FakeEngine(), { now: () => NOW, facts })
  const app = api.http({ bind })
  const { status, body } = await api.dispatch('server.get', { params: {} })
  expect([status, JSON.parse(body)]).toEqual([
    200,
    {
      ...facts,
      startedAt: '2026-03-01T08:59:00.000Z',
      now: '2026-03-01T09:00:00.000Z',
      bind,
      asksForKeys,
      ready: true,
      fault: null,
      retention: { runsMs: 604_800_000, keysMs: 86_400_000 },
    },
  ])
  await app.close()
})

test('namespaces are listed', async () => {
  const { body } = await createApi(new FakeEngine()).dispatch('namespaces.list', { params: {} })
  expect(JSON.parse(body)).toEqual({ namespaces: [{ name: 'default', definitions: 1, open: 6, workers: 1 }] })
})
