import { expect, test } from 'vitest'
import { timetable } from '../../time/timetable.ts'
import { timeBefore } from './timetables.ts'

test.each([
  [{ cron: '0 2 * * *', timezone: 'UTC' }, '2026-03-02T02:00:00Z', '2026-03-01T02:00:00Z'],
  [{ cron: '0 2 * * *', timezone: 'Europe/Berlin' }, '2026-03-29T01:00:00Z', '2026-03-28T01:00:00Z'],
  [{ cron: '0 0 29 2 *', timezone: 'UTC' }, '2028-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
  [{ cron: '* * 3 * * *', dialect: 'spring', timezone: 'UTC' }, '2026-03-02T03:00:00Z', '2026-03-01T03:59:59Z'],
  [{ every: '15m', timezone: 'UTC' }, '2026-03-02T02:15:00Z', '2026-03-02T02:00:00Z'],
])('the time of %j before %s is %s', (spec, at, before) => {
  const table = timetable(spec as never, Date.parse('2020-01-01T00:00:00Z'))
  expect(new Date(timeBefore(table, Date.parse(at)) as number).toISOString()).toBe(new Date(before).toISOString())
})

test('of the first time there is none', () => {
  expect(timeBefore(timetable({ at: '2026-03-02T02:00:00Z' } as never, 0), Date.parse('2026-03-02T02:00:00Z'))).toBeNull()
})
