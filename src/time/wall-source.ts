import type { Instant } from '../core/time.ts'
import { DAY_MS } from './dates.ts'
import type { LocalSeries } from './local-series.ts'
import type { Source } from './source.ts'
import type { Fold, Gap } from './spec.ts'
import type { Stretch, Zone } from './zone.ts'

/** Each step goes on to the next reading, at most a change of the clock further; more are a mistake of ours, not a schedule. */
const STRETCHES_MAX = 1_000

/**
 * When the clock of a zone shows the readings of a series. Within a stretch of one offset that is a subtraction; at its ends, forward and backward:
 * ```
 *   gap at T    readings [T + before, T + offset) are shown by no clock:  skip none · shift reading − before, from T on · shift-once the first of these · edge T
 *   fold at T   readings [T + offset, T + before) are shown before and after T:  first · second · both
 * ```
 */
export function wallSource(series: LocalSeries, zone: Zone, gap: Gap = 'shift', fold: Fold = 'first'): Source {
  return new WallSource(series, zone, gap === 'vixie' ? 'edge' : gap, fold === 'vixie' ? 'first' : fold)
}

class WallSource implements Source {
  readonly #series: LocalSeries
  readonly #zone: Zone
  readonly #gap: Gap
  readonly #fold: Fold
  constructor(series: LocalSeries, zone: Zone, gap: Gap, fold: Fold) {
    this.#series = series
    this.#zone = zone
    this.#gap = gap
    this.#fold = fold
  }

  next(after: Instant): Instant | null {
    let stretch = this.#zone.stretchAt(after + 1)
    for (let count = 0; count < STRETCHES_MAX; count++) {
      const shown = this.#shown(stretch, after)
      const skipped = this.#skipped(stretch, after)
      const first = shown === null ? skipped : skipped === null ? shown : Math.min(shown, skipped)
      if (first !== null) return first
      if (stretch.until === Number.POSITIVE_INFINITY) return null
      const later = this.#series.from(stretch.until + Math.min(stretch.offset, stretch.after))
      if (later === null) return null
      stretch = this.#zone.stretchAt(Math.max(stretch.until, later - 2 * DAY_MS))
    }
    return null
  }

  /** The first time after `after` at which the clock shows a reading in this stretch. */
  #shown(stretch: Stretch, after: Instant): Instant | null {
    const { from, until, offset, before } = stretch
    const repeats = before > offset && this.#fold === 'first'
    const least = Math.max(from + (repeats ? before : offset), after + 1 + offset)
    const repeated = stretch.after < offset && this.#fold === 'second'
    const local = this.#series.from(least)
    return local !== null && local < until + (repeated ? stretch.after : offset) ? local - offset : null
  }

  /** The first time after `after` that stands for a reading in the gap with which this stretch begins. */
  #skipped({ from, offset, before }: Stretch, after: Instant): Instant | null {
    if (before >= offset || this.#gap === 'skip') return null
    const least = this.#gap === 'shift' ? Math.max(from, after + 1) + before : from + before
    if (least >= from + offset) return null
    const local = this.#series.from(least)
    if (local === null || local >= from + offset) return null
    const at = this.#gap === 'edge' ? from : local - before
    return at > after ? at : null
  }
}
