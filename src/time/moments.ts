import type { Instant } from '../core/time.ts'
import { DAY_MS, type Day, dayOf, daysInMonth, dayText, YEAR_MIN } from './dates.ts'
import type { Fold, Gap } from './spec.ts'
import type { Local, Zone } from './zone.ts'

/** A point of time as written: a wall clock's reading, and the offset that was written with it, or null for "in the schedule's zone". */
export interface Moment {
  readonly local: Local
  readonly offset: number | null
}

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i

/**
 * Reads ISO 8601 in its extended form: `2026-12-24`, `2026-12-24T18:00`, `2026-12-24 18:00:30.5`, `…Z`, `…+01:00`. Finer than a millisecond is cut off.
 * A sentence says what is wrong; a leap second (`:60`) and 24:00 are refused.
 */
export function parseMoment(text: string): Moment | string {
  const match = MOMENT.exec(text.trim())
  if (!match) return 'Write ISO 8601, such as "2026-12-24T18:00", "2026-12-24T18:00:00Z" or "2026-12-24".'
  const day = dateFrom(match[1]!, match[2]!, match[3]!)
  if (typeof day === 'string') return day
  if (match[4] === undefined) return { local: day * DAY_MS, offset: null }
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6] ?? 0)]
  if (hour > 23 || minute > 59 || second > 59) return 'A day has the times from 00:00:00 to 23:59:59.'
  const local = day * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1_000 + Number((match[7] ?? '').padEnd(3, '0').slice(0, 3))
  const offset = offsetFrom(match[8])
  return typeof offset === 'string' ? offset : { local, offset }
}

/** The day of three texts of digits, or a sentence about why there is none. */
export function dateFrom(yearText: string, monthText: string, dayText: string): Day | string {
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText)]
  if (year < YEAR_MIN) return 'There is no year 0.'
  if (month < 1 || month > 12) return `There is no month ${monthText}.`
  if (day < 1 || day > daysInMonth(year, month)) return `${yearText}-${monthText} has ${daysInMonth(year, month)} days, no day ${dayText}.`
  return dayOf(year, month, day)
}

function offsetFrom(text: string | undefined): number | null | string {
  if (text === undefined) return null
  if (/^z$/i.test(text)) return 0
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(':', '') || 0)]
  if (hours > 23 || minutes > 59) return 'An offset is at most 23:59.'
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

const TIME_OF_DAY = /^(\d\d?):(\d\d)(?::(\d\d))?$/

/** `HH:MM[:SS]` in ms since midnight, or null. */
export function parseTimeOfDay(text: string): number | null {
  const match = TIME_OF_DAY.exec(text.trim())
  if (!match) return null
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  return hour > 23 || minute > 59 || second > 59 ? null : hour * 3_600_000 + minute * 60_000 + second * 1_000
}

/** In the form that a canonical spec has: `2026-12-24T18:00:00`, with `Z` if an offset was written, and a day for a local midnight. */
export function momentText({ local, offset }: Moment): string {
  const instant = local - (offset ?? 0)
  const day = Math.floor(instant / DAY_MS)
  const time = instant - day * DAY_MS
  if (offset === null && time === 0) return dayText(day)
  const clock = new Date(time).toISOString().slice(11).replace('.000Z', 'Z')
  return `${dayText(day)}T${offset === null ? clock.slice(0, -1) : clock}`
}

/** The instant of a moment, or null: `gap` is `skip`, and the clock never shows it. */
export function instantOfMoment(moment: Moment, zone: Zone, gap: Gap = 'shift', fold: Fold = 'first'): Instant | null {
  return moment.offset === null ? instantOf(zone, moment.local, gap, fold) : moment.local - moment.offset
}

/**
 * When the clock shows `local`. In a gap: `shift` (and `shift-once`) by the gap's length (02:30 is 03:30; RFC 5545, section 3.3.5, and java.time), `edge` (and `vixie`) the end of the gap, `skip` null.
 * In a fold the first, or the second if it is `second`.
 */
export function instantOf(zone: Zone, local: Local, gap: Gap = 'shift', fold: Fold = 'first'): Instant | null {
  // Nearly always the clock is not set on that day: two questions tell.
  const offset = zone.offsetAt(local - DAY_MS)
  if (zone.offsetAt(local + DAY_MS) === offset && zone.offsetAt(local - offset) === offset) return local - offset
  const instants = zone.instantsOf(local)
  if (instants.length > 0) return fold === 'second' ? instants.at(-1)! : instants[0]!
  if (gap === 'skip') return null
  // Read with the offset before the gap, it lies behind the gap; with the one after it, before.
  const shifted = local - zone.offsetAt(local - DAY_MS)
  const transition = zone.lastTransition(shifted)
  if (transition === null) return shifted
  return gap === 'edge' || gap === 'vixie' ? transition.at : local - transition.before
}

/** The first instant of a day: midnight, or the end of the gap that midnight lies in. Of a day that a zone left out (Apia, 2011-12-30), the start of the next. */
export function startOfDay(zone: Zone, day: Day): Instant {
  return instantOf(zone, day * DAY_MS, 'edge')!
}

/** The day that the clock shows. */
export function dayAt(zone: Zone, instant: Instant): Day {
  return Math.floor((instant + zone.offsetAt(instant)) / DAY_MS)
}
