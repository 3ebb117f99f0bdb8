import type { Instant } from '../core/time.ts'
import { DAY_MS, dateOf, dayOf, YEAR_MAX, YEAR_MIN } from './dates.ts'
import { startOfDay } from './moments.ts'
import type { Zone } from './zone.ts'

/** Spans of time: a calendar's days and events, business days, blackouts. */
export interface Coverage {
  covers(at: Instant): boolean
  /** Of a covered time: the end (exclusive) of what covers it. It may be covered again from there on. */
  end(at: Instant): Instant
  /** The first covered instant at or after `at`; null: none in the next `SEARCH_YEARS` years. */
  nextStart(at: Instant): Instant | null
}

/** From inclusive, until exclusive. */
export interface Span {
  from: Instant
  until: Instant
}

/** How far is looked for a day that a calendar has, and how long all times may be held before it is said that nothing fires any more: a leap day is 8 years off over 2100. */
export const SEARCH_YEARS = 8
/** Bounds the cache. */
const YEARS_MAX = 64

interface Year {
  from: Float64Array
  until: Float64Array
}

/** Spans that are listed by calendar year of a zone when it is first asked for. `expand` answers, in any order, all spans that touch the year; they may overlap. */
export function yearlyCoverage(zone: Zone, expand: (year: number) => Span[]): Coverage {
  return new YearlyCoverage(zone, expand)
}

class YearlyCoverage implements Coverage {
  readonly #zone: Zone
  readonly #expand: (year: number) => Span[]
  readonly #years = new Map<number, Year>()
  /** The year that was asked for last, and its bounds. */
  #year = 0
  #yearFrom = 0
  #yearUntil = 0
  #spans: Year = { from: new Float64Array(), until: new Float64Array() }

  constructor(zone: Zone, expand: (year: number) => Span[]) {
    this.#zone = zone
    this.#expand = expand
  }

  covers(at: Instant): boolean {
    this.#seek(at)
    const index = lastAtOrBefore(this.#spans.from, at)
    return index >= 0 && at < this.#spans.until[index]!
  }

  end(at: Instant): Instant {
    this.#seek(at)
    return this.#spans.until[lastAtOrBefore(this.#spans.from, at)] ?? at + 1
  }

  nextStart(at: Instant): Instant | null {
    if (this.covers(at)) return at
    for (let from = at, years = 0; years <= SEARCH_YEARS; years++) {
      this.#seek(from)
      const start = this.#spans.from[lastAtOrBefore(this.#spans.from, at) + 1]
      if (start !== undefined) return start
      if (this.#year >= YEAR_MAX) return null
      from = this.#yearUntil
    }
    return null
  }

  #seek(at: Instant): void {
    if (at >= this.#yearFrom && at < this.#yearUntil) return
    const year = dateOf(Math.floor((at + this.#zone.offsetAt(at)) / DAY_MS)).year
    this.#year = year
    this.#yearFrom = startOfDay(this.#zone, dayOf(year, 1, 1))
    this.#yearUntil = startOfDay(this.#zone, dayOf(year + 1, 1, 1))
    let spans = this.#years.get(year)
    if (spans === undefined) {
      if (this.#years.size >= YEARS_MAX) this.#years.clear()
      spans = joined(year < YEAR_MIN || year > YEAR_MAX ? [] : this.#expand(year), this.#yearFrom, this.#yearUntil)
      this.#years.set(year, spans)
    }
    this.#spans = spans
  }
}

/** Fixed spans, such as blackouts. */
export function spansCoverage(spans: readonly Span[]): Coverage {
  const { from, until } = joined(spans, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
  const covers = (at: Instant): boolean => at < (until[lastAtOrBefore(from, at)] ?? Number.NEGATIVE_INFINITY)
  return {
    covers,
    end: at => until[lastAtOrBefore(from, at)] ?? at + 1,
    nextStart: at => (covers(at) ? at : (from[lastAtOrBefore(from, at) + 1] ?? null)),
  }
}

/** What any of several covers. */
export function unionCoverage(parts: readonly Coverage[]): Coverage {
  if (parts.length === 1) return parts[0]!
  return {
    covers: at => parts.some(part => part.covers(at)),
    end: at => Math.max(...parts.map(part => (part.covers(at) ? part.end(at) : at + 1))),
    nextStart: at => {
      const starts = parts.map(part => part.nextStart(at)).filter(start => start !== null)
      return starts.length === 0 ? null : Math.min(...starts)
    },
  }
}

/** In order, clipped, those that overlap or touch made one. */
function joined(spans: readonly Span[], least: Instant, most: Instant): Year {
  const sorted = spans
    .map(({ from, until }) => ({ from: Math.max(from, least), until: Math.min(until, most) }))
    .filter(({ from, until }) => from < until)
    .sort((a, b) => a.from - b.from)
  const result: Span[] = []
  for (const span of sorted) {
    const last = result.at(-1)
    if (last !== undefined && span.from <= last.until) last.until = Math.max(last.until, span.until)
    else result.push(span)
  }
  return { from: Float64Array.from(result, span => span.from), until: Float64Array.from(result, span => span.until) }
}

/** The index of the last of `starts` that is not after `at`, or −1. */
function lastAtOrBefore(starts: Float64Array, at: Instant): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (starts[middle]! <= at) low = middle + 1
    else high = middle
  }
  return low - 1
}
