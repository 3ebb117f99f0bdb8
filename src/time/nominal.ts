import type { Instant } from '../core/time.ts'
import type { TimetableSpec } from './spec.ts'

/** A time that the schedule means. Each is accounted; one that is held starts nothing. */
export interface Nominal {
  readonly at: Instant
  /** Null: it fires. */
  readonly held: Held | null
  /** The time that the rule meant, where it was moved to a business day. */
  readonly movedFrom?: Instant
}

/** Why a time does not fire. Of several reasons, the first of: `only`, `except`, blackouts. */
export interface Held {
  readonly is: 'excluded' | 'blacked_out'
  /** The calendar (of `only`: all of them, with commas between), or the blackout: its note, or "blackout 1" by its place. */
  readonly by: string
}

/** The times of a schedule. It has no clock, and what it answers depends on nothing but the spec, the time of creation and the question. */
export interface Timetable {
  /** In canonical form: two specs that mean the same mostly have the same. */
  readonly spec: TimetableSpec
  /** The first time strictly after `after`, held ones included. Null: never again. Answers the years from 1 to 9999. */
  next(after: Instant): Nominal | null
  /** The first that fires. Null: never again, or none after 8 years (`SEARCH_YEARS`) or 200,000 spans in which all times were held. */
  nextFiring(after: Instant): Nominal | null
  /** The times after `after` (exclusive) until `until` (inclusive), held ones included; `limit` at most. */
  between(after: Instant, until: Instant, limit: number): Nominal[]
  /** `at 02:00 on the last day of the month, in Europe/Berlin, except on holidays` */
  words(): string
  /** What may surprise: of cron expressions, and of the whole. `from` is now. */
  warnings(from: Instant): TimetableWarning[]
}

/** What is allowed but may surprise. Codes are stable and listed in docs/timetables.md; those of cron expressions in docs/cron.md. */
export interface TimetableWarning {
  readonly code: string
  /** JSON pointer into the spec. */
  readonly at: string
  readonly message: string
  readonly hint?: string
}
