import { type BundleContext, job } from '@mainspring/sdk'
import { afterEach, expect, test } from 'vitest'
import { type EmbeddedNode, startNode } from './embedded.ts'

let node: EmbeddedNode
afterEach(() => node.stop())

test('runs of a bundle share a call of their handler and end each by itself', async () => {
  const calls: number[][] = []
  const tens = job('tens', { batch: { size: 3, within: '1s' }, retry: { initial: 10 } }, async (inputs: number[], { items }: BundleContext) => {
    calls.push(inputs.toSorted())
    for (const [index, input] of inputs.entries()) if (input === 2 && items[index]?.attempt === 1) items[index]?.fail(new Error('not yet'))
    return inputs.map(input => input * 10)
  })
  node = await startNode({ database: 'memory:', work: [tens] })
  const runs = await tens.startMany([{ input: 1 }, { input: 2 }, { input: 3 }])
  expect(await Promise.all(runs.map(run => run.result()))).toEqual([10, 20, 30])
  expect(calls).toEqual([[1, 2, 3], [2]])
  expect(await Promise.all(runs.map(async run => (await run.get()).attempt))).toEqual([1, 2, 1])
})

test('what runs takes its cost of the units, and the next begins once there is room', async () => {
  let cpu = 0
  let most = 0
  const heavy = job('heavy', { cost: { cpu: 2 } }, async () => {
    cpu += 2
    most = Math.max(most, cpu)
    await new Promise(resolve => setTimeout(resolve, 20))
    cpu -= 2
  })
  node = await startNode({ database: 'memory:', work: [heavy], units: { cpu: 5 } })
  const runs = await heavy.startMany([{}, {}, {}, {}, {}])
  await Promise.all(runs.map(run => run.result()))
  expect(most).toBe(4)
})
