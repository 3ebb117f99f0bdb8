import type { Instant } from '../core/time.ts'
import type { BusinessDays } from './business-days.ts'
import { type Coverage, SEARCH_YEARS } from './coverage.ts'
import { DAY_MS, type Day } from './dates.ts'
import { dayAt, instantOf, startOfDay } from './moments.ts'
import type { Source } from './source.ts'
import type { Move } from './spec.ts'
import type { Zone } from './zone.ts'

/**
 * The times of a source, each moved to the business day that its day belongs to, at the same local time. Days keep their order when they move, so that the times of one
 * business day come from a run of days around it, and all of them are before those of the next business day:
 * ```
 *   next       Fri Sat Sun Mon        previous   Fri Sat Sun Mon        nearest   Fri Sat Sun Mon
 *               ↓   └───┴──→↓                     ↓←──┴───┘   ↓                    ↓←──┘   └──→↓
 * ```
 */
export class Moving {
  readonly #source: Source
  readonly #days: BusinessDays
  readonly #move: Move
  readonly #zone: Zone
  /** Of the last answer of `next`: the time that was meant. */
  meant: Instant = 0

  constructor(source: Source, days: BusinessDays, move: Move, zone: Zone) {
    this.#source = source
    this.#days = days
    this.#move = move
    this.#zone = zone
  }

  /** The first moved time strictly after `after`; of several that meet there, `meant` is the one that did not move, else the first. */
  next(after: Instant): Instant | null {
    let day = this.#firstOf(dayAt(this.#zone, after))
    // The first round may find that the day's times are over; the second day's are all after. One more for a zone that left a day out.
    for (let round = 0; round < 4; round++) {
      const meant = this.#source.next(startOfDay(this.#zone, day) - 1)
      if (meant === null) return null
      const target = this.#days.moved(dayAt(this.#zone, meant), this.#move)
      let first: Instant | null = null
      for (day = dayAt(this.#zone, meant); this.#days.moved(day, this.#move) <= target; day++) {
        const at = this.#firstMoved(day, target, after)
        if (at === null || (first !== null && (at > first || (at === first && day !== target)))) continue
        first = at
        this.meant = this.#candidate
      }
      if (first !== null) return first
    }
    return null
  }

  #candidate: Instant = 0

  /** The first time after `after` that the times of `day` have on the day `target`. Leaves in `#candidate` what was meant. */
  #firstMoved(day: Day, target: Day, after: Instant): Instant | null {
    const [from, until] = [startOfDay(this.#zone, day), startOfDay(this.#zone, day + 1)]
    const [targetFrom, targetUntil] = [startOfDay(this.#zone, target), startOfDay(this.#zone, target + 1)]
    if (until - from === DAY_MS && targetUntil - targetFrom === DAY_MS) {
      const least = Math.max(after, targetFrom - 1) - targetFrom
      const meant = least >= DAY_MS ? null : this.#source.next(from + least)
      if (meant === null || meant >= until) return null
      this.#candidate = meant
      return targetFrom + (meant - from)
    }
    // The clock is set on one of the days: local times may change their order, so all are looked at.
    let first: Instant | null = null
    for (let meant = this.#source.next(from - 1); meant !== null && meant < until; meant = this.#source.next(meant)) {
      const local = meant + this.#zone.offsetAt(meant)
      const at = day === target ? meant : instantOf(this.#zone, target * DAY_MS + local - Math.floor(local / DAY_MS) * DAY_MS)!
      if (at <= after || (first !== null && at >= first)) continue
      first = at
      this.#candidate = meant
    }
    return first
  }

  /** The first day whose times move to `day` or later. */
  #firstOf(day: Day): Day {
    let first = day
    while (this.#days.moved(first, this.#move) < day) first++
    while (this.#days.moved(first - 1, this.#move) >= day) first--
    return first
  }
}

/** How many spans without a time of the source are passed over: more are a calendar of hours against a source of years. */
const SPANS_MAX = 100_000

/** The times of a source that a calendar covers (`in`), or that it does not (`out`); null also if it has none for `SEARCH_YEARS`. */
export function filteredSource(source: Source, coverage: Coverage, keep: 'in' | 'out'): Source {
  return {
    next(after) {
      const last = after + SEARCH_YEARS * 366 * DAY_MS
      let from = after
      for (let count = 0; count < SPANS_MAX; count++) {
        const at = source.next(from)
        if (at === null) return null
        if (coverage.covers(at) === (keep === 'in')) return at
        if (at > last) return null
        const free = keep === 'in' ? coverage.nextStart(at) : coverage.end(at)
        if (free === null) return null
        from = Math.max(at, free - 1)
      }
      return null
    },
  }
}
