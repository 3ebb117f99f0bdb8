import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory/store.ts'
import { TestNode } from './test-engine.ts'

const fail = async (node: TestNode) => {
  const [task] = (await node.poll()).tasks
  if (task === undefined) throw new Error('nothing was delivered')
  const { run, attempt, delivery } = task
  const failure = { type: 'E', message: 'no' }
  await node.engine.tasks.complete('default', 'w1', [{ run, task: task.task, attempt, delivery, is: 'failed', retry: false, failure }])
  await node.clock.advance(10)
}
const related = async (node: TestNode, run: string) => {
  const { chain, parent, children, more, batch, schedule } = await node.engine.runs.related('default', run)
  return { chain: chain.map(({ id }) => id), parent: parent?.id, children: children.map(({ id }) => id), more, batch, schedule }
}

test('retries before and after a run, oldest first, whichever of them is asked', async () => {
  const node = await TestNode.start(openMemoryStore())
  const first = await node.run()
  await fail(node)
  const second = await node.engine.runs.retry('default', first, { id: 'a', by: null })
  await fail(node)
  const third = await node.engine.runs.retry('default', second, { id: 'b', by: null })
  const other = await node.run()
  for (const run of [first, second, third]) expect((await related(node, run)).chain).toEqual([first, second, third])
  expect(await related(node, other)).toEqual({ chain: [other], parent: undefined, children: [], more: false, batch: null, schedule: null })
})

test('who started it, and what it started', async () => {
  const node = await TestNode.start(openMemoryStore())
  const parent = await node.run()
  const [task] = (await node.poll()).tasks
  await node.clock.advance(100)
  const children = [await node.run({ trigger: { is: 'job', run: parent } }), await node.run({ trigger: { is: 'job', run: parent } })]
  if (task !== undefined) await node.complete(task)
  await node.run()
  expect((await related(node, parent)).children.sort()).toEqual([...children].sort())
  expect(await related(node, children[0] as string)).toMatchObject({ parent, children: [] })
})

test('no more than so many of what it started', async () => {
  const node = await TestNode.start(openMemoryStore())
  const parent = await node.run()
  await node.poll()
  await node.clock.advance(100)
  await node.start(null, ...Array.from({ length: 51 }, () => ({ trigger: { is: 'job' as const, run: parent } })))
  const { children, more } = await related(node, parent)
  expect([children.length, more]).toEqual([50, true])
})
