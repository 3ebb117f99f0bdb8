import type { Span } from '../coverage.ts'
import { DAY_MS, type Day, dayOf } from '../dates.ts'
import { instantOf, startOfDay } from '../moments.ts'
import type { Local, Zone } from '../zone.ts'
import { IcsError } from './error.ts'
import type { IcsEvent } from './event.ts'
import type { Rule } from './rule.ts'
import { ruleDays } from './rule-days.ts'
import type { IcsTime } from './values.ts'

/** Longer ones that come again would overlap without end. */
const RECURRING_MS_MAX = 366 * DAY_MS

/**
 * The spans of an event, of those that touch a calendar year. `reader` is the zone in which days and floating times are read; local times in a gap are those
 * of the offset before it, in a fold the first (section 3.3.5).
 */
export function occurrences(event: IcsEvent, reader: Zone): (year: number) => Span[] {
  const { start } = event
  const zone = start.zone ?? reader
  const lengthMs = lengthOf(event.line, start, event.end, reader)
  const repeats = event.rules.length > 0
  if (repeats && lengthMs > RECURRING_MS_MAX) throw new IcsError(event.line, 'BEGIN:VEVENT', 'An event that comes again lasts a year at most.')
  const rules = event.rules.map(rule => ({ rule, days: ruleDays(rule, Math.floor(start.local / DAY_MS)) }))
  const timeOfDay = start.local - Math.floor(start.local / DAY_MS) * DAY_MS
  const excluded = new Set(event.exceptions.map(exception => keyOf(exception, start, reader)))
  const isLeft = (local: Local): boolean => !excluded.has(local) && !excluded.has(dayKey(local))
  const spanOf = (local: Local, ms: number): Span => {
    if (start.isDate) return { from: startOfDay(reader, local / DAY_MS), until: startOfDay(reader, Math.ceil((local + ms) / DAY_MS)) }
    const from = instantOf(zone, local)!
    // What lasts no time still has its instant.
    return { from, until: from + Math.max(1, ms) }
  }
  const listed = event.dates.map(date => ({
    local: localIn(date.start, start, reader),
    ms: date.end === null ? lengthMs : lengthOf(event.line, date.start, date.end, reader),
  }))
  return year => {
    // A day more on each side, since the zones of event and reader may differ.
    const from = dayOf(year, 1, 1) - Math.ceil(lengthMs / DAY_MS) - 2
    const until = dayOf(year + 1, 1, 1) + 2
    const locals = new Set<Local>(repeats ? [] : [start.local])
    for (const { rule, days } of rules)
      for (const day of days.between(from, until)) if (isBeforeEnd(rule, day * DAY_MS + timeOfDay, start, zone)) locals.add(day * DAY_MS + timeOfDay)
    const spans = [...locals].filter(isLeft).map(local => spanOf(local, lengthMs))
    for (const { local, ms } of listed) if (isLeft(local)) spans.push(spanOf(local, ms))
    return spans
  }
}

/** The last day on which an event may begin, or infinity: a rule with COUNT is taken to go on for ever. */
export function lastDayOf(event: IcsEvent): Day {
  const begins = [event.start, ...event.dates.map(date => date.start)].map(time => time.local)
  for (const { until } of event.rules) begins.push(until === null ? Number.POSITIVE_INFINITY : until.local)
  return Math.floor(Math.max(...begins) / DAY_MS)
}

function lengthOf(line: number, start: IcsTime, end: IcsTime | number | null, reader: Zone): number {
  if (end === null) return start.isDate ? DAY_MS : 0
  const ms = typeof end === 'number' ? end : start.isDate ? end.local - start.local : instantIn(end, reader) - instantIn(start, reader)
  if (ms < 0) throw new IcsError(line, 'BEGIN:VEVENT', 'The event that begins here ends before it starts.')
  // Some programs end a day's event on the day itself, which the standard does not allow.
  return start.isDate ? Math.max(DAY_MS, ms) : ms
}

/** UNTIL is inclusive; where it is a day, or DTSTART is, whole days are compared. */
function isBeforeEnd({ until }: Rule, local: Local, start: IcsTime, zone: Zone): boolean {
  if (until === null) return true
  if (until.isDate || start.isDate) return Math.floor(local / DAY_MS) <= Math.floor(until.local / DAY_MS)
  return until.zone === null ? local <= until.local : instantOf(zone, local)! <= until.local
}

/** What EXDATE excludes: one reading of the event's clock, or a whole day where it is written as one. */
function keyOf(exception: IcsTime, start: IcsTime, reader: Zone): Local | string {
  if (exception.isDate && !start.isDate) return dayKey(exception.local)
  if (start.isDate) return Math.floor(exception.local / DAY_MS) * DAY_MS
  return localIn(exception, start, reader)
}

function dayKey(local: Local): string {
  return `day ${Math.floor(local / DAY_MS)}`
}

/** A time as the event's own clock shows it. */
function localIn(time: IcsTime, start: IcsTime, reader: Zone): Local {
  if (start.isDate || time.isDate) return start.isDate ? Math.floor(time.local / DAY_MS) * DAY_MS : time.local
  const [from, to] = [time.zone ?? reader, start.zone ?? reader]
  return from === to ? time.local : to.localOf(instantOf(from, time.local)!)
}

function instantIn(time: IcsTime, reader: Zone): number {
  return instantOf(time.zone ?? reader, time.local)!
}
