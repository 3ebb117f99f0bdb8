import { beforeEach, describe, expect, test } from 'vitest'
import type { DagSpec } from '../../machines/dag/spec.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { DagRerun, RerunSpan } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

/**
 * What Airflow's clear finds with `include_past` and `include_future`: the logical date of the run opens to one side (airflow-core, `post_clear_task_instances`: `if past:
 * start_date = None`, `if future: end_date = None`), and runs of all types of the DAG are cleared (`DAG.clear` selects by `TI.dag_id` and `DR.logical_date` alone).
 */
const DAG: DagSpec = { tasks: { load: { job: 'load' } } }
const FAILED: DagRerun = { tasks: null, downstream: false, upstream: false, newest: false }
const span = (changes: Partial<RerunSpan>): RerunSpan => ({ past: false, future: false, ...changes })

let node: TestNode
let runs: string[]
const serves = [{ definition: 'load', version: null }]

/** A run a minute, each of which fails. */
async function fail(): Promise<string> {
  await node.clock.advance(60_000)
  const run = await node.run({ definition: 'sales' })
  await node.clock.advance(10)
  await settle()
  const { tasks } = await node.poll({ serves })
  await node.engine.tasks.complete(
    'default',
    'w1',
    tasks.map(({ run, task, attempt, delivery }) => ({
      ...{ run, task, attempt, delivery, is: 'failed' as const, failure: { type: 'Error', message: 'no' }, retry: false },
    })),
  )
  await settle()
  return run
}
const timeOf = async (run: string): Promise<number> => (await node.engine.runs.get('default', run)).createdAt
const found = async (run: string, asked: RerunSpan, command = 'c'): Promise<string[]> =>
  (await node.engine.runs.reruns('default', run, asked, command)).map(target => target.run)
const fork = (run: string, id: string): Promise<string> =>
  node.engine.runs.fork('default', run, { from: null, reset: false, rerun: FAILED }, { id, by: null })

beforeEach(async () => {
  node = await TestNode.start(openMemoryStore(), { load: { retry: { attempts: 1 } } })
  for (const name of ['sales', 'other'])
    await node.engine.definitions.register('default', [{ kind: 'dag', name, version: '1', options: {}, schema: null, dag: DAG }])
  runs = []
  for (let n = 0; n < 5; n++) runs.push(await fail())
  await node.run({ definition: 'other' })
})

describe('runs of a span', () => {
  test('of a run that times open to no side it is alone; to one side those before, or those after, the earliest first', async () => {
    const third = runs[2] as string
    expect(await found(third, span({}))).toEqual([third])
    expect(await found(third, span({ past: true }))).toEqual(runs.slice(0, 3))
    expect(await found(third, span({ future: true }))).toEqual(runs.slice(2))
    expect(await found(third, span({ past: true, future: true }))).toEqual(runs)
  })

  test('bounds are of these others, themselves included', async () => {
    const [, second, third, fourth] = runs as [string, string, string, string]
    const bounds = { from: await timeOf(second), to: await timeOf(fourth) }
    expect(await found(third, span({ past: true, future: true, ...bounds }))).toEqual([second, third, fourth])
    expect(await found(third, span({ past: true, from: bounds.from + 1 }))).toEqual([third])
  })

  test('of one that was run again the last counts, open or not', async () => {
    const [first, second] = runs as [string, string]
    const again = await fork(first, 'before')
    expect(await found(second, span({ past: true }))).toEqual([again, second])
    // For the time of the old one, though it was made last.
    expect(await found(second, span({ future: true }))).toEqual(runs.slice(1))
  })

  test('what a command has begun is told to a repeat of it, and not begun again; another command begins it anew', async () => {
    const [first, second] = runs as [string, string]
    const begun = await fork(first, 'c')
    const targets = await node.engine.runs.reruns('default', second, span({ past: true }), 'c')
    expect(targets).toMatchObject([
      { run: first, again: begun },
      { run: second, again: null },
    ])
    await node.clock.advance(10)
    await settle()
    for (const task of (await node.poll({ serves })).tasks) await node.complete(task)
    await settle()
    const all = { from: null, reset: false, rerun: { ...FAILED, tasks: ['load'] } }
    const later = await node.engine.runs.fork('default', begun, all, { id: 'd', by: null })
    expect(await node.engine.runs.reruns('default', second, span({ past: true }), 'c')).toMatchObject([{ run: first, again: begun }, { again: null }])
    expect(await found(second, span({ past: true }), 'e')).toEqual([later, second])
  })

  test('more than a hundred are refused, and what is no DAG', async () => {
    const last = runs[4] as string
    for (let n = 0; n < 96; n++) runs.push(await node.run({ definition: 'sales' }), (await node.clock.advance(1)) as never)
    await settle()
    await expect(found(last, span({ future: true, past: true }))).rejects.toMatchObject({ code: 'too-many-items', problem: { at: '/past' } })
    expect(await found(last, span({ future: true }))).toHaveLength(97)
    const job = await node.run({ definition: 'load' })
    await expect(found(job, span({ past: true }))).rejects.toMatchObject({ code: 'not-a-dag' })
  })
})

test('a run would run again what it then does', async () => {
  const [first] = runs as [string]
  const told = await node.engine.runs.rerunTasks('default', first, FAILED)
  expect(told).toEqual([{ task: 'load', items: null }])
  await expect(node.engine.runs.rerunTasks('default', first, { ...FAILED, tasks: ['none'] })).rejects.toMatchObject({ code: 'unknown-step' })
})
