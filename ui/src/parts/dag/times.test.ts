import fc from 'fast-check'
import { expect, test } from 'vitest'
import { criticalPath, timesOf } from './times.ts'

const at = (seconds: number | null): string | null => (seconds === null ? null : new Date(seconds * 1_000).toISOString())
type Ended = [started: number | null, closed: number | null, state?: 'waiting' | 'ready' | 'started' | 'success' | 'skipped']
const timed = (after: number[][], ran: Ended[], { begin = 0, rule = 'all_success' as 'all_success' | 'one_success' } = {}) =>
  timesOf(
    after.map(before => ({ after: before, rule })),
    ran.map(([started, closed, state = 'success']) => ({ startedAt: at(started), closedAt: at(closed), state })),
    begin * 1_000,
  )
const path = (times: ReturnType<typeof timed>, now = 0) => {
  const { tasks, totalMs } = criticalPath(times, now * 1_000)
  return { totalMs, tasks: tasks.map(({ n, waitMs, runMs }) => [n, waitMs / 1_000, runMs / 1_000]) }
}

// The critical path method: https://en.wikipedia.org/wiki/Critical_path_method
test('of two branches the one that ended last is the path; what a task waited for a slot counts like what it ran', () => {
  // 0 → 1, 2 → 3; 2 runs shorter than 1, but waited.
  const times = timed(
    [[], [0], [0], [1, 2]],
    [
      [0, 10],
      [10, 30],
      [25, 40],
      [41, 50],
    ],
  )
  expect(path(times)).toEqual({
    totalMs: 50_000,
    tasks: [
      [0, 0, 10],
      [2, 15, 15],
      [3, 1, 9],
    ],
  })
  expect(criticalPath(times, 0).tasks.map(({ share }) => share)).toEqual([0.2, 0.6, 0.2])
})

test('a task that nobody ran takes no time, and what was before it goes on through it', () => {
  const times = timed(
    [[], [0], [1]],
    [
      [0, 10],
      [null, null, 'skipped'],
      [12, 20],
    ],
  )
  expect(path(times).tasks).toEqual([
    [0, 0, 10],
    [1, 0, 0],
    [2, 2, 8],
  ])
})

test('a rule of one lets a task begin while others run: it waited for the one that ended before it began', () => {
  const times = timed(
    [[], [], [0, 1]],
    [
      [0, 5],
      [0, 100],
      [6, 200],
    ],
    { rule: 'one_success' },
  )
  expect(times[2]).toMatchObject({ readyAt: 5_000, gate: 0 })
})

test('of a run that goes on it is what it took until now: what runs, or waits for a slot; not what waits for others', () => {
  const open: Ended[] = [
    [0, 10],
    [12, null, 'started'],
    [null, null, 'waiting'],
  ]
  expect(path(timed([[], [0], [1]], open), 20)).toEqual({
    totalMs: 20_000,
    tasks: [
      [0, 0, 10],
      [1, 2, 8],
    ],
  })
  expect(
    path(
      timed(
        [[], [0]],
        [
          [0, 10],
          [null, null, 'ready'],
        ],
      ),
      15,
    ).tasks,
  ).toEqual([
    [0, 0, 10],
    [1, 5, 0],
  ])
})

test('what was kept of the run before took none of the time of this one', () => {
  const times = timed(
    [[], [0]],
    [
      [0, 10],
      [101, 110],
    ],
    { begin: 100 },
  )
  expect(times[0]).toMatchObject({ kept: true, endedAt: 100_000 })
  expect(path(times)).toEqual({
    totalMs: 10_000,
    tasks: [
      [0, 0, 0],
      [1, 1, 9],
    ],
  })
})

test('nothing that has begun: no path', () => expect(path(timed([[]], [[null, null, 'waiting']], {}), 0).totalMs).toBe(0))

/** Longest by trying all: for each task, its own time and the most of any that it waits for. */
function longest(after: number[][], times: ReturnType<typeof timed>): number {
  const most: number[] = []
  for (const [n, before] of after.entries()) {
    const { readyAt, endedAt } = times[n] as (typeof times)[number]
    most.push((endedAt as number) - (readyAt as number) + Math.max(0, ...before.map(m => most[m] as number)))
  }
  return Math.max(...most)
}

test('no other chain is longer', () => {
  const task = fc.record({ after: fc.array(fc.nat(30), { maxLength: 4 }), wait: fc.nat(20), run: fc.nat(50) })
  fc.assert(
    fc.property(fc.array(task, { minLength: 1, maxLength: 25 }), tasks => {
      const after = tasks.map(({ after: before }, n) => (n === 0 ? [] : [...new Set(before.map(m => m % n))]))
      const ends: number[] = []
      const ran = tasks.map(({ wait, run }, n): Ended => {
        const started = Math.max(0, ...(after[n] as number[]).map(m => ends[m] as number)) + wait
        ends.push(started + run)
        return [started, started + run]
      })
      const times = timed(after, ran)
      const { tasks: chain, totalMs } = criticalPath(times, 0)
      expect(totalMs).toBe(longest(after, times))
      expect(totalMs).toBe(Math.max(...ends) * 1_000)
      for (const [place, { n }] of chain.entries()) if (place > 0) expect(after[n]).toContain(chain[place - 1]?.n)
    }),
  )
})
