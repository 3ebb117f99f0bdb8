/**
 * When a schedule means to fire. All sources of times (`cron`, `every`, `at`, `solar`; at least one) are joined: a time named twice fires once.
 * Then `only`, `except`, `move` and `blackouts` apply. docs/timetables.md has an example of each.
 *
 * Where a field takes a list, a single value means a list of one. `Moment`: how times are written.
 */
export interface Timetable<Moment = string> {
  /** IANA name (`Europe/Berlin`) or fixed offset (`+05:30`), for everything below. Default `UTC`. */
  timezone?: string
  /** 5 to 7 fields, a macro such as `@daily`, or the fields by name: `{ minute: '0', hour: '2' }`. docs/cron.md has the grammar. Example: `'0 2 L * *'`. */
  cron?: CronText | readonly CronText[]
  /** Whose rules the cron expressions follow, also those of `blackouts`. Default `unix`. */
  dialect?: 'unix' | 'vixie' | 'kubernetes' | 'robfig' | 'quartz' | 'spring' | 'croniter' | 'apscheduler' | 'celery' | 'aws'
  /** Both day fields of a cron expression restricted: either (`or`) or both (`and`) must match. Default: as the dialect has it. */
  days?: 'or' | 'and'
  /** A local time that the clock leaves out in spring. Default: as the dialect has it for cron, `shift` (02:30 becomes 03:30) for `every` and `at`. */
  gap?: 'skip' | 'shift' | 'shift-once' | 'edge' | 'vixie'
  /** A local time that the clock shows twice in autumn. Default: as the dialect has it for cron, `first` for `every` and `at`. */
  fold?: 'first' | 'second' | 'both' | 'vixie'
  /** `'15m'`, `'1d'`, `'1 month'`, or more exactly an object. */
  every?: string | Every<Moment>
  /** One-off times: ISO 8601 with an offset (`2026-12-24T18:00:00+01:00`), or local in `timezone`. */
  at?: Moment | readonly Moment[]
  /** An event of the sun at a place. */
  solar?: Solar
  /** The first instant at which it may fire; nothing fires before, nor was meant to. ISO 8601 with an offset, or local. */
  start?: Moment
  /** The first instant at which it may no longer fire. */
  end?: Moment
  /** By name, for `only`, `except` and `holidays`. `business-days` is built in and cannot be named so. */
  calendars?: Readonly<Record<string, Calendar>>
  /** Fires only in these calendars: on the days of an all-day event, within the hours of a timed one. Of several, any will do. */
  only?: string | readonly string[]
  /** Never in these calendars. It is the time that was moved to which counts. */
  except?: string | readonly string[]
  /** Calendars whose days are no business days. */
  holidays?: string | readonly string[]
  /** Default `['sat', 'sun']`. `[]`: every day of the week is worked. */
  weekend?: readonly string[]
  /** A time on a day that is no business day moves to the same local time of the next, the previous or the nearer one, instead of being dropped. */
  move?: 'next-business-day' | 'previous-business-day' | 'nearest-business-day'
  /** Spans in which nothing fires, though each time is in the ledger as `blacked_out`. */
  blackouts?: readonly Blackout<Moment>[]
}

export type CronText = string | Readonly<Record<string, string>>

export interface Every<Moment = string> {
  /** `15m`, `90s`, `6h`, `1d`, `2w`, `1 month`, `3 months`, `1 year`, mixed as in `1 month 2 days`, or ISO 8601 (`P1M2D`). From one second to 100 years. */
  every: string
  /** `elapsed`: exact multiples from the anchor; the default for weeks and less. `wall`: the same local time; the default where `at` is given, and for months and years. */
  clock?: 'elapsed' | 'wall'
  /** The first time, from which the others are counted; nothing was meant before it. Default: when the schedule was created. */
  anchor?: Moment
  /** `HH:MM[:SS]`, for intervals of whole days, weeks, months, years: the time of day, in place of the anchor's. */
  at?: string
  /** The 31st of January and one month. `skip`: no time in a month without that day. `clamp` (default): its last day. `drift`: counted from the last result. */
  monthEnd?: 'skip' | 'clamp' | 'drift'
}

export interface Solar {
  event:
    | 'dawn_astronomical'
    | 'dawn_nautical'
    | 'dawn_civil'
    | 'sunrise'
    | 'solar_noon'
    | 'sunset'
    | 'dusk_civil'
    | 'dusk_nautical'
    | 'dusk_astronomical'
  /** Degrees, north positive, −90 to 90. */
  latitude: number
  /** Degrees, east positive, −180 to 180. */
  longitude: number
}

export type Calendar =
  /** `YYYY-MM-DD`, or `MM-DD` for each year. Days of the timetable's zone. */
  | { dates: readonly string[] }
  /** The text of an iCalendar file (RFC 5545): its VEVENTs. */
  | { ics: string }

export type Blackout<Moment = string> =
  /** From inclusive, to exclusive. */
  | { from: Moment; to: Moment; note?: string }
  /** From each time of the cron expression on, for a duration (`45m`, `2h 30m`; elapsed). */
  | { cron: CronText; for: string; note?: string }
