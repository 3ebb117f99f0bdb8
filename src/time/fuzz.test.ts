import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IcsError } from './ics/error.ts'
import { readIcs } from './ics/ics.ts'
import { HOLIDAYS_ICS, MAINTENANCE_ICS } from './ics/samples.ts'
import { parseMoment, parseTimeOfDay } from './moments.ts'
import { CREATED, NUMBERS, sampleSpec } from './samples.ts'
import { TimetableError, timetable, toIcs } from './timetable.ts'
import { zoneOf } from './zone.ts'

const specs = fc.array(fc.nat(), { minLength: NUMBERS, maxLength: NUMBERS }).map(sampleSpec)
const RUNS = { numRuns: 1_000 }

/** A timetable that answers everything, or a TimetableError. */
function build(spec: unknown): void {
  try {
    const times = timetable(spec as never, CREATED)
    times.next(CREATED)
    times.nextFiring(CREATED)
    times.words()
    times.warnings(CREATED)
    toIcs(times, { name: 'x', from: CREATED, count: 2 })
  } catch (error) {
    expect(error).toBeInstanceOf(TimetableError)
    const { at, hint, message, code } = error as TimetableError
    expect([at === '' || at.startsWith('/'), hint.length + message.length > 0, message.length < 1_500]).toEqual([true, true, true])
    expect(['invalid-schedule', 'invalid-cron', 'schedule-never-fires', 'invalid-timezone', 'invalid-calendar']).toContain(code)
  }
}

/** Text with pieces taken out, doubled, swapped for others. */
function mutated(text: string): fc.Arbitrary<string> {
  const piece = fc.constantFrom(
    '',
    ':',
    ';',
    ',',
    '=',
    '\r\n',
    '\n ',
    '"',
    '9',
    '-',
    'T',
    'Z',
    'BEGIN:VEVENT',
    'END:VEVENT',
    'FREQ=DAILY',
    'COUNT=9999',
    'BYDAY=53MO',
    'é',
    '\u0000',
  )
  const edit = fc.tuple(fc.nat(text.length), fc.nat(20), piece)
  return fc
    .array(edit, { minLength: 1, maxLength: 5 })
    .map(edits => edits.reduce((result, [at, length, put]) => result.slice(0, at) + put + result.slice(at + length), text))
}

test('any JSON is a timetable or a TimetableError', () => {
  const keys = fc.constantFrom(
    'timezone',
    'cron',
    'dialect',
    'days',
    'gap',
    'fold',
    'every',
    'at',
    'solar',
    'start',
    'end',
    'calendars',
    'only',
    'except',
    'holidays',
    'weekend',
    'move',
    'blackouts',
    '__proto__',
    'toString',
  )
  fc.assert(fc.property(fc.jsonValue(), build), RUNS)
  fc.assert(fc.property(fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.constantFrom('0 2 * * *', '1d', '2026-12-24', 'UTC', 'shift'))), build), RUNS)
})

test('a timetable in which one value was replaced is one or a TimetableError', () => {
  fc.assert(
    fc.property(specs, fc.nat(), fc.oneof(fc.jsonValue(), fc.string(), fc.constantFrom('__proto__', 'constructor', '')), (spec, place, value) => {
      const copy = JSON.parse(JSON.stringify(spec)) as Record<string, unknown>
      const places: [Record<string, unknown>, string][] = []
      const collect = (object: Record<string, unknown>): void => {
        for (const [key, inner] of Object.entries(object)) {
          places.push([object, key])
          if (typeof inner === 'object' && inner !== null) collect(inner as Record<string, unknown>)
        }
      }
      collect(copy)
      const [object, key] = places[place % places.length]!
      object[key] = value
      build(copy)
    }),
    RUNS,
  )
})

test('a mutated iCalendar text is a calendar or an error with a line of it', () => {
  const zone = zoneOf('Europe/Berlin')
  fc.assert(
    fc.property(fc.oneof(mutated(HOLIDAYS_ICS), mutated(MAINTENANCE_ICS), fc.string(), fc.string({ unit: 'binary' })), text => {
      try {
        const calendar = readIcs(text, zone)
        for (const year of [1, 2026, 9_999])
          for (const { from, until } of calendar.spansIn(year)) expect([Number.isFinite(from), until > from]).toEqual([true, true])
      } catch (error) {
        expect(error).toBeInstanceOf(IcsError)
        const { line } = error as IcsError
        expect(line >= 1 && line <= text.split(/\r\n|\n|\r/).length).toBe(true)
      }
    }),
    RUNS,
  )
})

test('texts of times are times or sentences', () => {
  const parts = fc
    .array(fc.constantFrom('2026', '-', '12', '24', 'T', ' ', ':', '00', '59', '60', '.5', 'Z', '+01:00', '+24:00', '9'), { maxLength: 14 })
    .map(pieces => pieces.join(''))
  fc.assert(
    fc.property(fc.oneof(parts, fc.string(), mutated('2026-12-24T18:00:00.500+01:00')), text => {
      const moment = parseMoment(text)
      if (typeof moment === 'object') expect(Number.isSafeInteger(moment.local - (moment.offset ?? 0))).toBe(true)
      const time = parseTimeOfDay(text)
      if (time !== null) expect(time >= 0 && time < 86_400_000).toBe(true)
    }),
    RUNS,
  )
})
