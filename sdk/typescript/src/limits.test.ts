import { expect, test } from 'vitest'
import { Client } from './client.ts'
import { InvalidOption } from './errors.ts'
import { job } from './job.ts'
import type { LimitSettings } from './limits.ts'
import { FakeServer } from './testing/fakes.ts'

const refusal = (act: () => unknown): InvalidOption => {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOption)
    return error as InvalidOption
  }
  throw new Error('it was taken')
}

test("a job's rules become their wire form", () => {
  const alert = job('alert', async () => {})
  const { definition } = job(
    'resize',
    {
      limits: [
        { per: 'user', concurrency: 2 },
        { rate: 100, every: '1m' },
        { name: 'api', rate: 10, every: '1s', per: 'a.b' },
        { pool: 'w', weight: 2 },
      ],
      fair: { per: 'tenant', weights: { big: 3 } },
      sequence: { per: 'order', onFailure: 'skip' },
      cost: { cpu: 2 },
      batch: { size: 50, within: '1s' },
      debounce: { for: '5s', maximum: '1m' },
      onFailure: alert,
      notify: [{ on: ['retrying'], job: alert }],
    },
    async () => {},
  )
  expect(definition.options).toEqual({
    limits: [
      { per: 'user', concurrency: 2 },
      { rate: 100, every: 60_000 },
      { name: 'api', rate: 10, every: 1_000, per: 'a.b' },
      { pool: 'w', weight: 2 },
    ],
    fair: { per: 'tenant', weights: { big: 3 } },
    sequence: { per: 'order', onFailure: 'skip' },
    cost: { cpu: 2 },
    batch: { size: 50, within: 1_000 },
    debounce: { for: 5_000, maximum: 60_000 },
    onFailure: 'alert',
    notify: [{ on: ['retrying'], job: 'alert' }],
  })
})

test.each([
  [{ limits: [{ concurrency: 1, rate: 1, every: 1 }] }, '/limits/0/rate'],
  [{ limits: [{ rate: 1 }] }, '/limits/0/every'],
  [{ limits: [{ rate: 0, every: 1 }] }, '/limits/0/rate'],
  [{ limits: [{ pool: 'p', name: 'n' }] }, '/limits/0/name'],
  [{ limits: [{ concurency: 1 }] }, '/limits/0/concurency'],
  [
    {
      limits: [
        { name: 'a', concurrency: 1 },
        { name: 'a', rate: 1, every: 1 },
      ],
    },
    '/limits/1',
  ],
  [{ limits: {} }, '/limits'],
  [{ fair: 'a..b' }, '/fair'],
  [{ fair: { weights: {} } }, '/fair/per'],
  [{ sequence: { per: 'a', onFailure: 'retry' } }, '/sequence/onFailure'],
  [{ cost: 1.5 }, '/cost'],
  [{ batch: { size: 5 } }, '/batch/within'],
  [{ debounce: { maximum: 5 } }, '/debounce/for'],
  [{ debounce: { for: 5, maximum: 4 } }, '/debounce/maximum'],
  [{ debounce: 5, throttle: { every: 5 } }, '/throttle'],
  [{ onFailure: { url: 'example.org' } }, '/onFailure/url'],
  [{ notify: [] }, '/notify'],
  [{ notify: [{ job: 'a' }] }, '/notify/0/on'],
  [{ notify: [{ on: ['success'], job: 'a' }] }, '/notify/0/on/0'],
  [{ notify: [{ on: ['failed'], email: ['ana'] }] }, '/notify/0/email/0'],
  [{ notify: [{ on: ['failed'], job: 'a', slack: 'https://a.org' }] }, '/notify/0/slack'],
])('%j is refused where the job is defined', (options, at) => {
  expect(refusal(() => job('j', options as never, async () => {})).at).toBe(at)
})

test('client.limits lists, gets, sets and resets', async () => {
  const server = new FakeServer()
  for (const operation of ['limits.set', 'limits.reset'] as const) server.answers[operation] = () => ({})
  const { limits } = new Client({ connection: server })
  await limits.set('warehouse', { on: 'pool', concurrency: 10 })
  await limits.set('resize/user', { rate: 5, every: '1m', per: 'user', on: { queue: 'images' } })
  await limits.reset('warehouse')
  expect(server.calls.map(({ operation, call, body }) => [operation, call.params.name, body])).toEqual([
    ['limits.set', 'warehouse', { on: 'pool', concurrency: 10 }],
    ['limits.set', 'resize/user', { rate: 5, every: 60_000, per: 'user', on: { queue: 'images' } }],
    ['limits.reset', 'warehouse', undefined],
  ])
})

test.each([
  [{}, '/concurrency'],
  [{ concurrency: 1, rate: 1, every: 1 }, '/rate'],
  [{ rate: 1 }, '/every'],
  [{ concurrency: 1, every: 1 }, '/every'],
  [{ concurrency: 1, on: 'queue' }, '/on'],
  [{ concurrency: 1, on: {} }, '/on'],
  [{ concurrency: -1 }, '/concurrency'],
])('the setting %j is refused before anything is sent', async (settings, at) => {
  const server = new FakeServer()
  await expect(new Client({ connection: server }).limits.set('a', settings as LimitSettings)).rejects.toMatchObject({ code: 'invalid-option', at })
  expect(server.calls).toEqual([])
})
