import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Interval, intervalText, parseInterval } from './interval.ts'

const DAY = 86_400_000

test.each<[string, number, number, string]>([
  ['15m', 0, 900_000, '15 minutes'],
  ['90s', 0, 90_000, '1 minute 30 seconds'],
  ['6h', 0, 6 * 3_600_000, '6 hours'],
  ['1d', 0, DAY, '1 day'],
  ['2w', 0, 14 * DAY, '2 weeks'],
  ['1h 30m', 0, 5_400_000, '1 hour 30 minutes'],
  ['1h30m', 0, 5_400_000, '1 hour 30 minutes'],
  ['1.5h', 0, 5_400_000, '1 hour 30 minutes'],
  ['2500ms', 0, 2_500, '2 seconds 500 milliseconds'],
  ['8 days', 0, 8 * DAY, '8 days'],
  ['1 month', 1, 0, '1 month'],
  ['3 months', 3, 0, '3 months'],
  ['1 quarter', 3, 0, '3 months'],
  ['1 year', 12, 0, '1 year'],
  ['1 year and 10 days', 12, 10 * DAY, '1 year 10 days'],
  ['1 month, 2 days', 1, 2 * DAY, '1 month 2 days'],
  ['1 Month 2 DAYS', 1, 2 * DAY, '1 month 2 days'],
  ['  2 weeks ', 0, 14 * DAY, '2 weeks'],
  ['P1M', 1, 0, '1 month'],
  ['PT15M', 0, 900_000, '15 minutes'],
  ['P1Y2M3W4DT5H6M7S', 14, 25 * DAY + 18_367_000, '1 year 2 months 25 days 5 hours 6 minutes 7 seconds'],
])('%j is %d months and %d ms: %s', (text, months, ms, words) => {
  const interval = parseInterval(text) as Interval
  expect(interval).toEqual({ months, ms })
  expect(intervalText(interval)).toBe(words)
})

test.each<[string, number, number, RegExp]>([
  ['', 0, 0, /one second at least/],
  ['0s', 0, 2, /one second at least/],
  ['999ms', 0, 5, /one second at least/],
  ['101 years', 0, 9, /100 years at most/],
  ['15', 0, 2, /whole numbers with units/],
  ['15M', 2, 1, /minutes or months/],
  ['6H', 1, 1, /Write "h"/],
  ['1.5 months', 4, 6, /no parts of a month/],
  ['5 fortnights', 2, 10, /no unit "fortnights"/],
  ['1h -30m', 2, 5, /whole numbers with units/],
  ['every day', 0, 9, /whole numbers with units/],
  ['P', 0, 1, /ISO 8601/],
  ['PT', 0, 2, /ISO 8601/],
  ['P1H', 0, 3, /ISO 8601/],
])('%j is refused at %d', (text, offset, length, hint) => {
  expect(parseInterval(text)).toEqual({ offset, length, hint: expect.stringMatching(hint) })
})

describe('whatever the text', () => {
  const words = fc.constantFrom('1', '15', '0.5', 'm', 'h', 'month', 'days', 'P', 'T', 'M', ' ', 'and', ',', '-', '9'.repeat(20), 'é')
  test('an interval or a fault within the text, and its words mean the same', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 12 }).map(parts => parts.join('')),
        ),
        text => {
          const read = parseInterval(text)
          if ('hint' in read) expect(read.offset + Math.min(1, read.length)).toBeLessThanOrEqual(Math.max(1, text.length))
          else expect(parseInterval(intervalText(read))).toEqual(read)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
