import fc from 'fast-check'
import ICAL from 'ical.js'
import { expect, test } from 'vitest'
import { readIcs } from './ics/ics.ts'
import { CREATED, NUMBERS, sampleInstant, sampleSpec } from './samples.ts'
import { timetable, toIcs } from './timetable.ts'
import { zoneOf } from './zone.ts'

const numbers = fc.array(fc.nat(), { minLength: NUMBERS, maxLength: NUMBERS })
const specs = numbers.map(sampleSpec)
const instants = numbers.map(sampleInstant)
const monthly = timetable({ cron: '0 2 L * *', timezone: 'Europe/Berlin', move: 'previous-business-day' }, CREATED)

test('the text is that of RFC 5545', () => {
  expect(toIcs(monthly, { name: 'ledger; nightly, "1"', from: CREATED, count: 3 })).toBe(
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Mainspring//Timetable//EN',
      'CALSCALE:GREGORIAN',
      'X-WR-CALNAME:ledger\\; nightly\\, "1"',
      'X-WR-CALDESC:at 02:00 on the last day of the month\\, in Europe/Berlin\\, mov',
      ' ed to the previous business day (not sat and sun)',
      ...event('20261130T010000Z', 1_796_000_400_000),
      ...event('20261231T010000Z', 1_798_678_800_000),
      ...event('20270129T010000Z', 1_801_184_400_000, 'DESCRIPTION:Moved to a business day\\, from 2027-01-31T01:00:00.000Z.'),
      'END:VCALENDAR',
      '',
    ].join('\r\n'),
  )
})

function event(time: string, at: number, ...more: string[]): string[] {
  return [
    'BEGIN:VEVENT',
    `UID:${at}-c6385b01@mainspring`,
    `DTSTAMP:${time}`,
    `DTSTART:${time}`,
    'SUMMARY:ledger\\; nightly\\, "1"',
    ...more,
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ]
}

test('count and until bound it, and 100 is the default', () => {
  const size = (options: { count?: number; until?: number }): number =>
    toIcs(monthly, { name: 'x', from: CREATED, ...options }).split('BEGIN:VEVENT').length - 1
  expect([
    size({}),
    size({ count: 0 }),
    size({ count: 7 }),
    size({ until: Date.parse('2027-01-29T01:00:00Z') }),
    size({ count: 2, until: Number.POSITIVE_INFINITY }),
  ]).toEqual([100, 0, 7, 3, 2])
  expect(toIcs(timetable({ every: '1s' }, CREATED), { name: 'x', from: CREATED, count: 1e9 }).split('BEGIN:VEVENT')).toHaveLength(10_001)
})

test('a UID stays with its time, whatever is exported around it', () => {
  const uids = (from: number): string[] => toIcs(monthly, { name: 'x', from, count: 5 }).match(/UID:.*/g)!
  const later = monthly.nextFiring(CREATED)!.at
  expect(uids(later).slice(0, 4)).toEqual(uids(CREATED).slice(1))
  expect(uids(CREATED)).not.toEqual(toIcs(monthly, { name: 'y', from: CREATED, count: 5 }).match(/UID:.*/g))
})

test('ical.js, and our own reader, read back what the preview shows', () => {
  fc.assert(
    fc.property(specs, instants, fc.string({ unit: 'grapheme', maxLength: 60 }), (spec, from, name) => {
      const times = timetable(spec, CREATED)
      const preview: number[] = []
      for (let next = times.nextFiring(from); next !== null && preview.length < 12; next = times.nextFiring(next.at)) preview.push(next.at)
      const text = toIcs(times, { name, from, count: 12 })
      const events = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents('vevent').map(component => new ICAL.Event(component))
      // The format has whole seconds.
      const seconds = preview.map(at => Math.floor(at / 1_000) * 1_000)
      expect(events.map(each => each.startDate.toJSDate().getTime())).toEqual(seconds)
      expect(new Set(events.map(each => each.uid)).size).toBe(events.length)
      expect(events.every(each => each.summary.trim() === name.replace(/\p{Cc}/gu, ' ').trim() || /[\r\n]/.test(name))).toBe(true)
      expect(text.split('\r\n').filter(line => Buffer.byteLength(line) > 75 || /[\r\n]/.test(line))).toEqual([])
      expect(readIcs(text, zoneOf('UTC')).size).toBe(events.length)
    }),
    { numRuns: 100 },
  )
})
