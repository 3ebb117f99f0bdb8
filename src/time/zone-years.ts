import type { Instant } from '../core/time.ts'

/**
 * The transitions around one calendar year (UTC) of a zone: `offsets[0]` holds until `times[0]`, `offsets[n]` from `times[n - 1]` on. Milliseconds.
 * It covers `MARGIN_MS` more at either end, so that what a change skips or repeats (at most a day) is always seen together with the change.
 */
export interface ZoneYear {
  readonly from: Instant
  readonly until: Instant
  readonly times: Float64Array
  readonly offsets: Float64Array
}

const MARGIN_MS = 2 * 86_400_000
/**
 * `Intl` answers no question but "what does the clock show", so a year is asked week by week, and each difference is bisected to the second.
 * Only an offset that lasts less than a week could be missed; no zone has had one since 1970 (the shortest, Morocco's pause for Ramadan, lasts a month).
 */
const STEP_MS = 7 * 86_400_000
/** Before this year no clock was ever set. */
const YEAR_FIRST = 1800
/**
 * After 2100 all is rule (the longest table, Morocco's, ends in 2087): what a year has depends only on whether it is a leap year and on the weekday it begins with.
 * 28 years without a break show all 14 kinds, and stand for those after them. So a zone keeps at most 329 years.
 */
const YEAR_LAST = 2128
const KINDS = 28

/** The year of a zone, read from `Intl` when it is first asked for (about 0.1 ms) and then kept in `known`. */
export function zoneYear(format: Intl.DateTimeFormat, known: Map<number, ZoneYear>, year: number): ZoneYear {
  if (year < YEAR_FIRST) return { ...bounds(year), times: new Float64Array(0), offsets: zoneYear(format, known, YEAR_FIRST).offsets.slice(0, 1) }
  const home = year > YEAR_LAST ? yearLike(year) : year
  let read = known.get(home)
  if (read === undefined) {
    read = readYear(format, home)
    known.set(home, read)
  }
  if (home === year) return read
  const later = Date.UTC(year, 0, 1) - Date.UTC(home, 0, 1)
  return { ...bounds(year), times: read.times.map(time => time + later), offsets: read.offsets }
}

function yearLike(year: number): number {
  for (let like = YEAR_LAST; like > YEAR_LAST - KINDS; like--)
    if (firstWeekday(like) === firstWeekday(year) && firstWeekday(like + 1) === firstWeekday(year + 1)) return like
  return YEAR_LAST
}

function firstWeekday(year: number): number {
  return new Date(Date.UTC(year, 0, 1)).getUTCDay()
}

/** What a year is read from. Throws a RangeError for a zone that `Intl` does not know. */
export function intlFormat(name: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', hour: 'numeric' })
}

function readYear(format: Intl.DateTimeFormat, year: number): ZoneYear {
  const { from, until } = bounds(year)
  const times: number[] = []
  const offsets = [intlOffset(format, from)]
  for (let at = from; at < until; ) {
    const next = Math.min(at + STEP_MS, until)
    const offset = intlOffset(format, next)
    // Two changes may lie in one week: find the first, and go on from there.
    while (offset !== offsets.at(-1)) {
      const before = offsets.at(-1)!
      let low = at
      let high = next
      while (high - low > 1_000) {
        const middle = low + Math.floor((high - low) / 2_000) * 1_000
        if (intlOffset(format, middle) === before) low = middle
        else high = middle
      }
      times.push(high)
      offsets.push(intlOffset(format, high))
      at = high
    }
    at = next
  }
  return { from, until, times: Float64Array.from(times), offsets: Float64Array.from(offsets) }
}

function bounds(year: number): { from: Instant; until: Instant } {
  return { from: Date.UTC(year, 0, 1) - MARGIN_MS, until: Date.UTC(year + 1, 0, 1) + MARGIN_MS }
}

/** `11 PM GMT-00:44:30` is −2,670,000 ms. `GMT` alone is 0. */
function intlOffset(format: Intl.DateTimeFormat, instant: Instant): number {
  const text = format.format(instant)
  const sign = text.indexOf('GMT') + 3
  if (sign === text.length) return 0
  const size = Number(text.slice(sign + 1, sign + 3)) * 3_600 + Number(text.slice(sign + 4, sign + 6)) * 60 + Number(text.slice(sign + 7))
  return (text[sign] === '-' ? -size : size) * 1_000
}
