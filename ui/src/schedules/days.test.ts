import { describe, expect, test } from 'vitest'
import { addMonths, dayOf, hoursOf, oddDay, startOfDay, weeksOf } from './days.ts'

describe('days of a zone', () => {
  test.each([
    ['2026-11-28', 'UTC', '2026-11-28T00:00:00.000Z'],
    ['2026-11-28', 'Asia/Tokyo', '2026-11-27T15:00:00.000Z'],
    ['2026-07-01', 'America/New_York', '2026-07-01T04:00:00.000Z'],
    // In Cairo the clock goes from 24:00 to 01:00: there is no midnight.
    ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00:00.000Z'],
  ])('%s begins in %s at %s', (date, zone, at) => expect(new Date(startOfDay(date, zone)).toISOString()).toBe(at))

  test.each([
    ['2026-11-28', 24, null],
    ['2026-03-29', 23, '23 hours: the clock leaves out the hour before 03:00'],
    ['2026-10-25', 25, '25 hours: the clock shows 02:00 to 02:59 twice'],
  ])('%s has %d hours in Berlin', (date, hours, says) => {
    const day = dayOf(date, 'Europe/Berlin')
    expect(hoursOf(day, 'Europe/Berlin')).toHaveLength(hours)
    expect(oddDay(day, 'Europe/Berlin')).toBe(says)
  })

  test('the doubled hour stands twice, the skipped one not at all', () => {
    const labels = (date: string): string =>
      hoursOf(dayOf(date, 'Europe/Berlin'), 'Europe/Berlin')
        .map(({ label }) => label)
        .join(' ')
    expect(labels('2026-10-25')).toMatch(/^00 01 02 02 03/)
    expect(labels('2026-03-29')).toMatch(/^00 01 03 04/)
  })

  test('a month is whole weeks from Monday on', () => {
    const weeks = weeksOf('2026-11-28')
    expect([weeks[0]?.[0], weeks.at(-1)?.[6], weeks.length]).toEqual(['2026-10-26', '2026-12-06', 6])
    expect(weeksOf('2027-02-01')).toHaveLength(4)
    expect(addMonths('2026-12-31', 2)).toBe('2027-02-01')
  })
})
