import type { FastifyInstance } from 'fastify'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Api, createApi } from './api.ts'
import { FakeEngine, fakeDelivery, fakeRun, NOW } from './fake-engine.ts'

let engine: FakeEngine
let api: Api
let app: FastifyInstance
beforeEach(() => {
  engine = new FakeEngine()
  api = createApi(engine, { now: () => NOW })
  app = api.http({ bind: 'localhost' })
})

const NAMESPACE = '/v1/namespaces/default'
const NIGHTLY = `${NAMESPACE}/schedules/nightly`
const call = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, payload?: unknown, headers: Record<string, string> = {}) =>
  app.inject({
    method,
    url,
    headers: { host: 'localhost', ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(payload === undefined ? {} : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }),
  })
const last = () => engine.calls.at(-1)

describe('a schedule over HTTP', () => {
  test('is put as the engine keeps it, and read as it was written', async () => {
    const answer = await call(
      'PUT',
      NIGHTLY,
      '{"target":"resize","cron":"0 2 L * *","timezone":"Europe/Berlin","input":{"n":12345678901234567890},"jitter":"5m"}',
      { 'idempotency-key': 'k' },
    )
    expect(answer.statusCode).toBe(200)
    expect(last()).toEqual({
      name: 'schedules.put',
      args: [
        'default',
        'nightly',
        {
          id: 'k',
          by: null,
          origin: { is: 'api' },
          spec: {
            timetable: { cron: '0 2 L * *', timezone: 'Europe/Berlin' },
            target: { definition: 'resize', input: '{"n":12345678901234567890}', options: {} },
            overlap: 'skip',
            catchup: { policy: 'latest', windowMs: 604_800_000 },
            jitterMs: 300_000,
          },
        },
      ],
    })
    expect(answer.body).toContain('"input":{"n":12345678901234567890}')
    expect(answer.json()).toMatchObject({
      changed: 'created',
      warnings: [{ code: 'on-the-hour' }],
      schedule: {
        name: 'nightly',
        cron: '0 2 L * *',
        target: 'resize',
        catchup: { policy: 'latest', window: 604_800_000 },
        jitter: 300_000,
        origin: { is: 'api' },
        paused: { since: '2026-03-01T09:00:00.000Z', until: '2026-03-02T09:00:00.000Z' },
        last: { account: 'recovered', at: '2026-03-01T09:00:00.000Z' },
        backfills: [{ to: '2026-03-02T09:00:00.000Z', maxActive: 2 }],
      },
    })
    expect((await call('GET', NIGHTLY)).json()).toEqual(answer.json().schedule)
    expect((await call('GET', `${NAMESPACE}/schedules?limit=1`)).json()).toEqual({ schedules: [answer.json().schedule], next: null })
  })

  test('is changed field by field; the rest stays, null removes', async () => {
    await call('PUT', NIGHTLY, '{"target":"resize","cron":"0 2 * * *","input":{ "n": 1e400 },"overlap":"allow","options":{"queue":"q"}}')
    const before = engine.schedules.known.get('nightly')?.spec
    await call('PATCH', NIGHTLY, { cron: null, every: '1d', overlap: null })
    expect(engine.schedules.known.get('nightly')?.spec).toEqual({ ...before, timetable: { every: '1d' }, overlap: 'skip' })
    await call('PATCH', NIGHTLY, { input: null })
    expect(engine.schedules.known.get('nightly')?.spec.target).toEqual({ definition: 'resize', input: null, options: { queue: 'q' } })
    expect((await call('PATCH', NIGHTLY, { target: null })).json()).toMatchObject({ at: '/target', hint: 'target is missing' })
    expect((await call('PATCH', NIGHTLY, { jitter: [] })).json()).toMatchObject({ at: '/jitter' })
    expect((await call('PATCH', NIGHTLY, { crom: '@daily' })).json()).toMatchObject({
      at: '/crom',
      hint: expect.stringContaining('did you mean cron?'),
    })
    expect((await call('PATCH', `${NAMESPACE}/schedules/other`, {})).json()).toMatchObject({ code: 'schedule-not-found', status: 404 })
  })

  test.each([
    [{ target: 'a', cron: 'never' }, '/cron', 'schedule-never-fires'],
    [{ target: 'a', cron: ['@daily', { minute: 5 }] }, '/cron/1/minute', 'invalid-input'],
    [{ target: 'a', every: { every: '1d', monthEnd: 'clam' } }, '/every/monthEnd', 'invalid-input'],
    [{ target: 'a', calendars: { a: { ics: 5 } } }, '/calendars/a/ics', 'invalid-input'],
    [{ target: 'a', blackouts: [{ cron: '@daily', for: 5 }] }, '/blackouts/0/for', 'invalid-input'],
    [{ target: 'a', catchup: { policy: 'al' } }, '/catchup/policy', 'invalid-input'],
    [{ target: 'a', options: { unique: { by: 'name' } } }, '/options/unique', 'invalid-input'],
    [{ cron: '@daily' }, '/target', 'invalid-input'],
  ])('%j is refused at %s', async (body, at, code) => {
    expect((await call('PUT', NIGHTLY, body)).json()).toMatchObject({ at, code })
    expect(engine.calls).toEqual([])
  })

  test('is paused, resumed, triggered, filled back and removed', async () => {
    await call('PUT', NIGHTLY, { target: 'a', every: '1d' })
    const keyed = { 'idempotency-key': 'k' }
    await call('POST', `${NIGHTLY}/pause`, { note: 'inventory \0', for: '2h' }, keyed)
    expect(last()).toEqual({
      name: 'schedules.pause',
      args: ['default', 'nightly', { id: 'k', by: null, note: 'inventory �', until: NOW + 7_200_000 }],
    })
    await call('POST', `${NIGHTLY}/pause`)
    expect(last()?.args[2]).toMatchObject({ note: null, until: null })
    expect((await call('POST', `${NIGHTLY}/pause`, { until: '2026-01-01T00:00:00Z' })).json()).toMatchObject({ at: '/until' })
    expect((await call('POST', `${NIGHTLY}/pause`, { until: '2027-01-01T00:00:00Z', for: '1h' })).json()).toMatchObject({ at: '/for' })
    await call('POST', `${NIGHTLY}/resume`, {})
    expect((await call('POST', `${NIGHTLY}/trigger`, undefined, keyed)).json()).toEqual({ n: 7, run: expect.stringMatching(/^[0-9a-z]{26}$/) })
    const range = { from: '2026-02-01T00:00:00Z', to: '2026-02-02T00:00:00+01:00', maxActive: 3 }
    expect((await call('POST', `${NIGHTLY}/backfill`, range, keyed)).json()).toEqual({ backfill: 'k' })
    expect(last()?.args[2]).toMatchObject({ from: Date.parse(range.from), until: Date.parse(range.to), maxActive: 3 })
    await call('POST', `${NIGHTLY}/backfills/k/cancel`)
    expect(last()?.args.slice(0, 3)).toEqual(['default', 'nightly', 'k'])
    expect((await call('DELETE', `${NIGHTLY}/override`)).json()).toMatchObject({ changed: 'edited' })
    expect((await call('DELETE', NIGHTLY)).statusCode).toBe(200)
    expect((await call('GET', NIGHTLY)).statusCode).toBe(404)
  })

  test('tells its ledger, its next times and why', async () => {
    await call('PUT', NIGHTLY, { target: 'a', every: '1d' })
    await call('GET', `${NIGHTLY}/ledger?account=fired&account=recovered&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&limit=5`)
    expect(last()?.args.slice(2)).toEqual([
      { from: Date.parse('2026-01-01'), until: Date.parse('2026-02-01'), accounts: ['fired', 'recovered'] },
      { after: null, limit: 5 },
    ])
    expect((await call('GET', `${NIGHTLY}/ledger?account=fred`)).json()).toMatchObject({ at: '/query/account' })
    expect((await call('GET', `${NIGHTLY}/preview?count=2`)).json().times[0]).toEqual({
      at: '2026-03-02T09:00:00.000Z',
      local: '2026-03-02T09:00:00.000+00:00',
      held: { is: 'blacked_out', by: 'inventory' },
      movedFrom: '2026-03-01T09:00:00.000Z',
    })
    expect((await call('GET', `${NIGHTLY}/preview?count=1001`)).json()).toMatchObject({ at: '/query/count' })
    expect((await call('GET', `${NIGHTLY}/explain?at=2026-03-01%2002:00`)).json()).toMatchObject({
      at: '2026-03-01T09:00:00.000Z',
      reasons: [{ code: 'not-due', until: '2026-03-02T09:00:00.000Z' }],
      line: { account: 'recovered', outcome: { state: 'completed' } },
    })
    expect(last()?.args).toEqual(['default', 'nightly', '2026-03-01 02:00'])
    expect((await call('POST', `${NAMESPACE}/preview`, { schedule: { cron: 'never' } })).json()).toMatchObject({ at: '/schedule/cron' })
  })

  test('is a calendar too, the same text in the process and over HTTP', async () => {
    await call('PUT', NIGHTLY, { target: 'a', every: '1d' })
    const answer = await call('GET', `${NIGHTLY}/calendar.ics?count=5`)
    expect(answer.headers['content-type']).toBe('text/calendar; charset=utf-8')
    expect(answer.body).toBe('BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n')
    const here = await api.dispatch('schedules.calendar', { params: { namespace: 'default', name: 'nightly' } })
    expect(here).toEqual({ status: 200, body: answer.body, contentType: 'text/calendar; charset=utf-8' })
    expect((await call('GET', `${NAMESPACE}/schedules/no/calendar.ics`)).headers['content-type']).toBe('application/problem+json; charset=utf-8')
  })

  test('methods of an address are told', async () => {
    const answer = await call('POST', NIGHTLY)
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'PUT, PATCH, DELETE, GET, HEAD, OPTIONS'])
  })
})

describe('what code has', () => {
  test('is registered as a whole, with the places of its mistakes', async () => {
    const good = { name: 'a', target: 'a', every: '1d' }
    const register = (body: object) => call('POST', `${NAMESPACE}/schedules/register`, body)
    expect((await register({ source: 'web', schedules: [good] })).json()).toEqual({
      schedules: [{ name: 'a', changed: 'created', warnings: [{ code: 'on-the-hour', message: 'many things begin at :00' }] }],
    })
    expect((await register({ source: 'web', schedules: [] })).json()).toEqual({ schedules: [] })
    expect(last()?.args.slice(1, 3)).toEqual(['web', []])
    engine.calls.length = 0
    for (const [wrong, at] of [
      [{ ...good, name: 'b', cron: 'never' }, '/schedules/1/cron'],
      [{ ...good, name: 'b', input: 'on {{nominalday}}' }, '/schedules/1/input'],
      [{ ...good, name: 'b', jitter: '2d' }, '/schedules/1/jitter'],
      [{ ...good, name: 'b', options: { expires: 'x' } }, '/schedules/1/options/expires'],
      [good, '/schedules/1/name'],
    ] as const)
      expect((await register({ source: 'web', schedules: [good, wrong] })).json()).toMatchObject({ at })
    expect(engine.calls.filter(({ name }) => name === 'schedules.register')).toEqual([])
  })

  test('a run and a delivery tell the time that a schedule meant', async () => {
    const schedule = { is: 'schedule', schedule: 'nightly', id: 's', n: 3, nominalAt: NOW, source: 'time' } as const
    const run = engine.add(fakeRun({ trigger: schedule }), [{ is: 'started', at: NOW, trigger: schedule }])
    const told = { ...schedule, nominalAt: '2026-03-01T09:00:00.000Z' }
    expect((await call('GET', `${NAMESPACE}/runs/${run.id}`)).json().trigger).toEqual(told)
    expect((await call('GET', `${NAMESPACE}/runs/${run.id}/history`)).json().events[0].trigger).toEqual(told)
    engine.deliveries = [{ ...fakeDelivery(0), nominalAt: NOW, latenessMs: 41 }]
    const polled = await call('POST', `${NAMESPACE}/tasks/poll`, { worker: 'w', serves: [], max: 1 })
    expect(polled.json().tasks[0]).toMatchObject({ nominalTime: '2026-03-01T09:00:00.000Z', latenessMs: 41 })
  })
})

describe('apply', () => {
  const apply = async (body: object) => (await call('POST', `${NAMESPACE}/apply`, body, { 'idempotency-key': 'k' })).json()
  const FILE = {
    schedules: [
      { name: 'nightly', cron: '0 2 * * *', target: 'resize', catchup: '6h', options: { retry: { attempts: 2 }, queue: 'q' }, input: { a: 1 } },
      { name: 'hourly', every: '1h', target: 'unheard' },
    ],
    queues: [
      { name: 'images', paused: false },
      { name: 'mail', paused: { note: 'moving' } },
    ],
    definitions: [{ name: 'resize', paused: true, options: { priority: 5, tags: { b: '1', a: '2' } } }],
  }

  test('says what changes, does it, and changes nothing the second time', async () => {
    const expected = [
      {
        kind: 'definition',
        name: 'resize',
        change: 'edited',
        warnings: [],
        fields: [
          { field: 'paused', from: false, to: true },
          { field: 'options.priority', to: 5 },
          { field: 'options.tags', to: { b: '1', a: '2' } },
        ],
      },
      { kind: 'queue', name: 'images', change: 'edited', warnings: [], fields: [{ field: 'paused', from: { note: 'CDN <incident>' }, to: false }] },
      { kind: 'queue', name: 'mail', change: 'edited', warnings: [], fields: [{ field: 'paused', from: false, to: { note: 'moving' } }] },
      {
        kind: 'schedule',
        name: 'nightly',
        change: 'created',
        fields: [
          { field: 'cron', to: '0 2 * * *' },
          { field: 'target', to: 'resize' },
          { field: 'catchup', to: '6h' },
          { field: 'input', to: { a: 1 } },
          { field: 'options.queue', to: 'q' },
          { field: 'options.retry', to: { attempts: 2 } },
        ],
        warnings: [expect.objectContaining({ code: 'on-the-hour' })],
      },
      {
        kind: 'schedule',
        name: 'hourly',
        change: 'created',
        fields: expect.any(Array),
        warnings: [expect.anything(), expect.objectContaining({ code: 'target-unknown' })],
      },
    ]
    expect(await apply({ ...FILE, dryRun: true })).toEqual({ applied: false, changes: expected })
    expect(engine.calls.filter(({ name }) => /put|set|override/.test(name))).toEqual([])
    expect(await apply(FILE)).toEqual({ applied: true, changes: expected })
    expect(engine.schedules.known.get('nightly')?.origin).toEqual({ is: 'apply' })
    engine.calls.length = 0
    const again = await apply(FILE)
    expect(again.changes.map(({ change, fields }: { change: string; fields: unknown[] }) => [change, fields])).toEqual(
      Array(5).fill(['unchanged', []]),
    )
    expect(engine.calls.filter(({ name }) => /put|set|override/.test(name))).toEqual([])

    const next = structuredClone(FILE)
    next.schedules[0] = { ...next.schedules[0], catchup: '21600s', overlap: 'allow', options: { retry: { attempts: 3 } } } as never
    next.definitions[0] = { name: 'resize', paused: false, options: {} } as never
    expect((await apply({ ...next, queues: [] })).changes.slice(0, 2)).toMatchObject([
      { change: 'edited', fields: [{ from: true, to: false }, { field: 'options.priority', from: 5 }, { field: 'options.tags' }] },
      {
        change: 'edited',
        fields: [
          { field: 'overlap', to: 'allow' },
          { from: { attempts: 2 }, to: { attempts: 3 } },
          { field: 'options.queue', from: 'q' },
        ],
      },
    ])
    expect(engine.overrides).toBeNull()
  })

  test('prune deletes what an earlier apply made, and nothing else', async () => {
    await call('PUT', NIGHTLY, { target: 'resize', every: '1d' })
    await apply({
      schedules: [
        { name: 'one', target: 'resize', every: '1d' },
        { name: 'two', target: 'resize', every: '1d' },
      ],
    })
    const { changes } = await apply({ schedules: [{ name: 'one', target: 'resize', every: '1d' }], prune: true })
    expect(changes.map(({ name, change }: { name: string; change: string }) => [name, change])).toEqual([
      ['one', 'unchanged'],
      ['two', 'deleted'],
    ])
    expect([...engine.schedules.known.keys()]).toEqual(['nightly', 'one'])
  })

  test.each([
    [{ schedules: [FILE.schedules[0], { ...FILE.schedules[1], cron: 'never' }] }, '/schedules/1/cron', 'schedule-never-fires'],
    [{ schedules: [FILE.schedules[0], FILE.schedules[0]] }, '/schedules/1/name', 'invalid-input'],
    [{ ...FILE, definitions: [{ name: 'resise' }] }, '/definitions/0/name', 'unknown-definition'],
    [
      { ...FILE, definitions: [{ name: 'resize', options: { retry: { initial: 'x' } } }] },
      '/definitions/0/options/retry/initial',
      'invalid-duration',
    ],
    [{ ...FILE, queues: [{ name: 'q', pause: true }] }, '/queues/0/pause', 'invalid-input'],
  ])('checks all before it changes anything: %#', async (body, at, code) => {
    expect(await apply(body)).toMatchObject({ at, code })
    expect(engine.calls.filter(({ name }) => !/list|get|preview/.test(name))).toEqual([])
  })

  test('of an export changes nothing; schedules of code are in it where an operator changed them', async () => {
    await apply(FILE)
    await call('PUT', NIGHTLY.replace('nightly', 'api'), '{"target":"resize","at":["2026-12-24 18:00"],"input":{ "n": 1e400 },"jitter":90000}')
    const code = { spec: engine.schedules.known.get('api')?.spec as never, origin: { is: 'code', source: 'web' } as const, id: 'c', by: null }
    await engine.schedules.put('default', 'coded', code)
    await engine.schedules.put('default', 'mended', code)
    await call('PATCH', NIGHTLY.replace('nightly', 'mended'), { jitter: '1h' })
    expect(engine.schedules.known.get('mended')).toMatchObject({ origin: { is: 'code' }, overridden: ['jitterMs'] })
    const { body } = await call('GET', `${NAMESPACE}/export`)
    expect(body).toContain('{"name":"api","at":["2026-12-24 18:00"],"target":"resize","jitter":"1m 30s","input":{"n":1e400}}')
    expect(JSON.parse(body)).toMatchObject({
      schedules: [{ name: 'nightly', catchup: '6h' }, { name: 'hourly' }, { name: 'api' }, { name: 'mended', jitter: '1h' }],
      queues: [{ name: 'mail', paused: { note: 'moving' } }],
      definitions: [{ name: 'resize', paused: true, options: { priority: 5, tags: { a: '2', b: '1' } } }],
    })
    engine.calls.length = 0
    const answer = await call('POST', `${NAMESPACE}/apply`, body)
    expect(answer.json().changes.filter(({ change }: { change: string }) => change !== 'unchanged')).toEqual([])
    expect(engine.calls.filter(({ name }) => /put|set|override/.test(name))).toEqual([])
  })

  test('has a schema for editors: maps by name, each field with a description', async () => {
    const answer = await call('GET', '/schemas/apply.json')
    expect(answer.headers['content-type']).toBe('application/schema+json; charset=utf-8')
    const schema = answer.json()
    expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', additionalProperties: false })
    const of = (section: string) => schema.properties[section].additionalProperties.anyOf[0]
    expect(of('schedules').required).toEqual(['target'])
    expect(Object.keys(of('queues').properties)).toEqual(['paused'])
    for (const [name, field] of Object.entries(of('schedules').properties as Record<string, { description?: string }>))
      expect(field.description, name).toEqual(expect.any(String))
  })
})

describe('all schedules together', () => {
  test.each([
    ['upcoming', '', NOW, NOW + 86_400_000],
    ['upcoming', '?from=2026-03-05T00:00:00Z', Date.parse('2026-03-05T00:00:00Z'), Date.parse('2026-03-06T00:00:00Z')],
    ['outcomes', '', NOW - 86_400_000, NOW],
    ['outcomes', '?until=2026-02-05T00:00:00Z', Date.parse('2026-02-04T00:00:00Z'), Date.parse('2026-02-05T00:00:00Z')],
  ])('%s%s is of a day', async (name, query, from, until) => {
    expect((await call('GET', `${NAMESPACE}/${name}${query}`)).json()).toMatchObject({
      from: new Date(from).toISOString(),
      until: new Date(until).toISOString(),
      schedules: [],
      next: null,
    })
    expect(last()).toEqual({ name: `schedules.${name}`, args: ['default', { from, until }, { after: null, limit: 50 }] })
  })

  test.each(['upcoming', 'outcomes'])('one of them may be called %s', async name => {
    await call('PUT', `${NAMESPACE}/schedules/${name}`, { every: '1h', target: 'resize' })
    expect((await call('GET', `${NAMESPACE}/schedules/${name}`)).json()).toMatchObject({ name, every: '1h' })
  })

  test('outcomes are asked for as few lines as one shows', async () => {
    await call('GET', `${NAMESPACE}/outcomes?lines=12`)
    expect(last()?.args[1]).toMatchObject({ lines: 12 })
    expect((await call('GET', `${NAMESPACE}/outcomes?lines=201`)).json()).toMatchObject({ at: '/query/lines' })
  })

  test.each(['?from=2026-03-05T00:00:00Z&until=2026-03-04T00:00:00Z', '?from=2026-03-01T00:00:00Z&until=2026-04-02T00:00:00Z'])(
    'a range of %s is refused',
    async query => {
      for (const name of ['upcoming', 'outcomes'])
        expect((await call('GET', `${NAMESPACE}/${name}${query}`)).json()).toMatchObject({ code: 'invalid-input', at: '/query/until' })
    },
  )
})
