import { expect, test } from 'vitest'
import { openMemoryStore } from '../../store/memory/store.ts'
import { TestNode } from '../test-engine.ts'
import { MINUTE_MS, Minutes, viewOf } from './minutes.ts'
import { activityTogether, lastHourTogether } from './together.ts'

test('what starts, waits, runs and closes is counted in its minute', async () => {
  const node = await TestNode.start(openMemoryStore())
  await node.clock.advance(2 * MINUTE_MS - (node.clock.now() % MINUTE_MS) - 10_000)
  await node.run()
  await node.run({ options: { delayMs: 3_000, queue: 'other', priority: 7 } })
  await node.clock.advance(2_000)
  const [first] = (await node.poll()).tasks
  await node.clock.advance(500)
  if (first !== undefined) await node.complete(first)
  await node.clock.advance(2_500)
  const [second] = (await node.poll()).tasks
  await node.clock.advance(8_000)
  if (second !== undefined)
    await node.engine.tasks.complete('default', 'w1', [{ ...second, is: 'failed', retry: false, failure: { type: 'E', message: '' } }])
  const { points, queues, stepMs } = await node.engine.activity.get('default', 1)
  expect([points.length, stepMs]).toEqual([60, MINUTE_MS])
  const busy = points.filter(({ started, closed }) => started > 0 || Object.keys(closed).length > 0)
  expect(busy).toMatchObject([
    { started: 2, closed: { completed: 1 } },
    { started: 0, closed: { failed: 1 }, waitMs: null },
  ])
  // The delayed one waited for 2 s from when it was due: neither its delay nor its priority counts.
  expect(busy[0]?.waitMs?.p50).toBeGreaterThan(1_700)
  expect(busy[0]?.waitMs?.p95).toBeLessThan(2_300)
  expect(busy[0]?.runMs?.p50).toBeGreaterThan(430)
  expect(busy[0]?.runMs?.p50).toBeLessThan(570)
  expect(queues).toEqual([
    { name: 'default', started: 1, closed: { completed: 1 } },
    { name: 'other', started: 1, closed: { failed: 1 } },
  ])
  expect((await node.engine.activity.lastHour('default')).definitions.get('mail')).toEqual({ started: 2, closed: { completed: 1, failed: 1 } })
  await node.clock.advance(60 * MINUTE_MS)
  expect((await node.engine.activity.lastHour('default')).queues.size).toBe(0)
  expect((await node.engine.activity.get('default', 48)).points.length).toBe(360)
})

test('a node that has just started tells of before what the closed runs do', async () => {
  const store = openMemoryStore()
  const before = await TestNode.start(store)
  await before.run()
  await before.clock.advance(1_000)
  for (const task of (await before.poll()).tasks) {
    await before.clock.advance(4_000)
    await before.complete(task)
  }
  await before.engine.stop()
  await before.clock.advance(MINUTE_MS)
  const { engine, clock } = await TestNode.start(store, {}, { clock: before.clock, seed: 2 })
  const { points, countedSince, from, since } = await engine.activity.get('default', 1)
  expect(points.reduce((sum, { started, closed }) => sum + 10 * started + (closed.completed ?? 0), 0)).toBe(11)
  expect(points.find(({ runMs }) => runMs !== null)).toMatchObject({ waitMs: null })
  expect([countedSince, since]).toEqual([clock.now(), from])
  // Beside the node that counted it as it happened, what the other read of it does not count once more.
  const all = await Promise.all([before, { engine }].map(node => node.engine.activity.counted('default', 1)))
  for (const order of [all, all.toReversed()]) {
    expect(activityTogether(order).points.reduce((sum, { started, closed }) => sum + 10 * started + (closed.completed ?? 0), 0)).toBe(11)
    expect(lastHourTogether(order).definitions).toEqual(new Map([['mail', { started: 1, closed: { completed: 1 } }]]))
  }
})

test('a ring forgets what is older than it holds, and takes nothing of before', () => {
  const minutes = new Minutes(3, true)
  for (const minute of [10, 11, 12, 13]) minutes.closed(minute * MINUTE_MS, 'completed')
  minutes.closed(10 * MINUTE_MS, 'failed')
  expect(viewOf(minutes.sums(0, 20 * MINUTE_MS))).toEqual({ started: 0, closed: { completed: 3 }, waitMs: null, runMs: null })
})

test.each([0, 1, 9, 250, 60_000, 86_400_000])('a percentile of %i ms is off by 13 %% at most', ms => {
  const minutes = new Minutes(1, true)
  minutes.ran(MINUTE_MS, ms)
  const { p50 } = viewOf(minutes.sums(MINUTE_MS, 2 * MINUTE_MS)).runMs ?? { p50: -1 }
  expect(Math.abs(p50 - ms)).toBeLessThanOrEqual(Math.max(1, ms * 0.13))
})
