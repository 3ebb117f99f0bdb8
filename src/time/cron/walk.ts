import type { Instant } from '../../core/time.ts'
import type { Stretch, Zone } from '../zone.ts'
import type { Fold, Gap } from './dialects.ts'
import type { Search } from './search.ts'

/**
 * A search of wall-clock readings brought onto the line of time, stretch by stretch of one offset:
 *
 * ```text
 *   gap: the clock goes from 02:00 to 03:00            fold: the clock goes from 03:00 to 02:00
 *   …01:30──01:59│03:00──03:30──…  local               …02:00══02:59│02:00══02:59──03:00…  local
 *                from                                     until of this stretch = from of the next
 *   skip   matches in 02:00 to 03:00 are no fires      first   the right ══ is left out
 *   edge   any of them fires once, at `from`           second  the left ══ is left out
 *   shift  each fires at its time by the old offset    both    nothing is left out
 *   shift-once  only the first of them does
 * ```
 */
export interface Policy {
  readonly gap: Exclude<Gap, 'vixie'>
  readonly fold: Exclude<Fold, 'vixie'>
  /** A clock that is set by at least this many ms is no DST: what it skips does not fire, what it repeats fires twice. Infinity: there is no such bound. */
  readonly gapLimitMs: number
  readonly foldLimitMs: number
}

/** No zone's offset and no change of it is longer: what is so far off is not near. */
const NEAR_MS = 48 * 3_600_000
/** 400 years, after which calendar and rules repeat: a schedule whose every match a gap has swallowed until then never fires. */
const CYCLE_MS = 146_097 * 86_400_000

export class Walk {
  readonly #search: Search
  readonly #zone: Zone
  readonly #policy: Policy
  #stretch: Stretch

  constructor(search: Search, zone: Zone, policy: Policy) {
    this.#search = search
    this.#zone = zone
    this.#policy = policy
    this.#stretch = { from: 0, until: 0, before: 0, offset: 0, after: 0 }
  }

  /** The first fire at or after `instant` (whole seconds), or null. */
  next(instant: Instant): Instant | null {
    for (let at = instant; ; ) {
      if (at < this.#stretch.from || at >= this.#stretch.until) this.#stretch = this.#zone.stretchAt(at)
      const stretch = this.#stretch
      const { until, offset } = stretch
      const local = at + offset
      const match = this.#search.next(Math.max(local, this.#localFrom(stretch)) / 1_000) * 1_000
      let fire = match < this.#localUntil(stretch) ? match - offset : Number.POSITIVE_INFINITY
      if (stretch.before < offset) fire = Math.min(fire, this.#gapNext(stretch, at))
      if (fire < until) return fire
      // The clock goes back to readings before `at`: they may match although nothing does from here on.
      const again = stretch.after < offset && until + stretch.after <= local
      if ((match === Number.POSITIVE_INFINITY && !again) || until - instant > CYCLE_MS) return null
      at = again ? until : Math.max(until, match - NEAR_MS)
    }
  }

  /** The last fire at or before `instant` (whole seconds), or null. */
  previous(instant: Instant): Instant | null {
    for (let at = instant; ; ) {
      if (at < this.#stretch.from || at >= this.#stretch.until) this.#stretch = this.#zone.stretchAt(at)
      const stretch = this.#stretch
      const { from, offset } = stretch
      const local = at + offset
      const match = this.#search.previous(Math.min(local, this.#localUntil(stretch) - 1_000) / 1_000) * 1_000
      let fire = match >= this.#localFrom(stretch) ? match - offset : Number.NEGATIVE_INFINITY
      if (stretch.before < offset) fire = Math.max(fire, this.#gapPrevious(stretch, at))
      if (fire >= from) return fire
      const again = stretch.before > offset && from + stretch.before > local
      if ((match === Number.NEGATIVE_INFINITY && !again) || instant - from > CYCLE_MS) return null
      at = again ? from - 1_000 : Math.min(from - 1_000, match + NEAR_MS)
    }
  }

  /** The readings of a stretch that count: from here … */
  #localFrom({ from, before, offset }: Stretch): number {
    const repeats = before > offset && this.#policy.fold === 'first' && before - offset < this.#policy.foldLimitMs
    return from + (repeats ? before : offset)
  }

  /** … until here. */
  #localUntil({ until, offset, after }: Stretch): number {
    const repeats = after < offset && this.#policy.fold === 'second' && offset - after < this.#policy.foldLimitMs
    return until + (repeats ? after : offset)
  }

  /** The first fire at or after `at` that the gap before this stretch gives, or Infinity. */
  #gapNext(stretch: Stretch, at: Instant): Instant {
    const { from, before, offset } = stretch
    if (this.#policy.gap === 'skip' || at >= from + (offset - before)) return Number.POSITIVE_INFINITY
    const fire = this.#policy.gap === 'shift' ? this.#shifted(stretch, Math.max(at, from)) : this.#gapOnce(stretch)
    return fire >= at ? fire : Number.POSITIVE_INFINITY
  }

  /** The last fire at or before `at` that the gap before this stretch gives, or -Infinity. */
  #gapPrevious(stretch: Stretch, at: Instant): Instant {
    const { from, before, offset } = stretch
    if (this.#policy.gap === 'skip' || offset - before >= this.#policy.gapLimitMs) return Number.NEGATIVE_INFINITY
    if (this.#policy.gap !== 'shift') {
      const fire = this.#gapOnce(stretch)
      return fire <= at ? fire : Number.NEGATIVE_INFINITY
    }
    const match = this.#search.previous(Math.min(at + before, from + offset - 1_000) / 1_000) * 1_000
    return match < from + before ? Number.NEGATIVE_INFINITY : match - before
  }

  /** The fire of the first match that the gap skips, or Infinity if it skips none. */
  #gapOnce(stretch: Stretch): Instant {
    const fire = this.#shifted(stretch, stretch.from)
    return this.#policy.gap === 'edge' && fire !== Number.POSITIVE_INFINITY ? stretch.from : fire
  }

  /** The first time at or after `at` at which the clock, had it not been set, would have shown a match that the gap skips; or Infinity. */
  #shifted({ from, before, offset }: Stretch, at: Instant): Instant {
    if (offset - before >= this.#policy.gapLimitMs) return Number.POSITIVE_INFINITY
    const match = this.#search.next((at + before) / 1_000) * 1_000
    return match < from + offset ? match - before : Number.POSITIVE_INFINITY
  }
}
