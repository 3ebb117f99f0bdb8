import type { WireHistory } from '@mainspring/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, Stage, until } from './support/processes.ts'
import { linesIn } from './support/records.ts'
import { leisurelyStep, listening, naps, patient, type StepMark } from './support/workflow-jobs.ts'

const stage = new Stage()
afterAll(() => stage.end())

const records = stage.file('records.jsonl')
const worker = (name: string) => stage.worker({ url: server.url, slots: 10, name, records, jobs: 'workflows', drainMs: 100 })
let server: Server
beforeAll(async () => {
  server = await stage.server({ database: stage.file('main.db'), lease: '3s' })
})

test('a run that waits goes on where it stood, in the worker that has it live, without a replay', async () => {
  const workers = [worker('one'), worker('two')]
  const client = server.client()
  const runs = await client.startMany(
    naps,
    Array.from({ length: 20 }, () => ({ input: 3 })),
  )
  for (const run of runs) expect(await run.result()).toBe(3)
  const marks = linesIn<StepMark>(records)
  let stayed = 0
  for (const run of runs) {
    const { events } = await client.call<WireHistory>('runs.history', { run: run.id })
    // On a machine that stands still for two seconds, another may have it.
    let holder: unknown = null
    let moves = 0
    for (const { is, worker } of events) {
      if (is === 'attempt_failed' || is === 'returned') holder = null
      if (is !== 'delivered') continue
      if (worker === holder) stayed++
      else moves++
      holder = worker
    }
    expect(marks.filter(mark => mark.run === run.id)).toHaveLength(moves)
  }
  expect(stayed).toBeGreaterThan(runs.length)
  for (const each of workers) await each.kill('SIGTERM')
})

test('a cancel and a signal are heard while a step runs', async () => {
  const only = worker('listener')
  const client = server.client()
  const held = await client.start(patient, null)
  await until('its step runs', async () => (await held.get()).state === 'running')
  await held.cancel()
  expect(await held.result()).toEqual(['CancelRequested', 'CancelRequested'])
  const told = await client.start(listening, null)
  await until('its step runs', async () => (await told.get()).state === 'running')
  await told.signal('stop', 'told')
  expect(await told.result()).toBe('told')
  await only.kill('SIGTERM')
})

test('a worker that stops gives a run back, and another goes on with what is recorded', async () => {
  const client = server.client()
  const first = worker('first')
  const run = await client.start(leisurelyStep, null)
  await until('its second step runs', async () => {
    const { events } = await client.call<WireHistory>('runs.history', { run: run.id })
    return events.some(({ is }) => is === 'step_completed')
  })
  first.send('SIGTERM')
  worker('second')
  expect(await run.result()).toEqual(['first', 'on another'])
  const { events } = await client.call<WireHistory>('runs.history', { run: run.id })
  expect(events.map(({ is }) => is)).not.toContain('attempt_failed')
})
