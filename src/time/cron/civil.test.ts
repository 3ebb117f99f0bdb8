import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dayOfMonthStart, isoWeekOfDay, monthOfDay, weekdayOfDay } from './civil.ts'

const DAY_MS = 86_400_000
/** All days that `Date` has. */
const day = fc.integer({ min: -100_000_000, max: 100_000_000 })

test('months and weekdays of any day are those of Date, before year 0 too', () => {
  fc.assert(
    fc.property(day, day => {
      const date = new Date(day * DAY_MS)
      const month = date.getUTCFullYear() * 12 + date.getUTCMonth()
      expect(monthOfDay(day)).toBe(month)
      expect(dayOfMonthStart(month)).toBe(day - date.getUTCDate() + 1)
      expect(weekdayOfDay(day)).toBe(date.getUTCDay())
    }),
  )
})

test.each([
  // ISO 8601's own examples and the edges of years of 52 and 53 weeks.
  ['2004-12-31', 53],
  ['2005-01-01', 53],
  ['2005-01-03', 1],
  ['2008-12-29', 1],
  ['2009-12-31', 53],
  ['2010-01-03', 53],
  ['2010-01-04', 1],
  ['2026-12-31', 53],
  ['2027-01-01', 53],
  ['2028-01-01', 52],
  ['1969-12-29', 1],
])('%s lies in ISO week %d', (date, week) => expect(isoWeekOfDay(Date.parse(date) / DAY_MS)).toBe(week))
