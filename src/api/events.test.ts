import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HistoryEvent } from '../core/run.ts'
import type { RunDetail } from '../engine/face.ts'
import { type Api, createApi } from './api.ts'
import { FakeEngine, NOW } from './fake-engine.ts'
import { LiveBuffer } from './live-buffer.ts'

let engine: FakeEngine
let api: Api
let app: FastifyInstance

beforeEach(() => {
  engine = new FakeEngine()
  api = createApi(engine, { now: () => NOW })
  app = api.http({ bind: '127.0.0.1', heartbeatMs: 20 })
})
afterEach(() => app.close())

interface Live {
  is: string
  run: { state: string }
  events: { is: string }[]
  sequence: number
  output: unknown
  lines: { n: number }[]
}

const event = (number: number): HistoryEvent => ({ is: `event-${number}`, at: NOW + number })

/** The next event of a run, committed, and released unless it is held back. */
function append(run: RunDetail, state: RunDetail['state'] = 'running', release = true): () => void {
  const history = engine.histories.get(run.id) as HistoryEvent[]
  const added = event(history.length)
  history.push(added)
  const now = { ...run, state, output: state === 'completed' ? '1e400' : null }
  engine.known.set(run.id, now)
  const sequence = history.length - 1
  const send = () => engine.emit({ is: 'run', run: now, events: [added], sequence, ...(state === 'completed' ? { output: now.output } : {}) })
  if (release) send()
  return send
}

function follow(run: RunDetail, lastEventId?: string, from?: string) {
  const gone = new AbortController()
  const stream = api.stream('runs.events', {
    params: { namespace: 'default', run: run.id },
    signal: gone.signal,
    ...(lastEventId === undefined ? {} : { lastEventId }),
    ...(from === undefined ? {} : { query: { from } }),
  })
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Live>
  return { next: async () => (await iterator.next()).value as Live, iterator, gone }
}
const names = (live: Live) => live.events.map(({ is }) => is)

test('a run is replayed, goes on live, and ends with its last event', async () => {
  const run = engine.add({}, [event(0), event(1)])
  const { next, iterator } = follow(run)
  expect(names(await next())).toEqual(['event-0', 'event-1'])
  append(run)
  append(run, 'completed')
  expect(names(await next())).toEqual(['event-2'])
  expect(await next()).toMatchObject({ sequence: 3, run: { state: 'completed' }, output: Number.POSITIVE_INFINITY })
  expect((await iterator.next()).done).toBe(true)
  expect(engine.subscribers).toBe(0)
})

test('Last-Event-ID replays what came after it', async () => {
  const run = engine.add({}, [event(0), event(1), event(2)])
  const { next, gone, iterator } = follow(run, '0')
  expect(names(await next())).toEqual(['event-1', 'event-2'])
  const ended = iterator.next()
  gone.abort()
  expect((await ended).done).toBe(true)
  expect(engine.subscribers).toBe(0)
})

test.each([
  ['2', ['event-2']],
  ['-1', ['event-2']],
  ['-2', ['event-1', 'event-2']],
  ['-10', ['event-0', 'event-1', 'event-2']],
  ['3', []],
  ['999', []],
])('from %s it is told %j first, and no more is read; then what happens', async (from, first) => {
  const run = engine.add({}, [event(0), event(1), event(2)])
  const reads: number[] = []
  const { events } = engine.runs
  engine.runs.events = async (...asked) => {
    const page = await events(...asked)
    reads.push(page.events.length)
    return page
  }
  const { next, iterator } = follow(run, undefined, from)
  const told = await next()
  expect([names(told), told.sequence]).toEqual([first, 2])
  expect(Math.max(...reads)).toBe(Math.max(first.length, reads[0] as number))
  append(run, 'completed')
  expect(await next()).toMatchObject({ events: [{ is: 'event-3' }], sequence: 3, run: { state: 'completed' } })
  expect((await iterator.next()).done).toBe(true)
})

test('Last-Event-ID goes before `from`; what is no number is refused', async () => {
  const run = engine.add({}, [event(0), event(1), event(2)])
  expect(names(await follow(run, '0', '-1').next())).toEqual(['event-1', 'event-2'])
  await expect(follow(run, undefined, 'end').next()).rejects.toMatchObject({ problem: { code: 'invalid-input', at: '/query/from' } })
  expect(engine.subscribers).toBe(1)
})

test('what is committed while the history is read comes once, released before or after', async () => {
  const run = engine.add({}, [event(0)])
  const get = engine.runs.get
  const late: (() => void)[] = []
  engine.runs.get = async (namespace, id) => {
    engine.runs.get = get
    const before = await get(namespace, id)
    append(run) // released while reading
    late.push(append(run, 'running', false)) // read, released later
    late.push(append(run, 'completed', false)) // the end too: the run was read as open
    return before
  }
  const { next, iterator } = follow(run)
  expect(names(await next())).toEqual(['event-0', 'event-1', 'event-2', 'event-3'])
  for (const release of late) release()
  expect(await next()).toMatchObject({ run: { state: 'completed' }, events: [], sequence: 3 })
  expect((await iterator.next()).done).toBe(true)
})

test('a client that lags is told so and gets what it missed', async () => {
  const run = engine.add({}, [event(0)])
  const { next, iterator } = follow(run)
  await next()
  for (let n = 0; n < 1_500; n++) append(run, n === 1_499 ? 'completed' : 'running')
  expect(await next()).toEqual({ is: 'lagged' })
  const rest = await next()
  expect([rest.events.length, rest.sequence]).toEqual([1_500, 1_500])
  expect((await iterator.next()).done).toBe(true)
})

test('log lines are events: those that are kept, then live ones, each once', async () => {
  const run = engine.add({}, [event(0)])
  const line = (n: number) => ({ run: run.id, attempt: 1, delivery: 'd', n, at: NOW, level: 'info' as const, message: 'm', fields: null })
  engine.lines = Array.from({ length: 700 }, (_, n) => line(n))
  const { next } = follow(run)
  expect((await next()).lines).toHaveLength(500)
  expect((await next()).lines).toHaveLength(200)
  expect((await next()).is).toBe('run')
  engine.emit({ is: 'log', run: run.id, lines: [line(699), line(700)] })
  expect((await next()).lines.map(({ n }) => n)).toEqual([700])
})

test('the buffer keeps its bounds', async () => {
  const buffer = new LiveBuffer(undefined)
  const run = engine.add()
  for (let n = 0; n < 10; n++) buffer.push({ is: 'run', run, events: [], sequence: n, output: JSON.stringify('x'.repeat(1_000_000)) })
  expect((await buffer.take())?.is).toBe('lagged')
})

async function listen(): Promise<string> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return `http://127.0.0.1:${(app.server.address() as { port: number }).port}/v1/namespaces/default`
}

test('over HTTP: ids, comments that keep it alive, no line breaks of payloads, the end', async () => {
  const url = await listen()
  const run = engine.add({}, [{ is: 'started', at: NOW, input: '{\n"a":1}' }])
  const answer = await fetch(`${url}/runs/${run.id}/events`)
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  setTimeout(() => append(run, 'completed'), 60)
  const text = await answer.text()
  expect(text).toContain(': alive\n\n')
  const frames = text.split('\n\n').filter(frame => frame.includes('data:'))
  expect(frames.map(frame => frame.split('\n')[0])).toEqual(['id: 0', 'id: 1'])
  expect(frames[0]).toContain('"input":{ "a":1}')
  expect((await fetch(`${url}/runs/${run.id}/events`, { headers: { 'last-event-id': '1' } })).status).toBe(204)
})

test('over HTTP: refusals are problems, a client that goes is forgotten, closing ends all', async () => {
  const url = await listen()
  expect((await fetch(`${url}/runs/zzzzz/events`)).status).toBe(404)
  const run = engine.add()
  const bad = await fetch(`${url}/runs/${run.id}/events`, { headers: { 'last-event-id': 'x' } })
  expect([bad.status, ((await bad.json()) as { at: string }).at]).toEqual([400, '/header/last-event-id'])
  expect(engine.subscribers).toBe(0)
  const gone = new AbortController()
  await fetch(`${url}/events`, { signal: gone.signal })
  expect(engine.subscribers).toBe(1)
  gone.abort()
  while (engine.subscribers > 0) await new Promise(setImmediate)
  const following = await fetch(`${url}/events`)
  engine.emit({ is: 'run', run, events: [], sequence: 0 })
  const ended = following.text()
  await new Promise(resolve => setTimeout(resolve, 20))
  await app.close()
  expect(await ended).toContain(`"id":"${run.id}"`)
})
