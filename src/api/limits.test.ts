import type { FastifyInstance } from 'fastify'
import { beforeEach, describe, expect, test } from 'vitest'
import { createApi } from './api.ts'
import { DefinitionOptions } from './definition-schemas.ts'
import { FakeEngine, NOW } from './fake-engine.ts'

let engine: FakeEngine
let app: FastifyInstance
beforeEach(() => {
  engine = new FakeEngine()
  app = createApi(engine, { now: () => NOW }).http({ bind: 'localhost' })
})

const NAMESPACE = '/v1/namespaces/default'
const LIMITS = `${NAMESPACE}/limits`
const OPTIONS = `${NAMESPACE}/definitions/resize/options`
const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: unknown) =>
  app.inject({
    method,
    url,
    headers: { host: 'localhost', ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
  })
const commands = () =>
  engine.calls.filter(({ name }) => /\.(set|override|register|resumeSequence)$/.test(name)).map(({ name, args }) => [name, ...args])

const CODE = { per: null, from: 'code', declared: null, set: null, used: 2, keys: 1, waiting: 3 }
const USER = { ...CODE, name: 'resize/user', on: { definition: 'resize' }, per: 'user', concurrency: 2 }

describe('limits over HTTP', () => {
  test('are listed with their size, their source and what is used', async () => {
    expect((await call('GET', LIMITS)).json()).toEqual({
      limits: [{ ...CODE, name: 'api', on: { definition: 'resize' }, rate: 100, every: 60_000 }, USER],
    })
  })

  test('one is asked for by its name, whose slash is encoded, and names who holds it', async () => {
    const holders = [{ run: '01kg0000000000000000000000', weight: 2, since: '2026-03-01T09:00:00.000Z' }]
    expect((await call('GET', `${LIMITS}/resize%2Fuser`)).json()).toEqual({
      ...USER,
      byKey: [{ key: 'u17', used: 2, holders, waiting: 3, nextAt: null }],
    })
    expect((await call('GET', `${LIMITS}/nobody`)).json()).toMatchObject({ status: 404, code: 'limit-not-found', found: 'nobody' })
  })

  test('an operator changes one of code: the answer has both, and a reset gives the code its own back', async () => {
    expect((await call('PUT', `${LIMITS}/api`, { rate: 5, every: '1s' })).json()).toMatchObject({
      rate: 5,
      every: 1_000,
      from: 'operator',
      declared: { rate: 100, every: 60_000 },
    })
    expect((await call('PUT', `${LIMITS}/api`, { concurrency: 0 })).json()).toMatchObject({ concurrency: 0, declared: { rate: 100, every: 60_000 } })
    expect((await call('DELETE', `${LIMITS}/api`)).statusCode).toBe(200)
    expect((await call('GET', `${LIMITS}/api`)).json()).toMatchObject({ rate: 100, from: 'code', declared: null })
    expect(commands()).toEqual([
      ['limits.set', 'default', 'api', { max: 5, everyMs: 1_000 }],
      ['limits.set', 'default', 'api', { max: 0 }],
      ['limits.set', 'default', 'api', null],
    ])
  })

  test('whoever sets one, or an option, is told with it: the name of the API key, by which a file is applied as well', async () => {
    const api = createApi(engine, { now: () => NOW })
    const ana = async (operation: string, name: string, body: object) => {
      const { status, body: answer } = await api.dispatch(operation, {
        params: { namespace: 'default', name },
        body: JSON.stringify(body),
        by: 'ana',
      })
      expect(status, String(answer)).toBe(200)
    }
    const set = { by: 'ana', since: '2026-03-01T09:00:00.000Z' }
    await ana('limits.set', 'api', { concurrency: 5 })
    expect((await call('GET', `${LIMITS}/api`)).json()).toMatchObject({ from: 'operator', set })
    await ana('definitions.override', 'resize', { priority: 5, expires: '1h' })
    expect((await call('GET', `${NAMESPACE}/definitions/resize`)).json()).toMatchObject({ set: { priority: set, expires: set } })
    await call('PUT', `${LIMITS}/api`, { concurrency: 6 })
    expect((await call('GET', `${LIMITS}/api`)).json()).toMatchObject({ set: { ...set, by: null } })
    await ana('apply', 'none', { limits: [{ name: 'api', concurrency: 7 }], definitions: [{ name: 'resize', options: { priority: 6 } }] })
    expect((await call('GET', `${LIMITS}/api`)).json()).toMatchObject({ concurrency: 7, set })
    expect((await call('GET', `${NAMESPACE}/definitions/resize`)).json()).toMatchObject({ override: { priority: 6 }, set: { priority: set } })
  })

  test.each([
    [
      { on: 'pool', concurrency: 10 },
      { on: { scope: 'pool', name: 'new' }, max: 10 },
    ],
    [
      { on: 'namespace', rate: 10, every: 500 },
      { on: { scope: 'namespace', name: '' }, max: 10, everyMs: 500 },
    ],
    [
      { on: { queue: 'images' }, per: 'order.user', concurrency: 3 },
      { on: { scope: 'queue', name: 'images' }, per: 'order.user', max: 3 },
    ],
    [
      { on: { definition: 'resize' }, concurrency: 3 },
      { on: { scope: 'definition', name: 'resize' }, max: 3 },
    ],
  ])("%j is a limit of an operator's own", async (body, set) => {
    const answer = await call('PUT', `${LIMITS}/new`, body)
    expect(answer.json()).toMatchObject({ name: 'new', from: 'operator', declared: null, on: body.on, byKey: [] })
    expect(commands()).toEqual([['limits.set', 'default', 'new', set]])
  })

  test.each([
    [{}, 'invalid-option', '/concurrency', 'concurrency, or rate with every'],
    [{ concurrency: 1, rate: 1 }, 'invalid-option', '/rate', 'two limits'],
    [{ rate: 1 }, 'invalid-option', '/every', 'a rate has a window'],
    [{ concurrency: 1, every: '1m' }, 'invalid-option', '/every', 'only a rate'],
    [{ rate: 1, every: 0 }, 'invalid-option', '/every', '1 ms to 366 days'],
    [{ rate: 1, every: '367d' }, 'invalid-option', '/every', '1 ms to 366 days'],
    [{ concurrency: -1 }, 'invalid-option', '/concurrency', '0 to 1000000'],
    [{ concurrency: 1, on: 'pol' }, 'invalid-input', '/on', 'pool'],
    [{ concurrency: 1, on: { queue: 'q', definition: 'd' } }, 'invalid-input', '/on/definition', 'not known'],
    [{ concurrency: 1, per: 'a..b' }, 'invalid-input', '/per', 'order.customer'],
    [{ concurrency: 1, weight: 2 }, 'invalid-input', '/weight', 'not known'],
  ])('%j is refused', async (body, code, at, hint) => {
    const problem = (await call('PUT', `${LIMITS}/api`, body)).json()
    expect(problem).toMatchObject({ code, at, hint: expect.stringContaining(hint) })
    expect(commands()).toEqual([])
  })

  test('a limit that no code has says what it is on', async () => {
    expect((await call('PUT', `${LIMITS}/new`, { concurrency: 1 })).json()).toMatchObject({ status: 404, code: 'limit-not-found' })
  })

  test('a sequence is resumed by its key, once for a command', async () => {
    const answer = await app.inject({
      method: 'POST',
      url: `${NAMESPACE}/sequences/ship/resume`,
      headers: { host: 'localhost', 'content-type': 'application/json', 'idempotency-key': 'k' },
      payload: '{"key":"order-17"}',
    })
    expect(answer.statusCode).toBe(200)
    expect(commands()).toEqual([['limits.resumeSequence', 'default', 'ship', 'order-17', { id: 'k', by: null }]])
  })
})

describe('options of a definition', () => {
  const register = (options: object) => call('POST', `${NAMESPACE}/definitions`, { definitions: [{ kind: 'job', name: 'a', version: 'v', options }] })

  test('reach the engine as it keeps them', async () => {
    const answer = await register({
      limits: [
        { per: 'user', concurrency: 2 },
        { rate: 100, every: '1m', weight: 2 },
        { name: 'api', rate: 10, every: 1_000, per: 'order.tenant' },
        { pool: 'warehouse', weight: 2 },
      ],
      fair: 'tenant',
      sequence: 'order',
      cost: 2,
      batch: { size: 50, within: '1s' },
      debounce: '5s',
      onFailure: 'alert',
    })
    expect(answer.statusCode, answer.body).toBe(200)
    expect(engine.calls.at(-1)?.args[1]).toMatchObject([
      {
        options: {
          limits: [
            { per: 'user', concurrency: 2 },
            { rate: 100, everyMs: 60_000, weight: 2 },
            { name: 'api', rate: 10, everyMs: 1_000, per: 'order.tenant' },
            { pool: 'warehouse', weight: 2 },
          ],
          fair: { per: 'tenant' },
          sequence: { per: 'order', onFailure: 'stop' },
          cost: { slots: 2 },
          batch: { size: 50, withinMs: 1_000 },
          debounce: { per: null, forMs: 5_000 },
          onFailure: { job: 'alert' },
        },
      },
    ])
    await register({ debounce: { per: 'user', for: '5s', maximum: '1m' }, cost: { cpu: 0.5, memory: 512 } })
    expect(engine.calls.at(-1)?.args[1]).toMatchObject([
      { options: { debounce: { per: 'user', forMs: 5_000, maximumMs: 60_000 }, cost: { cpu: 0.5, memory: 512 } } },
    ])
    await register({ throttle: { every: '1m' }, sequence: { per: 'a', onFailure: 'skip' }, fair: { per: 't', weights: { big: 3 } } })
    expect(engine.calls.at(-1)?.args[1]).toMatchObject([
      { options: { throttle: { per: null, everyMs: 60_000 }, sequence: { per: 'a', onFailure: 'skip' }, fair: { per: 't', weights: { big: 3 } } } },
    ])
  })

  test.each([
    [{ limits: [{}] }, '/limits/0', 'is needed'],
    [{ limits: [{ concurrency: 1, rate: 1, every: 1 }] }, '/limits/0/rate', 'two limits'],
    [{ limits: [{ rate: 1 }] }, '/limits/0/every', 'a window'],
    [{ limits: [{ concurrency: 1, every: '1m' }] }, '/limits/0/every', 'only a rate'],
    [{ limits: [{ rate: 1, every: '367d' }] }, '/limits/0/every', '366 days'],
    [{ limits: [{ pool: 'p', name: 'n' }] }, '/limits/0/name', 'its own name'],
    [
      {
        limits: [
          { name: 'api', rate: 1, every: 1 },
          { name: 'api', concurrency: 1 },
        ],
      },
      '/limits/1',
      'limit 0 of the list is the same',
    ],
    [{ limits: [{ concurrency: 1 }, { per: 'u', concurrency: 1 }, { concurrency: 2 }] }, '/limits/2', 'limit 0 of the list is the same'],
    [{ limits: [{ pool: 'p' }, { pool: 'p', weight: 2 }] }, '/limits/1', 'is the same'],
    [{ debounce: '5s', throttle: { every: '5s' } }, '/throttle', 'cannot be combined'],
    [{ debounce: { for: '5s', maximum: '4s' } }, '/debounce/maximum', 'no less than'],
    [{ debounce: 0 }, '/debounce', 'more than 0'],
    [{ throttle: { every: 0 } }, '/throttle/every', 'more than 0'],
    [{ onFailure: { url: 'https://example.org', secret: '***' } }, '/onFailure/secret', 'none is'],
    [{ onFailure: { url: 'ftp://example.org' } }, '/onFailure/url', 'an address'],
    [{ notify: [{ on: ['failed'] }] }, '/notify/0', 'one of job'],
    [{ notify: [{ on: ['failed'], job: 'a', email: ['a@b.org'] }] }, '/notify/0/email', 'two notifications'],
    [{ notify: [{ on: ['failed'], slack: 'https://a.org', secret: 's' }] }, '/notify/0/secret', 'signed'],
    [{ batch: { size: 0, within: 1 } }, '/batch/size', '1 to 1000'],
    [{ fair: { per: 'a', weights: { big: 0 } } }, '/fair/weights/big', '0.001 to 1000'],
    [{ cost: 0 }, '/cost', '1 to 1000000'],
    [{ limits: Array.from({ length: 21 }, (_, n) => ({ pool: `p${n}` })) }, '/limits', '20'],
  ])('%j is refused at its place', async (options, at, hint) => {
    const problem = (await register(options)).json()
    expect(problem).toMatchObject({ at: `/definitions/0/options${at}`, hint: expect.stringContaining(hint) })
    expect(commands()).toEqual([])
  })

  test('an operator sets them, sees what is his, and removes them', async () => {
    const set = await call('PUT', OPTIONS, { priority: 5, limits: [{ rate: 50, every: '1m' }], sequence: 'order' })
    const override = { priority: 5, limits: [{ rate: 50, every: 60_000 }], sequence: { per: 'order', onFailure: 'stop' } }
    expect(set.json()).toMatchObject({ name: 'resize', override })
    expect((await call('GET', `${NAMESPACE}/definitions/resize`)).json()).toMatchObject({ override })
    expect((await call('GET', `${NAMESPACE}/definitions`)).json().definitions[0]).toMatchObject({ override })
    expect((await call('DELETE', OPTIONS)).json()).toMatchObject({ override: null })
    expect((await call('PUT', OPTIONS, {})).json()).toMatchObject({ override: null })
    expect((await call('PUT', OPTIONS, { limits: [{ rate: 1 }] })).json()).toMatchObject({ at: '/limits/0/every' })
    expect((await call('GET', `${NAMESPACE}/definitions/resise`)).json()).toMatchObject({
      status: 404,
      code: 'unknown-definition',
      hint: 'did you mean resize?',
    })
  })

  test('one that cannot stand beside that of the code is refused; one that replaces an own is not', async () => {
    engine.declared = { throttle: { per: null, everyMs: 1 } }
    expect((await call('PUT', OPTIONS, { debounce: 5 })).json()).toMatchObject({
      code: 'invalid-option',
      at: '/debounce',
      hint: expect.stringContaining('throttle'),
    })
    engine.declared = {}
    await call('PUT', OPTIONS, { throttle: { every: 5 } })
    expect((await call('PUT', OPTIONS, { debounce: 5 })).statusCode).toBe(200)
  })

  test('every option that there is comes back as it was sent, so that apply sees it change', async () => {
    const sent = {
      unique: { by: 'name', onConflict: 'replace' },
      queue: 'q',
      priority: 5,
      retry: { attempts: 3, initial: 1_000 },
      timeout: { attempt: 5 },
      expires: 5,
      retention: 5,
      labels: { gpu: 'a100' },
      tags: { team: 'media' },
      outlets: ['s3://sales', { asset: 's3://parts', partition: 'de' }],
      exhausted: 'park',
      limits: [{ name: 'api', per: 'a', weight: 2, rate: 1, every: 5 }],
      fair: { per: 'tenant' },
      sequence: { per: 'order', onFailure: 'skip' },
      cost: { cpu: 2 },
      batch: { size: 5, within: 5 },
      debounce: { for: 5 },
      onFailure: 'alert',
      notify: [{ on: ['failed', 'deadline'], job: 'alert' }],
      versioning: 'pinned',
    }
    const { throttle: _, ...known } = DefinitionOptions.properties
    expect(Object.keys(sent).sort()).toEqual(Object.keys(known).sort())
    expect((await call('PUT', OPTIONS, sent)).json().override).toEqual(sent)
    expect((await call('PUT', OPTIONS, { throttle: { every: 5 } })).json().override).toEqual({ throttle: { every: 5 } })
    const { definitions } = (await call('GET', `${NAMESPACE}/export`)).json()
    expect((await call('POST', `${NAMESPACE}/apply`, { definitions: [{ name: 'resize', options: sent }] })).json().changes[0].fields).toHaveLength(21)
    expect((await call('POST', `${NAMESPACE}/apply`, { definitions })).json().changes[0].fields).toHaveLength(21)
  })

  test('a secret is never given back, and its mask keeps it', async () => {
    const url = 'https://example.org/hook'
    const answers = [
      await call('PUT', OPTIONS, { onFailure: { url, secret: 'hush-hush' } }),
      await call('GET', `${NAMESPACE}/definitions`),
      await call('GET', `${NAMESPACE}/export`),
      await call('PUT', OPTIONS, { priority: 5, onFailure: { url: `${url}/2`, secret: '***' } }),
    ]
    for (const { statusCode, body } of answers) {
      expect(statusCode, body).toBe(200)
      expect(body).not.toContain('hush-hush')
      expect(body).toContain('"secret":"***"')
    }
    expect(engine.overrides).toEqual({ priority: 5, onFailure: { url: `${url}/2`, secret: 'hush-hush' } })
    await call('PUT', OPTIONS, { onFailure: { url } })
    expect(engine.overrides).toEqual({ onFailure: { url } })
  })

  test("secrets of notifications, and Slack's addresses, are never given back, and their masks keep them wherever they go", async () => {
    const slack = 'https://hooks.slack.com/services/T0/B0/'
    const [one, two] = ['https://example.org/1', 'https://example.org/2']
    const notify = [
      { on: ['failed'], url: one, secret: 'hush-one' },
      { on: ['completed'], slack: `${slack}hush-aaaa` },
      { on: ['completed'], slack: `${slack}hush-bbbb` },
      { on: ['failed'], url: two, secret: 'hush-two' },
    ]
    const set = await call('PUT', OPTIONS, { notify })
    const shown = set.json().override.notify
    expect(shown[1]).toEqual({ on: ['completed'], slack: 'https://hooks.slack.com/***aaaa' })
    for (const { body } of [set, await call('GET', `${NAMESPACE}/definitions`), await call('GET', `${NAMESPACE}/export`)])
      expect(body).not.toMatch(/hush|services/)
    await call('PUT', OPTIONS, { notify: [...shown].reverse() })
    expect(engine.overrides).toEqual({ notify: [...notify].reverse() })
    const gone = await call('PUT', OPTIONS, { notify: [{ on: ['failed'], slack: 'https://hooks.slack.com/***cccc' }] })
    expect(gone.json()).toMatchObject({ code: 'invalid-option', at: '/notify/0/slack' })
  })
})

describe('apply and export', () => {
  const apply = async (body: object) => (await call('POST', `${NAMESPACE}/apply`, body)).json()
  const exported = async () => (await call('GET', `${NAMESPACE}/export`)).json()

  test('limits are created, edited field by field, and the same again changes nothing; export writes what apply takes', async () => {
    const limits = [
      { name: 'warehouse', on: 'pool', concurrency: 10 },
      { name: 'images', on: { queue: 'images' }, per: 'user', rate: 100, every: '1m' },
      { name: 'api', rate: 5, every: '1s' },
    ]
    expect((await apply({ limits, dryRun: true })).changes.map(({ change }: { change: string }) => change)).toEqual(['created', 'created', 'created'])
    expect(commands()).toEqual([])
    await apply({ limits })
    expect((await apply({ limits })).changes.map(({ change }: { change: string }) => change)).toEqual(['unchanged', 'unchanged', 'unchanged'])
    expect(commands()).toHaveLength(3)
    expect((await exported()).limits).toEqual([limits[2], limits[1], limits[0]])
    expect(await apply({ limits: [{ name: 'images', on: { queue: 'images' }, rate: 50, every: '1m' }] })).toMatchObject({
      changes: [
        {
          kind: 'limit',
          name: 'images',
          change: 'edited',
          fields: [
            { field: 'rate', from: 100, to: 50 },
            { field: 'per', from: 'user' },
          ],
        },
      ],
    })
  })

  test('prune resets what is set and not in the file, if the file speaks of limits', async () => {
    await apply({ limits: [{ name: 'api', concurrency: 5 }] })
    expect((await apply({ prune: true })).changes).toEqual([])
    expect((await exported()).limits).toHaveLength(1)
    expect((await apply({ limits: [], prune: true })).changes).toMatchObject([{ kind: 'limit', name: 'api', change: 'deleted' }])
    expect((await exported()).limits).toEqual([])
  })

  test('of a limit that code has the size alone counts, and it says so', async () => {
    const { changes } = await apply({ limits: [{ name: 'api', on: 'namespace', rate: 5, every: '1s' }] })
    expect(changes).toMatchObject([{ warnings: [{ code: 'limit-of-code' }] }])
    expect((await exported()).limits).toEqual([{ name: 'api', rate: 5, every: '1s' }])
  })

  test('a limit that a definition of the same file gets is known', async () => {
    const definitions = [{ name: 'resize', options: { limits: [{ name: 'fresh', rate: 1, every: '1m' }] } }]
    expect(await apply({ definitions, limits: [{ name: 'fresh', rate: 2, every: '1m' }], dryRun: true })).toMatchObject({ applied: false })
    expect(await apply({ limits: [{ name: 'fresh', rate: 2, every: '1m' }] })).toMatchObject({ code: 'limit-not-found', at: '/limits/0/name' })
  })

  test('another secret is a change, and is not shown', async () => {
    const definitions = (secret: string) => ({ definitions: [{ name: 'resize', options: { onFailure: { url: 'https://example.org', secret } } }] })
    await apply(definitions('one'))
    const changed = await apply(definitions('two'))
    expect(changed.changes).toMatchObject([{ change: 'edited', fields: [{ field: 'options.onFailure.secret', from: '***', to: '***' }] }])
    expect(engine.overrides).toMatchObject({ onFailure: { secret: 'two' } })
    expect((await apply(definitions('***'))).changes).toMatchObject([{ change: 'unchanged' }])
  })

  test.each([
    [{ limits: [{ name: 'api' }] }, '/limits/0', 'invalid-option'],
    [{ limits: [{ name: 'api', rate: 1 }] }, '/limits/0/every', 'invalid-option'],
    [{ limits: [{ name: 'a', concurrency: 1 }] }, '/limits/0/name', 'limit-not-found'],
    [
      {
        limits: [
          { name: 'api', concurrency: 1 },
          { name: 'api', concurrency: 1 },
        ],
      },
      '/limits/1/name',
      'invalid-input',
    ],
    [{ definitions: [{ name: 'resize', options: { limits: [{ rate: 1 }] } }] }, '/definitions/0/options/limits/0/every', 'invalid-option'],
  ])('%j is refused, and nothing is changed', async (body, at, code) => {
    expect(await apply(body)).toMatchObject({ at, code })
    expect(commands()).toEqual([])
  })
})

test('the schema of files has limits and the options of definitions, each with its words', async () => {
  const schema = (await app.inject({ method: 'GET', url: '/schemas/apply.json', headers: { host: 'localhost' } })).json()
  const of = (section: string) => schema.properties[section].additionalProperties.anyOf[0].properties
  expect(Object.keys(of('limits'))).toEqual(['on', 'per', 'concurrency', 'rate', 'every'])
  const { options } = of('definitions')
  for (const rule of ['limits', 'fair', 'sequence', 'cost', 'batch', 'debounce', 'throttle', 'onFailure'])
    expect(options.properties[rule], rule).toHaveProperty('description')
})
