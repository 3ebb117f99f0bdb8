import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApi } from './api.ts'
import { FakeEngine, NOW } from './fake-engine.ts'

let engine: FakeEngine
let app: FastifyInstance
beforeEach(() => {
  engine = new FakeEngine()
  app = createApi(engine, { now: () => NOW }).http({ bind: '127.0.0.1' })
})
afterEach(() => app.close())

const RUNS = '/v1/namespaces/default/runs'
const get = (query: string) => app.inject({ method: 'GET', url: `${RUNS}${query}`, headers: { host: 'localhost' } })

describe('runs are looked for', () => {
  test('by everything that a filter names', async () => {
    await get('?kind=job&reason=aborted&reason=lost&metadata=tenant:acme&metadata=n:7&error=card%20refused&longerThan=90s&shorterThan=3600000')
    expect(engine.calls[0]?.args[0]).toEqual({
      namespace: 'default',
      kinds: ['job'],
      reasons: ['aborted', 'lost'],
      metadata: { tenant: 'acme', n: '7' },
      error: 'card refused',
      took: { now: NOW, atLeastMs: 90_000, atMostMs: 3_600_000 },
    })
  })

  test('and a cursor goes on although time does', async () => {
    for (let n = 0; n < 3; n++) engine.add()
    const { next } = (await get('?limit=2&longerThan=1s')).json()
    expect((await get(`?limit=2&longerThan=1s&cursor=${next}`)).json()).toMatchObject({ runs: [{}], next: null, through: null })
    expect((await get(`?limit=2&longerThan=2s&cursor=${next}`)).json()).toMatchObject({ code: 'invalid-input', at: '/query/cursor' })
  })

  test.each([
    ['?kind=cron', '/query/kind'],
    ['?metadata=tenant', '/query/metadata'],
    ['?metadata=a:1&metadata=a:2', '/query/metadata'],
    ['?error=', '/query/error'],
    [`?error=${'x'.repeat(201)}`, '/query/error'],
    ['?longerThan=soon', '/query/longerThan'],
    ['?longerThan=2m&shorterThan=1m', '/query/longerThan'],
    ['/histogram?buckets=9', '/query/buckets'],
    ['/histogram?buckets=201', '/query/buckets'],
    ['/histogram?from=2026-03-01T10:00:00Z', '/query/from'],
    ['/histogram?createdAfter=2026-03-01T10:00:00Z', '/query/createdAfter'],
  ])('%s is refused at its place', async (query, at) => {
    expect((await get(query)).json()).toMatchObject({ status: 400, at })
    expect(engine.calls).toEqual([])
  })
})

describe('a histogram', () => {
  test('has a bucket for each step of the last day, and the counts of all', async () => {
    engine.add({ createdAt: NOW - 1, state: 'failed' })
    engine.add({ createdAt: NOW - 86_400_000, state: 'running' })
    const histogram = (await get('/histogram?buckets=24&definition=resize')).json()
    expect(engine.calls[0]?.args).toEqual([
      { namespace: 'default', names: ['resize'], createdAfter: NOW - 86_400_000, createdBefore: NOW },
      { from: NOW - 86_400_000, stepMs: 3_600_000 },
    ])
    expect(histogram).toMatchObject({
      from: '2026-02-28T09:00:00.000Z',
      until: '2026-03-01T09:00:00.000Z',
      stepMs: 3_600_000,
      complete: true,
      through: null,
    })
    expect(histogram.buckets).toHaveLength(24)
    expect([histogram.buckets[0], histogram.buckets[23]]).toEqual([
      { at: '2026-02-28T09:00:00.000Z', counts: { running: 1 } },
      { at: '2026-03-01T08:00:00.000Z', counts: { failed: 1 } },
    ])
    expect(histogram.counts).toEqual({
      scheduled: 0,
      queued: 0,
      running: 1,
      waiting: 0,
      paused: 0,
      completed: 0,
      failed: 1,
      cancelled: 0,
      timed_out: 0,
      terminated: 0,
    })
  })
})
