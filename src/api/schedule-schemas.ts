import { type Static, Type } from 'typebox'
import { DURATION_MS_MAX } from '../core/time.ts'
import { BACKFILL_ORDERS, CATCHUPS, OVERLAPS, REPROCESSES } from '../engine/face.ts'
import { closed, count, Duration, InstantText, list, Name, NOTE_LENGTH_MAX, Note, number, Payload, RunOptions } from './schemas.ts'

/**
 * What clients send of schedules. The descriptions are hints of errors, and what an editor shows in a YAML file (apply-schema.ts): what is expected,
 * and the default. What only a calendar can tell (a cron expression that never fires, a zone that is none) is said by the timetable itself.
 */

export const SCHEDULES_PER_CALL_MAX = 1_000
export const APPLIED_MAX = 10_000
export const BACKFILL_ACTIVE_MAX = 1_000
export const PREVIEW_MAX = 1_000
export const PREVIEW_DEFAULT = 10
/** Jitter beyond that would put a daily time behind the next one. */
export const JITTER_MS_MAX = 86_400_000

const TEXT_LENGTH_MAX = 1_000
const LIST_MAX = 1_000
/** One-off times, and dates of a calendar. */
const TIMES_MAX = 10_000
const ICS_LENGTH_MAX = 1024 * 1024
const CALENDARS_MAX = 100

const text = (description: string) => Type.String({ maxLength: TEXT_LENGTH_MAX, description })
const oneOrList = <S extends ReturnType<typeof text>>(item: S, maxItems: number) =>
  Type.Union([item, list(item, maxItems)], { description: `${(item as { description?: string }).description}, or a list of them` })

const MOMENT = 'a time in ISO 8601, with its offset ("2026-12-24T18:00:00+01:00") or local in the timezone ("2026-12-24 18:00")'
const Moment = text(MOMENT)
const Cron = Type.Union(
  [
    text('a cron expression'),
    Type.Record(Type.String({ pattern: '^[A-Za-z_]{1,20}$' }), Type.String({ maxLength: TEXT_LENGTH_MAX }), {
      additionalProperties: false,
      maxProperties: 10,
      description: 'the fields of a cron expression by name',
    }),
  ],
  { description: 'a cron expression such as "0 2 * * *" (5 to 7 fields or @daily), or its fields by name: { minute: "0", hour: "2" }' },
)
const Every = closed(
  {
    every: text('an interval such as "15m", "1d", "1 month", or ISO 8601 ("P1M"); 1 second to 100 years'),
    clock: Type.Optional(
      Type.Enum(['elapsed', 'wall'], {
        description: 'elapsed: exact multiples (default for weeks and less); wall: the same local time (default for months and years)',
      }),
    ),
    anchor: Type.Optional(text(`the first time, from which the others are counted (default: when the schedule was made), ${MOMENT}`)),
    at: Type.Optional(text('a time of day as HH:MM or HH:MM:SS, for intervals of whole days and more')),
    monthEnd: Type.Optional(
      Type.Enum(['skip', 'clamp', 'drift'], {
        description: 'the 31st in a shorter month: skip leaves it out, clamp (default) takes its last day, drift counts on from there',
      }),
    ),
  },
  { title: 'Every' },
)
const SOLAR_EVENTS = [
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
const Solar = closed(
  { event: Type.Enum([...SOLAR_EVENTS]), latitude: number(-90, 90), longitude: number(-180, 180) },
  { title: 'Solar', description: 'an event of the sun at a place: { event, latitude, longitude }' },
)
const Calendar = Type.Union(
  [
    closed({ dates: list(text('a date as YYYY-MM-DD, or MM-DD for each year'), TIMES_MAX) }),
    closed({ ics: Type.String({ maxLength: ICS_LENGTH_MAX, description: `the text of an iCalendar file, ${ICS_LENGTH_MAX} characters at most` }) }),
  ],
  { description: 'a calendar: { dates: […] } or { ics: "the text of an iCalendar file" }' },
)
const Blackout = Type.Union(
  [
    closed({ from: Moment, to: Moment, note: Type.Optional(Note) }),
    closed({ cron: Cron, for: text('a duration such as "2h 30m"'), note: Type.Optional(Note) }),
  ],
  { description: 'a span in which nothing fires: { from, to } or { cron, for }, each with a note if you like' },
)
const calendarNames = (which: string) => oneOrList(text(`the name of a calendar (or business-days) ${which}`), LIST_MAX)

const timetable = {
  timezone: Type.Optional(text('an IANA time zone such as "Europe/Berlin", or a fixed offset such as "+05:30"; default UTC')),
  cron: Type.Optional(
    Type.Union([...Cron.anyOf, list(Cron, LIST_MAX)], { description: `${(Cron as { description?: string }).description}, or a list of them` }),
  ),
  dialect: Type.Optional(
    Type.Enum(['unix', 'vixie', 'kubernetes', 'robfig', 'quartz', 'spring', 'croniter', 'apscheduler', 'celery', 'aws'], {
      description: 'whose rules the cron expressions follow; default unix',
    }),
  ),
  days: Type.Optional(
    Type.Enum(['or', 'and'], {
      description: 'day of month and day of week both restricted: either or both must match; default as the dialect has it',
    }),
  ),
  gap: Type.Optional(
    Type.Enum(['skip', 'shift', 'shift-once', 'edge', 'vixie'], { description: 'a local time that the clock leaves out in spring' }),
  ),
  fold: Type.Optional(Type.Enum(['first', 'second', 'both', 'vixie'], { description: 'a local time that the clock shows twice in autumn' })),
  every: Type.Optional(
    Type.Union([text('an interval such as "15m", "1d", "1 month"'), Every], {
      description: 'an interval such as "15m", "1d", "1 month", or an object with every, clock, anchor, at, monthEnd',
    }),
  ),
  at: Type.Optional(oneOrList(text(`a one-off time: ${MOMENT}`), TIMES_MAX)),
  solar: Type.Optional(Solar),
  start: Type.Optional(text(`the first instant at which it may fire, ${MOMENT}`)),
  end: Type.Optional(text(`the first instant at which it may no longer fire, ${MOMENT}`)),
  calendars: Type.Optional(
    Type.Record(Type.String({ pattern: '^(?!__proto__$)[^\\p{Cc}\\p{Cs}]{1,200}$' }), Calendar, {
      additionalProperties: false,
      maxProperties: CALENDARS_MAX,
      description: `at most ${CALENDARS_MAX} calendars by name, for only, except and holidays`,
    }),
  ),
  only: Type.Optional(calendarNames('in which alone it fires')),
  except: Type.Optional(calendarNames('in which it does not fire')),
  holidays: Type.Optional(calendarNames('whose days are no business days')),
  weekend: Type.Optional(
    Type.Array(text('a day of the week such as "sat"'), {
      maxItems: 7,
      description: 'days of the week that are no business days; default [sat, sun]',
    }),
  ),
  move: Type.Optional(
    Type.Enum(['next-business-day', 'previous-business-day', 'nearest-business-day'], {
      description: 'where a time on a day that is no business day moves to',
    }),
  ),
  blackouts: Type.Optional(
    Type.Array(Blackout, { maxItems: LIST_MAX, description: 'spans in which nothing fires, though each time is in the ledger' }),
  ),
}

const ASSETS = 'assets whose new events start a run: a name, a list (all of them), { all: [...] } or { any: [...] }, one within the other'
const CatchupPolicy = Type.Enum([...CATCHUPS])
const Catchup = Type.Union(
  [
    Type.Number({ minimum: 0, maximum: DURATION_MS_MAX, description: 'milliseconds' }),
    Type.String({ maxLength: 100, description: 'all, latest, none, or a duration such as "6h"' }),
    closed({ policy: CatchupPolicy, window: Type.Optional(Type.Union([...Duration.anyOf, Type.Null()], { description: 'a duration, or null' })) }),
  ],
  {
    description:
      'what happens to times that were missed: all, latest, none, a duration such as "6h" (all within it), or { policy, window }; default { policy: latest, window: 7d }',
  },
)
const settings = {
  description: Type.Optional(Type.String({ maxLength: NOTE_LENGTH_MAX, description: `for people: a text of at most ${NOTE_LENGTH_MAX} characters` })),
  target: Type.String({ pattern: (Name as { pattern?: string }).pattern as string, description: 'the name of the definition that it starts' }),
  input: Type.Optional(
    Type.Unknown({
      description: 'any JSON value, for the target; its texts may say {{nominalTime}}, {{nominalLocal}}, {{nominalDate}}, {{schedule}}',
    }),
  ),
  options: Type.Optional(RunOptions),
  assets: Type.Optional(Type.Unknown({ description: ASSETS })),
  overlap: Type.Optional(
    Type.Enum([...OVERLAPS], { description: 'what happens to a time that is due while a run of this schedule is open; default skip' }),
  ),
  catchup: Type.Optional(Catchup),
  jitter: Type.Optional(
    Type.Union([...Duration.anyOf], {
      description: 'by how much each time is put off at most, always the same for the same time: a duration such as "5m", up to a day; default 0',
    }),
  ),
}

export const Timetable = closed(timetable, { title: 'Timetable' })
const spec = { ...settings, ...timetable }
export const ScheduleSpec = closed(spec, { title: 'ScheduleSpec' })
export const NamedSchedule = closed({ name: Name, ...spec }, { title: 'NamedSchedule' })
/** Any of it; null removes a field. What it must be is checked once it is merged. */
export const ScheduleChange = closed(
  Object.fromEntries(Object.keys(spec).map(name => [name, Type.Optional(name === 'input' ? Payload : Type.Unknown())])) as Record<
    keyof typeof spec,
    ReturnType<typeof Type.Optional<ReturnType<typeof Type.Unknown>>>
  >,
  { title: 'ScheduleChange' },
)

export const SchedulePause = closed(
  { note: Type.Optional(Note), until: Type.Optional(InstantText), for: Type.Optional(Duration) },
  { title: 'PauseSchedule' },
)
export const ScheduleWatermark = closed(
  { value: { ...Payload, description: 'up to 16,384 characters of JSON; null: its runs begin anew' } },
  { title: 'SetScheduleWatermark' },
)
export const Backfill = closed(
  {
    from: InstantText,
    to: InstantText,
    maxActive: Type.Optional(count(1, BACKFILL_ACTIVE_MAX)),
    order: Type.Optional(Type.Enum([...BACKFILL_ORDERS], { description: 'forward: the first time first (default); reverse: the last' })),
    reprocess: Type.Optional(
      Type.Enum([...REPROCESSES], {
        description:
          'what becomes of a time for which a run is there: nothing (none), a new run where it did not complete (failed), a new run (completed, the default)',
      }),
    ),
    missing: Type.Optional(Type.Boolean({ description: 'only times whose partitions of the assets that the DAG makes were not all made' })),
  },
  { title: 'AskBackfill' },
)
export const Try = closed(
  { schedule: Timetable, from: Type.Optional(InstantText), count: Type.Optional(count(1, PREVIEW_MAX)) },
  { title: 'TryTimetable' },
)
export const RegisterSchedules = closed({ source: Name, schedules: list(NamedSchedule, SCHEDULES_PER_CALL_MAX) }, { title: 'RegisterSchedules' })

export type TimetableBody = Static<typeof Timetable>
export type ScheduleBody = Static<typeof ScheduleSpec>
export type NamedScheduleBody = Static<typeof NamedSchedule>
