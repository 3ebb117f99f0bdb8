import { MessageChannel } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { RequestRefused, Unreachable } from './errors.ts'
import { portConnection, type Served, servePort } from './port.ts'
import { listOf } from './testing/fakes.ts'
import type { LiveEvent } from './wire.ts'

function world(served: Partial<Served>): ReturnType<typeof portConnection> {
  const { port1, port2 } = new MessageChannel()
  servePort(port1, served as Served)
  return portConnection(port2)
}
const params = { run: 'a' }

test('calls are answered each by its own, also those of one turn', async () => {
  const connection = world({ call: async (operation, call) => `${operation} ${call.params.run} ${call.body}` })
  const answers = await Promise.all([connection.call('runs.start', { params, body: '1' }), connection.call('runs.get', { params, body: '2' })])
  expect(answers).toEqual(['runs.start a 1', 'runs.get a 2'])
  await connection.close()
})

test('a problem arrives as RequestRefused, anything else as Unreachable', async () => {
  let error: unknown = Object.assign(new Error('x'), { problem: { code: 'run-closed', status: 409, title: 'Closed.' } })
  const connection = world({ call: () => Promise.reject(error) })
  const first = await connection.call('runs.get', { params }).catch((thrown: unknown) => thrown)
  expect(first).toBeInstanceOf(RequestRefused)
  expect(first).toMatchObject({ code: 'run-closed', status: 409 })
  error = new Error('boom')
  await expect(connection.call('runs.get', { params })).rejects.toThrow(/boom/)
  await connection.close()
})

test('an abort reaches the other side', async () => {
  const reached = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const connection = world({
    call: (_, { signal }) => {
      begun.resolve()
      signal?.addEventListener('abort', () => reached.resolve())
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    },
  })
  const stop = new AbortController()
  const call = connection.call('tasks.poll', { params, signal: stop.signal })
  await begun.promise
  stop.abort(new Error('enough'))
  await expect(call).rejects.toThrow('enough')
  await reached.promise
  await connection.close()
})

test('a stream ends with its source, and is ended at its source when its reader leaves', async () => {
  const left = Promise.withResolvers<void>()
  const connection = world({
    async *stream(_, { signal, lastEventId }) {
      yield { is: 'log', run: String(lastEventId), lines: [] } satisfies LiveEvent
      if (lastEventId === '1') return
      await new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve()))
      left.resolve()
    },
  })
  expect(await listOf(connection.stream('events', { params, lastEventId: '1' }))).toHaveLength(1)
  for await (const event of connection.stream('events', { params, lastEventId: '2' })) {
    expect(event).toMatchObject({ run: '2' })
    break
  }
  await left.promise
  await connection.close()
})

test('its address is a further port to the same engine', async () => {
  const connection = world({ call: async () => 'here' })
  const address = connection.address()
  if (address?.is !== 'port') throw new Error('a port was expected')
  const second = portConnection(address.port)
  expect(await second.call('runs.get', { params })).toBe('here')
  await second.close()
  expect(await connection.call('runs.get', { params })).toBe('here')
  await connection.close()
})

test('after its end nothing hangs', async () => {
  const connection = world({ call: () => new Promise(() => {}) })
  const call = connection.call('runs.get', { params })
  await connection.close()
  await expect(call).rejects.toThrow(Unreachable)
  await expect(connection.call('runs.get', { params })).rejects.toThrow(Unreachable)
})
