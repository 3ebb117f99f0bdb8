import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { InvariantError, UserError } from '../core/errors.ts'
import { createMetrics } from '../observability/metrics.ts'
import { type Api, createApi } from './api.ts'
import { FakeEngine, fakeDelivery, NOW } from './fake-engine.ts'

let engine: FakeEngine
let api: Api
let app: FastifyInstance
const logged: { facts: Record<string, unknown>; message: string }[] = []

beforeEach(() => {
  engine = new FakeEngine()
  logged.length = 0
  api = createApi(engine, { now: () => NOW, log: { error: (facts, message) => logged.push({ facts, message }) }, metrics: createMetrics() })
  app = api.http({ bind: '127.0.0.1' })
})
afterEach(() => app.close())

const RUNS = '/v1/namespaces/default/runs'
const REF = { run: '01kg0000000000000000000000', task: 'main', attempt: 1, delivery: 'd' }
const call = (method: 'GET' | 'POST' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'PUT', url: string, payload?: unknown, headers: Record<string, string> = {}) =>
  app.inject({
    method,
    url,
    headers: { host: 'localhost:7575', ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(payload === undefined ? {} : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }),
  })

describe('starting', () => {
  test('a start reaches the engine with its payloads as they were written', async () => {
    const body = `{"definition":"resize","input":{"n": 12345678901234567890,"n":1e400},"metadata":null,"delay":"1h 30m","timeout":{"attempt":"2m"},"retry":{"initial":250,"attempts":5},"tags":{"team":"media"},"unique":{"by":"name"}}`
    const answer = await call('POST', RUNS, body, { 'idempotency-key': 'call-1' })
    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toMatchObject({ is: 'started' })
    expect(engine.calls).toEqual([
      {
        name: 'runs.start',
        args: [
          'default',
          {
            callKey: 'call-1',
            by: null,
            starts: [
              {
                definition: 'resize',
                input: '{"n": 12345678901234567890,"n":1e400}',
                unique: { by: 'name' },
                trigger: { is: 'call' },
                options: {
                  metadata: 'null',
                  delayMs: 5_400_000,
                  timeout: { attempt: 120_000 },
                  retry: { initialMs: 250, attempts: 5 },
                  tags: { team: 'media' },
                },
              },
            ],
          },
        ],
      },
    ])
  })

  test('an existing run is 200, a conflict of a single start is a problem, of one in a batch an item', async () => {
    expect((await call('POST', RUNS, { definition: 'a', key: 'known' })).statusCode).toBe(200)
    const conflict = await call('POST', RUNS, { definition: 'a', key: 'taken' })
    expect([conflict.statusCode, conflict.json().code]).toEqual([409, 'key-conflict'])
    const batch = await call('POST', `${RUNS}/batch`, {
      runs: [{ definition: 'a', key: 'taken' }, { definition: 'a', key: 'known' }, { definition: 'a' }],
    })
    expect(batch.json().runs.map((run: { is: string }) => run.is)).toEqual(['refused', 'existing', 'started'])
    expect(batch.json().runs[0].problem).toMatchObject({ code: 'key-conflict', type: '/docs/errors#key-conflict' })
  })
})

describe('bad input is refused with its place and a way out, and never reaches the engine', () => {
  test.each([
    [{}, 'invalid-input', '/definition', 'definition is missing'],
    [{ defnition: 'a' }, 'invalid-input', '/defnition', 'did you mean definition?'],
    [{ definition: 'a', retries: 1 }, 'invalid-input', '/retries', 'did you mean retry?'],
    [{ definition: 'a', retry: { attempts: 0 } }, 'invalid-option', '/retry/attempts', 'a whole number from 1'],
    [{ definition: 'a', retry: { attempts: '3' } }, 'invalid-input', '/retry/attempts', 'a whole number from 1'],
    [{ definition: 'a', delay: '5 parsecs' }, 'invalid-duration', '/delay', 'units ms'],
    [{ definition: 'a', delay: -1 }, 'invalid-duration', '/delay', 'units ms'],
    [{ definition: 'a', delay: true }, 'invalid-input', '/delay', 'milliseconds, or a text'],
    [{ definition: 'a', at: '2026-02-30T00:00:00Z' }, 'invalid-input', '/at', 'ISO 8601'],
    [{ definition: 'a', at: '2026-03-01T00:00:00Z', delay: 1 }, 'invalid-option', '/at', 'cannot be combined'],
    [{ definition: 'a', key: 'k', unique: { by: 'name' } }, 'invalid-option', '/unique', 'cannot be combined'],
    [{ definition: 'a', keyRetention: '2d' }, 'invalid-option', '/keyRetention', 'needs a key'],
    [{ definition: 'a', key: 'k', keyRetention: '1h' }, 'invalid-option', '/keyRetention', '24 hours'],
    [{ definition: 'a', unique: { by: 'key' } }, 'invalid-option', '/unique/key', 'needs a key'],
    [{ definition: 'a', unique: { by: 'nam' } }, 'invalid-input', '/unique/by', 'did you mean name?'],
    [{ definition: 'a', timeout: { attempt: 0 } }, 'invalid-option', '/timeout/attempt', 'leave it out'],
    [{ definition: 'a\0' }, 'invalid-input', '/definition', 'without control characters'],
    [{ definition: ' a' }, 'invalid-input', '/definition', 'spaces'],
    [{ definition: 'a'.repeat(201) }, 'invalid-input', '/definition', '200 characters'],
    [{ definition: 'a', tags: { 'a:b': '1' } }, 'invalid-input', '/tags/a:b', 'colons'],
    [{ definition: 'a', tags: { 'a/b': 1 } }, 'invalid-input', '/tags/a~1b', 'a text'],
    [{ definition: 'a', tags: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [n, ''])) }, 'too-many-items', '/tags', 'at most 20'],
    ['{"definition":"a","tags":{"__proto__":"x"}}', 'invalid-input', '/tags/__proto__', 'name'],
    ['{"definition":"a","__proto__":{}}', 'invalid-input', '/__proto__', 'not known'],
    ['{"definition":"a","constructor":{}}', 'invalid-input', '/constructor', 'not known'],
    [[], 'invalid-input', '', 'an object'],
    ['{"definition":"a"', 'invalid-json', undefined, 'line 1, column 18'],
    ['', 'invalid-json', undefined, 'empty'],
  ])('%j', async (body, code, at, hint) => {
    const answer = await call('POST', RUNS, body)
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    const problem = answer.json()
    expect(problem).toMatchObject({ code, type: `/docs/errors#${code}`, status: answer.statusCode, hint: expect.stringContaining(hint) })
    expect(problem.at).toBe(at)
    expect(engine.calls).toEqual([])
  })

  test('the place within a batch', async () => {
    const answer = await call('POST', `${RUNS}/batch`, { runs: [{ definition: 'a' }, { definition: 'a', retry: { jitter: 2 } }] })
    expect(answer.json()).toMatchObject({ code: 'invalid-option', at: '/runs/1/retry/jitter', found: 2 })
  })

  test.each([
    ['/v1/namespaces/default/tasks/complete', { worker: 'w', results: [{ ...REF, is: 'complete' }] }, '/results/0/is', 'did you mean completed?'],
    [
      '/v1/namespaces/default/tasks/complete',
      { worker: 'w', results: [{ ...REF, is: 'failed', failure: { type: 'E', message: 'm', cause: { type: 1 } } }] },
      '/results/0/failure/cause/message',
      'missing',
    ],
    ['/v1/namespaces/default/tasks/complete', { worker: 'w', results: [{ ...REF, run: 'x', is: 'returned' }] }, '/results/0/run', '26 characters'],
    [
      '/v1/namespaces/default/tasks/log',
      {
        worker: 'w',
        lines: [{ run: REF.run, attempt: 1, delivery: 'd', n: 0, at: '2026-03-01T00:00:00Z', level: 'info', message: 'x'.repeat(20_000) }],
      },
      '/lines/0/message',
      '16384 bytes',
    ],
    [
      '/v1/namespaces/default/tasks/log',
      {
        worker: 'w',
        lines: [{ run: REF.run, attempt: 1, delivery: 'd', n: 0, at: '2026-03-01T00:00:00Z', level: 'info', message: 'x', fields: [] }],
      },
      '/lines/0/fields',
      'an object',
    ],
    ['/v1/namespaces/default/tasks/poll', { worker: 'w', serves: [], max: 0 }, '/max', 'from 1 to 1000'],
    [
      '/v1/namespaces/default/definitions',
      { definitions: [{ kind: 'job', name: 'a', version: '1', options: {}, schema: 5 }] },
      '/definitions/0/schema',
      'JSON Schema',
    ],
  ])('%s %j', async (url, body, at, hint) => {
    expect((await call('POST', url, body)).json()).toMatchObject({ at, hint: expect.stringContaining(hint) })
    expect(engine.calls).toEqual([])
  })

  test.each([
    [`${RUNS}?stat=running`, '/query/stat', 'did you mean state?'],
    [`${RUNS}?state=runing`, '/query/state', 'did you mean running?'],
    [`${RUNS}?limit=0`, '/query/limit', 'from 1 to 1000'],
    [`${RUNS}?limit=1&limit=2`, '/query/limit', 'once'],
    [`${RUNS}?tag=team`, '/query/tag', 'name:value'],
    [`${RUNS}?tag=a:1&tag=a:2`, '/query/tag', 'never match'],
    [`${RUNS}?createdAfter=yesterday`, '/query/createdAfter', 'ISO 8601'],
    [`${RUNS}?cursor=abc`, '/query/cursor', 'next'],
    ['/v1/namespaces/%20/runs', '/path/namespace', 'a name of'],
  ])('%s', async (url, at, hint) => {
    const answer = await call('GET', url)
    expect(answer.json()).toMatchObject({ status: answer.statusCode, at, hint: expect.stringContaining(hint) })
    expect(engine.calls).toEqual([])
  })

  test('a cursor of another list, or a changed one, is refused; its own goes on', async () => {
    for (let n = 0; n < 3; n++) engine.add()
    const first = (await call('GET', `${RUNS}?limit=2`)).json()
    expect(first.runs).toHaveLength(2)
    const rest = (await call('GET', `${RUNS}?limit=2&cursor=${first.next}`)).json()
    expect([rest.runs.length, rest.next]).toEqual([1, null])
    expect((await call('GET', `${RUNS}?queue=a&cursor=${first.next}`)).statusCode).toBe(400)
    expect((await call('GET', `${RUNS}?cursor=${first.next.slice(1)}`)).statusCode).toBe(400)
  })

  test('header values, too many items, too large payloads and bodies', async () => {
    expect((await call('POST', RUNS, { definition: 'a' }, { 'idempotency-key': 'x'.repeat(256) })).json()).toMatchObject({
      at: '/header/idempotency-key',
    })
    const many = await call('POST', '/v1/namespaces/default/tasks/heartbeat', { worker: 'w', beats: Array.from({ length: 1_001 }, () => REF) })
    expect([many.statusCode, many.json().at]).toEqual([413, '/beats'])
    const large = await call('POST', RUNS, { definition: 'a', input: 'x'.repeat(1_100_000) })
    expect([large.statusCode, large.json().code, large.json().at]).toEqual([413, 'payload-too-large', '/input'])
    const body = await call('POST', RUNS, `{"definition":"${'x'.repeat(17 * 1024 * 1024)}"}`)
    expect([body.statusCode, body.json().code]).toEqual([413, 'body-too-large'])
    expect(engine.calls).toEqual([])
  })
})

describe('HTTP', () => {
  test.each([
    ['GET', '/nowhere', 404, undefined],
    ['PUT', RUNS, 405, 'POST, GET, HEAD, OPTIONS'],
    ['GET', `${RUNS}/abc/cancel`, 405, 'POST, OPTIONS'],
    ['POST', '/healthz', 405, 'GET, HEAD, OPTIONS'],
    ['HEAD', `${RUNS}/abc/events`, 405, 'GET, OPTIONS'],
    ['OPTIONS', RUNS, 204, 'POST, GET, HEAD, OPTIONS'],
    ['HEAD', RUNS, 200, undefined],
    ['GET', '/v1/namespaces/%zz/runs', 400, undefined],
    ['GET', `/v1/namespaces/${'x'.repeat(3_000)}/runs`, 404, undefined],
    ['DELETE', '/v1/keys/none', 404, undefined],
  ] as const)('%s %s answers %i', async (method, url, status, allow) => {
    const answer = await call(method, url)
    expect([answer.statusCode, answer.headers.allow]).toEqual([status, allow])
    if (status >= 400) expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    if (status >= 400 && method !== 'HEAD') expect(answer.json().code).toMatch(/^[a-z-]+$/)
  })

  test('content types and encodings', async () => {
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json; charset=latin1' },
      { 'content-encoding': 'gzip' },
    ]) {
      const answer = await call('POST', RUNS, '{"definition":"a"}', headers as unknown as Record<string, string>)
      expect([answer.statusCode, answer.json().code]).toEqual([415, 'unsupported-media-type'])
    }
    expect((await call('POST', RUNS, { definition: 'a' }, { 'content-type': 'application/json; charset=UTF-8' })).statusCode).toBe(201)
    const broken = await app.inject({
      method: 'POST',
      url: RUNS,
      headers: { host: 'localhost', 'content-type': 'application/json' },
      payload: Buffer.from([0x22, 0xff, 0x22]),
    })
    expect(broken.json()).toMatchObject({ code: 'invalid-json', hint: expect.stringContaining('UTF-8') })
  })

  test('an error of ours is answered without a word of it, and logged under the id that the caller got', async () => {
    for (const error of [new InvariantError('secret', { table: 'run_open' }), new TypeError('secret'), 'secret']) {
      engine.fails = error
      const answer = await call('POST', RUNS, { definition: 'a' })
      expect(answer.statusCode).toBe(500)
      expect(answer.json()).toMatchObject({ code: 'internal' })
      expect(answer.body).not.toMatch(/secret|run_open|\.ts/)
      expect(logged.pop()?.facts).toMatchObject({ id: answer.json().data.id, operation: 'runs.start', err: error })
    }
  })

  test('429 and 503 say when to come again', async () => {
    engine.fails = new UserError('overloaded', { retryAfter: 2.5 })
    expect((await call('POST', RUNS, { definition: 'a' })).headers['retry-after']).toBe('3')
    engine.fails = new UserError('unavailable')
    expect((await call('POST', RUNS, { definition: 'a' })).headers['retry-after']).toBe('1')
    engine.isReady = false
    const answer = await call('GET', '/readyz')
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1'])
  })

  test('a client that goes in the middle of a call gives its room back', async () => {
    const small = api.http({ bind: '127.0.0.1', bodiesBytesMax: 100 })
    await small.listen({ port: 0, host: '127.0.0.1' })
    const url = `http://127.0.0.1:${(small.server.address() as { port: number }).port}/v1/namespaces/default`
    const post = (path: string, body: string, signal: AbortSignal | null = null) =>
      fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal })
    engine.tasks.poll = (_namespace, _poll, signal) =>
      new Promise(resolve => signal.addEventListener('abort', () => resolve({ answer: 'none', tasks: [] })))
    for (let n = 0; n < 5; n++) {
      const gone = new AbortController()
      const polling = post('/tasks/poll', '{"worker":"w","serves":[],"max":1,"wait":60000}', gone.signal).catch(() => undefined)
      await new Promise(resolve => setTimeout(resolve, 20))
      gone.abort()
      await polling
    }
    await new Promise(resolve => setTimeout(resolve, 20))
    expect((await post('/runs', JSON.stringify({ definition: 'a', key: 'x'.repeat(60) }))).status).toBe(201)
    await small.close()
  })

  test('bodies beyond the memory for them are refused, and their room comes back', async () => {
    const small = api.http({ bind: '127.0.0.1', bodiesBytesMax: 100 })
    const post = (payload: string) =>
      small.inject({ method: 'POST', url: RUNS, headers: { host: 'localhost', 'content-type': 'application/json' }, payload })
    for (let n = 0; n < 10; n++) expect((await post('{"definition":"a"}')).statusCode).toBe(201)
    const answer = await post(JSON.stringify({ definition: 'a', input: 'x'.repeat(100) }))
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '1'])
    expect((await post('{"definition":"a"}')).statusCode).toBe(201)
    await small.close()
  })
})

describe('who may call', () => {
  test.each([
    [{ host: 'localhost:7575' }, 200],
    [{ host: '127.0.0.1:7575', origin: 'http://127.0.0.1:7575' }, 200],
    [{ host: '[::1]:7575' }, 200],
    [{ host: 'evil.example' }, 403],
    [{ host: 'localhost.evil.example' }, 403],
    [{ host: 'localhost:7575', origin: 'https://evil.example' }, 403],
    [{ host: 'localhost:7575', origin: 'http://localhost:3000' }, 403],
    [{ host: 'localhost:7575', origin: 'null' }, 403],
  ])('on loopback %j answers %i', async (headers, status) => {
    expect((await app.inject({ url: RUNS, headers })).statusCode).toBe(status)
  })

  test('elsewhere all but the probes demands a key, which is kept as a hash and ends with its removal', async () => {
    const outer = api.http({ bind: '0.0.0.0' })
    const get = (url: string, key?: string) =>
      outer.inject({ url, headers: { host: 'jobs.example', ...(key ? { authorization: `Bearer ${key}` } : {}) } })
    for (const url of ['/healthz', '/readyz']) expect((await get(url)).statusCode).toBe(200)
    for (const url of [RUNS, '/metrics', '/openapi.json', '/nowhere', '/v1/namespaces/default/events']) {
      const answer = await get(url)
      expect([url, answer.statusCode, answer.headers['www-authenticate']]).toEqual([url, 401, 'Bearer realm="mainspring"'])
    }
    const created = (await call('POST', '/v1/keys', { name: 'ci' })).json()
    expect(created.key).toMatch(/^msk_[\w-]{43}$/)
    expect(JSON.stringify(engine.calls)).not.toContain(created.key.slice(4))
    expect((await call('GET', '/v1/keys')).json()).toEqual({ keys: [{ name: 'ci', createdAt: '2026-03-01T09:00:00.000Z' }] })
    expect((await call('POST', '/v1/keys', { name: 'ci' })).json()).toMatchObject({ at: '/name' })
    expect((await get(RUNS, created.key)).statusCode).toBe(200)
    expect((await get(RUNS, `${created.key.slice(0, -1)}!`)).statusCode).toBe(401)
    expect((await get(RUNS, `msk_${'A'.repeat(43)}`)).statusCode).toBe(401)
    // The token of a promise is the key to it.
    const settled = await outer.inject({ method: 'POST', url: '/v1/namespaces/default/promises/secret/resolve', headers: { host: 'jobs.example' } })
    expect(settled.statusCode).toBe(200)
    await outer.inject({
      method: 'POST',
      url: RUNS,
      headers: { host: 'x', authorization: `bearer ${created.key}`, 'content-type': 'application/json' },
      payload: { definition: 'a' },
    })
    expect(engine.calls.at(-1)?.args[1]).toMatchObject({ by: 'ci', starts: [{ trigger: { is: 'call', by: 'ci' } }] })
    expect((await call('DELETE', '/v1/keys/ci')).statusCode).toBe(200)
    expect((await get(RUNS, created.key)).statusCode).toBe(401)
    await outer.close()
  })
})

test.each([
  [{}, ''],
  [{ now: false }, ''],
  [{ now: true, delay: '1m' }, '/now'],
  [{ at: '2026-03-01T09:00:00Z', delay: '1m' }, '/delay'],
])('a change of a run by %j is refused', async (body, at) => {
  const run = engine.add()
  const answer = await call('POST', `${RUNS}/${run.id}/change`, body)
  expect([answer.statusCode, answer.json().code, answer.json().at]).toEqual([400, 'invalid-option', at])
})

describe('operations', () => {
  test('commands carry their id, by whom and why; a pause its note', async () => {
    const run = engine.add()
    await call('POST', `${RUNS}/${run.id.slice(-8)}/cancel`, { why: 'wrong \0 input' }, { 'idempotency-key': 'c1' })
    expect(engine.calls.pop()).toEqual({ name: 'runs.cancel', args: ['default', run.id, { id: 'c1', by: null, why: 'wrong \ufffd input' }] })
    await call('POST', `${RUNS}/${run.id}/terminate`)
    expect(engine.calls.pop()?.args[2]).toMatchObject({ id: expect.stringMatching(/^[0-9a-z]{26}$/), why: null })
    expect((await call('POST', `${RUNS}/${run.id}/retry`, '{"input":1e400}')).json().run).toMatch(/^[0-9a-z]{26}$/)
    expect(engine.calls.pop()?.args[2]).toMatchObject({ input: '1e400' })
    await call('POST', `${RUNS}/${run.id}/retry`, { force: true })
    expect(engine.calls.pop()?.args[2]).toMatchObject({ force: true })
    await call('POST', `${RUNS}/${run.id}/change`, '{"at":"2026-03-01T09:00:00Z","priority":5,"queue":"b","input":1e400,"why":"late"}')
    expect(engine.calls.pop()?.args.slice(2)).toMatchObject([
      { due: Date.parse('2026-03-01T09:00:00Z'), priority: 5, queue: 'b', input: '1e400' },
      { by: null, why: 'late' },
    ])
    await call('POST', `${RUNS}/${run.id}/change`, { now: true })
    expect(engine.calls.pop()?.args[2]).toEqual({ due: 'now' })
    await call('POST', `${RUNS}/${run.id}/change`, { delay: '5m' })
    expect(engine.calls.pop()?.args[2]).toEqual({ delayMs: 300_000 })
    await call('POST', '/v1/namespaces/default/queues/a%2Fb/pause', { note: 'n' })
    expect(engine.calls.pop()?.args).toEqual([
      { namespace: 'default', scope: 'queue', name: 'a/b' },
      { by: null, note: 'n' },
    ])
    await call('POST', '/v1/namespaces/n/resume')
    expect(engine.calls.pop()?.args).toEqual([{ namespace: 'n', scope: 'namespace', name: '' }, null])
  })

  test('failures are cut to what is kept, and results default to a retry', async () => {
    let failure: unknown = { type: 'E', message: 'deepest' }
    for (let depth = 0; depth < 20; depth++) failure = { type: 'E', message: `m${'x'.repeat(20_000)}\0\ud800`, cause: failure }
    const answer = await call('POST', '/v1/namespaces/default/tasks/complete', { worker: 'w', results: [{ ...REF, is: 'failed', failure }] })
    expect(answer.json()).toEqual({ results: ['accepted'] })
    const results = engine.calls[0]?.args[2] as { failure: Record<string, unknown>; retry: boolean }[]
    const result = results[0]
    expect(result?.retry).toBe(true)
    let depth = 0
    for (let at = result?.failure; at; at = at.cause as Record<string, unknown> | undefined) {
      depth++
      expect((at.message as string).length).toBeLessThanOrEqual(16 * 1024)
    }
    expect(depth).toBe(11)
  })

  test('a snooze, a stuck handler and free units reach the engine as they were said', async () => {
    const tasks = '/v1/namespaces/default/tasks'
    await call('POST', `${tasks}/complete`, { worker: 'w', results: [{ ...REF, is: 'snoozed', delayMs: 1_000.4, slow: true }] })
    expect(engine.calls.pop()?.args[2]).toEqual([{ ...REF, is: 'snoozed', delayMs: 1_000, slow: true }])
    await call('POST', `${tasks}/heartbeat`, { worker: 'w', beats: [{ ...REF, stuck: true }] })
    expect(engine.calls.pop()?.args[2]).toEqual([{ ...REF, stuck: true }])
    await call('POST', `${tasks}/poll`, { worker: 'w', serves: [], max: 1, units: { cpu: 0.5 }, unitsTotal: { cpu: 4 } })
    expect(engine.calls.pop()?.args[1]).toMatchObject({ units: { cpu: 0.5 }, unitsTotal: { cpu: 4 } })
  })

  test('a client that goes ends its poll', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as { port: number }
    const gone = new AbortController()
    const run = engine.add()
    const waiting = fetch(`http://127.0.0.1:${port}${RUNS}/${run.id}?wait=30s`, { signal: gone.signal }).catch(error => error.name)
    while (!engine.calls.some(({ name }) => name === 'runs.wait')) await new Promise(setImmediate)
    gone.abort()
    expect(await waiting).toBe('AbortError')
    await app.close()
  })

  test('dispatch answers what HTTP does', async () => {
    const odd = { input: null, deadline: NOW + 5_000, timeoutMs: 5_000, tags: { 'a"': 'b' }, checkpoint: '1e400', metadata: '[ ]', queue: '"' }
    engine.deliveries = [fakeDelivery(0), { ...fakeDelivery(1), ...odd }]
    const body = JSON.stringify({ worker: 'w', serves: [{ definition: 'a' }], max: 5 })
    const direct = await api.dispatch('tasks.poll', { params: { namespace: 'default' }, body })
    const http = await call('POST', '/v1/namespaces/default/tasks/poll', body)
    expect(direct).toEqual({ status: http.statusCode, body: http.body })
    expect(http.json().tasks[1]).toMatchObject({
      tags: { 'a"': 'b' },
      deadline: '2026-03-01T09:00:05.000Z',
      timeoutMs: 5_000,
      queue: '"',
      metadata: [],
    })
    expect(http.json().tasks[1]).not.toHaveProperty('input')
    expect(JSON.parse((await api.dispatch('nothing', { params: {} })).body)).toMatchObject({ code: 'not-found' })
  })
})
