import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { RequestRefused, Unreachable } from './errors.ts'
import { httpConnection } from './http.ts'
import { serverSentEvents } from './sse.ts'
import { listOf } from './testing/fakes.ts'
import type { Connection, LiveEvent } from './wire.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})
type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

async function world(answer: Answer, path = ''): Promise<{ connection: Connection; url: string; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    answer(request, response, body)
  })
  server.on('connection', socket => sockets.add(socket))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  const connection = httpConnection({ url, apiKey: 'secret', silenceMs: 500 })
  closing.push(
    () => void connection.close(),
    () => void server.close(),
    () => server.closeAllConnections(),
  )
  return { connection, url, sockets }
}
const params = { namespace: 'default', run: 'a/b' }

test('a call is its method, path, query, body, key and call key; the connection stays open', async () => {
  const seen: unknown[] = []
  const { connection, sockets } = await world(({ method, url, headers }, response, body) => {
    seen.push([method, url, body, headers.authorization, headers['idempotency-key'], headers['content-type']])
    response.end('{"ok":true}')
  }, '/behind/')
  expect(await connection.call('runs.get', { params, query: { wait: '1s', tag: ['a:b', 'c:d'], none: undefined } })).toBe('{"ok":true}')
  await connection.call('runs.start', { params, body: '{"definition":"ü"}', callKey: 'k1' })
  expect(seen).toEqual([
    ['GET', '/behind/v1/namespaces/default/runs/a%2Fb?wait=1s&tag=a%3Ab&tag=c%3Ad', '', 'Bearer secret', undefined, undefined],
    ['POST', '/behind/v1/namespaces/default/runs', '{"definition":"ü"}', 'Bearer secret', 'k1', 'application/json'],
  ])
  expect(sockets.size).toBe(1)
})

test.each([
  [
    409,
    '{"type":"x","code":"key-conflict","status":409,"title":"Taken.","at":"/key","hint":"another"}',
    {},
    { code: 'key-conflict', status: 409, at: '/key', hint: 'another' },
  ],
  [429, '{"type":"x","code":"overloaded","status":429,"title":"Busy."}', { 'retry-after': '3' }, { code: 'overloaded', retryAfter: 3 }],
  [502, '<html>bad gateway', {}, { code: 'http-502', status: 502 }],
  [204, '', {}, null],
] as const)('HTTP %i is what it means', async (status, text, headers, expected) => {
  const { connection } = await world((_, response) => void response.writeHead(status, headers).end(text))
  const answer = await connection.call('runs.get', { params }).catch((error: unknown) => error)
  if (expected === null) return expect(answer).toBe('')
  expect(answer).toBeInstanceOf(RequestRefused)
  expect(answer).toMatchObject(expected)
})

test('nobody there, a broken answer and silence are Unreachable', async () => {
  await expect(httpConnection({ url: 'http://127.0.0.1:1' }).call('runs.get', { params })).rejects.toThrow(Unreachable)
  const broken = await world((_, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{')
    setImmediate(() => response.destroy())
  })
  await expect(broken.connection.call('runs.get', { params })).rejects.toThrow(Unreachable)
  const silent = await world(() => {})
  await expect(silent.connection.call('runs.get', { params })).rejects.toThrow(/no answer for 500 ms/)
})

test('an abort ends the call with its reason', async () => {
  const stop = new AbortController()
  const { connection } = await world(() => stop.abort(new Error('enough')))
  await expect(connection.call('runs.get', { params, signal: stop.signal })).rejects.toThrow('enough')
  await expect(connection.call('runs.get', { params, signal: stop.signal })).rejects.toThrow('enough')
})

test('a kept connection that the server has closed meanwhile is tried once more', async () => {
  let calls = 0
  const { connection } = await world((request, response) => {
    if (++calls === 2) request.socket.destroy()
    else response.end('{}')
  })
  await connection.call('runs.get', { params })
  expect(await connection.call('runs.get', { params })).toBe('{}')
  expect(calls).toBe(3)
})

test('what is no address of a server is refused with a way out', () => {
  expect(() => httpConnection({ url: 'localhost:7575' })).toThrow('Such as http://127.0.0.1:7575')
})

test('a stream gives events until it ends, resumes where it is told, and says when it broke', async () => {
  const { connection } = await world(({ headers }, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`: hello\n\nid: 1\ndata: {"is":"log","run":"${headers['last-event-id']}","lines":[]}\n\n`)
    if (headers['last-event-id'] === '7') response.end()
    else setImmediate(() => response.destroy())
  })
  const read = (lastEventId: string): Promise<LiveEvent[]> => listOf(connection.stream('runs.events', { params, lastEventId }))
  expect(await read('7')).toEqual([{ is: 'log', run: '7', lines: [] }])
  await expect(read('8')).rejects.toThrow(Unreachable)
})

test('server-sent events are read the same however they are cut', async () => {
  const text = ': note\r\nid: 1\r\nevent: run\ndata: ä\rdata:b\n\ndata\n\nid: 2\nretry: 5\n\ndata: {"x":1}\r\n\r\ndata: cut off'
  const bytes = Buffer.from(text)
  const read = async (chunks: Buffer[]): Promise<unknown[]> => listOf(serverSentEvents(Readable.from(chunks)))
  const whole = [
    { id: '1', event: 'run', data: 'ä\nb' },
    { id: '1', event: 'message', data: '' },
    { id: '2', event: 'message', data: '{"x":1}' },
  ]
  expect(await read([bytes])).toEqual(whole)
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 10 }), async cuts => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
      expect(await read(chunks)).toEqual(whole)
    }),
  )
})

test('of several nodes one that is not there is passed over, and the next is kept', async () => {
  const asked: string[] = []
  const { url } = await world((_, response) => {
    asked.push('there')
    response.end('{}')
  })
  const connection = httpConnection({ url: `http://127.0.0.1:1, ${url}` })
  closing.push(() => void connection.close())
  await connection.call('runs.get', { params })
  await connection.call('runs.get', { params })
  expect(asked).toEqual(['there', 'there'])
})

test('when none of several is there, it says which were asked', async () => {
  const connection = httpConnection({ url: 'http://127.0.0.1:1,http://127.0.0.1:2' })
  await expect(connection.call('runs.get', { params })).rejects.toThrow('No answer from http://127.0.0.1:1,http://127.0.0.1:2 (ECONNREFUSED).')
})

test('a call that was sent and not answered is not sent to another node by itself: the next call is', async () => {
  const silent = await world(request => void request.socket.destroy())
  const other = await world((_, response) => response.end('{"from":"other"}'))
  const connection = httpConnection({ url: `${silent.url},${other.url}` })
  closing.push(() => void connection.close())
  await expect(connection.call('runs.get', { params })).rejects.toThrow(Unreachable)
  expect(await connection.call('runs.get', { params })).toBe('{"from":"other"}')
})
