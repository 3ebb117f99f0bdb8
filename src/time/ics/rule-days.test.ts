import fc from 'fast-check'
import ICAL from 'ical.js'
import { describe, expect, test } from 'vitest'
import { dayOf, dayText } from '../dates.ts'
import { parseRule } from './rule.ts'
import { ruleDays } from './rule-days.ts'

function daysOf(rule: string, first: string, from: string, until: string): string[] {
  return ruleDays(parseRule(rule, 1), day(first)).between(day(from), day(until)).map(dayText)
}

function day(text: string): number {
  const [year, month, dayOfMonth] = text.split('-').map(Number)
  return dayOf(year!, month!, dayOfMonth!)
}

/** The examples of RFC 5545, section 3.8.5.3, that are about days; the first is DTSTART. */
test.each<[string, string]>([
  ['FREQ=DAILY;COUNT=4', '1997-09-02 1997-09-03 1997-09-04 1997-09-05'],
  ['FREQ=DAILY;INTERVAL=10;COUNT=5', '1997-09-02 1997-09-12 1997-09-22 1997-10-02 1997-10-12'],
  ['FREQ=WEEKLY;INTERVAL=2;WKST=SU', '1997-09-02 1997-09-16 1997-09-30 1997-10-14 1997-10-28 1997-11-11'],
  ['FREQ=WEEKLY;COUNT=6;WKST=SU;BYDAY=TU,TH', '1997-09-02 1997-09-04 1997-09-09 1997-09-11 1997-09-16 1997-09-18'],
  ['FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO', '1997-08-05 1997-08-10 1997-08-19 1997-08-24'],
  ['FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU', '1997-08-05 1997-08-17 1997-08-19 1997-08-31'],
  ['FREQ=MONTHLY;COUNT=4;BYDAY=1FR', '1997-09-05 1997-10-03 1997-11-07 1997-12-05'],
  ['FREQ=MONTHLY;INTERVAL=2;COUNT=6;BYDAY=1SU,-1SU', '1997-09-07 1997-09-28 1997-11-02 1997-11-30 1998-01-04 1998-01-25'],
  ['FREQ=MONTHLY;COUNT=4;BYDAY=-2MO', '1997-09-22 1997-10-20 1997-11-17 1997-12-22'],
  ['FREQ=MONTHLY;BYMONTHDAY=-3', '1997-09-28 1997-10-29 1997-11-28 1997-12-29 1998-01-29 1998-02-26'],
  ['FREQ=MONTHLY;COUNT=6;BYMONTHDAY=1,-1', '1997-09-30 1997-10-01 1997-10-31 1997-11-01 1997-11-30 1997-12-01'],
  ['FREQ=YEARLY;COUNT=4;BYMONTH=6,7', '1997-06-10 1997-07-10 1998-06-10 1998-07-10'],
  ['FREQ=YEARLY;INTERVAL=3;COUNT=5;BYYEARDAY=1,100,200', '1997-01-01 1997-04-10 1997-07-19 2000-01-01 2000-04-09'],
  ['FREQ=YEARLY;BYDAY=20MO', '1997-05-19 1998-05-18 1999-05-17'],
  ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO', '1997-05-12 1998-05-11 1999-05-17'],
  ['FREQ=YEARLY;BYMONTH=3;BYDAY=TH', '1997-03-13 1997-03-20 1997-03-27 1998-03-05 1998-03-12'],
  ['FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13', '1998-02-13 1998-03-13 1998-11-13 1999-08-13 2000-10-13'],
  ['FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8', '1996-11-05 2000-11-07 2004-11-02'],
  ['FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3', '1997-09-04 1997-10-07 1997-11-06'],
  ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2', '1997-09-29 1997-10-30 1997-11-27 1997-12-30'],
  ['FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5', '2007-01-15 2007-01-30 2007-02-15 2007-03-15 2007-03-30'],
  ['FREQ=YEARLY', '2024-02-29 2028-02-29 2032-02-29'],
])('%s has the days of the RFC', (rule, days) => {
  const expected = days.split(' ')
  expect(daysOf(rule, expected[0]!, expected[0]!, '2040-01-01').slice(0, expected.length)).toEqual(expected)
})

test('UNTIL and the like are not of the days: a part of them is the same as the whole, cut', () => {
  const whole = daysOf('FREQ=MONTHLY;INTERVAL=5;BYDAY=2TU,-1FR', '2001-01-09', '2001-01-01', '2040-01-01')
  expect(daysOf('FREQ=MONTHLY;INTERVAL=5;BYDAY=2TU,-1FR', '2001-01-09', '2020-03-01', '2030-01-01')).toEqual(
    whole.filter(text => text >= '2020-03-01' && text < '2030-01-01'),
  )
})

describe('ical.js has the same days', () => {
  const numbers = (least: number, most: number) =>
    fc.uniqueArray(
      fc.integer({ min: least, max: most }).filter(value => value !== 0),
      { minLength: 1, maxLength: 3 },
    )
  const weekday = fc.constantFrom('SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA')
  const part = (name: string, values: fc.Arbitrary<readonly (string | number)[]>) =>
    fc.option(
      values.map(list => `;${name}=${list.join(',')}`),
      { nil: '' },
    )
  // What calendars mostly have; the examples of the RFC above have the rest.
  const rules = fc.oneof(
    fc.tuple(fc.constant('FREQ=DAILY'), part('BYMONTH', numbers(1, 12))),
    fc.tuple(fc.constant('FREQ=WEEKLY'), part('BYDAY', fc.uniqueArray(weekday, { minLength: 1, maxLength: 4 }))),
    fc.tuple(fc.constant('FREQ=MONTHLY'), part('BYMONTHDAY', numbers(1, 28))),
    fc.tuple(
      fc.constant('FREQ=MONTHLY'),
      fc
        .uniqueArray(
          fc.tuple(fc.constantFrom(1, 2, 3, 4, -1), weekday).map(pair => pair.join('')),
          { minLength: 1, maxLength: 2 },
        )
        .map(list => `;BYDAY=${list.join(',')}`),
    ),
    fc.tuple(
      fc.constant('FREQ=YEARLY'),
      fc.tuple(numbers(1, 12), numbers(1, 28)).map(([months, days]) => `;BYMONTH=${months.join(',')};BYMONTHDAY=${days.join(',')}`),
    ),
    fc.tuple(
      fc.constant('FREQ=YEARLY'),
      fc
        .tuple(numbers(1, 12), fc.constantFrom(1, 2, 3, 4, -1), weekday)
        .map(([months, nth, name]) => `;BYMONTH=${months.join(',')};BYDAY=${nth}${name}`),
    ),
  )
  const interval = fc.integer({ min: 1, max: 4 })
  test('in the first 40 occurrences of any rule', () => {
    fc.assert(
      fc.property(
        rules,
        interval,
        fc.integer({ min: dayOf(2000, 1, 1), max: dayOf(2030, 1, 1) }),
        fc.boolean(),
        ([frequency, by], step, begin, counted) => {
          const rule = `${frequency};INTERVAL=${step}${by}${counted ? ';COUNT=40' : ''}`
          // DTSTART is to be one of the days, or the RFC leaves the result open.
          const first = ruleDays(parseRule(rule.replace(';COUNT=40', ''), 1), begin).between(begin + 1, begin + 9 * 366)[0]
          fc.pre(first !== undefined)
          const start = ICAL.Time.fromDateString(dayText(first!))
          const iterator = ICAL.Recur.fromString(rule).iterator(start)
          const expected: string[] = []
          for (let next = iterator.next(); next && expected.length < 40; next = iterator.next()) expected.push(next.toString())
          const found = ruleDays(parseRule(rule, 1), first!).between(first!, day(expected.at(-1)!) + 1)
          expect(found.map(dayText)).toEqual(expected)
        },
      ),
      { numRuns: 400 },
    )
  })
})
