import type { Timetable } from './timetable.ts'
import type { State, WireDefinition, WireLimitSettings, WireReason, WireRules } from './wire.ts'
import type { WireWatermark } from './wire-assets.ts'
import type { WireNamedDag } from './wire-dags.ts'

/** Schedules over HTTP: part of the tables of wire.ts. */
export const SCHEDULE_OPERATIONS = {
  'schedules.put': ['PUT', '/v1/namespaces/{namespace}/schedules/{name}'],
  'schedules.change': ['PATCH', '/v1/namespaces/{namespace}/schedules/{name}'],
  'schedules.reset': ['DELETE', '/v1/namespaces/{namespace}/schedules/{name}/override'],
  'schedules.remove': ['DELETE', '/v1/namespaces/{namespace}/schedules/{name}'],
  'schedules.list': ['GET', '/v1/namespaces/{namespace}/schedules'],
  'schedules.get': ['GET', '/v1/namespaces/{namespace}/schedules/{name}'],
  'schedules.pause': ['POST', '/v1/namespaces/{namespace}/schedules/{name}/pause'],
  'schedules.setWatermark': ['PUT', '/v1/namespaces/{namespace}/schedules/{name}/watermark'],
  'schedules.resume': ['POST', '/v1/namespaces/{namespace}/schedules/{name}/resume'],
  'schedules.trigger': ['POST', '/v1/namespaces/{namespace}/schedules/{name}/trigger'],
  'schedules.backfill': ['POST', '/v1/namespaces/{namespace}/schedules/{name}/backfill'],
  'schedules.previewBackfill': ['POST', '/v1/namespaces/{namespace}/schedules/{name}/backfill/preview'],
  'schedules.cancelBackfill': ['POST', '/v1/namespaces/{namespace}/schedules/{name}/backfills/{backfill}/cancel'],
  'schedules.ledger': ['GET', '/v1/namespaces/{namespace}/schedules/{name}/ledger'],
  'schedules.preview': ['GET', '/v1/namespaces/{namespace}/schedules/{name}/preview'],
  'schedules.try': ['POST', '/v1/namespaces/{namespace}/preview'],
  'schedules.calendar': ['GET', '/v1/namespaces/{namespace}/schedules/{name}/calendar.ics'],
  'schedules.explain': ['GET', '/v1/namespaces/{namespace}/schedules/{name}/explain'],
  'schedules.register': ['POST', '/v1/namespaces/{namespace}/schedules/register'],
  apply: ['POST', '/v1/namespaces/{namespace}/apply'],
  export: ['GET', '/v1/namespaces/{namespace}/export'],
} as const satisfies Record<string, readonly ['GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', string]>

export type WireTimetable = Timetable
export type WireOverlap = 'allow' | 'skip' | 'buffer_one' | 'buffer_all' | 'cancel_other' | 'terminate_other'
export type WireCatchupPolicy = 'all' | 'latest' | 'none'
/** A duration alone: `all` within that window. A policy alone: `latest` within 7 days, `all` and `none` without a window. Window null: no time is too old. */
export type WireCatchup = number | string | { policy: WireCatchupPolicy; window?: number | string | null }
/** Options of the runs: those of a start that make sense for every one of them. */
export type WireScheduleOptions = Omit<WireDefinition['options'], 'unique' | keyof WireRules>

/** PUT schedules/{name}; answer `WireSchedulePut`. PATCH takes a part of it, null removes a field; what it does not name stays. */
export interface WireScheduleSpec extends WireTimetable {
  description?: string
  /** Name of a definition of any kind. */
  target: string
  /** For the target. Its texts may say `{{nominalTime}}`, `{{nominalLocal}}`, `{{nominalDate}}`, `{{schedule}}`. */
  input?: unknown
  options?: WireScheduleOptions
  /** It also fires once these have new events; without cron, every, at and solar, by these alone. */
  assets?: unknown
  /** What happens to a time that is due while a run of this schedule is open. Default `skip`. */
  overlap?: WireOverlap
  /** What happens to times that could not be seen to when they were due. Default `{ policy: 'latest', window: '7d' }`. */
  catchup?: WireCatchup
  /** Each time is put off by up to so much, always the same for the same time. Default 0, at most a day. */
  jitter?: number | string
}
export interface WireSchedule extends WireScheduleSpec {
  name: string
  namespace: string
  overlap: WireOverlap
  catchup: { policy: WireCatchupPolicy; window: number | null }
  /** Milliseconds. */
  jitter: number
  /** The timetable in words. */
  words: string
  /** What is known of the assets that it waits for; `isNew`: it counts, since the last run that assets triggered. */
  waits: { asset: string; linked: boolean; isNew: boolean; events: number }[]
  /** How far its runs have come, for the next one; `run` or `by`: who said so. */
  watermark: WireWatermark | null
  origin: WireOrigin
  /** What an operator has changed of it: `timetable`, `target` (with `input` and `options`), `overlap`, `catchup`, `jitter`, `description`. */
  overridden: string[]
  createdAt: string
  editedAt: string
  /** `gone`: its code no longer has it. */
  paused: { by: string | null; note: string | null; since: string; until: string | null; gone: boolean } | null
  /** It choked on an input, and does nothing before it is resumed. */
  stuck: { on: string; why: string; since: string } | null
  /** The next time that fires; null: none any more. */
  nextAt: string | null
  /** Every nominal time up to here is in the ledger. */
  accounted: string
  fired: number
  /** Runs that are open. */
  open: string[]
  /** Times that wait for them. */
  buffered: number
  last: WireLedgerEntry | null
  /** How the run of the last one stands; null: there is none, or it is gone. */
  lastOutcome: WireLedgerLine['outcome']
  backfills: WireBackfill[]
}
/** Where its definition comes from: a call, a file that was applied, or the code of workers. */
export type WireOrigin = { is: 'api' } | { is: 'apply' } | { is: 'code'; source: string }
export interface WireBackfill {
  id: string
  by: string | null
  from: string
  to: string
  /** The last time that was started. */
  through: string
  maxActive: number
  active: string[]
  startedAt: string
  started: number
}
export interface WireWarning {
  code: string
  message: string
  hint?: string
}
/** `kept`: code registered a schedule that somebody had made otherwise; it was left as it is. */
export type WireScheduleChange = 'created' | 'edited' | 'unchanged' | 'kept'
export interface WireSchedulePut {
  changed: WireScheduleChange
  schedule: WireSchedule
  warnings: WireWarning[]
}
/** Query of GET schedules: limit, cursor. By name. */
export interface WireScheduleList {
  schedules: WireSchedule[]
  next: string | null
}
/** PUT schedules/{name}/watermark. Null: its runs begin anew. */
export interface WireSetWatermark {
  value: unknown
}
/** POST schedules/{name}/pause. `until` or `for`, not both; neither: until somebody resumes it. */
export interface WireSchedulePause {
  note?: string
  until?: string
  for?: number | string
}
/** POST schedules/{name}/trigger: its line in the ledger, and the run. */
export interface WireTriggered {
  n: number
  run: string
}
/** POST schedules/{name}/backfill: both ends inclusive. */
export interface WireBackfillAsk {
  from: string
  to: string
  /** Runs open at the same time, 1 to 1,000. Default 1. */
  maxActive?: number
  /** Which time goes first. Default `forward`. */
  order?: 'forward' | 'reverse'
  /** What becomes of a time for which a run is there: nothing, a new run where it did not complete, a new run. Default `completed`. */
  reprocess?: 'none' | 'failed' | 'completed'
  /** Only times whose partitions of the assets that the DAG makes were not all made. */
  missing?: boolean
}
export type WireBackfillSkip = 'exists' | 'completed' | 'in-flight' | 'made'
/** POST schedules/{name}/backfill/preview */
export interface WireBackfillPreview {
  total: number
  starts: number
  skips: { [Why in WireBackfillSkip]?: number }
  /** The first 100. */
  times: { at: string; skipped: WireBackfillSkip | null; run: string | null }[]
  runMs: number | null
  estimatedMs: number | null
}
export interface WireBackfilled {
  backfill: string
}
export type WireAccount = 'intended' | 'fired' | 'recovered' | 'refused' | 'skipped' | 'excluded' | 'blacked_out' | 'paused'
/** One nominal time, or a stretch of `count` of them, from `at` to `until`, that share an account. */
export interface WireLedgerEntry {
  n: number
  source: 'time' | 'trigger' | 'backfill' | 'asset'
  at: string
  until: string
  count: number
  account: WireAccount
  run: string | null
  lateMs: number | null
  why: string | null
  note: string | null
  accountedAt: string
}
export interface WireLedgerLine extends WireLedgerEntry {
  /** `why` in words. */
  text: string | null
  /** What became of the run; null: there is none, or its retention is over. */
  outcome: { state: State; startedAt: string | null; closedAt: string | null } | null
}
/** Query of GET ledger: from, to (ISO, both inclusive), account (repeatable), limit, cursor. Latest first. */
export interface WireLedger {
  lines: WireLedgerLine[]
  next: string | null
}
/** POST preview: nothing is created. */
export interface WireTry {
  schedule: WireTimetable
  /** ISO; the times are later than it. Default: now. */
  from?: string
  /** 1 to 1,000, default 10. */
  count?: number
}
export interface WirePreview {
  words: string
  timezone: string
  times: {
    at: string
    /** Wall clock of the zone, with its offset. */
    local: string
    /** Why it does not fire. */
    held: { is: 'excluded' | 'blacked_out'; by: string } | null
    movedFrom: string | null
  }[]
  warnings: WireWarning[]
}
export interface WireScheduleExplanation {
  schedule: string
  at: string | null
  reasons: WireReason[]
  clear: string[]
  line: WireLedgerLine | null
}
/** POST schedules/register: all schedules that the code of `source` has. Those of the same source that it no longer has are paused. */
export interface WireRegisterSchedules {
  source: string
  schedules: WireNamedSchedule[]
}
export interface WireRegisteredSchedules {
  schedules: { name: string; changed: WireScheduleChange; warnings: WireWarning[] }[]
}
export type WireNamedSchedule = WireScheduleSpec & { name: string }

/** POST apply. All is checked before anything is changed. What is not named stays, unless `prune` (schedules that an earlier apply made). */
export interface WireApply {
  dags?: WireNamedDag[]
  schedules?: WireNamedSchedule[]
  queues?: WireQueueSettings[]
  definitions?: WireDefinitionSettings[]
  /** With `prune`, limits of an operator that are not among them are reset. */
  limits?: WireLimitSettings[]
  /** Says what would change, and changes nothing. */
  dryRun?: boolean
  prune?: boolean
}
export interface WireQueueSettings {
  name: string
  paused?: boolean | { note?: string }
}
export interface WireDefinitionSettings {
  name: string
  paused?: boolean | { note?: string }
  /** An operator's options over those of the code, the whole of them; `{}` removes them. */
  options?: WireDefinition['options']
}
export interface WireApplied {
  /** False: it was a dry run. */
  applied: boolean
  changes: WireChange[]
}
export interface WireChange {
  kind: 'dag' | 'schedule' | 'queue' | 'definition' | 'limit'
  name: string
  change: 'created' | 'edited' | 'unchanged' | 'deleted' | 'kept'
  /** Durations as text; a member of `options` as `options.queue`. */
  fields: { field: string; from?: unknown; to?: unknown }[]
  warnings: WireWarning[]
}
/** GET export: what apply takes. Applying it changes nothing. */
export interface WireExport {
  schedules: WireNamedSchedule[]
  queues: WireQueueSettings[]
  definitions: WireDefinitionSettings[]
  limits: WireLimitSettings[]
}
