import { expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory/store.ts'
import type { Delivery, StreamCall } from './face.ts'
import { TestNode } from './test-engine.ts'

const call = ({ run, task, attempt, delivery }: Delivery, changes: Partial<StreamCall> = {}): StreamCall => ({
  ...{ run, task, attempt, delivery },
  stream: 's',
  step: null,
  writer: 'w1.1',
  from: 0,
  chunks: ['1', '2'],
  ...changes,
})

async function begun() {
  const store = openMemoryStore()
  const node = await TestNode.start(store)
  const run = await node.run()
  const { tasks } = await node.poll()
  const task = tasks[0] as Delivery
  const write = (one: StreamCall, on = node) => on.engine.tasks.stream('default', 'w1', [one])
  const read = async (on = node) => {
    const { rows, closed } = await on.engine.runs.stream('default', run, 's', -1, 9)
    return { rows: rows.map(({ last, chunks, restarted }) => [last, chunks, restarted]), closed }
  }
  return { store, node, run, task, write, read }
}

test('whoever has the task writes; anybody else, and whoever has ended it, bounces', async () => {
  const { node, run, task, write, read } = await begun()
  expect(await write(call(task))).toEqual(['kept'])
  expect(await write(call(task, { delivery: 'another', from: 2 }))).toEqual(['lost'])
  expect(await read()).toEqual({ rows: [[1, '1\n2', false]], closed: false })
  await node.complete(task)
  expect(await write(call(task, { from: 2, chunks: ['3'] }))).toEqual(['lost'])
  expect(await read()).toEqual({ rows: [[1, '1\n2', false]], closed: true })
  expect((await node.engine.runs.get('default', run)).streams).toEqual([{ name: 's', chunks: 2, bytes: 2, closed: false }])
})

test('whoever takes over goes on with the numbers, and knows a repeat', async () => {
  const { store, node, task, write, read } = await begun()
  await write(call(task))
  await node.engine.stop()
  const heir = await TestNode.start(store, {}, { clock: node.clock, seed: 2 })
  expect(await write(call(task), heir)).toEqual(['kept'])
  expect(await write(call(task, { from: 2, chunks: ['3'] }), heir)).toEqual(['kept'])
  expect((await read(heir)).rows).toEqual([
    [1, '1\n2', false],
    [2, '3', false],
  ])
})

test('who follows the run is told of chunks once they are committed; who watches the namespace, that there is a stream', async () => {
  const { node, run, task, write } = await begun()
  const told: string[] = []
  await node.engine.subscribe('default', run, event => void told.push(`run ${event.is}`))
  await node.engine.subscribe('default', null, event => void told.push(`namespace ${event.is}`))
  await write(call(task))
  expect(told.sort()).toEqual(['namespace run', 'run chunks', 'run run'])
  told.length = 0
  await write(call(task, { from: 2, chunks: ['3'] }))
  expect(told).toEqual(['run chunks'])
})

test('what an attempt wrote that begins again is told as void', async () => {
  const { node, task, write, read } = await begun()
  await write(call(task))
  const failure = { type: 'E', message: 'no' }
  const { run, task: name, attempt, delivery } = task
  await node.engine.tasks.complete('default', 'w1', [{ run, task: name, attempt, delivery, is: 'failed', retry: true, delayMs: 0, failure }])
  const again = (await node.poll({ waitMs: 100 })).tasks[0] as Delivery
  expect(await write(call(again, { writer: 'w1.2', chunks: ['9'] }))).toEqual(['kept'])
  expect((await read()).rows).toEqual([
    [1, '1\n2', false],
    [2, '9', true],
  ])
})
