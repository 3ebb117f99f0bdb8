import { type TSchema, Type } from 'typebox'
import { ACCOUNTS } from '../core/ledger.ts'
import { CLOSED_STATES, OPEN_STATES } from '../core/run.ts'
import { CATCHUPS, OVERLAPS } from '../engine/face.ts'
import { Reason, Watermark } from './answers.ts'
import { DefinitionSettings, QueueSettings } from './apply-schemas.ts'
import { LimitSettings } from './limit-schemas.ts'
import { NamedSchedule } from './schedule-schemas.ts'

/** What the server answers of schedules: see answers.ts. */

const object = <P extends Record<string, TSchema>>(properties: P, title?: string) => Type.Object(properties, title === undefined ? {} : { title })
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const Time = Type.String({ format: 'date-time' })
const Warning = object({ code: Type.String(), message: Type.String(), hint: Type.Optional(Type.String()) }, 'Warning')
const Changed = Type.Enum(['created', 'edited', 'unchanged', 'kept'])

const entry = {
  n: Type.Integer(),
  source: Type.Enum(['time', 'trigger', 'backfill', 'asset']),
  at: Time,
  until: Time,
  count: Type.Integer(),
  account: Type.Enum([...ACCOUNTS]),
  run: orNull(Type.String()),
  lateMs: orNull(Type.Number()),
  why: orNull(Type.String({ description: 'a stable code; docs/schedules.md has all' })),
  note: orNull(Type.String()),
  accountedAt: Time,
}
const LedgerEntry = object(entry, 'LedgerEntry')
const RunOutcome = orNull(object({ state: Type.Enum([...OPEN_STATES, ...CLOSED_STATES]), startedAt: orNull(Time), closedAt: orNull(Time) }))
const LedgerLine = object(
  {
    ...entry,
    text: orNull(Type.String()),
    outcome: RunOutcome,
  },
  'LedgerLine',
)
export const Ledger = object({ lines: Type.Array(LedgerLine), next: orNull(Type.String()) }, 'Ledger')

const SchedulePause = orNull(
  object({ by: orNull(Type.String()), note: orNull(Type.String()), since: Time, until: orNull(Time), gone: Type.Boolean() }),
)
const { overlap: _, catchup: __, jitter: ___, ...given } = NamedSchedule.properties
export const Schedule = object(
  {
    ...given,
    namespace: Type.String(),
    overlap: Type.Enum([...OVERLAPS]),
    catchup: object({ policy: Type.Enum([...CATCHUPS]), window: orNull(Type.Number({ description: 'milliseconds; null: no time is too old' })) }),
    jitter: Type.Number({ description: 'milliseconds' }),
    words: Type.String(),
    waits: Type.Array(
      object({
        asset: Type.String(),
        linked: Type.Boolean({ description: 'it tells the schedule of its events' }),
        isNew: Type.Boolean({ description: 'it has one that counts, since the last run that assets triggered' }),
        events: Type.Integer(),
      }),
    ),
    watermark: orNull(Watermark),
    origin: Type.Union([
      object({ is: Type.Literal('api') }),
      object({ is: Type.Literal('apply') }),
      object({ is: Type.Literal('code'), source: Type.String() }),
    ]),
    overridden: Type.Array(Type.String()),
    createdAt: Time,
    editedAt: Time,
    paused: SchedulePause,
    stuck: orNull(object({ on: Type.String(), why: Type.String(), since: Time })),
    nextAt: orNull(Time),
    accounted: Time,
    fired: Type.Integer(),
    open: Type.Array(Type.String()),
    buffered: Type.Integer(),
    last: orNull(LedgerEntry),
    lastOutcome: { ...RunOutcome, description: 'how the run of the last one stands' },
    backfills: Type.Array(
      object({
        id: Type.String(),
        by: orNull(Type.String()),
        from: Time,
        to: Time,
        through: Time,
        maxActive: Type.Integer(),
        active: Type.Array(Type.String()),
        startedAt: Time,
        started: Type.Integer(),
      }),
    ),
  },
  'Schedule',
)
export const SchedulePut = object({ changed: Changed, schedule: Schedule, warnings: Type.Array(Warning) }, 'SchedulePut')
export const ScheduleList = object({ schedules: Type.Array(Schedule), next: orNull(Type.String()) }, 'ScheduleList')
export const Triggered = object({ n: Type.Integer(), run: Type.String() }, 'Triggered')
const skips = ['exists', 'completed', 'in-flight', 'made'] as const
export const BackfillPreview = object(
  {
    total: Type.Integer({ description: 'times in the range' }),
    starts: Type.Integer({ description: 'of these, those that would be started' }),
    skips: object(Object.fromEntries(skips.map(why => [why, Type.Optional(Type.Integer())]))),
    times: Type.Array(object({ at: Time, skipped: orNull(Type.Enum([...skips])), run: orNull(Type.String()) }), { description: 'the first 100' }),
    runMs: orNull(Type.Number({ description: 'how long a run usually takes' })),
    estimatedMs: orNull(Type.Number({ description: 'how long all of them would take, so many at a time' })),
  },
  'BackfillPreview',
)
export const Backfilled = object({ backfill: Type.String() }, 'Backfilled')
export const Preview = object(
  {
    words: Type.String(),
    timezone: Type.String(),
    times: Type.Array(
      object({
        at: Time,
        local: Type.String(),
        held: orNull(object({ is: Type.Enum(['excluded', 'blacked_out']), by: Type.String() })),
        movedFrom: orNull(Time),
      }),
    ),
    warnings: Type.Array(Warning),
  },
  'Preview',
)
export const Upcoming = object(
  {
    from: Time,
    until: Time,
    schedules: Type.Array(
      object({
        name: Type.String(),
        definition: Type.String(),
        queue: orNull(Type.String()),
        timezone: Type.String(),
        paused: SchedulePause,
        times: Type.Array(Time, { description: 'those that fire unless it is paused: the first 300' }),
        count: Type.Integer({ description: 'in the range, among its first 1,000 times' }),
        more: Type.Boolean({ description: 'there are more than are listed' }),
      }),
    ),
    next: orNull(Type.String()),
  },
  'UpcomingTimes',
)
export const Outcomes = object(
  {
    from: Time,
    until: Time,
    schedules: Type.Array(
      object({
        name: Type.String(),
        lines: Type.Array(LedgerLine, { description: 'the last of them, latest first' }),
        more: Type.Boolean({ description: 'there are more than are listed' }),
      }),
    ),
    next: orNull(Type.String()),
  },
  'ScheduleOutcomes',
)
export const CalendarText = Type.String({ description: 'iCalendar (RFC 5545)' })
export const ScheduleExplanation = object(
  {
    schedule: Type.String(),
    at: orNull(Time),
    reasons: Type.Array(Reason),
    clear: Type.Array(Type.String()),
    line: orNull(LedgerLine),
  },
  'ScheduleExplanation',
)
export const Registered = object(
  { schedules: Type.Array(object({ name: Type.String(), changed: Changed, warnings: Type.Array(Warning) })) },
  'RegisteredSchedules',
)
export const Applied = object(
  {
    applied: Type.Boolean({ description: 'false: it was a dry run' }),
    changes: Type.Array(
      object({
        kind: Type.Enum(['dag', 'schedule', 'queue', 'definition', 'limit']),
        name: Type.String(),
        change: Type.Enum(['created', 'edited', 'unchanged', 'deleted', 'kept']),
        fields: Type.Array(object({ field: Type.String(), from: Type.Optional(Type.Unknown()), to: Type.Optional(Type.Unknown()) })),
        warnings: Type.Array(Warning),
      }),
    ),
  },
  'Applied',
)
export const Export = object(
  {
    schedules: Type.Array(NamedSchedule),
    queues: Type.Array(QueueSettings),
    definitions: Type.Array(DefinitionSettings),
    limits: Type.Array(LimitSettings),
  },
  'Export',
)
