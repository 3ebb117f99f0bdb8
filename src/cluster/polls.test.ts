import { expect, test } from 'vitest'
import { TestCluster } from '../../test/support/test-cluster.ts'
import { settle } from '../engine/test-clock.ts'

test('a poll that waits takes a task of another node at once', async () => {
  const cluster = await TestCluster.start(2)
  const polled = cluster.poll(0, { waitMs: 30_000 })
  await settle()
  const [run] = await cluster.start(1, { key: cluster.keyAt(1) })
  await settle(20)
  expect((await polled).tasks.map(task => task.run)).toEqual([run])
  expect(cluster.clock.monotonic()).toBeLessThan(1_000)
})

test('polls at one node are served in the order of all nodes’ tasks, the oldest first, whatever backlog it has itself', async () => {
  const cluster = await TestCluster.start(3)
  const order: string[] = []
  for (const place of [0, 2, 1, 1, 0, 2]) {
    order.push(...(await cluster.start(0, { key: cluster.keyAt(place, 'mail', `k${order.length}`) })))
    await cluster.clock.advance(10)
  }
  await cluster.clock.advance(1_000)
  const given: string[] = []
  for (let last: string | null = null; given.length < order.length; ) {
    const { answer, tasks } = await cluster.poll(0, { max: 1, last })
    given.push(...tasks.map(({ run }) => run))
    last = answer
    expect(tasks).toHaveLength(1)
  }
  expect(given).toEqual(order)
})
