import { dayOfMonthStart, monthOfDay } from './civil.ts'
import { daysOfMonth } from './days.ts'
import { NONE, type Plan } from './plan.ts'

/** A wall clock's reading in seconds: `Local` / 1000. */
export type LocalSecond = number

/** The calendar repeats after 400 years, weekdays and ISO weeks included: what is not found in so many months never comes. */
const CYCLE_MONTHS = 400 * 12
/** `Date` ends in September 275760, and begins as long before 1970. */
const MONTH_MAX = 275_760 * 12
const MONTH_MIN = -271_820 * 12
const DAY_S = 86_400
/** Months whose days are kept; a power of two. */
const KEPT = 16

/** Finds the readings of a wall clock that match a plan; knows nothing of zones. */
export class Search {
  readonly #plan: Plan
  readonly #years: ReadonlySet<number> | null
  readonly #months = new Float64Array(KEPT).fill(Number.NaN)
  readonly #days = new Int32Array(KEPT)
  /** The day of the last answer and its month: most questions are about the same or the next day. */
  #month = 0
  #monthStart = 0
  #monthEnd = 0

  constructor(plan: Plan) {
    this.#plan = plan
    this.#years = plan.years && new Set(plan.years)
  }

  /** The first match at or after `local`, or Infinity. */
  next(local: LocalSecond): LocalSecond {
    const day = Math.floor(local / DAY_S)
    let month = this.#monthOf(day)
    let days = this.#daysOf(month) >>> (day - this.#monthStart)
    if ((days & 1) === 1) {
      const second = this.#timeFrom(local - day * DAY_S)
      if (second >= 0) return day * DAY_S + second
    }
    let at = day + 1
    days >>>= 1
    if (days === 0) {
      month = this.#monthFrom(month + 1)
      if (month === MONTH_MAX) return Number.POSITIVE_INFINITY
      days = this.#daysOf(month)
      at = dayOfMonthStart(month)
    }
    const { hours, minutes, seconds } = this.#plan
    return (at + 31 - Math.clz32(days & -days)) * DAY_S + hours.first * 3_600 + minutes.first * 60 + seconds.first
  }

  /** The last match at or before `local`, or -Infinity. */
  previous(local: LocalSecond): LocalSecond {
    const day = Math.floor(local / DAY_S)
    let month = this.#monthOf(day)
    const index = day - this.#monthStart
    let days = this.#daysOf(month) & (0x7fffffff >>> (30 - index))
    if (days >>> index === 1) {
      const second = this.#timeUpTo(local - day * DAY_S)
      if (second >= 0) return day * DAY_S + second
      days &= ~(1 << index)
    }
    let start = this.#monthStart
    if (days === 0) {
      month = this.#monthUpTo(month - 1)
      if (month === MONTH_MIN) return Number.NEGATIVE_INFINITY
      days = this.#daysOf(month)
      start = dayOfMonthStart(month)
    }
    const { hours, minutes, seconds } = this.#plan
    return (start + 31 - Math.clz32(days)) * DAY_S + hours.last * 3_600 + minutes.last * 60 + seconds.last
  }

  #timeFrom(second: number): number {
    const { hours, minutes, seconds } = this.#plan
    const hour = Math.floor(second / 3_600)
    const minute = Math.floor(second / 60) % 60
    if (hours.next[hour] === hour) {
      if (minutes.next[minute] === minute) {
        const found = seconds.next[second % 60]!
        if (found !== NONE) return hour * 3_600 + minute * 60 + found
      }
      const found = minutes.next[minute + 1]!
      if (found !== NONE) return hour * 3_600 + found * 60 + seconds.first
    }
    const found = hours.next[hour + 1]!
    return found === NONE ? -1 : found * 3_600 + minutes.first * 60 + seconds.first
  }

  #timeUpTo(second: number): number {
    const { hours, minutes, seconds } = this.#plan
    const hour = Math.floor(second / 3_600)
    const minute = Math.floor(second / 60) % 60
    if (hours.previous[hour] === hour) {
      if (minutes.previous[minute] === minute) {
        const found = seconds.previous[second % 60]!
        if (found !== NONE) return hour * 3_600 + minute * 60 + found
      }
      const found = minute === 0 ? NONE : minutes.previous[minute - 1]!
      if (found !== NONE) return hour * 3_600 + found * 60 + seconds.last
    }
    const found = hour === 0 ? NONE : hours.previous[hour - 1]!
    return found === NONE ? -1 : found * 3_600 + minutes.last * 60 + seconds.last
  }

  /** The first month from `month` on that has days, or MONTH_MAX. */
  #monthFrom(month: number): number {
    const { years } = this.#plan
    let at = month
    if (years !== null) {
      const year = years.find(candidate => candidate * 12 + 11 >= at)
      if (year === undefined) return MONTH_MAX
      at = Math.max(at, year * 12)
    }
    const end = Math.min(MONTH_MAX, years === null ? at + CYCLE_MONTHS : years.at(-1)! * 12 + 12)
    for (; at < end; at++) if (this.#daysOf(at) !== 0) return at
    return MONTH_MAX
  }

  /** The last month up to `month` that has days, or MONTH_MIN. */
  #monthUpTo(month: number): number {
    const { years } = this.#plan
    let at = month
    if (years !== null) {
      if (years[0]! * 12 > at) return MONTH_MIN
      at = Math.min(at, years.at(-1)! * 12 + 11)
    }
    const end = Math.max(MONTH_MIN, years === null ? at - CYCLE_MONTHS : years[0]! * 12 - 1)
    for (; at > end; at--) if (this.#daysOf(at) !== 0) return at
    return MONTH_MIN
  }

  #monthOf(day: number): number {
    if (day < this.#monthStart || day >= this.#monthEnd) {
      this.#month = monthOfDay(day)
      this.#monthStart = dayOfMonthStart(this.#month)
      this.#monthEnd = dayOfMonthStart(this.#month + 1)
    }
    return this.#month
  }

  /** The matching days of a month; none in a month or year that is not asked for. */
  #daysOf(month: number): number {
    const slot = ((month % KEPT) + KEPT) % KEPT
    if (this.#months[slot] !== month) {
      const { months, days } = this.#plan
      const year = Math.floor(month / 12)
      const wanted = ((months >> (month - year * 12)) & 1) === 1 && (this.#years === null || this.#years.has(year))
      this.#days[slot] = wanted ? daysOfMonth(days, month) : 0
      this.#months[slot] = month
    }
    return this.#days[slot]!
  }
}
