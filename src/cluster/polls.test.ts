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

test('a poll gets what a node has within a second, also where its first word of it is lost', async () => {
  const cluster = await TestCluster.start(2)
  cluster.loses = ({ from, method }) => (from === 1 && method === 'cluster.news' ? 'call' : null)
  const polled = cluster.poll(0, { waitMs: 30_000 })
  await settle()
  await cluster.start(0, { key: cluster.keyAt(1) })
  await settle()
  cluster.loses = () => null
  await cluster.clock.advance(1_000)
  expect((await polled).tasks).toHaveLength(1)
})

test('one task wakes one poll; when there are more, the others follow', async () => {
  const cluster = await TestCluster.start(2)
  const polls = ['w1', 'w2', 'w3'].map(worker => cluster.poll(0, { worker, waitMs: 2_000, max: 1 }))
  await settle()
  await cluster.start(0, { key: cluster.keyAt(1) })
  await settle(20)
  expect(cluster.asked.filter(({ method }) => method === 'tasks.poll')).toHaveLength(1)
  await cluster.start(0, { key: cluster.keyAt(1, 'mail', 'b') }, { key: cluster.keyAt(1, 'mail', 'c') })
  await settle(30)
  const given = await Promise.all(polls)
  expect(given.map(({ tasks }) => tasks.length)).toEqual([1, 1, 1])
  expect(cluster.clock.monotonic()).toBeLessThan(1_000)
})

test('the answer of another node that is lost is given again at once, the same attempt and delivery', async () => {
  const cluster = await TestCluster.start(2)
  const [run] = await cluster.start(0, { key: cluster.keyAt(1) })
  await settle()
  let lost = false
  cluster.loses = ({ method }) => {
    if (method !== 'tasks.poll' || lost) return null
    lost = true
    return 'answer'
  }
  const polled = cluster.poll(0, { waitMs: 5_000 })
  await cluster.clock.advance(200)
  const { tasks } = await polled
  expect(lost).toBe(true)
  expect(tasks).toMatchObject([{ run, attempt: 1 }])
  expect(
    await cluster.engine(0).tasks.heartbeat(
      'default',
      'w1',
      tasks.map(({ run, task, attempt, delivery }) => ({ run, task, attempt, delivery })),
    ),
  ).toEqual(['held'])
})

test('an answer that did not reach the worker is given again by the node that it was of, and what arrived is not', async () => {
  const cluster = await TestCluster.start(3)
  const give = async (place: number, name: string): Promise<void> => {
    await cluster.start(0, { key: cluster.keyAt(place, 'mail', name) })
    await settle()
  }
  const poll = async (last: string | null, waitMs = 0): Promise<{ answer: string; tasks: { run: string; delivery: string }[] }> => {
    const polled = cluster.poll(0, { last, waitMs, max: 1 })
    await cluster.clock.advance(waitMs + 100)
    return polled
  }
  await give(1, 'a')
  const first = await poll(null)
  await give(2, 'b')
  const second = await poll(first.answer)
  const again = await poll(first.answer)
  expect(again.tasks).toEqual(second.tasks)
  await give(1, 'c')
  const third = await poll(again.answer)
  expect(third.tasks.map(({ run }) => cluster.ownerOfRun(run))).toEqual([1])
  expect(third.tasks[0]?.delivery).not.toBe(first.tasks[0]?.delivery)
  await give(0, 'd')
  const fourth = await poll(third.answer)
  expect(fourth.tasks.map(({ run }) => cluster.ownerOfRun(run))).toEqual([0])
  const fifth = await poll(third.answer)
  expect(fifth.tasks).toEqual(fourth.tasks)
  expect((await poll(fifth.answer)).tasks).toEqual([])
})

test('what is at most once is not given again: where its answer is lost, its lease ends', async () => {
  const cluster = await TestCluster.start(2, { mail: { retry: { attempts: 1 } } })
  const [run] = (await cluster.start(0, { key: cluster.keyAt(1) })) as [string]
  await settle()
  cluster.loses = ({ method }) => (method === 'tasks.poll' ? 'answer' : null)
  const polled = cluster.poll(0, { waitMs: 1_000 })
  await cluster.clock.advance(2_000)
  expect((await polled).tasks).toEqual([])
  cluster.loses = () => null
  await cluster.clock.advance(60_000)
  expect(await cluster.member(1).local.runs.get('default', run)).toMatchObject({ state: 'failed', reason: 'lost' })
})

test('a poll goes on waiting where its node gives its shards up, and takes what the others have', async () => {
  const cluster = await TestCluster.start(2)
  const polled = cluster.poll(0, { waitMs: 30_000 })
  await settle()
  cluster.idle.add(0)
  cluster.owner = () => 1
  const [run] = await cluster.start(0, {})
  await settle(20)
  expect((await polled).tasks.map(task => task.run)).toEqual([run])
})

test('a poll at a node that serves nothing is empty when its time is over, and refused where nobody serves at all', async () => {
  const cluster = await TestCluster.start(2)
  cluster.idle.add(0)
  cluster.owner = () => 1
  const empty = cluster.poll(0, { waitMs: 3_000 })
  await cluster.clock.advance(3_100)
  expect((await empty).tasks).toEqual([])
  cluster.owner = () => null
  const refused = expect(cluster.poll(0, { waitMs: 1_000 })).rejects.toMatchObject({ code: 'unavailable' })
  await cluster.clock.advance(6_000)
  await refused
})

test('a worker that goes while its poll waits takes nothing along', async () => {
  const cluster = await TestCluster.start(2)
  const gone = new AbortController()
  const polled = cluster.poll(0, { waitMs: 30_000 }, gone.signal)
  await settle()
  gone.abort()
  expect((await polled).tasks).toEqual([])
  await cluster.start(0, { key: cluster.keyAt(1) }, { key: cluster.keyAt(0) })
  await settle()
  expect(cluster.asked.filter(({ method }) => method === 'tasks.poll')).toEqual([])
})
