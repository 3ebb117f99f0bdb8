import { expect, test } from 'vitest'
import type { DagSpec } from '../../machines/dag/spec.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { DagRerun, Delivery } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const SALES: DagSpec = {
  tasks: {
    list: { job: 'list' },
    clean: { job: 'clean', map: { over: '{{output.list}}' } },
    publish: { job: 'publish', input: { parts: '{{output.clean}}', on: '{{nominalTime}}' } },
  },
  output: '{{output.publish}}',
}
const JOBS = { list: { retry: { attempts: 1 } }, clean: { retry: { attempts: 1 } }, publish: { retry: { attempts: 1 } } }
const SERVES = { serves: Object.keys(JOBS).map(definition => ({ definition, version: null })) }
const COMMAND = { id: 'again', by: null }
const FAILED: DagRerun = { tasks: null, downstream: false, upstream: false, newest: false }

const register = (node: TestNode, version: string, dag: DagSpec): Promise<void> =>
  node.engine.definitions.register('default', [{ kind: 'dag', name: 'sales', version, options: {}, schema: null, dag }])
const polled = async (node: TestNode): Promise<Delivery[]> => (await node.poll(SERVES)).tasks
const fails = ({ run, task, attempt, delivery }: Delivery, node: TestNode): Promise<string[]> =>
  node.engine.tasks.complete('default', 'w1', [
    { run, task, attempt, delivery, is: 'failed', failure: { type: 'Error', message: 'no' }, retry: true },
  ])
const begun = async (node: TestNode): Promise<void> => {
  await node.clock.advance(10)
  await settle()
}

/** A run of which the second of two items has failed. */
async function failed(store = openMemoryStore(), dag = SALES): Promise<{ node: TestNode; run: string }> {
  const node = await TestNode.start(store, JOBS)
  await register(node, '1', dag)
  const run = await node.run({ definition: 'sales' })
  await begun(node)
  for (const list of await polled(node)) await node.complete(list, '["a","b"]')
  for (const item of await polled(node)) await (item.input === '"a"' ? node.complete(item, '"A"') : fails(item, node))
  await settle()
  expect(await node.engine.runs.get('default', run)).toMatchObject({ state: 'failed', reason: 'tasks-failed' })
  return { node, run }
}

/** What is left of it, to its end. */
async function finished(node: TestNode, run: string): Promise<string[]> {
  const ran: string[] = []
  for (let tasks = await polled(node); tasks.length > 0; tasks = await polled(node))
    for (const task of tasks) {
      ran.push(task.definition)
      await node.complete(task, task.definition === 'publish' ? task.input : '"B"')
    }
  await settle()
  expect((await node.engine.runs.get('default', run)).state).toBe('completed')
  return ran
}

test('a new run does again what failed, is given what the old one gave, for the same time, and is linked to it', async () => {
  const { node, run } = await failed()
  const then = (await node.engine.runs.get('default', run)).createdAt
  await node.clock.advance(60_000)
  const next = await node.engine.runs.fork('default', run, { from: null, reset: false }, COMMAND)
  // Repeated, the command answers the same run.
  expect(await node.engine.runs.fork('default', run, { from: null, reset: false }, COMMAND)).toBe(next)
  await begun(node)
  expect(await finished(node, next)).toEqual(['clean', 'publish'])
  const detail = await node.engine.runs.get('default', next)
  expect(JSON.parse(detail.output as string)).toEqual({ parts: ['A', 'B'], on: new Date(then).toISOString() })
  expect(detail.trigger).toMatchObject({ is: 'retry', of: run, from: { n: 1, name: 'clean' }, nominalAt: then })
  expect((await node.engine.runs.get('default', run)).state).toBe('failed')
  // Tasks that were kept are shown with the runs that did them.
  const [was, is] = await Promise.all([run, next].map(async id => (await node.engine.runs.tasks('default', id, { from: 0, limit: 1 })).tasks[0]))
  expect(is).toMatchObject({ task: 'list', state: 'success', run: was?.run })
  expect((await node.engine.runs.related('default', run)).chain.map(({ id }) => id)).toContain(next)
})

test('another node goes on with it', async () => {
  const store = openMemoryStore()
  const { node, run } = await failed(store)
  const next = await node.engine.runs.fork('default', run, { from: null, reset: false }, COMMAND)
  await node.engine.stop()
  const other = await TestNode.start(store, {}, { clock: node.clock, seed: 2 })
  await begun(other)
  expect(await finished(other, next)).toEqual(['clean', 'publish'])
})

test('tasks by name, with all that wait for them; `from` is the same of one', async () => {
  const { node, run } = await failed()
  const next = await node.engine.runs.fork('default', run, { from: 'list', reset: false }, COMMAND)
  const same = await node.engine.runs.fork(
    'default',
    run,
    { from: null, reset: false, rerun: { ...FAILED, tasks: ['list'], downstream: true } },
    { id: 'other', by: null },
  )
  for (const id of [next, same])
    expect((await node.engine.runs.tasks('default', id, { from: 0, limit: 9 })).tasks.map(({ state }) => state)).not.toContain('success')
})

test('it goes by the version of the old run, or by the newest', async () => {
  const { node, run } = await failed()
  await register(node, '2', { tasks: { ...SALES.tasks, tell: { job: 'publish', after: ['publish'] } } })
  const versions = []
  for (const newest of [false, true]) {
    const next = await node.engine.runs.fork(
      'default',
      run,
      { from: null, reset: false, rerun: { ...FAILED, newest } },
      { id: `${newest}`, by: null },
    )
    versions.push((await node.engine.runs.tasks('default', next, { from: 0, limit: 9 })).version)
  }
  expect(versions).toEqual(['1', '2'])
})

test.each([
  [
    { from: 'nobody', reset: false },
    { code: 'unknown-step', problem: { at: '/tasks', found: 'nobody' } },
  ],
  [
    { from: 1, reset: false },
    { code: 'unknown-step', problem: { at: '/from' } },
  ],
  [
    { from: null, input: '1', reset: false },
    { code: 'invalid-option', problem: { at: '/input' } },
  ],
  [
    { from: 'list', reset: false, rerun: FAILED },
    { code: 'invalid-option', problem: { at: '/from' } },
  ],
  [{ from: 'list', reset: true }, { code: 'not-a-workflow' }],
])('%j is refused', async (fork, refusal) => {
  const { node, run } = await failed()
  await expect(node.engine.runs.fork('default', run, fork, COMMAND)).rejects.toMatchObject(refusal)
})

test('an open run is refused, one of a job is not a DAG', async () => {
  const { node } = await failed()
  const open = await node.run({ definition: 'sales' })
  await expect(node.engine.runs.fork('default', open, { from: null, reset: false }, COMMAND)).rejects.toMatchObject({ code: 'run-open' })
  const job = await node.run({ definition: 'list' })
  await expect(node.engine.runs.fork('default', job, { from: null, reset: false, rerun: FAILED }, COMMAND)).rejects.toMatchObject({
    code: 'not-a-dag',
  })
})

test('what is needed of a run that is kept no more is refused, and is had by running its task again', async () => {
  const { node, run } = await failed(openMemoryStore(), { ...SALES, defaults: { retentionMs: 1_000 } })
  await node.clock.advance(2_000)
  const collected = node.engine.retention.collect()
  await node.clock.advance(1_000)
  expect((await collected).runs).toBe(3)
  // "A" was freed when nobody could need it any more, so the history does not tell it.
  await expect(node.engine.runs.fork('default', run, { from: null, reset: false }, COMMAND)).rejects.toMatchObject({ code: 'output-gone' })
  const next = await node.engine.runs.fork('default', run, { from: 'clean', reset: false }, COMMAND)
  await begun(node)
  expect(await finished(node, next)).toEqual(['clean', 'clean', 'publish'])
})
