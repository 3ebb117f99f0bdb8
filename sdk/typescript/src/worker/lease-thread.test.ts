import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MessageChannel, Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { Client } from '../client.ts'
import { job } from '../job.ts'
import { portConnection, servePort } from '../port.ts'
import { delivery, FakeServer } from '../testing/fakes.ts'
import type { WireHeartbeat, WireResult } from '../wire.ts'
import { startWorker } from './index.ts'

/** Beats leave every third of it: a machine that does something else too may be late by the rest. */
const LEASE_MS = 1_500
/** More of them than a lease has. */
const BEATS = 4
/** It would block for ever. */
const HANGS_MS = 15_000
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A server in a thread of its own, for this one will be blocked: it counts beats where both see them, and says how short the shortest silence was. */
const SERVER = `
const { createServer } = require('node:http')
const { parentPort, workerData } = require('node:worker_threads')
const { task, beats } = workerData
let given = false, last = 0, silence = Infinity
createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const path = request.url.split('/').pop()
  if (path === 'poll') {
    if (given) return
    given = true
    last = performance.now()
    return response.end(JSON.stringify({ answer: 'a', tasks: [task] }))
  }
  if (path === 'heartbeat') {
    Atomics.add(beats, 0, 1)
    silence = Math.min(silence, performance.now() - last)
    last = performance.now()
    return response.end(JSON.stringify({ beats: JSON.parse(body).beats.map(() => 'held') }))
  }
  if (path === 'complete') {
    parentPort.postMessage({ results: JSON.parse(body).results, silence })
    return response.end('{"results":["accepted"]}')
  }
  response.end('{}')
}).listen(0, '127.0.0.1', function () { parentPort.postMessage({ port: this.address().port }) })
`

test('a handler that blocks the event loop for longer than its lease does not lose it', async () => {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  const server = new Worker(SERVER, { eval: true, workerData: { task: delivery(0, { leaseMs: LEASE_MS }), beats } })
  closing.push(() => server.terminate())
  const next = <Said>(): Promise<Said> => new Promise(resolve => server.once('message', resolve))
  const { port } = await next<{ port: number }>()
  const block = job('test', () => {
    const until = performance.now() + HANGS_MS
    while (Atomics.load(beats, 0) < BEATS && performance.now() < until);
    return 'done'
  })
  const worker = startWorker({ jobs: [block], url: `http://127.0.0.1:${port}`, log: () => {} })
  closing.unshift(() => worker.stop())
  const { results, silence } = await next<{ results: WireResult[]; silence: number }>()
  expect(results).toMatchObject([{ is: 'completed', output: 'done' }])
  expect(Atomics.load(beats, 0), 'it beat while the handler blocked').toBeGreaterThanOrEqual(BEATS)
  expect(silence).toBeLessThan(LEASE_MS / 2)
})

test('what the server says of a lease reaches the handler from the thread', async () => {
  const said = { beats: 'cancel' }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const path = request.url?.split('/').pop()
    if (path === 'heartbeat') response.end(JSON.stringify({ beats: (JSON.parse(body) as WireHeartbeat).beats.map(() => said.beats) }))
    else if (path === 'poll' && polls++ > 0) request.socket.once('close', () => {})
    else if (path === 'poll') response.end(JSON.stringify({ answer: 'a', tasks: [delivery(0, { leaseMs: LEASE_MS })] }))
    else if (path === 'complete') {
      response.end('{"results":["accepted"]}')
      completed.resolve(JSON.parse(body) as { results: WireResult[] })
    } else response.end('{}')
  })
  let polls = 0
  const completed = Promise.withResolvers<{ results: WireResult[] }>()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const wait = job('test', (_: unknown, ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))))
  const worker = startWorker({ jobs: [wait], url, log: () => {} })
  closing.push(
    () => worker.stop(),
    () => server.closeAllConnections(),
    () => server.close(),
  )
  expect((await completed.promise).results).toMatchObject([{ is: 'cancelled' }])
})

test('over a port the thread has a port of its own', async () => {
  const fake = new FakeServer()
  const { port1, port2 } = new MessageChannel()
  const stop = servePort(port1, fake)
  const beaten = job('test', () => fake.until(() => fake.beats.length >= 2))
  const client = new Client({ connection: portConnection(port2) })
  const worker = startWorker({ jobs: [beaten], client, log: () => {} })
  closing.push(() => worker.stop(), stop)
  fake.give({ leaseMs: LEASE_MS })
  await fake.until(() => fake.results.length === 1)
  expect(fake.results).toMatchObject([{ is: 'completed' }])
  expect(fake.beats[0]).toEqual({ run: 'run-0', task: 'job', attempt: 1, delivery: 'delivery-0' })
})
