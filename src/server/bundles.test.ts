import { type BundleContext, type Connection, job, type WirePolled } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import { afterEach, expect, test } from 'vitest'
import { type EmbeddedNode, startNode } from './embedded.ts'

let node: EmbeddedNode
afterEach(() => node.stop())

/** As if the engine had gathered what it hands out together. */
function bundling(connection: Connection): Connection {
  return {
    ...connection,
    async call(operation, call) {
      const text = await connection.call(operation, call)
      if (operation !== 'tasks.poll') return text
      const polled = JSON.parse(text) as WirePolled
      return JSON.stringify({ ...polled, tasks: polled.tasks.map(task => ({ ...task, bundle: polled.answer })) })
    },
  }
}

test('runs of a bundle share a call of their handler and end each by itself', async () => {
  node = await startNode({ database: 'memory:' })
  const calls: number[][] = []
  const handler = async (inputs: number[], { items }: BundleContext) => {
    calls.push(inputs.toSorted())
    for (const [index, input] of inputs.entries()) if (input === 2 && items[index]?.attempt === 1) items[index]?.fail(new Error('not yet'))
    return inputs.map(input => input * 10)
  }
  const made = job('tens', { retry: { initial: 10 } }, handler as never)
  const tens = Object.assign(made, { options: { ...made.options, batch: { size: 10, within: '1s' } } })
  const runs = await node.client.startMany(tens, [{ input: 1 }, { input: 2 }, { input: 3 }])
  const worker = startWorker({ jobs: [tens], connection: bundling(node.client.connection) })
  expect(await Promise.all(runs.map(run => run.result()))).toEqual([10, 20, 30])
  expect(calls).toEqual([[1, 2, 3], [2]])
  expect(await Promise.all(runs.map(async run => (await run.get()).attempt))).toEqual([1, 2, 1])
  await worker.stop()
})
