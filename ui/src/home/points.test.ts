import { expect, test } from 'vitest'
import { gathered } from './points.ts'

const point = (minute: number, completed: number, p95: number | null) => ({
  at: new Date(minute * 60_000).toISOString(),
  closed: { completed, timed_out: 1 },
  waitMs: null,
  runMs: p95 === null ? null : { p50: p95 / 2, p95 },
})

test('few points stay as they are', () => {
  const { times, completed, failed, waitP95, runP95, stepMs } = gathered([point(0, 2, 10), point(1, 3, null)], 60_000)
  expect({ times, completed, failed, waitP95, runP95, stepMs }).toEqual({
    times: [0, 60_000],
    completed: [2, 3],
    failed: [1, 1],
    waitP95: [null, null],
    runP95: [10, null],
    stepMs: 60_000,
  })
})

test('many are gathered: counts are added up, the worst percentile stays', () => {
  const { times, completed, runP95, stepMs } = gathered(
    Array.from({ length: 144 }, (_, minute) => point(minute, 1, minute === 1 ? null : minute)),
    60_000,
  )
  expect([times.length, stepMs]).toEqual([72, 120_000])
  expect(completed.every(count => count === 2)).toBe(true)
  expect(runP95.slice(0, 3)).toEqual([1, 3, 5])
})
