import type { Instant } from '../core/time.ts'
import type { Coverage } from './coverage.ts'
import { SEARCH_YEARS } from './coverage.ts'
import { type Day, dateOf, dayOf, isLeap, weekdayOf } from './dates.ts'
import { dayAt, startOfDay } from './moments.ts'
import type { Move } from './spec.ts'
import type { Zone } from './zone.ts'

/** How far a time may move. Holidays of a year on end are a mistake in the calendar. */
export const MOVE_DAYS_MAX = 366
const YEARS_MAX = 64

/** Which days are worked: none of the weekend, none that a holiday covers from its first to its last instant, and none that the zone leaves out. */
export class BusinessDays implements Coverage {
  readonly #zone: Zone
  readonly #weekend: readonly number[]
  readonly #holidays: readonly Coverage[]
  readonly #years = new Map<number, Uint8Array>()

  /** `weekend` holds weekdays, 0 for Sunday. */
  constructor(zone: Zone, weekend: readonly number[], holidays: readonly Coverage[]) {
    this.#zone = zone
    this.#weekend = weekend
    this.#holidays = holidays
  }

  isBusiness(day: Day): boolean {
    const year = dateOf(day).year
    let days = this.#years.get(year)
    if (days === undefined) {
      if (this.#years.size >= YEARS_MAX) this.#years.clear()
      days = this.#list(year)
      this.#years.set(year, days)
    }
    return days[day - dayOf(year, 1, 1)] === 1
  }

  /** The day that a time of `day` belongs to: itself, if it is worked or no day near is. Days keep their order: a later one never moves before an earlier. */
  moved(day: Day, move: Move): Day {
    if (this.isBusiness(day)) return day
    for (let distance = 1; distance <= MOVE_DAYS_MAX; distance++) {
      if (move !== 'previous-business-day' && this.isBusiness(day + distance)) return day + distance
      if (move !== 'next-business-day' && this.isBusiness(day - distance)) return day - distance
    }
    return day
  }

  covers(at: Instant): boolean {
    return this.isBusiness(dayAt(this.#zone, at))
  }

  end(at: Instant): Instant {
    return startOfDay(this.#zone, dayAt(this.#zone, at) + 1)
  }

  nextStart(at: Instant): Instant | null {
    const first = dayAt(this.#zone, at)
    if (this.isBusiness(first)) return at
    for (let day = first + 1; day < first + SEARCH_YEARS * 366; day++) if (this.isBusiness(day)) return startOfDay(this.#zone, day)
    return null
  }

  #list(year: number): Uint8Array {
    const first = dayOf(year, 1, 1)
    const days = new Uint8Array(isLeap(year) ? 366 : 365)
    for (let index = 0; index < days.length; index++) {
      if (this.#weekend.includes(weekdayOf(first + index))) continue
      const from = startOfDay(this.#zone, first + index)
      const until = startOfDay(this.#zone, first + index + 1)
      days[index] = from < until && !this.#holidays.some(holiday => coversAll(holiday, from, until)) ? 1 : 0
    }
    return days
  }
}

function coversAll(coverage: Coverage, from: Instant, until: Instant): boolean {
  let at = from
  // Spans of one calendar are joined within a year, so that one or two steps decide.
  for (let step = 0; step < 4 && at < until && coverage.covers(at); step++) at = coverage.end(at)
  return at >= until
}
