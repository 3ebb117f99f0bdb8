import { invariant } from '../core/errors.ts'
import type { Instant } from '../core/time.ts'
import { canonicalSpec } from './canonical.ts'
import { SEARCH_YEARS } from './coverage.ts'
import { DAY_MS, dayOf, YEAR_MAX, YEAR_MIN } from './dates.ts'
import type { Holds } from './holds.ts'
import { filteredSource, Moving } from './moving.ts'
import type { Held, Nominal, Timetable, TimetableWarning } from './nominal.ts'
import { holdsOf, onlyOf, type Plan, readSpec } from './read-spec.ts'
import { boundSource, joinSources, type Source } from './source.ts'
import { BUSINESS_DAYS, type TimetableSpec } from './spec.ts'
import { TimetableError } from './timetable-error.ts'
import { warningsOf } from './warnings.ts'
import { wordsOf } from './words.ts'

export type { Held, Nominal, Timetable, TimetableWarning } from './nominal.ts'
export type { TimetableSpec } from './spec.ts'
export { TimetableError, type TimetableErrorCode } from './timetable-error.ts'
export { type ToIcsOptions, toIcs } from './to-ics.ts'

/** Held times are passed over span by span (a weekend, a blackout), not one by one. More than so many spans in which nothing fires are a mistake, found in a fraction of a second. */
const SPANS_MAX = 200_000
const SEARCH_MS = SEARCH_YEARS * 366 * DAY_MS
const INSTANT_MIN = dayOf(YEAR_MIN, 1, 2) * DAY_MS
const INSTANT_MAX = dayOf(YEAR_MAX, 12, 31) * DAY_MS

/**
 * Reads a spec. `created` is when the schedule was created: the anchor of an interval that has none.
 * @throws TimetableError that says where in the spec, what was found, and a way out.
 */
export function timetable(spec: TimetableSpec, created: Instant): Timetable {
  const plan = readSpec(spec, created)
  const source = boundSource(joinSources(plan.sources.map(each => each.source)), plan.start?.instant ?? null, plan.end?.instant ?? null)
  refuseNever(plan, source)
  const times = plan.move === null ? new PlainTimes(source, holdsOf(plan)) : new MovedTimes(source, holdsOf(plan), plan)
  return new PlannedTimetable(plan, times)
}

/** How times come to be held or moved. Asked with a finite `after`. */
interface Times {
  next(after: Instant): Nominal | null
  /** As `next`, but may leave out held times. */
  nextMaybeFiring(after: Instant): Nominal | null
  readonly holds: Holds
}

class PlannedTimetable implements Timetable {
  readonly spec: TimetableSpec
  readonly #plan: Plan
  readonly #times: Times
  constructor(plan: Plan, times: Times) {
    this.spec = canonicalSpec(plan)
    this.#plan = plan
    this.#times = times
  }

  next(after: Instant): Nominal | null {
    if (after >= INSTANT_MAX) return null
    invariant(!Number.isNaN(after), 'a time that is asked about is a number', {})
    const nominal = this.#times.next(after < INSTANT_MIN ? INSTANT_MIN : after)
    return nominal === null || nominal.at > INSTANT_MAX ? null : nominal
  }

  nextFiring(after: Instant): Nominal | null {
    let from = Math.max(after, INSTANT_MIN)
    invariant(!Number.isNaN(from), 'a time that is asked about is a number', {})
    const last = from + SEARCH_MS
    for (let span = 0; span < SPANS_MAX; span++) {
      const nominal = from >= INSTANT_MAX ? null : this.#times.nextMaybeFiring(from)
      if (nominal === null || nominal.at > INSTANT_MAX) return null
      if (nominal.held === null) return nominal
      const free = this.#times.holds.free(nominal.at)
      if (free === null || nominal.at > last) return null
      from = Math.max(nominal.at, free - 1)
    }
    return null
  }

  between(after: Instant, until: Instant, limit: number): Nominal[] {
    const nominals: Nominal[] = []
    for (let at = after; nominals.length < limit; ) {
      const nominal = this.next(at)
      if (nominal === null || nominal.at > until) break
      nominals.push(nominal)
      at = nominal.at
    }
    return nominals
  }

  words(): string {
    return wordsOf(this.#plan)
  }

  warnings(from: Instant): TimetableWarning[] {
    return warningsOf(this.#plan, this, from)
  }
}

class PlainTimes implements Times {
  readonly holds: Holds
  readonly #source: Source
  constructor(source: Source, holds: Holds) {
    this.#source = source
    this.holds = holds
  }

  next(after: Instant): Nominal | null {
    const at = this.#source.next(after)
    return at === null ? null : { at, held: this.holds.at(at) }
  }

  nextMaybeFiring(after: Instant): Nominal | null {
    return this.next(after)
  }
}

/** Times move where `only` has them, judged by the time that was meant; those that it has not stay where they were meant, and are held. */
class MovedTimes implements Times {
  readonly holds: Holds
  readonly #moving: Moving
  readonly #left: Source | null
  readonly #leftHeld: Held | null
  readonly #start: Instant
  readonly #end: Instant
  constructor(source: Source, holds: Holds, plan: Plan) {
    // What moves lands on business days, so that `only: business-days` holds by itself.
    const only = plan.only.length === 0 || plan.only.includes(BUSINESS_DAYS) ? null : onlyOf(plan)
    this.holds = holds
    this.#moving = new Moving(only ? filteredSource(source, only.coverage, 'in') : source, plan.businessDays, plan.move!, plan.zone)
    this.#left = only ? filteredSource(source, only.coverage, 'out') : null
    this.#leftHeld = only?.held ?? null
    this.#start = plan.start?.instant ?? Number.NEGATIVE_INFINITY
    this.#end = plan.end?.instant ?? Number.POSITIVE_INFINITY
  }

  next(after: Instant): Nominal | null {
    const moved = this.nextMaybeFiring(after)
    const left = this.#left?.next(after) ?? null
    return left !== null && (moved === null || left < moved.at) ? { at: left, held: this.#leftHeld } : moved
  }

  nextMaybeFiring(after: Instant): Nominal | null {
    const at = this.#moving.next(Math.max(after, this.#start - 1))
    if (at === null || at >= this.#end) return null
    const held = this.holds.at(at)
    return this.#moving.meant === at ? { at, held } : { at, held, movedFrom: this.#moving.meant }
  }
}

/** Between `start` and `end` there must be a time, or it is a mistake; a schedule without `start` is looked at from some years before its creation on. */
function refuseNever({ spec, start, end, created }: Plan, source: Source): void {
  if (end === null) return
  const from = (start?.instant ?? Math.min(created, end.instant) - SEARCH_MS) - 1
  if (source.next(Math.max(from, INSTANT_MIN)) === null)
    throw new TimetableError({
      code: 'schedule-never-fires',
      at: '/end',
      found: spec.end,
      hint: `The schedule has no time before its end${start ? ' and after its start' : ''}.`,
    })
}
