import type { ActorId, CommandId, RunId } from '../../core/ids.ts'
import type { LedgerEntry } from '../../core/ledger.ts'
import type { Answered, ChildClosed } from '../../core/machine.ts'
import type { RunOptions } from '../../core/options.ts'
import type { HistoryEvent, Payload, TriggerAssets } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { TimetableSpec } from '../../time/spec.ts'
import type { AssetExpression } from '../asset/expression.ts'
import type { AssetEvent, AssetHappened, AssetLinked, Watermark } from '../asset/types.ts'

/** What happens to a time that is due while a run of this schedule is still open. */
export const OVERLAPS = ['allow', 'skip', 'buffer_one', 'buffer_all', 'cancel_other', 'terminate_other'] as const
export type Overlap = (typeof OVERLAPS)[number]

/** What happens to times that could not be seen to when they were due: `latest` recovers the newest of them alone. */
export const CATCHUPS = ['all', 'latest', 'none'] as const
export interface Catchup {
  policy: (typeof CATCHUPS)[number]
  /** Times missed by more are skipped. Null: none is too old. */
  windowMs: number | null
}

export interface ScheduleSpec {
  description?: string
  /** Without a source of times where assets alone trigger it. */
  timetable: TimetableSpec
  /** It also fires once these have new events. */
  assets?: AssetExpression
  target: Target
  overlap: Overlap
  catchup: Catchup
  /** Each time is put off by up to so much, always the same for the same time. */
  jitterMs: number
}

/** What a schedule starts. `input` may hold placeholders (input.ts). */
export interface Target {
  definition: string
  input: Payload | null
  options: RunOptions
}

/** Where the definition of a schedule comes from: a call, a file that was applied, or the code of workers, which `source` tells apart. */
export type Origin = { is: 'api' } | { is: 'apply' } | { is: 'code'; source: string }

export interface SchedulePause {
  by: string | null
  note: string | null
  since: Instant
  /** It ends by itself; null: when somebody ends it. */
  until: Instant | null
  /** Its code no longer has it. */
  gone: boolean
}

/** What is known of an asset since the last run that it had a part in. */
export interface AssetWait {
  /** The asset tells of its events. */
  readonly linked: boolean
  /** It tells too many others. */
  readonly full?: true
  /** When it was asked to. */
  readonly askedAt: Instant
  /** The number of the last event that it told; null: none. */
  readonly heard: number | null
  /** There is one that came while the schedule was not paused. */
  readonly isNew: boolean
  readonly events: readonly AssetEvent[]
  /** So many more, which are not remembered one by one. */
  readonly more: number
}

export interface Backfill {
  id: CommandId
  by: string | null
  /** The range asked for, both inclusive, and the last time in it that was started. */
  from: Instant
  until: Instant
  through: Instant
  maxActive: number
  /** Open or asked for. */
  active: RunId[]
  startedAt: Instant
  started: number
}

export interface ScheduleState {
  readonly name: string
  readonly createdAt: Instant
  readonly editedAt: Instant
  readonly origin: Origin
  readonly base: ScheduleSpec
  /** What an operator changed; it wins until it is removed. */
  readonly override: Partial<ScheduleSpec> | null
  /** Base and override. */
  readonly spec: ScheduleSpec
  /** Every nominal time up to here is in the ledger; the next one follows from it, never from the clock (E13). */
  readonly accounted: Instant
  /** Number of the next line of the ledger. */
  readonly next: number
  /** The last line, while a further time may extend it. */
  readonly tail: LedgerEntry | null
  /** Lines whose start was sent and not answered. */
  readonly outstanding: readonly LedgerEntry[]
  /** Lines that wait until nothing is open. */
  readonly buffered: readonly LedgerEntry[]
  /** Runs that time or a person started, as far as they are followed. */
  readonly open: readonly { run: RunId; n: number; stopAskedAt: Instant | null }[]
  readonly paused: SchedulePause | null
  readonly backfills: readonly Backfill[]
  /** Commands are remembered by their ids (E9). */
  readonly commands: readonly { id: CommandId; at: Instant; value: string }[]
  /** By name. */
  readonly assets?: Readonly<Record<string, AssetWait>>
  /** Of lines whose start was not answered: what triggered them. */
  readonly carried?: Readonly<Record<number, TriggerAssets>>
  /** How far its runs have come: of the latest line whose run said so when it completed, or as a person said. */
  readonly watermark?: Watermark
  /** The last line that has a say in it: what the run of an earlier one says comes too late. */
  readonly watermarkLine?: number
  readonly fired: number
  readonly last: LedgerEntry | null
  readonly deletedAt: Instant | null
}

interface Commanded {
  command: CommandId
  by: string | null
}

/** What became of a time of a backfill that is a run of its own (machines/batch/backfill.ts). `why`: it was refused. */
export interface BackfilledInput {
  is: 'backfilled'
  backfill: ActorId
  for: Instant
  run: RunId | null
  why: string | null
}

export type ScheduleInput =
  | { is: 'wake' }
  | Answered
  | ChildClosed
  | BackfilledInput
  | AssetHappened
  | AssetLinked
  | ({ is: 'put'; name: string; spec: ScheduleSpec; origin: Origin } & Commanded)
  /** Null removes what an operator changed. */
  | ({ is: 'override'; override: Partial<ScheduleSpec> | null } & Commanded)
  | ({ is: 'pause'; note: string | null; until: Instant | null; gone: boolean } & Commanded)
  | ({ is: 'resume' } & Commanded)
  /** Null: its runs begin anew. */
  | ({ is: 'set_watermark'; watermark: Payload | null } & Commanded)
  | ({ is: 'trigger' } & Commanded)
  | ({ is: 'backfill'; from: Instant; until: Instant; maxActive: number } & Commanded)
  | ({ is: 'cancel_backfill'; backfill: CommandId } & Commanded)
  | ({ is: 'delete' } & Commanded)

/** `entries`: lines of the ledger that the event writes. */
export type ScheduleEvent = HistoryEvent & { at: Instant; entries?: LedgerEntry[] } & (
    | { is: 'created'; name: string; spec: ScheduleSpec; origin: Origin; by: string | null }
    | { is: 'edited'; spec: ScheduleSpec; origin: Origin; by: string | null }
    | { is: 'overridden'; override: Partial<ScheduleSpec> | null; by: string | null }
    | { is: 'paused'; by: string | null; note: string | null; until: Instant | null; gone: boolean }
    | { is: 'resumed'; by: string | null }
    | { is: 'accounted'; through: Instant; stopping?: RunId[] }
    | { is: 'triggered'; command: CommandId; value: string }
    | { is: 'answered'; n: number; run: RunId | null; closed: boolean }
    | { is: 'unbuffered' }
    /** `n`: its line, where it says how far it has come. */
    | { is: 'child_closed'; run: RunId; state: string; n?: number; watermark?: Payload }
    /** `n`: the last line that was started by then. */
    | { is: 'watermark_set'; watermark: Payload | null; n: number; by: string | null }
    | { is: 'backfill_asked'; backfill: Backfill; value: string }
    | { is: 'backfill_advanced'; backfill: CommandId; through: Instant }
    | { is: 'backfill_ended'; backfill: CommandId; by: string | null }
    | { is: 'backfilled' }
    /** Assets are asked to tell of their events, and those that are no longer waited for to tell of none. */
    | { is: 'assets_asked'; assets: readonly string[]; left: readonly string[] }
    | { is: 'asset_linked'; asset: string; n: number; full?: true }
    /** `isNew`: it counts for what the schedule waits for. */
    | { is: 'asset_heard'; asset: string; event: AssetEvent; isNew: boolean }
    | { is: 'assets_fired'; n: number; assets: TriggerAssets }
    | { is: 'deleted'; by: string | null }
    | { is: 'ended' }
  )
