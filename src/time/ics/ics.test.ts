import { describe, expect, test } from 'vitest'
import { zoneOf } from '../zone.ts'
import { IcsError } from './error.ts'
import { readIcs } from './ics.ts'
import { HOLIDAYS_ICS, MAINTENANCE_ICS } from './samples.ts'

const BERLIN = zoneOf('Europe/Berlin')

function spansOf(text: string, year: number, zone = BERLIN): string[] {
  return readIcs(text, zone)
    .spansIn(year)
    .filter(span => new Date(span.until).getUTCFullYear() >= year && new Date(span.from).getUTCFullYear() <= year)
    .sort((a, b) => a.from - b.from)
    .map(({ from, until }) => `${iso(from)}/${iso(until)}`)
}

const iso = (at: number): string => new Date(at).toISOString().replace(':00.000Z', 'Z')
const event = (...lines: string[]): string => ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', ...lines, 'END:VEVENT', 'END:VCALENDAR'].join('\n')

describe('a file of holidays', () => {
  test('has its days in the zone of the reader', () => {
    expect(spansOf(HOLIDAYS_ICS, 2026).slice(1)).toEqual([
      '2026-04-02T22:00Z/2026-04-03T22:00Z',
      '2026-04-05T22:00Z/2026-04-06T22:00Z',
      '2026-10-02T22:00Z/2026-10-03T22:00Z',
      '2026-12-23T23:00Z/2026-12-26T23:00Z',
      '2026-12-31T23:00Z/2027-01-01T23:00Z',
    ])
    expect(spansOf(HOLIDAYS_ICS, 2026, zoneOf('UTC'))).toContain('2026-12-24T00:00Z/2026-12-27T00:00Z')
  })
  test('keeps EXDATE and UNTIL', () => {
    expect(spansOf(HOLIDAYS_ICS, 2027).filter(span => span.includes('-10-0'))).toEqual([])
    expect(spansOf(HOLIDAYS_ICS, 2030).filter(span => span.includes('-10-0'))).toHaveLength(1)
    expect(spansOf(HOLIDAYS_ICS, 2031).filter(span => span.includes('-10-0'))).toEqual([])
  })
  test.each([
    ['LF', HOLIDAYS_ICS.replaceAll('\r\n', '\n')],
    ['CR', HOLIDAYS_ICS.replaceAll('\r\n', '\r')],
    ['a byte order mark', `\uFEFF${HOLIDAYS_ICS}`],
    ['blank lines', HOLIDAYS_ICS.replaceAll('BEGIN:VEVENT', '\r\nBEGIN:VEVENT')],
    ['lower case', HOLIDAYS_ICS.replaceAll('BEGIN', 'begin').replaceAll('DTSTART;VALUE=DATE', 'dtstart;value=date')],
    ['a fold in the middle of a name', HOLIDAYS_ICS.replaceAll('DTSTART;', 'DTST\r\n\tART;')],
  ])('is the same with %s', (_, text) => expect(spansOf(text, 2026)).toEqual(spansOf(HOLIDAYS_ICS, 2026)))
  test('has no last day, since something comes each year', () => {
    expect(readIcs(HOLIDAYS_ICS, BERLIN)).toMatchObject({ size: 5, lastDay: Number.POSITIVE_INFINITY })
    expect(readIcs(event('DTSTART;VALUE=DATE:20261224'), BERLIN)).toMatchObject({ size: 1, lastDay: Date.UTC(2026, 11, 24) / 86_400_000 })
    expect(readIcs('BEGIN:VCALENDAR\nEND:VCALENDAR', BERLIN)).toMatchObject({ size: 0, lastDay: Number.NEGATIVE_INFINITY })
  })
})

test('a file of hours has its zones, moved and cancelled occurrences, dates and periods', () => {
  expect(spansOf(MAINTENANCE_ICS, 2026)).toEqual([
    '2026-01-06T03:00Z/2026-01-06T06:00Z',
    '2026-01-21T03:00Z/2026-01-21T04:00Z',
    ...['02-03', '02-10', '02-17', '02-24', '03-03'].map(day => `2026-${day}T03:00Z/2026-${day}T06:00Z`),
    // New York's clock is set on the 8th.
    ...['03-10', '03-17', '03-24', '03-31', '04-07', '04-14', '04-21', '04-28', '05-05', '05-12', '05-19'].map(
      day => `2026-${day}T02:00Z/2026-${day}T05:00Z`,
    ),
    '2026-06-01T06:00Z/2026-06-01T06:30Z',
    '2026-06-08T06:00Z/2026-06-08T06:30Z',
    '2026-06-15T06:00Z/2026-06-15T06:30Z',
    '2026-07-01T06:00Z/2026-07-01T08:00Z',
    '2026-07-02T06:00Z/2026-07-02T06:30Z',
    '2026-08-01T10:00Z/2026-08-01T11:00Z',
    '2026-09-01T12:00Z/2026-09-01T12:00:00.001Z',
  ])
})

test.each([
  [
    'a day may end on itself, as some programs write',
    ['DTSTART;VALUE=DATE:20260101', 'DTEND;VALUE=DATE:20260101'],
    ['2025-12-31T23:00Z/2026-01-01T23:00Z'],
  ],
  [
    'a time in a gap is that of the offset before',
    ['DTSTART;TZID=Europe/Berlin:20260329T023000', 'DURATION:PT1H'],
    ['2026-03-29T01:30Z/2026-03-29T02:30Z'],
  ],
  ['a time in a fold is the first', ['DTSTART;TZID=Europe/Berlin:20261025T023000', 'DURATION:PT1H'], ['2026-10-25T00:30Z/2026-10-25T01:30Z']],
  [
    'a TZID may have a path before it',
    ['DTSTART;TZID=/freeassociation.sourceforge.net/America/Argentina/Salta:20260101T120000', 'DURATION:PT1H'],
    ['2026-01-01T15:00Z/2026-01-01T16:00Z'],
  ],
  [
    'an exception of a whole day removes the hours of it',
    ['DTSTART:20260101T120000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3', 'EXDATE;VALUE=DATE:20260102'],
    ['2026-01-01T12:00Z/2026-01-01T13:00Z', '2026-01-03T12:00Z/2026-01-03T13:00Z'],
  ],
  [
    'an exception may be in UTC',
    ['DTSTART;TZID=Europe/Berlin:20260101T120000', 'RRULE:FREQ=DAILY;COUNT=2', 'EXDATE:20260101T110000Z'],
    ['2026-01-02T11:00Z/2026-01-02T11:00:00.001Z'],
  ],
  ['a span over the year is in both', ['DTSTART;VALUE=DATE:20251230', 'DTEND;VALUE=DATE:20260103'], ['2025-12-29T23:00Z/2026-01-02T23:00Z']],
  [
    'UNTIL is inclusive',
    ['DTSTART:20260101T120000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;UNTIL=20260102T120000Z'],
    ['2026-01-01T12:00Z/2026-01-01T13:00Z', '2026-01-02T12:00Z/2026-01-02T13:00Z'],
  ],
  ['a leap second is read as the one before', ['DTSTART:20261231T225960Z', 'DURATION:PT1S'], ['2026-12-31T22:59:59.000Z/2026-12-31T23:00Z']],
  ['an event that is cancelled is none', ['DTSTART:20260101T120000Z', 'STATUS:CANCELLED'], []],
])('%s', (_, lines, spans) => expect(spansOf(event(...lines), 2026)).toEqual(spans))

describe('broken files are refused with their line', () => {
  const DAY = 'DTSTART;VALUE=DATE:20260101'
  test.each<[string, string, number, RegExp]>([
    ['nothing', '', 1, /begins with BEGIN:VCALENDAR; this one is empty/],
    ['another format', '<html>\n<body>', 1, /begins with the name of a property/],
    ['a property outside', 'SUMMARY:x', 1, /outside of it/],
    ['an event outside', 'BEGIN:VEVENT\nEND:VEVENT', 1, /outside of it/],
    ['text after the end', 'BEGIN:VCALENDAR\nEND:VCALENDAR\nX:1', 3, /outside of it/],
    ['a calendar in a calendar', 'BEGIN:VCALENDAR\nBEGIN:VCALENDAR', 2, /stands in another, which began on line 1/],
    ['a calendar cut off', HOLIDAYS_ICS.split('SUMMARY:Ostermontag')[0]!, 39, /no end: the text is cut off/],
    ['ends crossed', 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR', 3, /VEVENT of line 2 has not ended/],
    ['an end without beginning', 'END:VCALENDAR', 1, /No VCALENDAR has begun/],
    ['a line without a colon', event(DAY, 'SUMMARY'), 4, /comes a colon/],
    ['an open quote', event('DTSTART;TZID="Europe/Berlin:20260101T000000'), 3, /comes a colon/],
    ['no start', event('SUMMARY:x'), 2, /has no DTSTART/],
    ['two starts', event(DAY, DAY), 4, /stands twice in an event, first on line 3/],
    ['a start of nonsense', event('DTSTART:tomorrow'), 3, /written 20261225/],
    ['a day that is none', event('DTSTART;VALUE=DATE:20260231'), 3, /2026-02 has 28 days/],
    ['a month that is none', event('DTSTART;VALUE=DATE:20261331'), 3, /no month 13/],
    ['a time that is none', event('DTSTART:20260101T250000Z'), 3, /000000 to 235959/],
    ['an unknown zone', event('DTSTART;TZID=Mars/Olympus:20260101T000000'), 3, /"Mars\/Olympus" is not known/],
    ['an end before the start', event('DTSTART:20260102T000000Z', 'DTEND:20260101T000000Z'), 2, /ends before it starts/],
    ['a day that ends at a time', event(DAY, 'DTEND:20260102T000000Z'), 4, /both days, or both times/],
    ['end and duration', event(DAY, 'DTEND;VALUE=DATE:20260102', 'DURATION:P1D'), 5, /not both; DTEND is on line 4/],
    ['a duration of nonsense', event(DAY, 'DURATION:1 day'), 4, /written P1D/],
    ['a negative duration', event(DAY, 'DURATION:-P1D'), 4, /less than nothing/],
    ['a rule without FREQ', event(DAY, 'RRULE:COUNT=3'), 4, /FREQ is DAILY/],
    ['an hourly rule', event(DAY, 'RRULE:FREQ=HOURLY'), 4, /HOURLY and the like are not read/],
    ['a rule of hours', event(DAY, 'RRULE:FREQ=DAILY;BYHOUR=9'), 4, /BYHOUR is not read/],
    ['a rule with a typo', event(DAY, 'RRULE:FREQ=YEARLY;BYMONHT=3'), 4, /no part BYMONHT/],
    ['a rule with a part twice', event(DAY, 'RRULE:FREQ=YEARLY;COUNT=3;COUNT=4'), 4, /COUNT stands twice/],
    ['month 13 in a rule', event(DAY, 'RRULE:FREQ=YEARLY;BYMONTH=13'), 4, /BYMONTH is a number from 1 to 12/],
    ['day 0 in a rule', event(DAY, 'RRULE:FREQ=YEARLY;BYMONTHDAY=0'), 4, /from -31 to 31, and not 0/],
    ['a weekday that is none', event(DAY, 'RRULE:FREQ=WEEKLY;BYDAY=XX'), 4, /BYDAY lists weekdays/],
    ['a rule of no interval', event(DAY, 'RRULE:FREQ=DAILY;INTERVAL=0'), 4, /INTERVAL is a number from 1/],
    ['a rule without end in disguise', event(DAY, 'RRULE:FREQ=DAILY;COUNT=999999'), 4, /COUNT is a number from 1 to 10000/],
    ['EXRULE', event(DAY, 'RRULE:FREQ=DAILY', 'EXRULE:FREQ=WEEKLY'), 5, /EXRULE is not read/],
    ['RANGE', event(DAY, 'RECURRENCE-ID;RANGE=THISANDFUTURE:20260101'), 4, /RANGE is not read/],
    ['a year-long event that recurs', event(DAY, 'DURATION:P400D', 'RRULE:FREQ=DAILY'), 2, /lasts a year at most/],
    ['a line number after folded lines', event('SUMMARY:a\n b\n c', 'DTSTART:x'), 6, /written 20261225/],
  ])('%s', (_, text, line, hint) => {
    expect(() => readIcs(text, BERLIN)).toThrow(IcsError)
    try {
      readIcs(text, BERLIN)
    } catch (error) {
      expect(error).toMatchObject({ line, hint: expect.stringMatching(hint) })
    }
  })
})
