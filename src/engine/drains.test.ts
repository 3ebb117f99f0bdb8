import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory/store.ts'
import { TestNode } from './test-engine.ts'

const command = { id: 'c', by: 'ana', why: 'kernel update' }
const drainingOf = async (node: TestNode) =>
  (await node.engine.workers.list('default')).map(({ draining, drained }) => [draining, drained?.by, drained?.note])

test('a drained worker gets no new task, keeps what it runs, and explain says so', async () => {
  const node = await TestNode.start(openMemoryStore())
  await node.run()
  const { answer, tasks } = await node.poll()
  const [task] = tasks
  await node.engine.workers.drain('default', 'w1', command)
  expect(await drainingOf(node)).toEqual([[true, 'ana', 'kernel update']])
  expect(await node.engine.queues.list('default')).toMatchObject([{ workers: 0 }])
  const waits = await node.run()
  expect((await node.poll({ last: answer })).tasks).toEqual([])
  const { reasons } = await node.engine.runs.explain('default', waits)
  expect(reasons).toMatchObject([{ code: 'draining', workers: ['box:1'], command: 'mainspring worker undrain box:1' }])
  expect(task && (await node.complete(task))).toEqual(['accepted'])
  await node.engine.workers.undrain('default', 'w1')
  expect((await node.poll()).tasks).toHaveLength(1)
})

test('a poll that waits is passed over once its worker is drained, and served once it is not', async () => {
  const node = await TestNode.start(openMemoryStore())
  const poll = {
    worker: 'w1',
    workerName: 'box:1',
    last: null,
    queues: [],
    serves: [{ definition: 'mail', version: null }],
    labels: {},
    max: 1,
    slots: 1,
  }
  const answer = node.engine.tasks.poll('default', { ...poll, waitMs: 5_000 }, new AbortController().signal)
  await node.clock.advance(10)
  await node.engine.workers.drain('default', 'w1', command)
  await node.run()
  let tasks: unknown[] | null = null
  void answer.then(got => {
    tasks = got.tasks
  })
  await node.clock.advance(100)
  expect(tasks).toBeNull()
  await node.engine.workers.undrain('default', 'w1')
  await node.clock.advance(100)
  expect(tasks).toHaveLength(1)
})

test('a server that starts again still knows, until the worker says that it goes', async () => {
  const store = openMemoryStore()
  const first = await TestNode.start(store)
  await first.poll()
  await first.engine.workers.drain('default', 'w1', command)
  await first.engine.stop()
  const second = await TestNode.start(store, {}, { clock: first.clock, seed: 2 })
  await second.run({ definition: 'mail' })
  expect((await second.poll()).tasks).toEqual([])
  expect(await drainingOf(second)).toEqual([[true, 'ana', 'kernel update']])
  await second.engine.tasks.gone('default', 'w1')
  expect(second.engine.settings.get('worker-drain')).toEqual([])
})

test('one that is not there is refused, and one that left without a word is forgotten', async () => {
  const node = await TestNode.start(openMemoryStore(), { mail: {} }, { sizes: { claimTtlMs: 1e9, retentionEveryMs: 1e9 } })
  await expect(node.engine.workers.drain('default', 'w1', command)).rejects.toMatchObject({ code: 'worker-not-found' })
  await node.poll()
  await expect(node.engine.workers.drain('other', 'w1', command)).rejects.toMatchObject({ code: 'worker-not-found' })
  await node.engine.workers.drain('default', 'w1', command)
  node.clock.stall(25 * 3_600_000)
  await node.poll({ worker: 'w2' })
  await node.engine.workers.drain('default', 'w2', command)
  expect(node.engine.settings.get('worker-drain').map(({ name }) => name)).toEqual(['w2'])
})

test('a worker is listed with what it has beside slots', async () => {
  const node = await TestNode.start(openMemoryStore())
  await node.poll({ units: { cpu: 1 }, unitsTotal: { cpu: 4 } })
  expect(await node.engine.workers.list('default')).toMatchObject([{ units: { cpu: 4 } }])
})
