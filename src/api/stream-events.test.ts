import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunDetail } from '../engine/face.ts'
import { type Api, createApi } from './api.ts'
import { FakeEngine, NOW } from './fake-engine.ts'
import type { StreamRow } from './rows.ts'

let engine: FakeEngine
let api: Api
let run: RunDetail
let rows: StreamRow[]
let closed: boolean

beforeEach(() => {
  engine = new FakeEngine()
  api = createApi(engine, { now: () => NOW })
  run = engine.add({})
  rows = []
  closed = false
  engine.runs.stream = async (_namespace, _run, name, after, limit) => {
    const behind = rows.filter(({ stream, last }) => stream === name && last > after)
    return { rows: behind.slice(0, limit), more: behind.length > limit, closed }
  }
})
afterEach(() => expect(engine.subscribers).toBe(0))

/** The next chunks of a stream, committed, and told unless they are held back. */
function write(chunks: string[], { stream = 's', tell = true, restarted = false } = {}): void {
  const last = (rows.findLast(row => row.stream === stream)?.last ?? -1) + chunks.length
  const row = { run: run.id, stream, last, count: chunks.length, at: NOW, step: 'think', attempt: 1, restarted, chunks: chunks.join('\n') }
  rows.push(row)
  if (tell) engine.emit({ is: 'chunks', run: run.id, rows: [row] })
}

function follow(given: { lastEventId?: string; after?: string } = {}) {
  const gone = new AbortController()
  const { after, ...more } = given
  const params = { namespace: 'default', run: run.id, name: 's' }
  const stream = api.stream('runs.stream', { params, signal: gone.signal, ...(after !== undefined && { query: { after } }), ...more })
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<{ is: string; n: number; value: unknown; restarted?: true }>
  const next = async (count = 1) => {
    const found: unknown[] = []
    for (; count > 0; count--) {
      const { value, done } = await iterator.next()
      found.push(done ? 'done' : value.is === 'chunk' ? [value.n, value.value, ...(value.restarted ? ['restarted'] : [])] : value.is)
    }
    return found
  }
  return { next, stop: () => gone.abort() }
}

test('what is there comes first, then what is written, each chunk once, to the end of the run', async () => {
  write(['"a"', '2'])
  const { next } = follow()
  expect(await next(2)).toEqual([
    [0, 'a'],
    [1, 2],
  ])
  write(['3'], { restarted: true })
  write(['"other"'], { stream: 'other' })
  expect(await next()).toEqual([[2, 3, 'restarted']])
  write(['4'], { tell: false })
  closed = true
  engine.emit({ is: 'run', run: { ...run, state: 'completed' }, events: [], sequence: 1 })
  expect(await next(3)).toEqual([[3, 4], 'end', 'done'])
})

test('what was not told is read again, in its place', async () => {
  const { next, stop } = follow()
  const first = next(3)
  await new Promise<void>(resolve => setImmediate(resolve))
  write(['0'], { tell: false })
  write(['1', '2'])
  expect(await first).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
  ])
  stop()
  expect(await next()).toEqual(['done'])
})

test.each([
  ['Last-Event-ID', { lastEventId: '1' }],
  ['after', { after: '1' }],
])('%s goes on behind a chunk, also within what was written together', async (_, given) => {
  write(['0', '1', '2', '3'])
  const { next, stop } = follow(given)
  expect(await next(2)).toEqual([
    [2, 2],
    [3, 3],
  ])
  stop()
  expect(await next()).toEqual(['done'])
})

test('over HTTP its ids are the numbers of chunks, and whoever has all of a stream that has ended is told not to come again', async () => {
  write(['"a"', '"b"'])
  closed = true
  const app = api.http({ bind: '127.0.0.1' })
  const url = `/v1/namespaces/default/runs/${run.id}/streams/s/events`
  const answer = await app.inject({ url, headers: { host: 'localhost' } })
  expect(answer.body).toContain('id: 0\ndata: {"is":"chunk","n":0,')
  expect(answer.body).toMatch(/id: 1\ndata: \{"is":"end"\}\n\n$/)
  expect((await app.inject({ url, headers: { host: 'localhost', 'last-event-id': '1' } })).statusCode).toBe(204)
  expect((await app.inject({ url: `${url}?after=x`, headers: { host: 'localhost' } })).statusCode).toBe(400)
  await app.close()
})

test('a page ends at its limit, within what was written together, and the next begins behind it', async () => {
  write(['0', '1', '2'])
  write(['3'])
  const page = async (query: Record<string, string>) =>
    JSON.parse((await api.dispatch('runs.chunks', { params: { namespace: 'default', run: run.id, name: 's' }, query })).body)
  const first = await page({ limit: '2' })
  expect([first.chunks.map(({ n }: { n: number }) => n), first.next, first.closed]).toEqual([[0, 1], 1, false])
  const rest = await page({ after: '1' })
  expect([rest.chunks.map(({ n }: { n: number }) => n), rest.next]).toEqual([[2, 3], null])
})
