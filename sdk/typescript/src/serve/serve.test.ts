import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { job } from '../job.ts'
import { workflow } from '../workflow/define.ts'
import type { Ask, Saying } from './messages.ts'
import { type Served, serve } from './serve.ts'
import { signature, signatureProblem } from './signature.ts'

// Express brings no types, and nothing of it but this is needed here.
type Express = RequestListener & { use(middleware: unknown): void; all(): void }
const { default: express } = (await import('express' as string)) as { default: (() => Express) & { json(): unknown } }

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const twice = job('twice', { version: '1' }, async (n: number, ctx) => {
  ctx.log.info('doubling', { at: new Date(0) })
  if (n < 0) throw new RangeError('negative')
  return n * 2
})
const steps = workflow('steps', { version: '1' }, async (_: unknown, ctx) => {
  const first = await ctx.run('first', () => 1)
  await ctx.sleep('1d')
  return first + (await ctx.run('second', () => 2))
})
const WORK = [twice, steps]
const task = {
  run: '01k7x9v2q7n3mfd8r2t5w1z6ab',
  task: 'job',
  attempt: 1,
  attempts: 3,
  delivery: 'd1',
  taskKey: 'k',
  queue: 'default',
  leaseMs: 15_000,
}

let ids = 0
interface Signing {
  secret?: string
  atMs?: number
  id?: string
}
function signed(
  ask: Ask | string,
  { secret = SECRET, atMs = Date.now(), id = `m${++ids}` }: Signing = {},
): { body: string; headers: Record<string, string> } {
  const body = typeof ask === 'string' ? ask : JSON.stringify(ask)
  const timestamp = Math.floor(atMs / 1_000)
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signature(secret, id, timestamp, body),
  }
  return { body, headers }
}
const request = (ask: Ask | string, signing?: Signing): Request =>
  new Request('https://app.example/api/mainspring', { method: 'POST', ...signed(ask, signing) })
const saidIn = (text: string): Saying[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Saying)
    .filter(({ is }) => is !== 'still')
const run = (definition: string, more: object = {}): Ask => ({ is: 'run', tasks: [{ ...task, definition, ...more }] })
const DOUBLED = [
  { is: 'log', task: 0, level: 'info', message: 'doubling', fields: expect.anything() },
  { is: 'ended', task: 0, result: { is: 'completed', output: 42 } },
  { is: 'done' },
]

describe('in a framework', () => {
  const open: Server[] = []
  afterEach(() => {
    for (const server of open.splice(0)) server.close().closeAllConnections()
  })
  const posted = async (server: Server, ask: Ask, path = '/api/mainspring') => {
    open.push(server)
    if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method: 'POST', ...signed(ask) })
    return { status: answer.status, said: saidIn(await answer.text()) }
  }

  test('Hono', async () => {
    const app = serve(new Hono(), WORK, { secret: SECRET })
    const answer = await app.request('/api/mainspring', { method: 'POST', ...signed(run('twice', { input: 21 })) })
    expect(saidIn(await answer.text())).toEqual(DOUBLED)
  })

  test('Express, also where bodies were parsed before', async () => {
    for (const parse of [false, true]) {
      const app = express()
      if (parse) app.use(express.json())
      serve(app, WORK, { secret: SECRET, path: '/jobs' })
      expect(await posted(createServer(app), run('twice', { input: 21, metadata: { 2: 'b', 1: 'a', ä: 1e21 } }), '/jobs')).toEqual({
        status: 200,
        said: DOUBLED,
      })
    }
  })

  test('Fastify, whose other routes parse as before', async () => {
    const app = serve(Fastify(), WORK, { secret: SECRET })
    app.post('/sum', async ({ body }) => ({ sum: (body as number[]).reduce((a, b) => a + b) }))
    await app.ready()
    expect(await posted(app.server, run('twice', { input: 21 }))).toEqual({ status: 200, said: DOUBLED })
    expect((await app.inject({ method: 'POST', url: '/sum', payload: [1, 2] })).json()).toEqual({ sum: 3 })
    await app.close()
  })

  test('Next, Bun, Deno: a function of a request', async () => {
    const POST = serve(WORK, { secret: SECRET })
    expect(saidIn(await (await POST(request(run('twice', { input: 21 })))).text())).toEqual(DOUBLED)
  })

  test('AWS Lambda, behind a function URL and behind a REST API', async () => {
    const { lambda } = serve(WORK, { secret: SECRET })
    const { body, headers } = signed(run('twice', { input: 21 }))
    const url = {
      version: '2.0',
      rawPath: '/',
      headers,
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
      requestContext: { http: { method: 'POST' } },
    }
    const { statusCode, body: said } = await lambda(url)
    expect([statusCode, saidIn(said)]).toEqual([200, DOUBLED])
    expect((await lambda({ httpMethod: 'GET', path: '/', headers: {} })).statusCode).toBe(405)
  })

  test('what is none of these is refused with a way out', () => {
    expect(() => serve({}, WORK)).toThrow('neither Hono, Express nor Fastify')
    expect(() => serve(new Hono(), WORK, { path: 'api' })).toThrow('/api/mainspring')
  })
})

describe('who asks', () => {
  const of = async (served: Served, given: Request) => {
    const answer = await served(given)
    const body = (await answer.json()) as { code: string }
    expect(JSON.stringify(body)).not.toMatch(/ at |\.ts|whsec_/)
    return [answer.status, body.code]
  }

  test.each([
    ['another secret', { secret: 'whsec_AAAA' }],
    ['six minutes old', { atMs: Date.now() - 6 * 60_000 }],
    ['six minutes early', { atMs: Date.now() + 6 * 60_000 }],
  ])('%s is refused', async (_, signing) => {
    expect(await of(serve(WORK, { secret: SECRET }), request({ is: 'describe' }, signing))).toEqual([401, 'signature-refused'])
  })

  test('a changed body, and no signature, are refused', async () => {
    const { headers } = signed({ is: 'describe' })
    const changed = new Request('https://app.example/', { method: 'POST', headers, body: JSON.stringify(run('twice')) })
    expect(await of(serve(WORK, { secret: SECRET }), changed)).toEqual([401, 'signature-refused'])
    expect(await of(serve(WORK, { secret: SECRET }), new Request('https://app.example/', { method: 'POST', body: '{}' }))).toEqual([
      401,
      'signature-refused',
    ])
  })

  test('the same request a second time is refused', async () => {
    const served = serve(WORK, { secret: SECRET })
    const given = signed({ is: 'describe' })
    const again = () => new Request('https://app.example/', { method: 'POST', ...given })
    expect((await served(again())).status).toBe(200)
    expect(await of(served, again())).toEqual([409, 'repeated'])
  })

  test('without a secret nothing is answered', async () => {
    expect(await of(serve(WORK), request({ is: 'describe' }))).toEqual([500, 'secret-missing'])
  })

  test('while a secret is replaced both fit, on either side', async () => {
    const both = serve(WORK, { secret: ['whsec_AAAA', SECRET] })
    expect((await both(request({ is: 'describe' }))).status).toBe(200)
    const [timestamp, body] = [1_700_000_000, '{}']
    const headers = {
      id: 'm',
      timestamp: String(timestamp),
      signature: `${signature('new', 'm', timestamp, body)} ${signature('old', 'm', timestamp, body)}`,
    }
    for (const secret of ['new', 'old']) expect(signatureProblem([secret], headers, body, timestamp * 1_000)).toBeNull()
  })

  test('the example of the Standard Webhooks specification', () => {
    const signed = signature(SECRET, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}')
    expect(signed).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })
})

describe('what is answered', () => {
  const said = async (ask: Ask) => saidIn(await (await serve(WORK, { secret: SECRET })(request(ask))).text())

  test('what there is code for', async () => {
    const [described] = await said({ is: 'describe' })
    expect(described).toMatchObject({
      is: 'described',
      protocol: 1,
      definitions: [{ name: 'twice' }, { kind: 'workflow', name: 'steps' }],
      steps: [],
      schedules: null,
    })
  })

  test('a handler that throws fails its attempt', async () => {
    expect(await said(run('twice', { input: -1 }))).toContainEqual({
      is: 'ended',
      task: 0,
      result: { is: 'failed', failure: expect.objectContaining({ type: 'RangeError', message: 'negative' }) },
    })
  })

  test('what there is no code for is not begun', async () => {
    const answer = await serve(WORK, { secret: SECRET })(request(run('thrice')))
    expect([answer.status, answer.headers.get('mainspring-code')]).toEqual([404, expect.stringMatching(/^\w{16}$/)])
  })

  const at = '2026-03-01T09:00:00.000Z'
  const started = { is: 'started', at }
  const first = { is: 'step_completed', at, n: 1, name: 'first', attempt: 1, output: 1 }
  test.each([
    ['from its beginning', [started], [{ is: 'completed', n: 1, name: 'first', attempt: 1, output: 1 }]],
    ['once its step is on disk', [started, first], [{ is: 'timer', n: 2, forMs: 86_400_000 }]],
    ['asleep', [started, first, { is: 'timer_set', at, n: 2 }], []],
    [
      'after its sleep',
      [started, first, { is: 'timer_set', at, n: 2 }, { is: 'timer_fired', at, n: 2 }],
      [{ is: 'completed', n: 3, name: 'second', attempt: 1, output: 2 }],
    ],
  ])('a workflow is replayed and goes on to where it waits: %s', async (_, events, entries) => {
    const all = await said(run('steps', { journal: { from: 0, events } }))
    expect(all.flatMap(one => (one.is === 'entries' ? one.entries : []))).toEqual(entries)
    expect(all.at(-1)).toEqual({ is: 'done' })
  })

  test('code that does not fit the history says so, and runs nothing', async () => {
    const other = { ...first, name: 'other' }
    expect(await said(run('steps', { journal: { from: 0, events: [started, other] } }))).toMatchObject([
      { is: 'ended', result: { is: 'failed', failure: { code: 'diverged' } } },
      { is: 'done' },
    ])
  })
})
