import { existsSync, writeFileSync } from 'node:fs'
import type { RunHandle, WireEndpoint, WireHistory } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { freshSchema } from '../../src/store/postgres/testing.ts'
import { freePort } from '../support/free-port.ts'
import { LONG, Stage, until } from './support/processes.ts'
import { linesIn } from './support/records.ts'
import { order, type StepMark } from './support/workflow-jobs.ts'

const KILLS = LONG ? 40 : 3

const stage = new Stage()
afterAll(() => stage.end())

test(`workflows behind HTTP give what their code gives over ${KILLS} kill -9 of the server and as many of the app`, {
  timeout: LONG ? 900_000 : 170_000,
}, async () => {
  const records = stage.file('records.jsonl')
  const database = stage.file('main.db')
  writeFileSync(records, '')
  const more = ['--allow-http', '127.0.0.1']
  let server = await stage.server({ database, lease: '1s', more })
  const client = server.client()
  const port = await freePort()
  const { secret } = await client.call<WireEndpoint>(
    'endpoints.set',
    { name: 'shop' },
    { url: `http://127.0.0.1:${port}/` },
    { callKey: client.newId() },
  )
  let made = 0
  const app = () => stage.app({ port, url: server.url, secret: secret as string, name: `app-${++made}`, records })
  let served = await app()
  await until('the app is known', async () => (await client.call<WireEndpoint>('endpoints.get', { name: 'shop' })).health === 'ok')

  const runs: RunHandle<object>[] = []
  const signals: Promise<void>[] = []
  let isStopped = false
  const load = (async () => {
    for (let n = 0; !isStopped && runs.length < (LONG ? 2_000 : 60); n++) {
      const run = await client.start(order, n)
      runs.push(run)
      signals.push(run.signal('approval', `by ${n}`))
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  })()
  const marks = (): StepMark[] => (existsSync(records) ? linesIn(records) : [])
  const progress = (): Promise<void> => {
    const before = marks().length + 5 + Math.floor(Math.random() * 20)
    return until('steps are made', () => marks().length >= before, 5)
  }
  for (let kill = 0; kill < KILLS; kill++) {
    await progress()
    await served.kill('SIGKILL')
    served = await app()
    await progress()
    await server.kill('SIGKILL')
    server = await stage.server({ database, port: server.port, lease: '1s', more })
  }
  await progress()
  isStopped = true
  await load
  await Promise.all(signals)
  const results = await Promise.all(runs.map(run => run.result()))

  for (const [n, result] of results.entries())
    expect(result).toEqual({ price: n * 10, packed: 'packed', charged: true, approved: `by ${n}`, failed: 3, shipped: 36 })
  const all = marks()
  const times = new Map<string, number>()
  for (const { key } of all) times.set(key, (times.get(key) ?? 0) + 1)
  for (const { step, key } of all) if (step === 'charge') expect(times.get(key), `attempts: 1 of ${key}`).toBe(1)
  for (const run of runs) {
    const { events } = await client.call<WireHistory>('runs.history', { run: run.id })
    const accepted = events.flatMap(({ is, n }) => (is === 'step_completed' ? [n] : []))
    expect(new Set(accepted).size, 'a step has one accepted result').toBe(accepted.length)
  }
  const lost = results.length === 0 ? 0 : all.length - times.size
  console.log(`${runs.length} workflows, ${all.length} steps, ${lost} of them made again`)
})

test('of three nodes one sends to an endpoint, and another does when that one is killed', { timeout: 170_000 }, async () => {
  const records = stage.file('nodes.jsonl')
  writeFileSync(records, '')
  const database = freshSchema()
  const options = { database, lease: '2s', logLevel: 'info', more: ['--allow-http', '127.0.0.1'] }
  const nodes = [await stage.server(options), await stage.server(options), await stage.server(options)]
  const client = (nodes[0] as (typeof nodes)[number]).client()
  const port = await freePort()
  const { secret } = await client.call<WireEndpoint>(
    'endpoints.set',
    { name: 'shop' },
    { url: `http://127.0.0.1:${port}/` },
    { callKey: client.newId() },
  )
  await stage.app({ port, url: nodes.map(({ url }) => url).join(','), secret: secret as string, name: 'app', records })
  /** Places of the nodes that said so. */
  const senders = (): number[] => nodes.flatMap(({ said }, at) => (/endpoint \\?"shop\\?" serves/.test(said) ? [at] : []))
  await until('one sends', () => senders().length > 0)
  expect(senders()).toHaveLength(1)
  const run = async () => {
    const live = nodes.find(({ ended }) => !ended)
    return (live as (typeof nodes)[number]).client().start('naps', 2)
  }
  expect(await (await run()).result()).toBe(2)
  const [first = 0] = senders()
  await nodes[first]?.kill('SIGKILL')
  await until('another sends', () => senders().length > 1)
  const next = await run()
  expect(await next.result()).toBe(2)
})
