import { expect, test } from 'vitest'
import { Client } from './client.ts'
import { RequestRefused } from './errors.ts'
import { FakeClock, FakeServer, settled } from './testing/fakes.ts'

type Sent = { signals: { name: string; payload?: unknown }[] }

/** A server that has room for so many signals at a time, and a client of it. */
function scene(room = 1_000, refuses?: (payload: unknown) => RequestRefused | undefined) {
  const [server, clock] = [new FakeServer(), new FakeClock()]
  const kept: unknown[] = []
  let last = 0
  const random = () => {
    last = (last + 0.137) % 1
    return last
  }
  const keep = (payloads: unknown[]) => {
    for (const payload of payloads) {
      const refused = refuses?.(payload)
      if (refused !== undefined) throw refused
    }
    kept.push(...payloads.slice(0, room))
    return payloads.slice(0, room)
  }
  server.answers['runs.signal'] = (body: { payload?: unknown }) => {
    keep([body.payload])
    return {}
  }
  server.answers['runs.signals'] = (body: Sent) => ({ taken: keep(body.signals.map(({ payload }) => payload)).length })
  const client = new Client({ connection: server, clock, random, retryFor: 0 })
  return {
    server,
    kept,
    run: client.handle('r1'),
    calls: () => server.calls.map(({ operation, body }) => [operation, (body as Sent).signals?.length]),
  }
}
const refused = (status: number, code: string) => new RequestRefused({ type: 'about:blank', code, status, title: code })

test('what is signalled in a row goes together, in order; one alone as ever', async () => {
  const { run, kept, calls } = scene()
  await run.signal('go', 0)
  await Promise.all([1, 2, 3].map(n => run.signal('go', n)))
  expect(kept).toEqual([0, 1, 2, 3])
  expect(calls()).toEqual([
    ['runs.signal', undefined],
    ['runs.signals', 3],
  ])
})

test('what finds no room goes again, in its order, and by calls of their own', async () => {
  const { run, kept, server } = scene(2)
  await Promise.all([1, 2, 3, 4, 5].map(n => run.signal('go', n)))
  expect(kept).toEqual([1, 2, 3, 4, 5])
  expect(new Set(server.calls.map(({ call }) => call.callKey)).size).toBe(server.calls.length)
})

test('a signal of another name is not held up', async () => {
  const { run, server } = scene()
  let letGo = (): void => {}
  const answer = server.answers['runs.signal']
  server.answers['runs.signal'] = (body: never, call) =>
    call.params?.name === 'slow' ? new Promise(resolve => (letGo = () => resolve({}))) : answer?.(body, call)
  const slow = run.signal('slow')
  await run.signal('go')
  await settled()
  letGo()
  await slow
})

test('one that is refused for what it is costs the others nothing; what all are refused for costs one call', async () => {
  const bad = scene(1_000, payload => (payload === 2 ? refused(413, 'payload-too-large') : undefined))
  const told = await Promise.allSettled([1, 2, 3].map(n => bad.run.signal('go', n)))
  expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(bad.kept).toEqual([1, 3])
  const closed = scene(1_000, () => refused(409, 'run-closed'))
  const all = await Promise.allSettled([1, 2, 3].map(n => closed.run.signal('go', n)))
  expect(all.map(one => (one as PromiseRejectedResult).reason.code)).toEqual(['run-closed', 'run-closed', 'run-closed'])
  expect(closed.calls()).toEqual([['runs.signals', 3]])
})
