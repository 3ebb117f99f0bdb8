import { expect, test } from 'vitest'
import { chartOf } from './course.ts'

test('runs stand oldest first, and no time twice, whatever the order in which they are told', () => {
  const run = (createdAt: string, ms: number | null, taskMs: number | null = null) => ({ createdAt, ms, taskMs })
  const { times, ran, task } = chartOf([
    run('2026-03-03T00:00:00Z', 30, 3),
    run('2026-03-02T00:00:00Z', 21),
    run('2026-03-02T00:00:00Z', 20),
    run('2026-03-01T00:00:00Z', null, 1),
  ])
  expect(times).toEqual(['2026-03-01', '2026-03-02', '2026-03-03'].map(day => Date.parse(day)))
  expect(ran).toEqual([null, 21, 30])
  expect(task).toEqual([1, null, 3])
})
