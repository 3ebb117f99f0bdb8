import { expect, test } from 'vitest'
import type { DagSpec } from '../../machines/dag/spec.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Delivery } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const SALES: DagSpec = {
  tasks: {
    list: { job: 'list' },
    clean: { job: 'clean', map: { over: '{{output.list}}' } },
    publish: { job: 'publish', input: { parts: '{{output.clean}}', on: '{{nominalDate}}' } },
  },
  output: '{{output.publish}}',
}
const JOBS = { list: {}, clean: {}, publish: {} }
const SERVES = { serves: Object.keys(JOBS).map(definition => ({ definition, version: null })) }

async function started(dag = SALES, { sizes = {}, store = openMemoryStore() } = {}) {
  const node = await TestNode.start(store, JOBS, { sizes })
  await node.engine.definitions.register('default', [{ kind: 'dag', name: 'sales', version: '1', options: {}, schema: null, dag }])
  const run = await node.run({ definition: 'sales' })
  await node.clock.advance(10)
  await settle()
  const polled = async (): Promise<Delivery[]> => (await node.poll(SERVES)).tasks
  return { node, run, polled, store }
}
const states = async (node: TestNode, run: string) => {
  const { tasks } = await node.engine.runs.tasks('default', run, { from: 0, limit: 100 })
  return Object.fromEntries(tasks.map(({ task, state }) => [task, state]))
}

test.each([{}, { actorsCached: 1, bodyBytesBeforeSegment: 200 }])('a DAG runs to its end, outputs become inputs: sizes %j', async sizes => {
  const { node, run, polled } = await started(SALES, { sizes })
  const [list] = await polled()
  expect(list).toMatchObject({ definition: 'list' })
  expect((await node.engine.runs.get('default', (list as Delivery).run)).trigger).toMatchObject({ is: 'dag', run, n: 0, task: 'list' })
  expect(await states(node, run)).toEqual({ list: 'started', clean: 'waiting', publish: 'waiting' })
  await node.complete(list as Delivery, '["a","b","c"]')
  const items = await polled()
  expect(items.map(({ input }) => input).sort()).toEqual(['"a"', '"b"', '"c"'])
  for (const item of items) await node.complete(item, `{"was":${item.input}}`)
  const [publish] = await polled()
  expect(JSON.parse(publish?.input as string)).toMatchObject({ parts: [{ was: 'a' }, { was: 'b' }, { was: 'c' }] })
  await node.complete(publish as Delivery, '"done"')
  await settle()
  expect(await node.engine.runs.get('default', run)).toMatchObject({ kind: 'dag', state: 'completed', output: '"done"' })
  expect(await states(node, run)).toEqual({ list: 'success', clean: 'success', publish: 'success' })
})

test('a run keeps the version with which it began; registering the same again makes none', async () => {
  const { node, run, polled } = await started()
  const other: DagSpec = { tasks: { list: { job: 'list' } } }
  for (let times = 0; times < 3; times++)
    await node.engine.definitions.register('default', [{ kind: 'dag', name: 'sales', version: '2', options: {}, schema: null, dag: other }])
  expect((await node.engine.definitions.detail('default', 'sales')).versions).toHaveLength(2)
  const [list] = await polled()
  await node.complete(list as Delivery, '["a"]')
  expect((await polled()).map(({ definition }) => definition)).toEqual(['clean'])
  expect((await node.engine.runs.tasks('default', run, { from: 0, limit: 2 })).next).toBe(2)
})

test('a run stands in no queue, also after another node has taken over', async () => {
  const { node, store } = await started({ tasks: { list: { job: 'list', options: { queue: 'slow' } } } })
  await node.engine.stop()
  const next = await TestNode.start(store, {}, { clock: node.clock, seed: 2 })
  expect(next.engine.stats().queues.map(({ queue }) => queue)).toEqual(['slow'])
})

test('another node goes on with what the first began', async () => {
  const { node, run, polled, store } = await started()
  const [list] = await polled()
  await node.complete(list as Delivery, '["a"]')
  await node.engine.stop()
  const next = await TestNode.start(store, {}, { clock: node.clock, seed: 2 })
  const [item] = (await next.poll(SERVES)).tasks
  expect(item).toMatchObject({ definition: 'clean', input: '"a"' })
  await next.complete(item as Delivery, '1')
  const [publish] = (await next.poll(SERVES)).tasks
  await next.complete(publish as Delivery)
  await settle()
  expect((await next.engine.runs.get('default', run)).state).toBe('completed')
})

const PAIR: DagSpec = { tasks: { list: { job: 'list' }, clean: { job: 'clean', after: ['list'] } } }

test.each([
  ['a run that has begun goes on before the next begins', 20_000, ['clean of the first', 'list of the second']],
  ['what has waited for more than a minute longer goes first', 70_000, ['list of the second', 'clean of the first']],
])('%s', async (_, laterMs, order) => {
  const { node, run, polled } = await started(PAIR, { sizes: { leaseMs: 1_000_000 } })
  const [list] = await polled()
  const second = await node.run({ definition: 'sales' })
  await node.clock.advance(laterMs)
  await node.complete(list as Delivery)
  await settle()
  const names = (await polled()).map(({ definition, dag }) => `${definition} of the ${dag?.run === run ? 'first' : 'second'}`)
  expect(second).not.toBe(run)
  expect(names).toEqual(order)
})

test('how long a task waited is counted from when it was ready, wherever it stood', async () => {
  const { node, polled } = await started(PAIR)
  const [list] = await polled()
  await node.clock.advance(5_000)
  await node.complete(list as Delivery)
  await settle()
  await node.clock.advance(300)
  await polled()
  const { points } = await node.engine.activity.get('default', 1)
  // The first for 10 ms, the second for 300: by its place in line, which is that of its run, it would be 5,300.
  const waits = points.flatMap(({ waitMs }) => waitMs?.p95 ?? [])
  expect(Math.max(...waits)).toBeGreaterThan(200)
  expect(Math.max(...waits)).toBeLessThan(400)
})

test('a run that has ended is not read again for the answers that it once waited for', async () => {
  const inner = openMemoryStore()
  const loaded: string[] = []
  const store = {
    ...inner,
    can: inner.can,
    read: inner.read,
    loadActors: (...given: Parameters<typeof inner.loadActors>) => {
      loaded.push(...given[1])
      return inner.loadActors(...given)
    },
  }
  const { node, run, polled } = await started(PAIR, { store })
  for (let tasks = await polled(); tasks.length > 0; tasks = await polled()) for (const task of tasks) await node.complete(task)
  await settle()
  expect((await node.engine.runs.get('default', run)).state).toBe('completed')
  loaded.length = 0
  await node.clock.advance(30_000) // a start that is not answered is asked for again after 10 s
  expect(loaded).toEqual([])
})

test('explain says which tasks a run waits for, and tasks what each of them waits for', async () => {
  const { node, run, polled } = await started({
    maxActiveTasks: 1,
    tasks: { list: { job: 'list' }, clean: { job: 'clean' }, publish: { job: 'publish', after: ['list', 'clean'] } },
  })
  const told = await node.engine.runs.explain('default', run)
  expect(told.reasons.map(({ code }) => code)).toEqual(['task', 'max-active-tasks'])
  const [one] = await polled()
  await node.complete(one as Delivery)
  const { tasks } = await node.engine.runs.tasks('default', run, { from: 0, limit: 100 })
  expect(tasks[2]).toMatchObject({ task: 'publish', state: 'waiting', rule: 'all_success', ended: { success: 1 } })
  expect(tasks[2]?.waitsFor).toHaveLength(1)
})

test.each(['cancel', 'terminate'] as const)('%s reaches the runs of its tasks in one commit', async how => {
  const { node, run, polled } = await started()
  const [list] = await polled()
  await node.engine.runs[how]('default', run, { id: 'c', by: null })
  const detail = await node.engine.runs.get('default', (list as Delivery).run)
  expect(detail.reason).toBe('cancelling')
  const { run: id, attempt, delivery, task } = list as Delivery
  await node.engine.tasks.complete('default', 'w1', [{ run: id, task, attempt, delivery, is: 'cancelled' }])
  await settle()
  expect((await node.engine.runs.get('default', run)).state).toBe(how === 'cancel' ? 'cancelled' : 'terminated')
})

test('a task whose job nobody has registered fails, and says why', async () => {
  const { node, run } = await started({ tasks: { a: { job: 'nobody' }, b: { job: 'list', after: ['a'] } } })
  expect(await node.engine.runs.get('default', run)).toMatchObject({ state: 'failed', reason: 'tasks-failed' })
  const history = await node.engine.runs.history('default', run)
  expect(history.find(({ is }) => is === 'ended')).toMatchObject({ task: 'a', reason: 'unknown-definition' })
})

test.each<[DagSpec, object]>([
  [{ tasks: { a: { job: 'x' } } }, { code: 'invalid-dag', problem: { at: '/definitions/0/dag/tasks/a/job', found: 'x' } }],
  [
    { tasks: { a: { after: ['b'] }, b: { after: ['a'] } } },
    { code: 'invalid-dag', problem: { at: '/definitions/0/dag/tasks/a', data: { cycle: ['a', 'b', 'a'] } } },
  ],
])('a DAG that cannot be is refused', async (dag, problem) => {
  const node = await TestNode.start(openMemoryStore(), JOBS)
  await expect(
    node.engine.definitions.register('default', [{ kind: 'dag', name: 'x', version: '1', options: {}, schema: null, dag }]),
  ).rejects.toMatchObject(problem)
})

test('of a task it is told when its run began and closed, of a mapped one of all its items, and of each item how it stands', async () => {
  const { node, run, polled } = await started()
  const at = node.clock.now()
  const [list] = await polled()
  await node.clock.advance(1_000)
  await node.complete(list as Delivery, '["a","b"]')
  const [first, second] = await polled()
  await node.clock.advance(2_000)
  await node.complete(first as Delivery, '1')
  const { tasks } = await node.engine.runs.tasks('default', run, { from: 0, limit: 100 })
  expect(tasks).toMatchObject([
    { startedAt: at, closedAt: at + 1_000, strip: null },
    { startedAt: at + 1_000, closedAt: null, items: { success: 1, started: 1 }, strip: expect.stringMatching(/^(sr|rs)$/) },
    { startedAt: null, closedAt: null, strip: null },
  ])
  await node.complete(second as Delivery, '2')
  const [, clean] = (await node.engine.runs.tasks('default', run, { from: 0, limit: 100 })).tasks
  expect(clean).toMatchObject({ closedAt: at + 3_000, strip: 'ss' })
  const items = (task: string, page: { from: number; limit: number }) => node.engine.runs.items('default', run, task, page)
  expect(await items('clean', { from: 0, limit: 1 })).toMatchObject({
    total: 2,
    items: [{ item: 0, state: 'success', startedAt: at + 1_000 }],
    next: 1,
  })
  const { items: last, next } = await items('clean', { from: 1, limit: 100 })
  expect([last.map(({ item }) => item), next]).toEqual([[1], null])
  const runs = [...(await items('clean', { from: 0, limit: 2 })).items].map(item => item.run)
  expect(new Set(runs)).toEqual(new Set([first?.run, second?.run]))
  expect(await items('list', { from: 0, limit: 10 })).toMatchObject({ total: 0, items: [], next: null })
  await expect(items('lost', { from: 0, limit: 10 })).rejects.toMatchObject({ code: 'unknown-task' })
})

test('of more than 1,000 items, too, it is told when the first began, and when the last closed', async () => {
  const { node, run } = await started({ tasks: { clean: { job: 'clean', map: { over: Array.from({ length: 1_100 }, (_, n) => n) } } } })
  const at = node.clock.now()
  let first: Delivery | undefined
  let done = 0
  for (let last: string | null = null; done < 1_099; ) {
    const { answer, tasks } = await node.poll({ ...SERVES, max: 500, slots: 500, last })
    const [one, ...others] = tasks
    first ??= one
    const ends = one === first ? others : tasks
    await node.clock.advance(10)
    await node.engine.tasks.complete(
      'default',
      'w1',
      ends.map(({ run: of, task, attempt, delivery }) => ({ run: of, task, attempt, delivery, is: 'completed', output: null })),
    )
    await settle()
    done += ends.length
    last = answer
  }
  const told = async () => (await node.engine.runs.tasks('default', run, { from: 0, limit: 1 })).tasks[0]
  expect(await told()).toMatchObject({ startedAt: at, closedAt: null })
  await node.complete(first as Delivery)
  await settle()
  expect(await told()).toMatchObject({ state: 'success', startedAt: at, closedAt: node.clock.now() })
})

test('the graph of a version has groups and named outputs resolved, in the order of the letters of a grid', async () => {
  const dag: DagSpec = {
    tasks: {
      publish: { after: ['work'], input: '{{output.list}}', teardown: true },
      one: { job: 'clean', group: 'work' },
      list: { job: 'list', branch: true },
      two: { job: 'clean', group: 'inner', after: ['one'], map: { over: [1] }, when: 'none_failed' },
    },
    groups: { work: { after: ['list'] }, inner: { group: 'work', description: 'within' } },
  }
  const { node, run } = await started(dag)
  const graph = node.engine.definitions.graph('default', 'sales', null)
  expect(graph.tasks).toEqual([
    { task: 'list', job: 'list', rule: 'all_success', is: 'branch', mapped: false, group: null, after: [] },
    { task: 'one', job: 'clean', rule: 'all_success', is: null, mapped: false, group: 'work', after: [0] },
    { task: 'two', job: 'clean', rule: 'none_failed', is: null, mapped: true, group: 'inner', after: [1] },
    { task: 'publish', job: null, rule: 'all_done_setup_success', is: 'teardown', mapped: false, group: null, after: [0, 2] },
  ])
  expect(graph.groups).toEqual([
    { group: 'work', in: null, description: null, mapped: false },
    { group: 'inner', in: 'work', description: 'within', mapped: false },
  ])
  const { tasks } = await node.engine.runs.tasks('default', run, { from: 0, limit: 100 })
  expect(tasks.map(({ task }) => task)).toEqual(graph.tasks.map(({ task }) => task))
  await expect(async () => node.engine.definitions.graph('default', 'sales', '2')).rejects.toMatchObject({ code: 'unknown-version' })
  await expect(async () => node.engine.definitions.graph('default', 'list', null)).rejects.toMatchObject({ code: 'not-a-dag' })
})

test('a mapped group: explain says which items wait for others of it, tasks that they are together', async () => {
  const dag: DagSpec = {
    groups: { file: { map: { over: [1, 2, 3], concurrency: 1 } } },
    tasks: { load: { job: 'list', group: 'file' }, check: { job: 'clean', group: 'file', after: ['load'] } },
  }
  const { node, run, polled } = await started(dag)
  const [load] = await polled()
  const told = await node.engine.runs.explain('default', run)
  expect(told.reasons.map(({ code, text }) => [code, text])).toMatchObject([
    ['task', expect.stringContaining('"load, item 0"')],
    ['map-concurrency', '2 of "file" may run and wait for other items of it: at most 1 at once (concurrency)'],
  ])
  await node.complete(load as Delivery)
  const { tasks } = await node.engine.runs.tasks('default', run, { from: 0, limit: 10 })
  expect(tasks).toMatchObject([
    { task: 'load', state: 'ready', strip: 'sqq', mappedGroup: 'file', waitsFor: [] },
    { task: 'check', state: 'started', strip: 'r..', mappedGroup: 'file', waitsFor: ['load'] },
  ])
})

test('a grid has a letter for each task of the newest runs, page by page, and counts items of mapped ones', async () => {
  const { node, run, polled } = await started()
  const [list] = await polled()
  await node.complete(list as Delivery, '["a","b","c"]')
  await node.clock.advance(10)
  const newer = await node.run({ definition: 'sales' })
  await node.clock.advance(10)
  await settle()
  const page = await node.engine.definitions.grid('default', 'sales', { after: null, limit: 1 })
  expect(page.runs).toMatchObject([{ run: newer, state: 'running', version: '1', tasks: 'r..', items: {} }])
  const rest = await node.engine.definitions.grid('default', 'sales', { after: page.next, limit: 10 })
  expect(rest).toMatchObject({ runs: [{ run, tasks: 'sr.', items: { 1: { started: 3 } }, closedAt: null }], next: null })
  await expect(node.engine.definitions.grid('default', 'list', { after: null, limit: 1 })).rejects.toMatchObject({ code: 'not-a-dag' })
})

test('a task that a person marks is told to stop in the same commit; another node goes on from there', async () => {
  const { node, run, polled, store } = await started()
  const [list] = await polled()
  const mark = { task: 'list', as: 'success', output: '["a"]' } as const
  for (let times = 0; times < 2; times++) await node.engine.runs.mark('default', run, mark, { id: 'm', by: 'ana', why: 'seen' })
  expect((await node.engine.runs.get('default', (list as Delivery).run)).reason).toBe('cancelling')
  const marked = (await node.engine.runs.history('default', run)).filter(({ is }) => is === 'marked')
  expect(marked).toMatchObject([{ task: 'list', as: 'success', by: 'ana', why: 'seen', output: '["a"]' }])
  await node.engine.stop()
  const next = await TestNode.start(store, {}, { clock: node.clock, seed: 2 })
  const tasks = (await next.poll(SERVES)).tasks.filter(({ definition }) => definition === 'clean')
  expect(tasks.map(({ input }) => input)).toEqual(['"a"'])
})

test('a task that is marked before it began has no run, also in a rerun', async () => {
  const { node, run } = await started()
  await node.engine.runs.mark('default', run, { task: 'publish', as: 'success' }, { id: 'm', by: null })
  await node.engine.runs.mark('default', run, { task: 'list', as: 'failed' }, { id: 'n', by: null })
  const again = await node.engine.runs.fork('default', run, { from: null, reset: false }, { id: 'f', by: null })
  for (const id of [run, again]) {
    const { tasks } = await node.engine.runs.tasks('default', id, { from: 2, limit: 1 })
    expect(tasks).toMatchObject([{ task: 'publish', state: 'success', run: null }])
  }
})

test.each<[object, object]>([
  [
    { task: 'lst', as: 'failed' },
    { code: 'unknown-task', problem: { hint: 'did you mean "list"?' } },
  ],
  [
    { task: 'clean', item: 0, as: 'failed' },
    { code: 'unknown-task', problem: { at: '/item' } },
  ],
  [
    { task: 'list', as: 'failed', output: '1' },
    { code: 'invalid-option', problem: { at: '/output' } },
  ],
])('a mark that cannot be is refused: %j', async (mark, problem) => {
  const { node, run } = await started()
  await expect(node.engine.runs.mark('default', run, mark as never, { id: 'm', by: null })).rejects.toMatchObject(problem)
})

test('how long its closed runs took is told, newest first, and each task by nearest rank; of one task run by run', async () => {
  const { node, run, polled } = await started()
  const worked = async (ms: number): Promise<void> => {
    const [list] = await polled()
    await node.clock.advance(ms)
    await node.complete(list as Delivery, '["a","b"]')
    for (let tasks = await polled(); tasks.length > 0; tasks = await polled())
      for (const task of tasks) {
        await node.clock.advance(1_000)
        await node.complete(task, '1')
      }
  }
  await worked(2_000)
  const runs = [run]
  for (const ms of [8_000, 4_000]) {
    runs.unshift(await node.run({ definition: 'sales' }))
    await node.clock.advance(10)
    await settle()
    await worked(ms)
  }
  const durations = (task: string | null, limit = 50) => node.engine.definitions.durations('default', 'sales', { task, limit })
  const all = await durations(null)
  expect(all.runs.map(one => one.run)).toEqual(runs)
  const took = all.runs.map(({ ms }) => ms)
  expect(all).toMatchObject({ tasksOf: 3, runMs: { p50: took.sort((a, b) => Number(a) - Number(b))[1], p95: took[2] } })
  expect(all.tasks.find(({ task }) => task === 'list')).toEqual({ task: 'list', runs: 3, p50: 4_000, p95: 8_000, lastMs: 4_000 })
  // Two items, one after the other: from when the first began until the last closed.
  expect(all.tasks.find(({ task }) => task === 'clean')).toMatchObject({ runs: 3, p50: 2_000 })
  const one = await durations('list', 2)
  expect(one.runs.map(({ taskMs }) => taskMs)).toEqual([4_000, 8_000])
  expect(one.tasks.map(({ task }) => task)).toEqual(['list'])
  await expect(durations('lost')).rejects.toMatchObject({ code: 'unknown-task', problem: { at: '/query/task' } })
})
