import { existsSync, writeFileSync } from 'node:fs'
import type { RunHandle, WireDagTasks, WireHistory } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import { fan, type TaskMark } from './support/dag-jobs.ts'
import { LONG, type Server, Stage, until, type WorkerChild } from './support/processes.ts'
import { linesIn } from './support/records.ts'

const KILLS = LONG ? 60 : 3

const stage = new Stage()
afterAll(() => stage.end())

test(`DAGs give what their tasks give over ${KILLS} kill -9 of the server and as many of workers`, {
  timeout: LONG ? 900_000 : 170_000,
}, async () => {
  const records = stage.file('records.jsonl')
  const database = stage.file('main.db')
  writeFileSync(records, '')
  let server: Server = await stage.server({ database, lease: '1s' })
  const client = server.client()
  let made = 0
  const worker = (): WorkerChild => stage.worker({ url: server.url, slots: 10, name: `worker-${++made}`, records, jobs: 'dags' })
  const workers = [worker(), worker()]
  const runs: RunHandle<object>[] = []
  const marks = (): TaskMark[] => (existsSync(records) ? linesIn(records) : [])
  await until('its tasks are registered', async () => {
    const { definitions } = await client.call<{ definitions: { name: string }[] }>('definitions.list', {})
    return definitions.some(({ name }) => name === 'fan')
  })
  let isStopped = false
  const load = (async () => {
    for (let n = 0; !isStopped; n++) {
      runs.push(await client.start(fan, n))
      await new Promise(resolve => setTimeout(resolve, 30))
    }
  })()
  const progress = (): Promise<void> => {
    const before = marks().length + 10 + Math.floor(Math.random() * 40)
    return until('tasks begin', () => marks().length >= before, 5)
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
  const results = await Promise.all(runs.map(run => run.result()))

  for (const [n, result] of results.entries()) {
    const values = Array.from({ length: (n % 5) + 1 }, (_, index) => (index + n) * 2)
    expect(result).toEqual({ sum: values.reduce((sum, value) => sum + value, 0), word: values.length % 2 === 0 ? null : 'odd', last: 'at last' })
  }
  const begun = new Map<string, number>()
  for (const { run, task, item } of marks()) begun.set(`${run} ${task} ${item}`, (begun.get(`${run} ${task} ${item}`) ?? 0) + 1)
  for (const [n, run] of runs.entries()) {
    const { events } = await client.call<WireHistory>('runs.history', { run: run.id })
    const ended = events.flatMap(({ is, ref }) => (is === 'ended' ? [ref] : []))
    expect(new Set(ended).size, 'a task ends once').toBe(ended.length)
    expect(ended).toHaveLength(4 + (n % 5) + 1)
    const { tasks } = await client.call<WireDagTasks>('runs.tasks', { run: run.id })
    expect(Object.fromEntries(tasks.map(({ task, state }) => [task, state]))).toEqual({
      list: 'success',
      each: 'success',
      odd: n % 5 === 1 || n % 5 === 3 ? 'skipped' : 'success',
      flaky: 'success',
      sum: 'success',
    })
  }
  const again = [...begun.values()].reduce((sum, times) => sum + times - 1, 0)
  console.log(`${runs.length} DAGs, ${begun.size} tasks, ${again} of them begun again`)
  expect(again, 'the kills took results').toBeGreaterThan(0)
})
