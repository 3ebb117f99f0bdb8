import { expect, test } from 'vitest'
import { Client } from './client.ts'
import { RequestRefused } from './errors.ts'
import { FakeClock, FakeServer, settled } from './testing/fakes.ts'
import type { Call } from './wire.ts'

const ids = [1, 2, 3].map(n => `01kg000000000000000000000${n}`)
const detail = (id: string, output: unknown = id) => ({
  id,
  state: 'completed',
  definition: 'test',
  input: null,
  output,
  checkpoint: null,
  metadata: null,
})
const refused = (status: number, code: string) => new RequestRefused({ type: 'about:blank', code, status, title: code })

/** A server on which runs close when it is told so. */
function scene() {
  const [server, clock] = [new FakeServer(), new FakeClock()]
  const client = new Client({ connection: server, clock, retryFor: 0 })
  const waiting = new Set<() => void>()
  const ended = new Set<string>()
  const missing = new Set<string>()
  const next = ({ signal }: Call) =>
    new Promise<void>((resolve, reject) => {
      waiting.add(resolve)
      signal?.addEventListener('abort', () => reject(signal.reason))
    })
  server.answers['runs.closed'] = async ({ runs }: { runs: string[] }, call) => {
    const told = () => runs.filter(id => ended.has(id) || missing.has(id))
    while (told().length === 0) await next(call)
    return { runs: runs.filter(id => ended.has(id)).map(id => detail(id)), missing: runs.filter(id => missing.has(id)) }
  }
  server.answers['runs.get'] = async (_: never, call) => {
    const run = call.params.run as string
    if (missing.has(run)) throw refused(404, 'run-not-found')
    while (!ended.has(run)) await next(call)
    return detail(run)
  }
  const end = (...some: string[]) => {
    for (const id of some) ended.add(id)
    for (const wake of waiting) wake()
    return settled()
  }
  const calls = () => server.calls.map(({ operation, body }) => [operation, (body as { runs?: string[] } | undefined)?.runs?.length])
  return { server, client, clock, missing, end, calls, result: (id: string) => client.handle(id).result() }
}

test('results that are waited for at once share a call; what is left of it is asked for again', async () => {
  const { end, calls, result } = scene()
  const all = Promise.all(ids.map(result))
  await settled()
  await end(ids[1] as string)
  await end(...ids)
  expect(await all).toEqual(ids)
  expect(calls()).toEqual([
    ['runs.closed', 3],
    ['runs.closed', 2],
  ])
})

test('one alone asks for itself, and two who wait for one run both have it', async () => {
  const { end, calls, result } = scene()
  const alone = result(ids[0] as string)
  await settled()
  await end(ids[0] as string)
  expect(await alone).toBe(ids[0])
  expect(calls()).toEqual([['runs.get', undefined]])
  const both = Promise.all([result(ids[1] as string), result(ids[1] as string)])
  await settled()
  await end(ids[1] as string)
  expect(await both).toEqual([ids[1], ids[1]])
})

test('a run that is not there is told to whoever waits for it', async () => {
  const { end, missing, result } = scene()
  missing.add(ids[2] as string)
  const all = Promise.allSettled(ids.map(result))
  await settled()
  await end(ids[0] as string, ids[1] as string)
  expect(await all).toMatchObject([{ value: ids[0] }, { value: ids[1] }, { reason: { code: 'run-not-found' } }])
})

test('who gives up leaves the others waiting; when all have, nobody asks any more', async () => {
  const { end, client, server } = scene()
  const stops = ids.map(() => new AbortController())
  const all = Promise.allSettled(ids.map((id, n) => client.handle(id).result({ signal: (stops[n] as AbortController).signal })))
  await settled()
  stops[0]?.abort(new Error('enough'))
  await end(ids[1] as string)
  stops[2]?.abort(new Error('enough'))
  expect(await all).toMatchObject([{ reason: { message: 'enough' } }, { value: ids[1] }, { reason: { message: 'enough' } }])
  expect(server.calls.every(({ call }, at) => at === 0 || call.signal?.aborted)).toBe(true)
})

test('a server that does not know the call is asked for each', async () => {
  const { end, server, calls, result } = scene()
  server.answers['runs.closed'] = () => {
    throw refused(404, 'not-found')
  }
  const all = Promise.all(ids.map(result))
  await settled()
  await end(...ids)
  expect(await all).toEqual(ids)
  expect(calls().filter(([operation]) => operation === 'runs.get')).toHaveLength(3)
})
