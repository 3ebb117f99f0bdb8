import { existsSync, writeFileSync } from 'node:fs'
import type { RunHandle, WireHistory } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { LONG, type Server, Stage, until, type WorkerChild } from './support/processes.ts'
import { linesIn } from './support/records.ts'
import { order, type StepMark } from './support/workflow-jobs.ts'

const KILLS = LONG ? 60 : 3

const stage = new Stage()
afterAll(() => stage.end())

test(`workflows give what their code gives over ${KILLS} kill -9 of the server and as many of workers`, {
  timeout: LONG ? 900_000 : 170_000,
}, async () => {
  const records = stage.file('records.jsonl')
  const database = stage.file('main.db')
  writeFileSync(records, '')
  let server: Server = await stage.server({ database, lease: '1s' })
  const client = server.client()
  let made = 0
  const worker = (): WorkerChild => stage.worker({ url: server.url, slots: 10, name: `worker-${++made}`, records, jobs: 'workflows' })
  const workers = [worker(), worker()]
  const runs: RunHandle<object>[] = []
  const signals: Promise<void>[] = []
  let isStopped = false
  const load = (async () => {
    for (let n = 0; !isStopped; n++) {
      const run = await client.start(order, n)
      runs.push(run)
      signals.push(run.signal('approval', `by ${n}`))
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  })()
  const marks = (): StepMark[] => (existsSync(records) ? linesIn(records) : [])
  const progress = (): Promise<void> => {
    const before = marks().length + 10 + Math.floor(Math.random() * 40)
    return until('steps are made', () => marks().length >= before, 5)
  }
  for (let kill = 0; kill < KILLS; kill++) {
    await progress()
    await workers[kill % 2]?.kill('SIGKILL')
    workers[kill % 2] = worker()
    await progress()
    await server.kill('SIGKILL')
    server = await stage.server({ database, port: server.port, lease: '1s' })
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
  let again = 0
  for (const run of runs) {
    const { events } = await client.call<WireHistory>('runs.history', { run: run.id })
    const accepted = events.flatMap(({ is, n }) => (is === 'step_completed' ? [n] : []))
    expect(new Set(accepted).size, 'a step has one accepted result').toBe(accepted.length)
    // Each time that a step was made again, a worker or the server had died with its result.
    const lost = events.filter(({ is }) => is === 'attempt_failed' || is === 'returned').length
    for (const step of ['reserve', 'pack', 'ship']) {
      const made = all.filter(mark => mark.run === run.id && mark.step === step).length
      again += made - 1
      expect(made, `${step} of ${run.id}`).toBeLessThanOrEqual(1 + lost + KILLS)
    }
  }
  console.log(`${runs.length} workflows, ${all.length} steps, ${again} of them made again`)
  expect(again, 'the kills took results').toBeGreaterThan(0)
})
