import { describe, expect, test } from 'vitest'
import type { DagSpec } from '../../machines/dag/spec.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Delivery } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const SERVES = ['load', 'send', 'tell'].map(definition => ({ definition, version: null }))
const LOAD: DagSpec = { tasks: { load: { job: 'load' } } }

async function noded(dag: DagSpec, sizes = {}, store = openMemoryStore()) {
  const node = await TestNode.start(store, { load: {}, send: {}, tell: {} }, { sizes })
  await node.engine.definitions.register('default', [{ kind: 'dag', name: 'sales', version: '1', options: {}, schema: null, dag }])
  return node
}
const pass = async (node: TestNode, ms = 100): Promise<void> => {
  await node.clock.advance(ms)
  await settle()
}
async function started(node: TestNode): Promise<string> {
  const run = await node.run({ definition: 'sales', options: { retry: { attempts: 1 } } })
  await pass(node)
  return run
}
const polled = async (node: TestNode): Promise<Delivery[]> => (await node.poll({ serves: SERVES })).tasks
const stateOf = async (node: TestNode, run: string) => {
  const { state, reason } = await node.engine.runs.get('default', run)
  return reason === null ? state : `${state}: ${reason}`
}
const dagOf = async (node: TestNode, { run }: Delivery) => ((await node.engine.runs.get('default', run)).trigger as { run: string }).run
const fail = (node: TestNode, { run, task, attempt, delivery }: Delivery) =>
  node.engine.tasks.complete('default', 'w1', [
    { run, task, attempt, delivery, is: 'failed', failure: { type: 'Error', message: 'no' }, retry: false },
  ])

describe.each([{}, { actorsCached: 1, bodyBytesBeforeSegment: 200 }])('runs of a DAG in order, with sizes %j', sizes => {
  test('beyond its active runs others are queued, and explain says who has the places', async () => {
    const node = await noded({ ...LOAD, maxActiveRuns: 1 }, sizes)
    const [first, second, third] = [await started(node), await started(node), await started(node)] as [string, string, string]
    expect(await Promise.all([first, second, third].map(run => stateOf(node, run)))).toEqual([
      'running',
      'queued: max-active-runs',
      'queued: max-active-runs',
    ])
    const [why] = (await node.engine.runs.explain('default', third)).reasons
    expect(why).toMatchObject({ code: 'max-active-runs', runs: [first] })
    expect(why?.text).toMatch(/^1 of 1 runs of "sales" are active \(maxActiveRuns\): .{5}; of those that wait 1 go before it$/)
    const [task, ...others] = await polled(node)
    expect(others).toEqual([])
    await node.complete(task as Delivery)
    await pass(node)
    const [next] = await polled(node)
    expect(await dagOf(node, next as Delivery)).toBe(second)
    const listed = await node.engine.runs.list({ namespace: 'default' } as never, { after: null, limit: 100 })
    expect(new Set(listed.rows.map(({ kind }) => kind))).toEqual(new Set(['dag', 'job']))
  })

  test('one that is cancelled while it waits leaves the line; its time-out counts from its beginning', async () => {
    const node = await noded({ ...LOAD, maxActiveRuns: 1 }, sizes)
    const first = await started(node)
    const second = await node.run({ definition: 'sales', options: { timeout: { total: 60_000 } } })
    const third = await started(node)
    await pass(node, 120_000)
    expect(await stateOf(node, second)).toBe('queued: max-active-runs')
    await node.engine.runs.cancel('default', third, { id: 'c', by: null })
    expect(await stateOf(node, third)).toBe('cancelled: cancelled')
    await node.engine.runs.terminate('default', first, { id: 't', by: null })
    await pass(node)
    expect(await stateOf(node, second)).toBe('running')
    await pass(node, 60_001)
    expect(await stateOf(node, second)).toBe('timed_out: total')
  })

  // https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html#depends-on-past
  test('a task that depends on the past waits for the same of the run before, which a rerun may mend', async () => {
    const node = await noded({ tasks: { load: { job: 'load', dependsOnPast: true }, tell: { job: 'tell' } } }, sizes)
    const first = await started(node)
    const second = await started(node)
    const tasks = await polled(node)
    expect(tasks.map(({ definition }) => definition).sort()).toEqual(['load', 'tell', 'tell'])
    for (const task of tasks) await (task.definition === 'load' ? fail(node, task) : node.complete(task))
    await pass(node)
    expect(await stateOf(node, first)).toBe('failed: tasks-failed')
    expect(await stateOf(node, second)).toBe('waiting: depends-on-past')
    const [why] = (await node.engine.runs.explain('default', second)).reasons
    expect(why).toMatchObject({ code: 'depends-on-past', runs: [first], command: `mainspring dag rerun ${first.slice(-5)}` })
    const again = await node.engine.runs.fork('default', first, { from: null, reset: false }, { id: 'f', by: null })
    await pass(node)
    const [load] = await polled(node)
    expect(await dagOf(node, load as Delivery)).toBe(again)
    await node.complete(load as Delivery)
    await pass(node)
    const [next] = await polled(node)
    expect(await dagOf(node, next as Delivery)).toBe(second)
    await node.complete(next as Delivery)
    await pass(node)
    expect(await stateOf(node, second)).toBe('completed')
  })

  // https://airflow.apache.org/docs/apache-airflow/stable/_api/airflow/sdk/bases/operator/index.html: wait_for_downstream
  test('where it waits for what is downstream, that of the run before has to have passed as well', async () => {
    const node = await noded({ tasks: { load: { job: 'load', waitForDownstream: true }, send: { job: 'send', after: ['load'] } } }, sizes)
    const first = await started(node)
    const second = await started(node)
    const [load] = await polled(node)
    await node.complete(load as Delivery)
    await pass(node)
    const next = await polled(node)
    expect(next.map(({ definition }) => definition)).toEqual(['send'])
    expect(await stateOf(node, second)).toBe('waiting: depends-on-past')
    await node.complete(next[0] as Delivery)
    await pass(node)
    expect(await stateOf(node, first)).toBe('completed')
    expect(await stateOf(node, second)).toBe('running')
  })
})

test('another node goes on with who waits for whom', async () => {
  const store = openMemoryStore()
  const node = await noded({ tasks: { load: { job: 'load', dependsOnPast: true } }, maxActiveRuns: 2 }, {}, store)
  const runs = [await started(node), await started(node), await started(node)] as [string, string, string]
  await node.engine.stop()
  const next = await TestNode.start(store, {}, { clock: node.clock, seed: 2 })
  for (const run of runs) {
    const tasks = await polled(next)
    expect(tasks).toHaveLength(1)
    expect(await dagOf(next, tasks[0] as Delivery)).toBe(run)
    await next.complete(tasks[0] as Delivery)
    await pass(next, 11_000)
  }
  expect(await Promise.all(runs.map(run => stateOf(next, run)))).toEqual(['completed', 'completed', 'completed'])
})

test('a DAG that is paused holds its tasks, and those of no other, and says so', async () => {
  const node = await noded(LOAD)
  await node.engine.definitions.register('default', [{ kind: 'dag', name: 'other', version: '1', options: {}, schema: null, dag: LOAD }])
  const run = await started(node)
  const other = await node.run({ definition: 'other' })
  await pass(node)
  const target = { namespace: 'default', scope: 'definition' as const, name: 'sales' }
  await node.engine.pauses.set(target, { by: 'ana', note: 'stocktaking' })
  const tasks = await polled(node)
  expect(await Promise.all(tasks.map(task => dagOf(node, task)))).toEqual([other])
  expect((await node.engine.runs.explain('default', run)).reasons).toContainEqual(
    expect.objectContaining({ code: 'paused', text: expect.stringMatching(/^definition "sales" is paused since .* by ana: "stocktaking"$/) }),
  )
  for (const task of tasks) await node.complete(task)
  await node.engine.pauses.set(target, null)
  expect(await Promise.all((await polled(node)).map(task => dagOf(node, task)))).toEqual([run])
})

// https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/pools.html: pool, pool_slots
test('a task may hold a pool that its job does not', async () => {
  const node = await noded({ tasks: { load: { job: 'load', pool: 'warehouse', poolSlots: 2 }, send: { job: 'load' } } })
  await started(node)
  const [send, ...others] = await polled(node)
  expect(others).toEqual([])
  await node.complete(send as Delivery)
  await node.engine.limits.set('default', 'warehouse', { on: { scope: 'pool', name: 'warehouse' }, max: 3 }, null)
  await started(node)
  const [load] = await polled(node)
  expect((await node.engine.runs.get('default', (load as Delivery).run)).trigger).toMatchObject({ task: 'load' })
  expect((await node.engine.limits.list('default')).find(({ name }) => name === 'warehouse')).toMatchObject({ used: 2 })
})

test('a run that is open at its deadline is told of by a run of its own, once', async () => {
  const node = await noded({ ...LOAD, deadlines: [{ from: 'started', withinMs: 60_000, job: 'tell' }] })
  const run = await started(node)
  await pass(node, 59_000)
  const told = async () => (await node.engine.runs.list({ namespace: 'default', names: ['tell'] } as never, { after: null, limit: 10 })).rows
  expect(await told()).toEqual([])
  await pass(node, 120_000)
  expect(await told()).toMatchObject([{ definition: 'tell', trigger: { is: 'hook', run, event: 'deadline' } }])
  expect((await node.engine.runs.explain('default', run)).clear).toContainEqual(expect.stringMatching(/^its deadline \(from started\) was missed/))
})

test('a deadline without a job of its own tells whom the DAG names, once, and nobody else', async () => {
  const node = await noded({ ...LOAD, deadlines: [{ from: 'started', withinMs: 60_000 }] })
  await node.engine.definitions.override('default', 'sales', { notify: [{ on: ['deadline'], job: 'tell' }] }, 'ana')
  const run = await started(node)
  await pass(node, 200_000)
  const { rows } = await node.engine.runs.list({ namespace: 'default', names: ['tell'] } as never, { after: null, limit: 10 })
  expect(rows).toMatchObject([{ definition: 'tell', trigger: { is: 'hook', run, event: 'deadline' } }])
  const { input } = await node.engine.runs.get('default', rows[0]?.id as string)
  expect(JSON.parse(input as string)).toMatchObject({
    event: 'deadline',
    run,
    definition: 'sales',
    state: 'running',
    deadline: { from: 'started', withinMs: 60_000 },
  })
})

test('whoever is told that a run of a DAG failed is told which of its tasks did', async () => {
  const node = await noded(LOAD)
  await node.engine.definitions.override('default', 'sales', { notify: [{ on: ['failed'], job: 'tell' }] }, 'ana')
  const run = await started(node)
  await fail(node, (await polled(node))[0] as Delivery)
  await pass(node)
  const { rows } = await node.engine.runs.list({ namespace: 'default', names: ['tell'] } as never, { after: null, limit: 10 })
  const { input } = await node.engine.runs.get('default', rows[0]?.id as string)
  expect(JSON.parse(input as string)).toMatchObject({ event: 'failed', run, state: 'failed', reason: 'tasks-failed', tasks: ['load'] })
})

test('a retry of a run that another waits for stands where the old one stood', async () => {
  const node = await noded({ tasks: { load: { job: 'load', dependsOnPast: true } } })
  const first = await started(node)
  await fail(node, (await polled(node))[0] as Delivery)
  await pass(node)
  const second = await started(node)
  expect(await stateOf(node, second)).toBe('waiting: depends-on-past')
  await node.engine.runs.retry('default', first, { id: 'r', by: null })
  await pass(node)
  await node.complete((await polled(node))[0] as Delivery)
  await pass(node)
  expect(await stateOf(node, second)).toBe('running')
})
