import { type Coverage, type Span, yearlyCoverage } from './coverage.ts'
import { type Day, dayOf, daysInMonth, isLeap, WEEKDAYS } from './dates.ts'
import { readObject, readText, readTexts, unknownName } from './fields.ts'
import { IcsError } from './ics/error.ts'
import { type IcsCalendar, readIcs } from './ics/ics.ts'
import { dateFrom, startOfDay } from './moments.ts'
import { BUSINESS_DAYS } from './spec.ts'
import { pointer, TimetableError } from './timetable-error.ts'
import type { Zone } from './zone.ts'

/** A named calendar of the spec. */
export interface Calendar {
  readonly name: string
  readonly coverage: Coverage
  /** How many days or events are listed. */
  readonly size: number
  /** The last day that it has anything to say about, or infinity. */
  readonly lastDay: Day
}

const CALENDARS_MAX = 50
const DATES_MAX = 10_000
const NAMES_MAX = 50

export function readCalendars(value: unknown, zone: Zone): Map<string, Calendar> {
  if (value === undefined) return new Map()
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TimetableError({ at: '/calendars', found: value, hint: 'Calendars are an object: names, and for each {"dates": […]} or {"ics": "…"}.' })
  const entries = Object.entries(value)
  if (entries.length > CALENDARS_MAX)
    throw new TimetableError({ at: '/calendars', found: entries.length, hint: `${CALENDARS_MAX} calendars at most.` })
  return new Map(entries.map(([name, spec]) => [name, readCalendar(name, spec, zone)]))
}

function readCalendar(name: string, value: unknown, zone: Zone): Calendar {
  const at = `/calendars${pointer(name)}`
  if (name === BUSINESS_DAYS)
    throw new TimetableError({ code: 'invalid-calendar', at, found: name, hint: `"${BUSINESS_DAYS}" is built in: give the calendar another name.` })
  const fields = readObject(value, ['dates', 'ics'], at, 'A calendar')
  if ((fields.dates === undefined) === (fields.ics === undefined))
    throw new TimetableError({ code: 'invalid-calendar', at, found: Object.keys(fields), hint: 'A calendar has "dates" or "ics", one of them.' })
  if (fields.ics === undefined) return datesCalendar(name, fields.dates, `${at}/dates`, zone)
  const calendar = readIcsText(readText(fields.ics, `${at}/ics`, 'An iCalendar text'), `${at}/ics`, zone)
  return { name, size: calendar.size, lastDay: calendar.lastDay, coverage: yearlyCoverage(zone, year => calendar.spansIn(year)) }
}

function readIcsText(text: string, at: string, zone: Zone): IcsCalendar {
  try {
    return readIcs(text, zone)
  } catch (error) {
    if (!(error instanceof IcsError)) throw error
    const lines = text.split(/(?<=\r\n|\n|\r(?!\n))/)
    const offset = lines.slice(0, error.line - 1).reduce((sum, line) => sum + line.length, 0)
    const length = Math.max(1, (lines[error.line - 1] ?? '').trimEnd().length)
    throw new TimetableError({ code: 'invalid-calendar', at, found: error.found, hint: error.hint, line: error.line, offset, length })
  }
}

const DATE = /^(?:(\d{4})-)?(\d\d)-(\d\d)$/

function datesCalendar(name: string, value: unknown, at: string, zone: Zone): Calendar {
  const days: Day[] = []
  const yearly: { month: number; day: number }[] = []
  const texts = readTexts(value, at, 'A day', DATES_MAX)
  for (const { text, at: place } of texts) {
    const match = DATE.exec(text.trim())
    // 2024 has a 29th of February.
    const day = match ? dateFrom(match[1] ?? '2024', match[2]!, match[3]!) : 'Write a day as "2026-12-24", or as "12-24" for each year.'
    if (typeof day === 'string')
      throw new TimetableError({
        code: 'invalid-calendar',
        at: place,
        found: text,
        hint: match?.[1] === undefined ? day.replace(/^2024-/, 'Month ') : day,
        offset: 0,
        length: text.length,
      })
    if (match![1] === undefined) yearly.push({ month: Number(match![2]), day: Number(match![3]) })
    else days.push(day)
  }
  const coverage = yearlyCoverage(zone, year => {
    const listed = days.filter(day => day >= dayOf(year, 1, 1) && day < dayOf(year + 1, 1, 1))
    for (const { month, day } of yearly) if (day <= daysInMonth(year, month) || isLeap(year)) listed.push(dayOf(year, month, day))
    return listed.map((day): Span => ({ from: startOfDay(zone, day), until: startOfDay(zone, day + 1) }))
  })
  return { name, size: texts.length, coverage, lastDay: yearly.length > 0 ? Number.POSITIVE_INFINITY : Math.max(Number.NEGATIVE_INFINITY, ...days) }
}

/** The names that a field such as `except` has, each known. */
export function readNames(value: unknown, at: string, calendars: ReadonlyMap<string, Calendar>, builtIn: readonly string[]): string[] {
  if (value === undefined) return []
  const known = [...calendars.keys(), ...builtIn]
  const names = readTexts(value, at, 'A calendar', NAMES_MAX).map(({ text, at: place }) => {
    if (!known.includes(text)) throw unknownName(text, known, place)
    return text
  })
  return [...new Set(names)]
}

const FULL_NAMES = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']

/** Weekdays, 0 for Sunday, in order from Monday on. */
export function readWeekend(value: unknown): number[] {
  if (value === undefined) return [6, 0]
  const weekdays = readTexts(value, '/weekend', 'A day of the weekend', 7).map(({ text, at }) => {
    const name = text.trim().toLowerCase()
    const weekday = WEEKDAYS.findIndex((short, index) => name === short || name === FULL_NAMES[index])
    if (weekday < 0) throw new TimetableError({ at, found: text, hint: 'Write weekdays as "mon", "tue", "wed", "thu", "fri", "sat", "sun".' })
    return weekday
  })
  return [...new Set(weekdays)].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7))
}
