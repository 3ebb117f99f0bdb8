import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { Abort, CancelRequested, InvalidOption, WorkerStopping } from '@mainspring/sdk'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { FakeClock } from '../../../sdk/typescript/src/testing/fakes.ts'
import { type TestContext, testContext } from '../test-context.ts'
import { retryAfterMs } from './answer.ts'
import { type CallbackOutput, type HttpExecutor, type HttpExecutorOptions, type HttpInput, type HttpOutput, httpExecutor } from './index.ts'

/** For secure.test, self-signed, until 2126: for tests alone. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5wWNzURMOsBwXisL
flwiY2l8Y6RP+0zcuX3FLAf5Y3yhRANCAATDdHj8sFjnu3wAfSNqGWIurOM65hwg
qa6GZOxeT3YEQCGJq2Ix05A5oB6Ph9qFRXI09Kx39oX4hR4BMJ0EGaoW
-----END PRIVATE KEY-----`
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUfa8dBa6bcPViPaeu8AMdS1eeF7cwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLc2VjdXJlLnRlc3QwIBcNMjYxMTI0MTk0OTI0WhgPMjEyNjEw
MzExOTQ5MjRaMBYxFDASBgNVBAMMC3NlY3VyZS50ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEw3R4/LBY57t8AH0jahliLqzjOuYcIKmuhmTsXk92BEAhiati
MdOQOaAej4fahUVyNPSsd/aF+IUeATCdBBmqFqNrMGkwHQYDVR0OBBYEFLNzIGry
cNEDbAa0fW65U4JpchMGMB8GA1UdIwQYMBaAFLNzIGrycNEDbAa0fW65U4JpchMG
MA8GA1UdEwEB/wQFMAMBAf8wFgYDVR0RBA8wDYILc2VjdXJlLnRlc3QwCgYIKoZI
zj0EAwIDRwAwRAIgRAZIicxzGAz4zdD9chCKZd8xsmxt0d73zMVyq5l9pjQCIBJ9
0F8hLEns6JTMeTjMVhe0NTz7kYJs3xODvx6lH9ry
-----END CERTIFICATE-----`

const LOCAL = { allow: ['127.0.0.1/32'] }

interface Target {
  url: string
  port: number
  requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[]
}
const servers: { close(closed?: (error?: Error) => void): unknown; closeAllConnections?(): void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.()
    server.close()
  }
})

/** A real server on loopback. `answer` is asked when the whole request is there. */
async function target(
  answer: (request: Target['requests'][number], response: ServerResponse) => void,
  host = '127.0.0.1',
  port = 0,
): Promise<Target> {
  const requests: Target['requests'] = []
  return listening(createServer(listener(requests, answer)), requests, host, port)
}
function listener(requests: Target['requests'], answer: Parameters<typeof target>[0]): RequestListener {
  return async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const seen = { method: request.method as string, url: request.url as string, headers: request.headers, body }
    requests.push(seen)
    answer(seen, response)
  }
}
async function listening(server: Server, requests: Target['requests'], host: string, port: number): Promise<Target> {
  servers.push(server)
  await once(server.listen(port, host), 'listening')
  const bound = (server.address() as AddressInfo).port
  return { url: `http://${host}:${bound}`, port: bound, requests }
}
const ok = (_: unknown, response: ServerResponse): void => void response.end('fine')

function run(input: HttpInput, options: HttpExecutorOptions = LOCAL, ctx: TestContext = testContext()): Promise<HttpOutput> {
  return httpExecutor(options).job.handler(input, ctx) as Promise<HttpOutput>
}
type Failure = Error & { code?: string; retryAfterMs?: number }
async function failure(input: HttpInput, options?: HttpExecutorOptions, ctx?: TestContext): Promise<Failure> {
  return run(input, options, ctx).then(
    output => expect.fail(`it ended well: ${JSON.stringify(output)}`),
    error => error,
  )
}

describe('what is sent', () => {
  test.each<[Partial<HttpInput>, method: string, body: string, contentType: string | undefined]>([
    [{}, 'GET', '', undefined],
    [{ method: 'delete' }, 'DELETE', '', undefined],
    [{ body: 'a=b' }, 'POST', 'a=b', 'text/plain;charset=UTF-8'],
    [{ body: { a: ['ä'] } }, 'POST', '{"a":["ä"]}', 'application/json'],
    [{ body: false, method: 'PUT' }, 'PUT', 'false', 'application/json'],
    [{ body: null }, 'GET', '', undefined],
    [{ body: '<a/>', headers: { 'Content-Type': 'text/xml' } }, 'POST', '<a/>', 'text/xml'],
  ])('%j is a %s of %j', async (input, method, body, contentType) => {
    const { url, requests } = await target(ok)
    expect(await run({ url: `${url}/a?b=c#d`, ...input })).toMatchObject({ status: 200, body: 'fine' })
    expect(requests).toMatchObject([{ method, url: '/a?b=c', body }])
    expect(requests[0]?.headers['content-type']).toBe(contentType)
  })

  test('says which run and attempt it is, what makes a repeat known, and where a trace goes on', async () => {
    const { url, requests } = await target(ok)
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
    const extra = { nominalTime: new Date('2026-11-24T02:00:00Z'), delivery: { traceparent } }
    const ctx = testContext({ attempt: 4, extra })
    await run({ url }, LOCAL, ctx)
    expect(requests[0]?.headers).toMatchObject({
      'idempotency-key': ctx.taskKey,
      'mainspring-run': ctx.run,
      'mainspring-attempt': '4',
      'mainspring-nominal-time': '2026-11-24T02:00:00.000Z',
      traceparent,
    })
    await run({ url, headers: { 'Idempotency-Key': 'mine' } })
    expect(requests[1]?.headers).toMatchObject({ 'idempotency-key': 'mine' })
    expect(requests[1]?.headers.traceparent).toBeUndefined()
  })

  test('user and password of the address are basic authorization, unless there is another', async () => {
    const { url, requests } = await target(ok)
    const address = url.replace('://', '://us%40er:pa%20ss@')
    await run({ url: address })
    await run({ url: address, headers: { authorization: 'Bearer x' } })
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([`Basic ${Buffer.from('us@er:pa ss').toString('base64')}`, 'Bearer x'])
  })

  test('over TLS the certificate must be of the name, at the address that was checked', async () => {
    const requests: Target['requests'] = []
    const server = createSecureServer({ key: KEY, cert: CERTIFICATE }, listener(requests, ok))
    const { port } = await listening(server as unknown as Server, requests, '127.0.0.1', 0)
    const options: HttpExecutorOptions = { ...LOCAL, ca: CERTIFICATE, resolve: async () => [{ address: '127.0.0.1', family: 4 }] }
    expect(await run({ url: `https://secure.test:${port}/` }, options)).toMatchObject({ status: 200 })
    expect(requests[0]?.headers.host).toBe(`secure.test:${port}`)
    expect(await failure({ url: `https://other.test:${port}/` }, options)).toMatchObject({
      code: 'http-no-answer',
      message: expect.stringContaining('ALTNAME'),
    })
    expect(await failure({ url: `https://secure.test:${port}/` }, { ...options, ca: undefined as never })).toMatchObject({ code: 'http-no-answer' })
  })
})

describe('what is answered', () => {
  test.each<[contentType: string | null, body: string | Buffer, kept: unknown, bodyIs: HttpOutput['bodyIs']]>([
    ['application/json', '{"a":[1]}', { a: [1] }, 'json'],
    ['application/problem+json; charset=utf-8', '{}', {}, 'json'],
    ['application/json', '{"a":', '{"a":', 'text'],
    ['application/json', '', null, 'none'],
    ['text/plain', '{"a":1}', '{"a":1}', 'text'],
    [null, 'grün', 'grün', 'text'],
    ['text/plain; charset=iso-8859-1', Buffer.from([0x67, 0x72, 0xfc, 0x6e]), 'grün', 'text'],
    ['text/plain; charset=no-such', 'a', 'YQ==', 'base64'],
    ['image/png', Buffer.from([0x89, 0x50, 0xff]), 'iVD/', 'base64'],
  ])('of type %j %j is kept as %j', async (contentType, body, kept, bodyIs) => {
    const { url } = await target((_, response) => response.writeHead(200, contentType === null ? {} : { 'content-type': contentType }).end(body))
    expect(await run({ url })).toMatchObject({ status: 200, body: kept, bodyIs, truncated: false })
  })

  test('nested deeper than a value may be it stays text', async () => {
    const body = `${'['.repeat(600)}${']'.repeat(600)}`
    const { url } = await target((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body))
    expect(await run({ url })).toMatchObject({ body, bodyIs: 'text' })
  })

  test('compressed although nobody asked for it is kept as base64', async () => {
    const { url } = await target((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('abc'))
    expect(await run({ url })).toMatchObject({ body: 'YWJj', bodyIs: 'base64' })
  })

  test('headers are kept without cookies, and bounded', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'y'.repeat(index === 0 ? 2_000 : 1)]))
    const { url } = await target((_, response) => response.writeHead(200, { 'set-cookie': 'secret', ...many }).end())
    const { headers } = await run({ url })
    expect(Object.keys(headers)).toHaveLength(64)
    expect(headers).not.toHaveProperty('set-cookie')
    expect(headers['x-0']).toHaveLength(1_025)
  })

  test.each<[limit: number, size: number, truncated: boolean]>([
    [10, 10, false],
    [10, 11, true],
    [0, 1, true],
    [0, 0, false],
  ])('with a limit of %i a body of %i bytes is cut: %s', async (responseLimit, size, truncated) => {
    const { url } = await target((_, response) => response.end('a'.repeat(size)))
    const ctx = testContext()
    const output = await run({ url, responseLimit }, LOCAL, ctx)
    expect(output).toMatchObject({ truncated, body: 'a'.repeat(Math.min(size, responseLimit)) || null })
    expect(ctx.lines.some(line => line.message.includes('the body was cut'))).toBe(truncated)
  })

  test('a body without an end is cut, and the connection given up', async () => {
    const closed = Promise.withResolvers<void>()
    const { url } = await target((_, response) => {
      response.on('close', () => closed.resolve())
      const more = (): void => {
        while (response.writable && response.write('x'.repeat(10_000)));
        response.once('drain', more)
      }
      more()
    })
    expect(await run({ url })).toMatchObject({ truncated: true, body: 'x'.repeat(256 * 1024) })
    await closed.promise
  })

  test('what grows in JSON is cut to what a payload holds', async () => {
    const { url } = await target((_, response) => response.end('\u0001'.repeat(300_000)))
    const output = await run({ url, responseLimit: 400_000 })
    expect(output.truncated).toBe(true)
    expect(JSON.stringify(output).length).toBeLessThan(2 ** 20)
  })
})

describe('what counts as a success', () => {
  test.each<[status: number, Partial<HttpInput>, then: 'done' | 'retry' | 'abort']>([
    [200, {}, 'done'],
    [204, {}, 'done'],
    [299, {}, 'done'],
    [404, { expect: 404 }, 'done'],
    [404, { expect: ['2xx', '400-404'] }, 'done'],
    [200, { expect: [201] }, 'abort'],
    [304, {}, 'abort'],
    [400, {}, 'abort'],
    [401, {}, 'abort'],
    [404, {}, 'abort'],
    [501, {}, 'abort'],
    ...[408, 425, 429, 500, 502, 503, 504].map(status => [status, {}, 'retry'] as [number, Partial<HttpInput>, 'retry']),
    [500, { retryOn: 429 }, 'abort'],
    [404, { retryOn: ['4xx'] }, 'retry'],
    [302, { redirects: 'refuse' }, 'abort'],
    [302, { redirects: 'refuse', expect: 302 }, 'done'],
    [302, { expect: '3xx' }, 'done'],
  ])('%i with %j: %s', async (status, input, then) => {
    const { url, requests } = await target((_, response) =>
      response.writeHead(status, { location: '/other' }).end(status === 204 ? undefined : 'why so'),
    )
    if (then === 'done') expect(await run({ url, ...input })).toMatchObject({ status })
    else {
      const error = await failure({ url, ...input })
      expect(error instanceof Abort ? 'abort' : 'retry').toBe(then)
      expect(error).toMatchObject({ code: 'http-status', message: expect.stringContaining(`answered ${status}`) })
      if (status !== 304) expect(error.message).toContain('why so')
    }
    expect(requests).toHaveLength(1)
  })

  const NOW = Date.parse('2026-11-24T10:00:00Z')
  test.each<[said: string | undefined, ms: number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['7', 7_000],
    ['99999999999999999999', 3_600_000],
    ['Tue, 24 Nov 2026 10:00:30 GMT', 30_000],
    ['Tuesday, 24-Nov-26 10:00:30 GMT', 30_000],
    ['Tue Nov 24 10:00:30 2026 GMT', 30_000],
    ['Tue, 24 Nov 2026 09:00:00 GMT', 0],
    ['Tue, 24 Nov 2027 10:00:00 GMT', 3_600_000],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
  ])('Retry-After %j asks for %s ms', (said, ms) => expect(retryAfterMs(said === undefined ? {} : { 'retry-after': said }, NOW)).toBe(ms))

  test('Retry-After gives the delay of the next attempt', async () => {
    const { url } = await target((_, response) => response.writeHead(503, { 'retry-after': '120' }).end())
    const { job } = httpExecutor(LOCAL)
    const error = await failure({ url })
    expect(job.options.retry?.delay?.(1, error)).toBe(120_000)
    expect(job.options.retry?.delay?.(1, new Error('another'))).toBeUndefined()
  })

  // RFC 6585, 4 (429) and RFC 9110, 10.2.3 and 15.6.4 (503).
  test.each<[status: number, retryAfter: string | undefined, throttled: 'retry' | 'snooze', thrown: object]>([
    [429, '120', 'snooze', { name: 'RateLimited', retryAfter: 120_000 }],
    [429, undefined, 'snooze', { name: 'RateLimited', retryAfter: 60_000 }],
    [503, '7', 'snooze', { name: 'RateLimited', retryAfter: 7_000 }],
    [503, undefined, 'snooze', { name: 'HttpFailed' }],
    [500, '7', 'snooze', { name: 'HttpFailed' }],
    [429, '120', 'retry', { name: 'HttpFailed', retryAfterMs: 120_000 }],
  ])('%i with Retry-After %j, throttled: %s', async (status, retryAfter, throttled, thrown) => {
    const { url } = await target((_, response) => response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end())
    expect(await failure({ url, throttled })).toMatchObject(thrown)
  })

  test('no answer is tried again, and says why', async () => {
    const { url, port } = await target((_, response) => response.destroy())
    expect(await failure({ url })).toMatchObject({ name: 'HttpFailed', code: 'http-no-answer', message: expect.stringContaining('ECONNRESET') })
    await new Promise(resolve => servers.splice(0)[0]?.close(resolve))
    expect(await failure({ url: `http://127.0.0.1:${port}/` })).toMatchObject({
      code: 'http-no-answer',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    const resolve = (): never => {
      throw Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })
    }
    expect(await failure({ url: 'http://nowhere.test' }, { resolve: async () => resolve() })).toMatchObject({
      code: 'http-no-answer',
      message: expect.stringContaining('ENOTFOUND'),
    })
    expect(await failure({ url: 'http://nowhere.test' }, { resolve: async () => [] })).toMatchObject({ code: 'http-no-answer' })
  })

  test('an answer that breaks off is no answer', async () => {
    const { url } = await target((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.destroy())
    })
    expect(await failure({ url })).toMatchObject({ code: 'http-no-answer' })
  })

  test('what does not speak HTTP is no answer', async () => {
    const server = createTcpServer(socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    servers.push(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    expect(await failure({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })).toMatchObject({ code: 'http-no-answer' })
  })

  test.each(['before the head', 'within the body', 'within the name'])('the timeout ends a request that hangs %s', async where => {
    const clock = new FakeClock()
    const hangs = Promise.withResolvers<void>()
    const { url } = await target((_, response) => {
      if (where === 'within the body') response.write('begun')
      hangs.resolve()
    })
    const resolve = (): Promise<never> => {
      hangs.resolve()
      return new Promise(() => {})
    }
    const options = where === 'within the name' ? { clock, resolve } : { ...LOCAL, clock }
    const failed = failure({ url: where === 'within the name' ? 'http://slow.test' : url, timeout: '5s' }, options)
    await hangs.promise
    await clock.advance(5_000)
    expect(await failed).toMatchObject({ code: 'http-timeout', message: expect.stringContaining('within 5000 ms') })
    expect(clock.timers).toBe(0)
  })

  test('a cancel ends a request that hangs, with its reason', async () => {
    const ctx = testContext()
    const reason = new CancelRequested('r')
    const { url } = await target(() => ctx.abort(reason))
    expect(await failure({ url }, LOCAL, ctx)).toBe(reason)
  })

  test('it gives signs of life while it waits', async () => {
    const clock = new FakeClock()
    const asked = Promise.withResolvers<ServerResponse>()
    const { url } = await target((_, response) => asked.resolve(response))
    const ctx = testContext()
    const done = run({ url }, { ...LOCAL, clock }, ctx)
    const response = await asked.promise
    await clock.advance(10_000)
    expect(ctx.heartbeats).toBe(5)
    response.end()
    await done
  })
})

describe('redirects', () => {
  test.each<[status: number, method: string, becomes: string, keepsBody: boolean]>([
    [301, 'POST', 'GET', false],
    [302, 'POST', 'GET', false],
    [303, 'POST', 'GET', false],
    [303, 'PUT', 'GET', false],
    [301, 'PUT', 'PUT', true],
    [307, 'POST', 'POST', true],
    [308, 'POST', 'POST', true],
    [302, 'DELETE', 'DELETE', true],
  ])('%i turns %s to %s; the body goes along: %s', async (status, method, becomes, keepsBody) => {
    const { url, requests } = await target(({ url }, response) =>
      (url === '/' ? response.writeHead(status, { location: 'there?x=1' }) : response).end('x'),
    )
    expect(await run({ url, method, body: { a: 1 } })).toMatchObject({ status: 200 })
    expect(requests[1]).toMatchObject({ method: becomes, url: '/there?x=1', body: keepsBody ? '{"a":1}' : '' })
    expect(requests[1]?.headers['content-type']).toBe(keepsBody ? 'application/json' : undefined)
    expect(requests[1]?.headers['content-length']).toBe(keepsBody ? '7' : undefined)
  })

  test('HEAD stays HEAD', async () => {
    const { url, requests } = await target(({ url }, response) => (url === '/' ? response.writeHead(303, { location: '/there' }) : response).end())
    await run({ url, method: 'HEAD' })
    expect(requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD'])
  })

  test('credentials stay with their origin, other headers go along', async () => {
    const other = await target(ok)
    const first = await target(({ url }, response) =>
      response.writeHead(307, { location: url === '/' ? '/again' : `http://us:er@127.0.0.1:${other.port}/` }).end(),
    )
    const headers = { Authorization: 'Bearer secret', Cookie: 'a=b', 'Proxy-Authorization': 'Basic x', 'X-Api-Key': 'k', 'X-Other': 'o' }
    await run({ url: first.url, headers })
    const secrets = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key']
    const has = ({ headers }: Target['requests'][number]): string[] => secrets.filter(name => headers[name] !== undefined)
    expect(first.requests.map(has)).toEqual([secrets, secrets])
    expect(other.requests.map(has)).toEqual([[]])
    expect(other.requests[0]?.headers['x-other']).toBe('o')
  })

  test('five are followed, the sixth is refused', async () => {
    let left = 5
    const { url, requests } = await target((_, response) => (left-- > 0 ? response.writeHead(302, { location: '/' }) : response).end())
    expect(await run({ url })).toMatchObject({ status: 200 })
    expect(requests).toHaveLength(6)
    left = 6
    const error = await failure({ url })
    expect(error).toBeInstanceOf(Abort)
    expect(error.code).toBe('http-redirect-refused')
    expect(requests).toHaveLength(12)
  })

  test.each([
    ['http://10.0.0.1/', 'http-address-refused'],
    ['http://169.254.169.254/latest/meta-data/', 'http-address-refused'],
    ['http://[::1]:1/', 'http-address-refused'],
    ['http://2130706434/', 'http-address-refused'],
    ['//127.0.0.2/', 'http-address-refused'],
    ['http://inside.test/', 'http-address-refused'],
    ['file:///etc/passwd', 'http-redirect-refused'],
    ['ftp://example.org/', 'http-redirect-refused'],
    ['http://[', 'http-redirect-refused'],
  ])('one to %s is refused: %s', async (location, code) => {
    const { url } = await target((_, response) => response.writeHead(302, { location }).end())
    const resolve = async (): Promise<{ address: string; family: number }[]> => [{ address: '192.168.0.1', family: 4 }]
    const error = await failure({ url }, { ...LOCAL, resolve })
    expect(error).toBeInstanceOf(Abort)
    expect(error.code).toBe(code)
  })
})

describe('addresses', () => {
  test.each(['http://127.0.0.1:1/', 'http://localhost:1/', 'http://[::1]:1/', 'http://[::ffff:127.0.0.1]:1/', 'http://0x7f.1:1/', 'http://0/'])(
    '%s is refused without an allowance, with a hint',
    async url => {
      const error = await failure({ url }, {})
      expect(error).toBeInstanceOf(Abort)
      expect(error).toMatchObject({ code: 'http-address-refused', message: expect.stringContaining('allowHttp') })
    },
  )

  test('a name with a public and a private address is refused', async () => {
    const resolve = async (): Promise<{ address: string; family: number }[]> => [
      { address: '1.1.1.1', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]
    expect(await failure({ url: 'http://both.test' }, { resolve })).toMatchObject({ code: 'http-address-refused' })
  })

  test('only the address that was checked is dialled, whatever the name leads to a moment later', async () => {
    const checked = await target(ok)
    const rebound = await target(ok, '127.0.0.2', checked.port)
    let asked = 0
    const resolve = async (): Promise<{ address: string; family: number }[]> => [{ address: asked++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }]
    const url = `http://rebinding.test:${checked.port}/`
    expect(await run({ url }, { ...LOCAL, resolve })).toMatchObject({ status: 200 })
    expect([asked, checked.requests.length, rebound.requests.length]).toEqual([1, 1, 0])
    expect(checked.requests[0]?.headers.host).toBe(`rebinding.test:${checked.port}`)
    expect(await failure({ url }, { ...LOCAL, resolve })).toMatchObject({ code: 'http-address-refused' })
    expect(rebound.requests).toHaveLength(0)
  })

  test('all addresses that were checked are tried', async () => {
    const { port } = await target(ok)
    const resolve = async (): Promise<{ address: string; family: number }[]> => [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    expect(await run({ url: `http://two.test:${port}` }, { allow: ['127.0.0.0/8'], resolve })).toMatchObject({ status: 200 })
  })
})

describe('secrets', () => {
  test('appear neither in lines nor in failures', async () => {
    const headers = {
      Authorization: 'Bearer top-secret-1',
      Cookie: 'sid=top-secret-2',
      'X-Api-Key': 'top-secret-3',
      'X-Hub-Signature': 'top-secret-4',
    }
    const { url } = await target((request, response) => {
      if (request.url.startsWith('/first'))
        response.writeHead(307, { location: `http://x:top-secret-9@${request.headers.host}/second?key=top-secret-5` }).end()
      else response.writeHead(500).end(`you said ${JSON.stringify(request)} and ${Buffer.from(request.headers.authorization!.slice(6), 'base64')}`)
    })
    const ctx = testContext()
    const address = `${url.replace('://', '://us:top-secret-6@')}/first?token=top-secret-7&q=top-secret-8%20x`
    const failed = await failure({ url: address, headers }, LOCAL, ctx)
    const { Authorization, ...rest } = headers
    const basic = await failure({ url: address, headers: rest }, LOCAL, ctx)
    expect(failed.message).toContain('/first?token=***&q=***')
    for (const text of [failed.message, failed.stack, basic.message, JSON.stringify(ctx.lines)]) expect(text).not.toMatch(/top-secret/)
    expect(JSON.stringify(ctx.lines)).toContain('/second?key=***')
  })
})

describe('callbacks', () => {
  const BASE = { ...LOCAL, callbackBase: 'https://jobs.example.org/' }

  /** A target that answers 202 and tells where the outcome is wanted. */
  async function later(status = 202): Promise<Target & { tokens: string[]; asked: Promise<string> }> {
    const tokens: string[] = []
    const asked = Promise.withResolvers<string>()
    const made = await target((request, response) => {
      const token =
        /^https:\/\/jobs\.example\.org\/v1\/callbacks\/([\w-]{32}\.\w{26})$/.exec(String(request.headers['mainspring-callback']))?.[1] ?? ''
      tokens.push(token)
      response.writeHead(status).end(() => asked.resolve(token))
    })
    return { ...made, tokens, asked: asked.promise }
  }
  const start = (executor: HttpExecutor, input: HttpInput, ctx: TestContext): Promise<CallbackOutput | Failure> =>
    (executor.job.handler(input, ctx) as Promise<CallbackOutput>).catch(error => error)
  const waiting = (ctx: TestContext): Promise<unknown> => ctx.line(line => line.message.startsWith('waiting for the callback'))

  test('without an address for them the run is refused', async () => {
    const error = await failure({ url: 'http://127.0.0.1:1', callback: {} })
    expect(error).toBeInstanceOf(Abort)
    expect(error).toMatchObject({ code: 'http-callback-unavailable', message: expect.stringContaining('callbackBase') })
  })

  test.each(['jobs.example.org', 'ftp://a', 'http://a/?b'])('the address %s cannot be', callbackBase =>
    expect(() => httpExecutor({ callbackBase })).toThrow(InvalidOption),
  )

  test('the run ends with what is posted, which is on disk before it is answered', async () => {
    const { url, asked, requests } = await later()
    const executor = httpExecutor({ ...LOCAL, callbackBase: () => BASE.callbackBase })
    const ctx = testContext()
    const done = start(executor, { url, body: { order: 17 }, callback: {} }, ctx)
    const token = await asked
    await waiting(ctx)
    expect(await executor.callback(token, { ok: true, output: { paid: [1, null] } })).toMatchObject({ status: 200, body: { is: 'accepted' } })
    expect(ctx.saved.at(-1)).toMatchObject({ outcome: { ok: true, output: { paid: [1, null] } } })
    expect(await done).toEqual({ status: 202, output: { paid: [1, null] }, durationMs: expect.any(Number) })
    expect(requests).toHaveLength(1)
    expect(JSON.stringify(ctx.lines)).not.toContain(token)
  })

  test('a repeated delivery is answered as the first was, another outcome is not taken', async () => {
    const { url, asked } = await later()
    const executor = httpExecutor(BASE)
    const ctx = testContext()
    const done = start(executor, { url, callback: {} }, ctx)
    const token = await asked
    await waiting(ctx)
    const answers = await Promise.all([1, 1, 2].map(output => executor.callback(token, { ok: true, output })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 409])
    await done
    expect(await executor.callback(token, { ok: true, output: 1 })).toMatchObject({ status: 200, body: { is: 'accepted' } })
    expect(await executor.callback(token, { ok: false, error: { message: 'x' } })).toMatchObject({ status: 409, body: { code: 'callback-conflict' } })
  })

  test.each<[outcome: object, then: 'retry' | 'abort', code: string]>([
    [{ ok: false, error: { message: 'no funds' } }, 'retry', 'http-callback-failed'],
    [{ ok: false, error: { message: 'no funds', code: 'E17' }, retry: true }, 'retry', 'E17'],
    [{ ok: false, error: { message: 'no funds', code: 'E17' }, retry: false }, 'abort', 'E17'],
  ])('the outcome %j fails it: %s, %s', async (outcome, then, code) => {
    const { url, asked } = await later()
    const executor = httpExecutor(BASE)
    const ctx = testContext()
    const done = start(executor, { url, callback: {} }, ctx)
    const token = await asked
    await waiting(ctx)
    expect((await executor.callback(token, outcome)).status).toBe(200)
    const error = await done
    expect(error instanceof Abort ? 'abort' : 'retry').toBe(then)
    expect(error).toMatchObject({ code, message: expect.stringContaining('no funds') })
    expect((await executor.callback(token, outcome)).status).toBe(200)
    if (then === 'retry') expect(ctx.saved.at(-1)).toBeNull() // the next attempt sends again
  })

  test.each<[body: unknown, at: string]>([
    [undefined, ''],
    [null, ''],
    ['ok', ''],
    [{}, '/ok'],
    [{ ok: 'true' }, '/ok'],
    [{ ok: false }, '/error'],
    [{ ok: false, error: 'x' }, '/error'],
    [{ ok: false, error: {} }, '/error/message'],
    [{ ok: false, error: { message: 'x', code: 5 } }, '/error/code'],
    [{ ok: false, error: { message: 'x' }, retry: 'no' }, '/retry'],
  ])('the body %j is refused at %j', async (body, at) => {
    const token = `${'a'.repeat(32)}.01k7x9v2q7n3mfd8r2t5w1z6ab`
    const answer = await httpExecutor(BASE).callback(token, body)
    expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json' } })
    expect(answer.body.at).toBe(at)
  })

  test('what a run cannot keep is refused', async () => {
    const token = `${'a'.repeat(32)}.01k7x9v2q7n3mfd8r2t5w1z6ab`
    const statusOf = async (body: unknown): Promise<number> => (await httpExecutor(BASE).callback(token, body)).status
    expect(await statusOf({ ok: false, error: { message: 'x'.repeat(20_000) } })).toBe(400)
    expect(await statusOf({ ok: true, output: 'x'.repeat(2 ** 20) })).toBe(413)
  })

  test('whatever is posted has an answer', () =>
    fc.assert(
      fc.asyncProperty(fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }), fc.boolean(), async (anything, whole) => {
        const body = whole ? anything : { ok: false, error: anything }
        const { status } = await httpExecutor(BASE).callback(`${'a'.repeat(32)}.01k7x9v2q7n3mfd8r2t5w1z6ab`, body)
        expect([400, 413, 503]).toContain(status)
      }),
    ))

  test.each<[token: string, state: 'open' | 'closed' | 'unknown' | 'broken', status: number]>([
    ['', 'open', 404],
    ['x', 'open', 404],
    [`${'a'.repeat(32)}.6ab`, 'open', 404],
    [`${'a'.repeat(32)}.01k7x9v2q7n3mfd8r2t5w1z6ab`, 'unknown', 404],
    [`${'a'.repeat(32)}.01k7x9v2q7n3mfd8r2t5w1z6ab`, 'closed', 410],
    [`${'a'.repeat(32)}.01k7x9v2q7n3mfd8r2t5w1z6ab`, 'open', 503],
    [`${'a'.repeat(32)}.01k7x9v2q7n3mfd8r2t5w1z6ab`, 'broken', 503],
  ])('for the token %j of a run that is %s the answer is %i', async (token, state, status) => {
    const runState = async (): Promise<'open'> => {
      if (state === 'broken') throw new Error('unreachable')
      return state as 'open'
    }
    const answer = await httpExecutor({ ...BASE, runState }).callback(token, { ok: true })
    expect(answer.status).toBe(status)
    expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined)
  })

  test('the next attempt goes on waiting with the same token, and sends nothing again', async () => {
    const { url, asked, requests } = await later()
    const first = testContext()
    const before = httpExecutor(BASE)
    const done = start(before, { url, callback: {} }, first)
    const token = await asked
    await waiting(first)
    first.abort(new WorkerStopping('r'))
    expect(await done).toBeInstanceOf(WorkerStopping)
    expect((await before.callback(token, { ok: true })).status).toBe(503)

    // Another process.
    const after = httpExecutor(BASE)
    const again = start(after, { url, callback: {} }, testContext({ attempt: 2, checkpoint: first.saved.at(-1) }))
    await Promise.resolve()
    expect((await after.callback(token, { ok: true, output: 'late' })).status).toBe(200)
    expect(await again).toMatchObject({ status: 202, output: 'late' })
    expect(requests).toHaveLength(1)
  })

  test('an attempt that died before it knew whether the request arrived sends it again, with the same token', async () => {
    const { url, asked, tokens } = await later()
    const executor = httpExecutor(BASE)
    const token = `${'b'.repeat(32)}.01k7x9v2q7n3mfd8r2t5w1z6ab`
    const ctx = testContext({ attempt: 2, checkpoint: { token, sent: false } })
    const done = start(executor, { url, callback: {} }, ctx)
    await asked
    await waiting(ctx)
    await executor.callback(token, { ok: true })
    expect(await done).toMatchObject({ output: null })
    expect(tokens).toEqual([token])
  })

  test('an outcome that was accepted counts, although the attempt died on it', async () => {
    const outcome = { ok: true, output: 5 }
    const checkpoint = { token: `${'b'.repeat(32)}.01k7x9v2q7n3mfd8r2t5w1z6ab`, sent: true, status: 202, until: 0, outcome }
    expect(await start(httpExecutor(BASE), { url: 'http://127.0.0.1:1', callback: {} }, testContext({ checkpoint }))).toMatchObject({
      status: 202,
      output: 5,
    })
  })

  test('an outcome may come before the answer, and even in place of it', async () => {
    const executor = httpExecutor(BASE)
    const { url } = await target(async (request, response) => {
      const token = String(request.headers['mainspring-callback']).split('/').at(-1) as string
      expect((await executor.callback(token, { ok: true, output: 'early' })).status).toBe(200)
      response.destroy()
    })
    expect(await start(executor, { url, callback: {} }, testContext())).toMatchObject({ status: null, output: 'early' })
  })

  test('an answer that is not expected ends or repeats the attempt as without a callback', async () => {
    const { url } = await later(404)
    expect(await start(httpExecutor(BASE), { url, callback: {} }, testContext())).toMatchObject({ code: 'http-status' })
  })

  test('a redirect to another origin does not get the token', async () => {
    const other = await target(ok)
    const { url } = await target((_, response) => response.writeHead(307, { location: other.url }).end())
    expect(await start(httpExecutor(BASE), { url, callback: {} }, testContext())).toMatchObject({ code: 'http-redirect-refused' })
    expect(other.requests).toHaveLength(0)
  })

  test('in time nothing came: the attempt has failed, the token is closed, the next one sends again', async () => {
    const clock = new FakeClock()
    const { url, asked, tokens } = await later()
    const executor = httpExecutor({ ...BASE, clock })
    const ctx = testContext()
    const done = start(executor, { url, callback: { timeout: '2h' } }, ctx)
    const token = await asked
    await waiting(ctx)
    await clock.advance(7_199_999)
    expect((await executor.callback('x', { ok: true })).status).toBe(404)
    await clock.advance(1)
    const error = await done
    expect(error).toMatchObject({ name: 'HttpFailed', code: 'http-callback-timeout' })
    expect((await executor.callback(token, { ok: true })).status).toBe(410)
    const next = testContext({ attempt: 2, checkpoint: ctx.saved.at(-1) })
    const again = start(executor, { url, callback: {} }, next)
    await waiting(next)
    expect(tokens).toHaveLength(2)
    expect(tokens[1]).not.toBe(token)
    await executor.callback(tokens[1] as string, { ok: true })
    expect(await again).toMatchObject({ status: 202 })
    expect(clock.timers).toBe(0)
  })

  test('when nobody was there at the end of its time, the target has a minute to come again', async () => {
    const clock = new FakeClock()
    const executor = httpExecutor({ ...BASE, clock })
    const token = `${'b'.repeat(32)}.01k7x9v2q7n3mfd8r2t5w1z6ab`
    const ctx = testContext({ checkpoint: { token, sent: true, status: 202, until: clock.now() - 3_600_000 } })
    const done = start(executor, { url: 'http://127.0.0.1:1', callback: {} }, ctx)
    await waiting(ctx)
    await clock.advance(59_000)
    expect((await executor.callback(token, { ok: true, output: 1 })).status).toBe(200)
    expect(await done).toMatchObject({ output: 1 })
  })

  test('a cancelled run waits no more', async () => {
    const { url, asked } = await later()
    const executor = httpExecutor(BASE)
    const ctx = testContext()
    const done = start(executor, { url, callback: {} }, ctx)
    const token = await asked
    await waiting(ctx)
    ctx.abort(new CancelRequested('r'))
    expect(await done).toBeInstanceOf(CancelRequested)
    expect((await executor.callback(token, { ok: true })).status).toBe(410)
  })

  test('an outcome that cannot be kept is to be delivered again', async () => {
    const { url, asked } = await later()
    const executor = httpExecutor(BASE)
    const ctx = testContext()
    const done = start(executor, { url, callback: {} }, ctx)
    const token = await asked
    await waiting(ctx)
    const { save } = ctx.checkpoint
    ctx.checkpoint.save = () => Promise.reject(new Error('the lease is lost'))
    expect((await executor.callback(token, { ok: true, output: 1 })).status).toBe(503)
    ctx.checkpoint.save = save
    expect((await executor.callback(token, { ok: true, output: 1 })).status).toBe(200)
    expect(await done).toMatchObject({ output: 1 })
  })
})
