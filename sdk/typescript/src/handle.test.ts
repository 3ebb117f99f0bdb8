import { expect, test } from 'vitest'
import { Client } from './client.ts'
import { RunCancelled, RunFailed, RunTerminated, RunTimedOut, Unreachable } from './errors.ts'
import { FakeClock, FakeServer, settled } from './testing/fakes.ts'
import type { LiveEvent, State, WireRunDetail } from './wire.ts'

function detail(state: State, more: Partial<WireRunDetail> = {}): WireRunDetail {
  return {
    id: 'run-1',
    namespace: 'default',
    kind: 'job',
    definition: 'test',
    queue: 'default',
    state,
    reason: null,
    attempt: 1,
    attempts: 10,
    priority: 0,
    createdAt: '2026-11-24T10:00:00Z',
    startedAt: null,
    closedAt: null,
    nextAt: null,
    progress: null,
    tags: null,
    trigger: { is: 'call' },
    failure: null,
    input: null,
    output: null,
    checkpoint: null,
    metadata: null,
    worker: null,
    version: null,
    options: {},
    workflow: null,
    ...more,
  }
}
function event(state: State, sequence: number): LiveEvent {
  return { is: 'run', run: detail(state), events: [], sequence }
}
function world(): { server: FakeServer; client: Client; clock: FakeClock } {
  const server = new FakeServer()
  const clock = new FakeClock()
  return { server, clock, client: new Client({ connection: server, clock }) }
}

test('result waits in long polls and gives the output back as it was', async () => {
  const { server, client } = world()
  let asked = 0
  server.answers['runs.get'] = () =>
    ++asked < 3 ? detail('running') : detail('completed', { output: { at: { $type: 'Date', value: '2026-11-24T10:00:00.000Z' } } })
  expect(await client.handle('run-1').result()).toEqual({ at: new Date('2026-11-24T10:00:00Z') })
  expect(server.calls[0]?.call.query).toEqual({ wait: '30000ms' })
})

test.each([
  ['failed', RunFailed],
  ['cancelled', RunCancelled],
  ['timed_out', RunTimedOut],
  ['terminated', RunTerminated],
] as const)('a run that is %s throws its class with the cause', async (state, Class) => {
  const { server, client } = world()
  server.answers['runs.get'] = () => detail(state, { failure: { type: 'TypeError', message: 'boom', stack: 'there' } })
  const error = await client
    .handle('run-1')
    .result()
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Class)
  expect(error).toMatchObject({ run: 'run-1', job: 'test', cause: { name: 'TypeError', message: 'boom', stack: 'there' } })
})

test('result gives up after its timeout, and with its signal', async () => {
  const { server, client, clock } = world()
  server.answers['runs.get'] = (_: never, { signal }) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  const late = client.handle('run-1').result({ timeout: '1m' })
  const caught = expect(late).rejects.toMatchObject({ name: 'ResultTimeout', run: 'run-1' })
  await clock.advance(60_000)
  await caught
  const stop = new AbortController()
  const stopped = client.handle('run-1').result({ signal: stop.signal })
  stop.abort(new Error('no longer'))
  await expect(stopped).rejects.toThrow('no longer')
  expect(clock.timers).toBe(0)
})

test('commands carry an id of their own, so that a repeat does nothing', async () => {
  const { server, client } = world()
  Object.assign(server.answers, { 'runs.cancel': () => ({}), 'runs.terminate': () => ({}), 'runs.retry': () => ({ run: 'run-2' }) })
  const run = client.handle('run-1')
  await run.cancel({ why: 'typo' })
  await run.terminate()
  expect(await run.retry({ input: { n: 1n } })).toMatchObject({ id: 'run-2', started: 'started' })
  expect(server.calls.map(({ body }) => body)).toEqual([{ why: 'typo' }, {}, { input: { n: { $type: 'BigInt', value: '1' } } }])
  expect(new Set(server.calls.map(({ call }) => call.callKey)).size).toBe(3)
})

test('a run that waits is changed, and one that is parked is resumed', async () => {
  const { server, client } = world()
  Object.assign(server.answers, { 'runs.change': () => ({}), 'runs.resume': () => ({}), 'runs.retry': () => ({ run: 'run-2' }) })
  const run = client.handle('run-1')
  await run.change({ delay: '5m', priority: 5, queue: 'later', input: { n: 1n }, why: 'no hurry' })
  await run.change({ now: true })
  await run.resume({ why: 'mended' })
  await run.retry({ force: true })
  expect(server.calls.map(({ body }) => body)).toEqual([
    { delay: 300_000, priority: 5, queue: 'later', input: { n: { $type: 'BigInt', value: '1' } }, why: 'no hurry' },
    { now: true },
    { why: 'mended' },
    { force: true },
  ])
  expect(new Set(server.calls.map(({ call }) => call.callKey)).size).toBe(4)
  await expect(run.change({ now: true, delay: '5m' })).rejects.toThrow('"now" and "delay" cannot be together.')
  await expect(run.change({ priority: 1_000 })).rejects.toMatchObject({ code: 'invalid-option', at: '/priority' })
  expect(server.calls).toHaveLength(4)
})

test('logs reads every page', async () => {
  const { server, client } = world()
  server.answers['runs.logs'] = (_: never, call) => (call.query?.cursor ? { lines: [{ n: 1 }], next: null } : { lines: [{ n: 0 }], next: 'more' })
  expect(await client.handle('run-1').logs()).toEqual([{ n: 0 }, { n: 1 }])
})

test('events go on after a break, nothing twice, nothing missed, to the end', async () => {
  const { server, client, clock } = world()
  const resumed: (string | undefined)[] = []
  server.streams = [
    async function* ({ lastEventId }) {
      resumed.push(lastEventId)
      yield event('queued', 0)
      yield event('running', 1)
      throw new Unreachable('x')
    },
    async function* ({ lastEventId }) {
      resumed.push(lastEventId)
      yield event('running', 1)
      yield { is: 'lagged' }
      yield event('completed', 4)
    },
  ]
  let events = 2
  server.answers['runs.history'] = () => ({ events: Array.from({ length: events }, (_, n) => ({ is: `e${n}`, at: '' })) })
  server.answers['runs.get'] = () => detail('running')
  const seen: unknown[] = []
  const reading = (async () => {
    for await (const event of client.handle('run-1').events()) {
      seen.push(event.is === 'run' ? [event.sequence, event.events.map(one => one.is)] : event.is)
      if (seen.length === 2) events = 4
    }
  })()
  await settled()
  await clock.advance(10_000)
  await reading
  expect(resumed).toEqual([undefined, '3'])
  expect(seen).toEqual([
    [0, []],
    [1, []],
    [3, ['e2', 'e3']],
    [4, []],
  ])
})

test('list filters by what is given', async () => {
  const { server, client } = world()
  server.answers['runs.list'] = () => ({ runs: [], next: null })
  await client.runs.list({ state: ['failed', 'timed_out'], job: 'test', tags: { team: 'media' }, createdAfter: new Date(0), limit: 5 })
  expect(server.calls[0]?.call.query).toMatchObject({
    state: ['failed', 'timed_out'],
    definition: 'test',
    tag: ['team:media'],
    createdAfter: '1970-01-01T00:00:00.000Z',
    limit: '5',
  })
})
