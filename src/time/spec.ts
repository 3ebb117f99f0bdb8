import type { Dialect, Fold, Gap } from './cron/dialects.ts'

export type { Dialect, Fold, Gap } from './cron/dialects.ts'

/** A cron expression, or its fields by name (`{ minute: '0', hour: '2' }`). docs/cron.md has the grammar. */
export type CronText = string | Readonly<Record<string, string>>

/**
 * When a schedule means to fire: plain JSON, as stored and sent.
 * All sources of times (`cron`, `every`, `at`, `solar`; at least one) are joined: a time named twice fires once. Then `only`, `except`, `move` and `blackouts` apply.
 * One word or a list of them: where a field takes a list, a single value means a list of one. docs/timetables.md has an example of each.
 */
export interface TimetableSpec {
  /** IANA name (`Europe/Berlin`) or fixed offset (`+05:30`), for everything below. Default `UTC`. */
  timezone?: string
  cron?: CronText | readonly CronText[]
  /** Whose rules the cron expressions follow, also those of `blackouts`. Default `unix`. */
  dialect?: Dialect
  /** Both day fields of a cron expression restricted: either (`or`) or both (`and`) must match. Default: as the dialect has it. */
  days?: 'or' | 'and'
  /** A local time that the clock leaves out in spring. Default: as the dialect has it for cron, `shift` (02:30 becomes 03:30) for `every` and `at`. For these, `vixie` is `edge`. */
  gap?: Gap
  /** A local time that the clock shows twice in autumn. Default: as the dialect has it for cron, `first` for `every` and `at`. For these, `vixie` is `first`; `at` takes `both` as `first`, being one time. */
  fold?: Fold
  every?: string | EverySpec
  /** One-off times: ISO 8601 with an offset (`2026-12-24T18:00:00+01:00`), or local in `timezone`. */
  at?: string | readonly string[]
  solar?: SolarSpec
  /** ISO 8601 with an offset or local. The first instant at which it may fire; nothing fires before, nor was meant to. */
  start?: string
  /** The first instant at which it may no longer fire. */
  end?: string
  /** By name, for `only`, `except` and `holidays`. `business-days` is built in and cannot be named so. */
  calendars?: Readonly<Record<string, CalendarSpec>>
  /** Fires only in these calendars: on the days of an all-day event, within the hours of a timed one. Of several, any will do. With `move`, it is the time that was meant which counts. */
  only?: string | readonly string[]
  /** Never in these calendars. It is the time that was moved to which counts. */
  except?: string | readonly string[]
  /** Calendars whose days are no business days. A timed event makes a holiday only if it lasts the whole day. */
  holidays?: string | readonly string[]
  /** Default `['sat', 'sun']`. `[]`: every day of the week is worked. */
  weekend?: readonly string[]
  /**
   * A time on a day that is no business day moves to the same local time of the next or previous one, or of the nearer (of two that are equally far, the next), instead of being dropped.
   * Two times that meet fire once. If no business day is within 366 days, the time stays and is held.
   */
  move?: Move
  /** Spans in which nothing fires, though each time is accounted as `blacked_out`. */
  blackouts?: readonly BlackoutSpec[]
}

export interface EverySpec {
  /** `15m`, `90s`, `6h`, `1d`, `2w`, `1 month`, `3 months`, `1 year`, mixed as in `1 month 2 days`, or ISO 8601 (`P1M2D`). From one second to 100 years. */
  every: string
  /**
   * - `elapsed`: exact multiples from the anchor, so that `1d` shifts by an hour when the clock is set. The default for what is made of weeks and less.
   * - `wall`: the same local time. The default where `at` is given, and the only way for months and years.
   */
  clock?: 'elapsed' | 'wall'
  /** The first time, from which the others are counted; nothing was meant before it. ISO 8601 with an offset or local. Default: when the schedule was created. */
  anchor?: string
  /** `HH:MM[:SS]`, for intervals of whole days, weeks, months, years: the time of day, in place of the anchor's. */
  at?: string
  /**
   * The 31st of January and one month (RFC 5545 knows `skip` only; java.time and Luxon clamp; Quartz drifts):
   * - `skip`: a month without that day is left out.
   * - `clamp` (default): its last day, counted from the anchor, so that March has its 31st again.
   * - `drift`: counted from the last result: after the 28th of February, the 28th of March.
   *
   * Of months mixed with days, each time is counted from the one before; there, `clamp` and `drift` are the same.
   */
  monthEnd?: MonthEnd
}

export type MonthEnd = 'skip' | 'clamp' | 'drift'

export const MONTH_ENDS: readonly MonthEnd[] = ['skip', 'clamp', 'drift']

/** An event of the sun at a place, as Celery's `solar` has them. `dawn_` is the morning, `dusk_` the evening; each happens once a day, near the poles more seldom. Whole seconds. */
export interface SolarSpec {
  event: SolarEvent
  /** Degrees, north positive, −90 to 90. */
  latitude: number
  /** Degrees, east positive, −180 to 180. */
  longitude: number
}

export const SOLAR_EVENTS = [
  'dawn_astronomical',
  'dawn_nautical',
  'dawn_civil',
  'sunrise',
  'solar_noon',
  'sunset',
  'dusk_civil',
  'dusk_nautical',
  'dusk_astronomical',
] as const
export type SolarEvent = (typeof SOLAR_EVENTS)[number]

export const MOVES = ['next-business-day', 'previous-business-day', 'nearest-business-day'] as const
export type Move = (typeof MOVES)[number]

export type CalendarSpec =
  /** `YYYY-MM-DD`, or `MM-DD` for each year (`02-29` is in leap years only). Days of the timetable's zone. */
  | { dates: readonly string[] }
  /** The text of an iCalendar file (RFC 5545): its VEVENTs. All-day events are days of the timetable's zone. */
  | { ics: string }

export type BlackoutSpec =
  /** From inclusive, to exclusive: ISO 8601 with an offset, or local. */
  | { from: string; to: string; note?: string }
  /** From each time of the cron expression on, for a duration (`45m`, `2h 30m`; elapsed). */
  | { cron: CronText; for: string; note?: string }

/** The name of the built-in calendar of the days which are neither weekend nor holidays. */
export const BUSINESS_DAYS = 'business-days'
