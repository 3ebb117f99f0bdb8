import { DAY_MS, dateOf, dayOf, daysInMonth, YEAR_MAX } from './dates.ts'
import type { Interval } from './interval.ts'
import type { MonthEnd } from './spec.ts'
import type { Local } from './zone.ts'

/** Readings of a wall clock at regular distances, without a zone: what a calendar interval means, before the clock is asked when it shows them. */
export interface LocalSeries {
  /** The first one at or after `local`, or null: none before the year 10000. */
  from(local: Local): Local | null
}

const LOCAL_END = dayOf(YEAR_MAX + 1, 1, 1) * DAY_MS

export function localSeries(anchor: Local, interval: Interval, monthEnd: MonthEnd): LocalSeries {
  if (interval.months === 0) return new Multiples(anchor, interval.ms)
  if (interval.ms === 0 && monthEnd !== 'drift') return new Months(anchor, interval.months, monthEnd)
  return new Steps(anchor, interval, monthEnd)
}

/** Days and less are of one length on a wall clock. */
class Multiples implements LocalSeries {
  readonly #anchor: Local
  readonly #step: number
  constructor(anchor: Local, step: number) {
    this.#anchor = anchor
    this.#step = step
  }

  from(local: Local): Local | null {
    const found = this.#anchor + Math.max(0, Math.ceil((local - this.#anchor) / this.#step)) * this.#step
    return found < LOCAL_END ? found : null
  }
}

/** Whole months, each counted from the anchor. */
class Months implements LocalSeries {
  readonly #month: number
  readonly #day: number
  readonly #time: number
  readonly #step: number
  readonly #monthEnd: MonthEnd
  constructor(anchor: Local, step: number, monthEnd: MonthEnd) {
    const { year, month, day } = dateOf(Math.floor(anchor / DAY_MS))
    this.#month = year * 12 + month - 1
    this.#day = day
    this.#time = anchor - Math.floor(anchor / DAY_MS) * DAY_MS
    this.#step = step
    this.#monthEnd = monthEnd
  }

  from(local: Local): Local | null {
    const { year, month } = dateOf(Math.floor(local / DAY_MS))
    // Ends: a month that has the day comes again after 8 years (29 February over 1900), times the step, and the year 10000 is a bound.
    for (let index = Math.max(0, Math.floor((year * 12 + month - 1 - this.#month) / this.#step)); ; index++) {
      const at = this.#month + index * this.#step
      const [atYear, atMonth] = [Math.floor(at / 12), (at % 12) + 1]
      if (atYear > YEAR_MAX) return null
      const length = daysInMonth(atYear, atMonth)
      if (this.#day > length && this.#monthEnd === 'skip') continue
      const found = dayOf(atYear, atMonth, Math.min(this.#day, length)) * DAY_MS + this.#time
      if (found >= local) return found
    }
  }
}

/**
 * Each counted from the one before: drifting months, and months mixed with days. A result depends on all before it, so they are kept from the anchor on
 * (at least 28 days apart: 13 a year). `skip` counts months until one has the day, then the days, as APScheduler does; else the day is clamped.
 */
class Steps implements LocalSeries {
  readonly #results: Local[]
  readonly #interval: Interval
  readonly #skip: boolean
  constructor(anchor: Local, interval: Interval, monthEnd: MonthEnd) {
    this.#results = [anchor]
    this.#interval = interval
    this.#skip = monthEnd === 'skip'
  }

  from(local: Local): Local | null {
    const results = this.#results
    while (results.at(-1)! < local) {
      if (results.at(-1)! >= LOCAL_END) return null
      results.push(this.#after(results.at(-1)!))
    }
    let low = 0
    let high = results.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (results[middle]! >= local) high = middle
      else low = middle + 1
    }
    return results[low]! < LOCAL_END ? results[low]! : null
  }

  #after(last: Local): Local {
    const { year, month, day } = dateOf(Math.floor(last / DAY_MS))
    const time = last - Math.floor(last / DAY_MS) * DAY_MS
    for (let at = year * 12 + month - 1 + this.#interval.months; ; at += this.#interval.months) {
      const [atYear, atMonth] = [Math.floor(at / 12), (at % 12) + 1]
      if (atYear > YEAR_MAX) return LOCAL_END
      const length = daysInMonth(atYear, atMonth)
      if (day > length && this.#skip) continue
      return dayOf(atYear, atMonth, Math.min(day, length)) * DAY_MS + time + this.#interval.ms
    }
  }
}
