import { expect, test } from 'vitest'
import { Client } from './client.ts'
import { RequestRefused } from './errors.ts'
import { job } from './job.ts'
import { FakeClock, FakeServer, settled } from './testing/fakes.ts'

type Sent = { input?: unknown; runs?: { input?: unknown }[] }
const plain = job('plain', () => 'ok')

function scene(retryFor = 0) {
  const [server, clock] = [new FakeServer(), new FakeClock()]
  let last = 0
  const random = () => {
    last = (last + 0.137) % 1
    return last
  }
  const client = new Client({ connection: server, clock, random, retryFor })
  const calls = () =>
    server.calls
      .filter(({ operation }) => operation.startsWith('runs.'))
      .map(({ operation, body }) => [operation, (body as Sent).runs?.map(({ input }) => input) ?? (body as Sent).input])
  return { server, client, clock, calls }
}
const refused = (status: number, code: string) => new RequestRefused({ type: 'about:blank', code, status, title: code })
const inputsOf = ({ runs, input }: Sent) => runs?.map(one => one.input) ?? [input]

test('what is started at once goes in one call, and each gets its own run; one alone goes as ever', async () => {
  const { client, calls } = scene()
  await client.start(plain, 0 as never)
  const runs = await Promise.all([1, 2, 3].map(n => client.start(plain, n as never)))
  expect(calls()).toEqual([
    ['runs.start', 0],
    ['runs.startMany', [1, 2, 3]],
  ])
  expect(new Set(runs.map(({ id }) => id)).size).toBe(3)
})

test('what has a home of its own, or no code to tell, goes by itself', async () => {
  const { client, calls } = scene()
  const unique = job('unique', { unique: true }, () => 'ok')
  await Promise.all([
    client.start(plain, 1 as never, { key: 'k' }),
    client.start(plain, 2 as never, { unique: { key: 'u' } }),
    client.start(unique, 3 as never),
    client.start('plain', 4),
  ])
  expect(calls().map(([operation]) => operation)).toEqual(['runs.start', 'runs.start', 'runs.start', 'runs.start'])
})

test('with two calls under way the next gather; a call that is tried again holds up nobody', async () => {
  const { client, server, calls, clock } = scene(60_000)
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
  let away = 1
  server.answers['runs.start'] = async ({ input }: Sent) => {
    if (input === 'slow') await held
    if (input === 'away' && away-- > 0) throw refused(503, 'unavailable')
    return { is: 'started', run: `run-${input}` }
  }
  const slow = client.start(plain, 'slow' as never)
  await settled()
  const second = client.start(plain, 'away' as never)
  await settled()
  const third = client.start(plain, 'third' as never)
  expect((await third).id).toBe('run-third')
  letGo()
  await slow
  await clock.advance(1_000)
  expect((await second).id).toBe('run-away')
  expect(calls().filter(([, input]) => input === 'away')).toHaveLength(2)
})

test('what is wrong with one costs no other its start', async () => {
  const { client, server } = scene()
  const refuse = (body: Sent) => {
    if (inputsOf(body).includes('bad')) throw refused(400, 'invalid-input')
    return body.runs === undefined ? { is: 'started', run: `run-${body.input}` } : { runs: [] }
  }
  server.answers['runs.start'] = refuse
  server.answers['runs.startMany'] = refuse
  const [good, bad, also] = await Promise.allSettled(['good', 'bad', 'also'].map(input => client.start(plain, input as never)))
  expect(good).toMatchObject({ value: { id: 'run-good' } })
  expect(also).toMatchObject({ value: { id: 'run-also' } })
  expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'invalid-input' } })
})

test('a call that is repeated has the key that it had: what began is found, and not begun again', async () => {
  const { client, server, clock } = scene(60_000)
  let away = 1
  server.answers['runs.startMany'] = ({ runs }: Sent) => {
    if (away-- > 0) throw refused(503, 'unavailable')
    return { runs: runs?.map(({ input }) => ({ is: 'started', run: `run-${input}` })) }
  }
  const started = Promise.all([1, 2].map(n => client.start(plain, n as never)))
  await settled()
  await clock.advance(1_000)
  await started
  const keys = server.calls.filter(({ operation }) => operation === 'runs.startMany').map(({ call }) => call.callKey)
  expect(keys).toHaveLength(2)
  expect(new Set(keys).size).toBe(1)
})
