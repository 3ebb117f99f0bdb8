import { expect, test } from 'vitest'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Delivery } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

/** Queued steps are jobs, whose workers have the code of their workflow in some version. */
const STEP = 'order.charge'
const WHY = 'Step 2 was charge, the code asks for refund.'

async function started(): Promise<TestNode> {
  return TestNode.start(openMemoryStore(), { [STEP]: { limits: [{ concurrency: 1 }] } })
}

async function poll(node: TestNode, version: string): Promise<Delivery | undefined> {
  const { tasks } = await node.poll({ worker: `w-${version}`, workerName: version, serves: [{ definition: STEP, version }] })
  return tasks[0]
}

async function leaves(node: TestNode, version: string, task: Delivery | undefined): Promise<void> {
  const { run, attempt, delivery, task: id } = task as Delivery
  const result = { run, task: id, attempt, delivery, is: 'snoozed' as const, delayMs: 1_500, misfit: { version, why: WHY } }
  expect(await node.engine.tasks.complete('default', `w-${version}`, [result])).toEqual(['accepted'])
  await settle()
}

async function why(node: TestNode, run: string): Promise<string> {
  const { reasons, clear } = await node.engine.runs.explain('default', run)
  return [...reasons.map(({ code, text }) => `${code}: ${text}`), ...clear].join('\n')
}

test('a version that left a step to others is not asked again, and any other has it at once', async () => {
  const node = await started()
  const run = await node.run({ definition: STEP })
  await leaves(node, 'v2', await poll(node, 'v2'))
  expect(await poll(node, 'v2')).toBeUndefined()
  expect(await why(node, run)).toContain(`it keeps from version v2, which its workflow's history does not fit (${WHY})`)
  expect(await poll(node, 'v1')).toMatchObject({ run, attempt: 1 })
})

test('what it held of a limit is free for the next meanwhile', async () => {
  const node = await started()
  const [first, second] = [await node.run({ definition: STEP }), await node.run({ definition: STEP })]
  const task = await poll(node, 'v2')
  expect(task?.run).toBe(first)
  await leaves(node, 'v2', task)
  expect((await poll(node, 'v2'))?.run).toBe(second)
})

test('where no other version lives it says so, and is offered to all again after a minute, or when a person says so', async () => {
  const node = await started()
  const run = await node.run({ definition: STEP })
  await leaves(node, 'v2', await poll(node, 'v2'))
  expect(await why(node, run)).toContain(`no-version: its history does not fit version v2, and no live worker serves another version of "${STEP}"`)
  expect((await node.engine.queues.list('default'))[0]?.untaken).toEqual([STEP])
  await node.clock.advance(59_000)
  expect(await poll(node, 'v2')).toBeUndefined()
  await node.clock.advance(2_000)
  await leaves(node, 'v2', await poll(node, 'v2'))
  await node.engine.runs.resume('default', run, { id: 'r', by: null })
  expect((await poll(node, 'v2'))?.run).toBe(run)
})

test('who takes over knows of it', async () => {
  const store = openMemoryStore()
  const node = await TestNode.start(store, { [STEP]: {} })
  const run = await node.run({ definition: STEP })
  await leaves(node, 'v2', await poll(node, 'v2'))
  const stopped = node.engine.stop()
  await node.clock.advance(5_000)
  await stopped
  const next = await TestNode.start(store, { [STEP]: {} }, { clock: node.clock, seed: 2 })
  expect(await poll(next, 'v2')).toBeUndefined()
  expect((await poll(next, 'v1'))?.run).toBe(run)
})
