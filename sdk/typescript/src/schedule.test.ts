import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { Client } from './client.ts'
import { setDefaultClient } from './current.ts'
import { InvalidInput, InvalidOption } from './errors.ts'
import { job } from './job.ts'
import { isSchedule, schedule } from './schedule.ts'
import { sourceOf } from './source.ts'
import { FakeServer } from './testing/fakes.ts'
import { partsOf } from './work.ts'

const resize = job('resize', { input: z.object({ user: z.string(), url: z.url() }) }, async ({ user }) => user)
const tick = job('tick', async () => {})
const INPUT = { user: 'system', url: 'https://example.org' }
const daily = { cron: '@daily' }

test('types: the input is the target’s, and may be left out where undefined is one', () => {
  expectTypeOf(schedule('a', daily, resize, INPUT).trigger).toBeFunction()
  schedule('a', daily, tick)
  schedule('a', daily, 'anything', 5)
  // @ts-expect-error the job wants an input
  expect(() => schedule('a', daily, resize)).toThrow(InvalidInput)
  // @ts-expect-error of this form
  expect(() => schedule('a', daily, resize, { user: 'system' })).toThrow(InvalidInput)
})

test('options become their wire form: those of the timetable as they are, those of its runs apart', () => {
  const options = {
    cron: ['0 2 L * *', { minute: '0', hour: '2' }],
    timezone: 'Europe/Berlin',
    at: [new Date(0), '2026-12-24 18:00'],
    every: { every: '1 month', anchor: new Date(0) },
    start: new Date(0),
    weekend: [],
    calendars: { feasts: { dates: ['12-25'] } },
    except: 'feasts',
    blackouts: [{ from: new Date(0), to: '1970-01-02', note: 'n' }],
    overlap: 'buffer_one',
    catchup: '6h',
    jitter: '5m',
    description: 'd',
    queue: 'images',
    priority: 5,
    retry: { attempts: 3, initial: '1s' },
    timeout: '2m',
    expires: '1d',
    exhausted: 'park',
    retention: '7d',
    tags: { team: 'media' },
    labels: { gpu: 'a100' },
  } as const
  expect(schedule('nightly', options, resize, INPUT).definition).toEqual({
    name: 'nightly',
    target: 'resize',
    input: INPUT,
    cron: ['0 2 L * *', { minute: '0', hour: '2' }],
    timezone: 'Europe/Berlin',
    at: ['1970-01-01T00:00:00.000Z', '2026-12-24 18:00'],
    every: { every: '1 month', anchor: '1970-01-01T00:00:00.000Z' },
    start: '1970-01-01T00:00:00.000Z',
    weekend: [],
    calendars: { feasts: { dates: ['12-25'] } },
    except: 'feasts',
    blackouts: [{ from: '1970-01-01T00:00:00.000Z', to: '1970-01-02', note: 'n' }],
    overlap: 'buffer_one',
    catchup: 21_600_000,
    jitter: 300_000,
    description: 'd',
    options: {
      queue: 'images',
      priority: 5,
      retry: { attempts: 3, initial: 1_000 },
      timeout: { attempt: 120_000 },
      expires: 86_400_000,
      exhausted: 'park',
      retention: 604_800_000,
      tags: { team: 'media' },
      labels: { gpu: 'a100' },
    },
  })
})

test.each(['all', 'latest', 'none', { policy: 'all', window: 1_000 }, { policy: 'latest', window: null }] as const)(
  'catchup %j is sent as it is',
  catchup => expect(schedule('a', { ...daily, catchup }, tick).definition.catchup).toEqual(catchup),
)

test.each([
  [{}, '/cron', 'cron, every, at, solar'],
  [{ crom: '@daily' }, '/crom', 'did you mean "cron"?'],
  [{ cron: 5 }, '/cron', 'fields by name'],
  [{ cron: [] }, '/cron', 'a list with something in it'],
  [{ cron: { minute: 5 } }, '/cron/minute', 'a text'],
  [{ ...daily, timezone: 'Europe/Berlino' }, '/timezone', 'an IANA time zone'],
  [{ ...daily, overlap: 'queue' }, '/overlap', 'one of skip'],
  [{ ...daily, catchup: 'every' }, '/catchup', '"latest"'],
  [{ ...daily, catchup: { window: '1h' } }, '/catchup/policy', 'one of all'],
  [{ ...daily, jitter: '25h' }, '/jitter', 'a day at most'],
  [{ ...daily, retry: { attempts: 0 } }, '/retry/attempts', 'a whole number'],
  [{ ...daily, unique: true }, '/unique', 'there are'],
  [{ ...daily, delay: '1m' }, '/delay', 'there are'],
  [{ every: { every: '1d', monthEnd: 'clam' } }, '/every/monthEnd', 'one of skip'],
  [{ at: [new Date(Number.NaN)] }, '/at/0', 'a Date'],
  [{ solar: { event: 'noon' } }, '/solar/event', 'one of dawn'],
  [{ ...daily, blackouts: [{ fro: '1' }] }, '/blackouts/0/fro', 'did you mean "from"?'],
  [{ ...daily, calendars: { a: { date: [] } } }, '/calendars/a/date', 'did you mean "dates"?'],
])('%j is refused at %s', (options, at, hint) => {
  expect(() => schedule('a', options as never, tick)).toThrow(
    expect.objectContaining({ name: 'InvalidOption', at, hint: expect.stringContaining(hint) }),
  )
})

test('a name, a target and an input that cannot be so are refused at once', () => {
  expect(() => schedule('', daily, tick)).toThrow(InvalidOption)
  expect(() => schedule('a', daily, undefined as never)).toThrow(/nothing to start/)
  expect(() => schedule('a', daily, resize, { user: 'u', url: 'no' })).toThrow(InvalidInput)
  expect(() => schedule('a', daily, 'b', () => {})).toThrow(expect.objectContaining({ code: 'unserialisable', at: '/input' }))
  // What a placeholder becomes is not known before its time.
  expect(schedule('a', daily, resize, { user: 'u', url: '{{nominalDate}}' }).definition.input).toEqual({ user: 'u', url: '{{nominalDate}}' })
})

test('a list of work falls into jobs and schedules', () => {
  const nightly = schedule('nightly', daily, tick)
  expect(partsOf([tick, nightly, resize])).toEqual({ jobs: [tick, resize], schedules: [nightly] })
  expect([tick, nightly, null, {}].map(isSchedule)).toEqual([false, true, false, false])
  expect(() => partsOf([tick, {} as never])).toThrow(expect.objectContaining({ at: '/work/1' }))
})

test('code is named by its package and script', () => {
  expect(sourceOf(import.meta.filename)).toBe('@mainspring/sdk/schedule.test')
  expect(sourceOf('/nowhere/dist/worker.js')).toBe('worker')
  expect(sourceOf(undefined)).toBe('node')
})

test('a schedule asks the server by its name; commands carry a key of their own', async () => {
  const server = new FakeServer()
  const view = { name: 'nightly', input: { $type: 'Date', value: '1970-01-01T00:00:00.000Z' } }
  server.answers = {
    'schedules.put': () => ({ changed: 'created', schedule: view, warnings: [] }),
    'schedules.pause': () => ({}),
    'schedules.resume': () => ({}),
    'schedules.trigger': () => ({ n: 3, run: 'run-1' }),
    'schedules.backfill': () => ({ backfill: 'b1' }),
    'schedules.cancelBackfill': () => ({}),
    'schedules.ledger': () => ({ lines: [], next: null }),
    'schedules.preview': () => ({ words: 'every day' }),
    'schedules.explain': () => ({ reasons: [] }),
    'schedules.get': () => view,
    'schedules.list': () => ({ schedules: [view], next: 'c' }),
    'schedules.remove': () => ({}),
  }
  const client = new Client({ connection: server })
  const before = setDefaultClient(client)
  try {
    const nightly = schedule('nightly', daily, tick)
    expect((await client.schedules.put(nightly)).schedule.input).toEqual(new Date(0))
    await nightly.pause('inventory', { for: '2h' })
    await nightly.pause(undefined, { until: new Date(0) })
    await nightly.resume()
    expect((await nightly.trigger()).id).toBe('run-1')
    expect(await nightly.backfill({ from: new Date(0), to: '1970-01-02T00:00:00Z', maxActive: 2 })).toBe('b1')
    await client.schedules.cancelBackfill('nightly', 'b1')
    await nightly.ledger({ account: ['fired'], from: new Date(0), limit: 5 })
    await nightly.preview(3)
    await nightly.explain('2026-03-01 02:00')
    expect((await nightly.get()).input).toEqual(new Date(0))
    expect(await client.schedules.list({ limit: 1 })).toEqual({ schedules: [{ name: 'nightly', input: new Date(0) }], next: 'c' })
    await client.schedules.remove(nightly)
    await expect(async () => nightly.backfill({ from: 'today', to: 'now' })).rejects.toThrow(expect.objectContaining({ at: '/from' }))
  } finally {
    setDefaultClient(before)
  }
  expect(
    server.calls.map(({ operation, call: { params, query }, body }) => [operation.slice('schedules.'.length), params.name, body ?? query]),
  ).toEqual([
    ['put', 'nightly', { target: 'tick', cron: '@daily' }],
    ['pause', 'nightly', { note: 'inventory', for: 7_200_000 }],
    ['pause', 'nightly', { until: '1970-01-01T00:00:00.000Z' }],
    ['resume', 'nightly', {}],
    ['trigger', 'nightly', {}],
    ['backfill', 'nightly', { from: '1970-01-01T00:00:00.000Z', to: '1970-01-02T00:00:00.000Z', maxActive: 2 }],
    ['cancelBackfill', 'nightly', {}],
    ['ledger', 'nightly', { account: ['fired'], from: '1970-01-01T00:00:00.000Z', to: undefined, limit: '5', cursor: undefined }],
    ['preview', 'nightly', { count: '3' }],
    ['explain', 'nightly', { at: '2026-03-01 02:00' }],
    ['get', 'nightly', {}],
    ['list', undefined, { limit: '1', cursor: undefined }],
    ['remove', 'nightly', undefined],
  ])
  const keys = server.calls.filter(({ call }) => call.query === undefined).map(({ call }) => call.callKey)
  expect(new Set(keys).size).toBe(8)
  expect(keys).not.toContain(undefined)
})
