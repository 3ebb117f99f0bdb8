import type { FastifyInstance } from 'fastify'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ScheduleView } from '../engine/face.ts'
import { createApi } from './api.ts'
import { FakeEngine, NOW } from './fake-engine.ts'

let engine: FakeEngine
let app: FastifyInstance
beforeEach(() => {
  engine = new FakeEngine()
  app = createApi(engine, { now: () => NOW }).http({ bind: 'localhost' })
})

const NAMESPACE = '/v1/namespaces/default'
const call = (method: 'GET' | 'POST' | 'PUT', url: string, payload?: unknown) =>
  app.inject({
    method,
    url,
    headers: { host: 'localhost', ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
  })

describe('the limits that a run would meet', () => {
  const MEET = `${NAMESPACE}/definitions/resize/limits`
  const nightly = async (name: string, spec: object, paused = false): Promise<void> => {
    await call('PUT', `${NAMESPACE}/schedules/${name}`, { cron: '0 2 * * *', target: 'resize', ...spec })
    const view = engine.schedules.known.get(name) as ScheduleView
    if (!paused) engine.schedules.known.set(name, { ...view, paused: null })
  }

  test('are told with the value of its input, and the schedules whose runs count for the same', async () => {
    await nightly('same', { input: { user: 'u1' } })
    await nightly('other', { input: { user: 'u2' } })
    await nightly('dated', { input: { user: '{{nominalDate}}' } })
    await nightly('paused', { input: { user: 'u1' } }, true)
    await nightly('elsewhere', { target: 'other', input: { user: 'u1' } })
    const one = (schedule: string) => ({ schedule, definition: 'resize', weight: 1 })
    const answer = (await call('POST', MEET, { input: { user: 'u1' } })).json()
    expect(answer).toMatchObject({
      limits: [
        {
          name: 'api',
          rate: 100,
          every: 60_000,
          per: null,
          key: null,
          varies: false,
          weight: 1,
          schedules: ['same', 'other', 'dated'].map(one),
          maybe: 0,
        },
        { name: 'resize/user', concurrency: 2, per: 'user', key: 'u1', varies: false, schedules: [one('same')], maybe: 1 },
      ],
      usual: { resize: { p50: 5, p95: 20 } },
      complete: true,
    })
    expect(answer.limits[0]).not.toHaveProperty('used')
  })

  test('leave out the schedule that is asked for, and say where a value goes by the time', async () => {
    await nightly('same', { input: { user: 'u1' } })
    const asked = { input: { user: 'of {{ nominalDate }}' }, schedule: 'same' }
    expect((await call('POST', MEET, asked)).json()).toMatchObject({ limits: [{ schedules: [] }, { varies: true, schedules: [], maybe: 0 }] })
    expect((await call('POST', MEET)).json().limits.map(({ key }: { key: string | null }) => key)).toEqual([null, ''])
  })

  test('of a definition that nobody registered there are none to tell', async () => {
    expect((await call('POST', `${NAMESPACE}/definitions/resise/limits`, {})).json()).toMatchObject({ code: 'unknown-definition' })
  })
})

test('how keys share a queue is told by their turns', async () => {
  expect((await call('GET', `${NAMESPACE}/queues/default/shares`)).json()).toMatchObject({
    keys: 2,
    shares: [
      { key: 'acme', weight: 3, before: 0, more: true },
      { key: null, before: null, held: 1 },
    ],
  })
})
