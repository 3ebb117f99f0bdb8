import type { ActorId, CommandId, RunId } from '../../core/ids.ts'
import type { Answered, ChildClosed, RunInput } from '../../core/machine.ts'
import type { RunOptions } from '../../core/options.ts'
import type { BatchCallback, ClosedState, Failure, HistoryEvent, Payload, RunState, Trigger } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { TimetableSpec } from '../../time/spec.ts'
import type { Target } from '../schedule/types.ts'

/** Batches in batches in batches: the outermost has depth 1. */
export const BATCH_DEPTH_MAX = 5

/** A run that a batch starts when something has come to pass. */
export interface Callback {
  definition: string
  input: Payload | null
  options: RunOptions
}
export type Callbacks = { readonly [Name in BatchCallback]?: Callback }

export const OPERATIONS = ['cancel', 'terminate', 'retry', 'fork', 'resume', 'change', 'delete'] as const
export type Operation = (typeof OPERATIONS)[number]

/** Which runs an operation touches. What is absent does not matter. */
export interface BulkFilter {
  states?: readonly RunState[]
  names?: readonly string[]
  queues?: readonly string[]
  /** All of them. */
  tags?: Readonly<Record<string, string>>
  /** Inclusive, exclusive. */
  createdAfter?: Instant
  createdBefore?: Instant
  reason?: string
  /** In the type or the message of its failure, whatever the case. */
  error?: string
  /** Jobs of this batch. */
  batch?: ActorId
  /** These alone, whatever else they match. */
  runs?: readonly RunId[]
}

export interface Change {
  due?: Instant | 'now'
  priority?: number
  queue?: string
}

/** What a batch is born with: a group of jobs, or an operation on runs that are there. */
export type Plan =
  | {
      is: 'jobs'
      total: number /** Jobs that live elsewhere and are being asked for. */
      asked?: number
      sealed: boolean
      callbacks: Callbacks
      depth: number
    }
  | { is: 'bulk'; operation: Operation; filter: BulkFilter; change: Change | null; matched: number; by: string | null; why: string | null }
  | BackfillPlan

/** What becomes of a time for which a run is there: nothing; a new one where it did not complete; a new one (Airflow 3: `reprocess_behavior`). */
export const REPROCESSES = ['none', 'failed', 'completed'] as const
export type Reprocess = (typeof REPROCESSES)[number]
export const BACKFILL_ORDERS = ['forward', 'reverse'] as const
export type BackfillOrder = (typeof BACKFILL_ORDERS)[number]

/** The times of a range of a schedule, as the schedule was when it was asked for. */
export interface BackfillPlan {
  is: 'backfill'
  schedule: string
  id: ActorId
  timetable: TimetableSpec
  /** When the schedule was made: what intervals count from. */
  createdAt: Instant
  target: Target
  /** Inclusive. */
  from: Instant
  until: Instant
  order: BackfillOrder
  /** Runs of it that are open at a time. */
  maxActive: number
  reprocess: Reprocess
  /** Only times whose partitions of these assets were not all made. */
  missing?: readonly string[]
  /** Times in the range. */
  total: number
  by: string | null
}

/** The next times of a backfill, and what is to become of each. */
export interface TimesInput {
  is: 'times'
  /** Where it stood when they were looked up, and where it stands after them. */
  from: Instant
  through: Instant
  /** There are no more. */
  over: boolean
  starts: readonly Instant[]
  skips: readonly Skip[]
}
/** `exists`, `completed`: a run is there. `in-flight`: it is open. `made`: so are the partitions that it would make. */
export interface Skip {
  at: Instant
  why: 'exists' | 'completed' | 'in-flight' | 'made'
  run: RunId | null
}

export interface AskedTime {
  readonly n: number
  readonly run: RunId
  readonly for: Instant
  readonly askedAt: Instant
}

export interface Backfilling {
  /** The last time that was seen to, or the one before the first. */
  readonly through: Instant
  readonly over: boolean
  /** Number of the next start. */
  readonly next: number
  /** Not answered. */
  readonly asked: readonly AskedTime[]
  readonly active: readonly RunId[]
  readonly skipped: number
  /** The first of them. */
  readonly skips: readonly Skip[]
  readonly refused: number
  readonly refusals: readonly { at: Instant; code: string }[]
  readonly lookAt: Instant
}

export interface StartInput {
  is: 'start'
  name: string
  options: Pick<RunOptions, 'retentionMs' | 'tags'>
  trigger: Trigger
  plan: Plan
}

export interface Refusal {
  run: RunId
  code: string
}

/** What became of a page of runs. */
export interface PageInput {
  is: 'page'
  /** Where it began and where the next one begins; null: at the newest, and there is none. */
  from: string | null
  next: string | null
  done: number
  /** They no longer matched when it was their turn. */
  skipped: number
  refusals: readonly Refusal[]
  /** Runs of other lanes, which were commanded by letters and will be answered for. */
  sent?: number
}

interface Asked {
  command: CommandId
  by: string | null
  why: string | null
}

export type BatchInput =
  | StartInput
  | RunInput
  | Answered
  | ChildClosed
  | PageInput
  | TimesInput
  | { is: 'added'; count: number; asked?: number }
  /** What became of a job that lives elsewhere; `run` null: it was not started. */
  | { is: 'item_answered'; run: RunId | null }
  /** What became of runs that were commanded elsewhere. */
  | { is: 'commanded'; done: number; skipped: number; refusals: readonly Refusal[] }
  | { is: 'child_retried'; run: RunId; of: RunId; state: ClosedState }
  | ({ is: 'seal' } & Asked)
  | ({ is: 'pause' } & Asked)

export interface Started {
  is: 'started'
  at: Instant
  name: string
  plan: Plan
  options: StartInput['options']
  trigger: Trigger
}

/** The last event: its name is the state that it leads to. */
export interface Closing {
  is: ClosedState
  at: Instant
  reason: string | null
  failure: Failure | null
  by?: string
  why?: string
}

export type BatchEvent = HistoryEvent &
  (
    | Started
    | { is: 'added'; at: Instant; count: number; asked?: number }
    | { is: 'item_answered'; at: Instant; run: RunId | null }
    | { is: 'commanded'; at: Instant; done: number; skipped: number; refusals: readonly Refusal[] }
    | { is: 'sealed'; at: Instant; by: string | null }
    | { is: 'child_closed'; at: Instant; run: RunId; state: ClosedState }
    | { is: 'child_retried'; at: Instant; run: RunId; of: RunId; state: ClosedState }
    | { is: 'callback_asked'; at: Instant; callback: BatchCallback; run: RunId }
    /** `refused`: a code, and nothing was started; null: it was. */
    | { is: 'callback_answered'; at: Instant; callback: BatchCallback; refused: string | null }
    | ({ at: Instant } & PageInput)
    | { is: 'times'; at: Instant; through: Instant; over: boolean; starts: readonly AskedTime[]; skips: readonly Skip[] }
    | { is: 'times_asked_again'; at: Instant; ns: readonly number[] }
    /** `run` null: it was refused. */
    | { is: 'time_answered'; at: Instant; n: number; run: RunId | null; refusal: string | null }
    /** A page has taken long. */
    | { is: 'looked'; at: Instant }
    | { is: 'paused'; at: Instant; by: string | null; why: string | null }
    | { is: 'resumed'; at: Instant; by: string | null }
    | { is: 'cancel_requested'; at: Instant; by: string | null; why: string | null }
    | Closing
  )

/** Its jobs by how they ended. */
export interface Jobs {
  readonly total: number
  readonly open: number
  /** Asked for elsewhere, and not answered yet; absent: none. */
  readonly awaited?: number
  readonly completed: number
  /** Failed, or timed out. */
  readonly failed: number
  /** Cancelled, or terminated. */
  readonly cancelled: number
  /** The first that are failed now. */
  readonly failedRuns: readonly RunId[]
  readonly sealed: boolean
  readonly callbacks: readonly AskedCallback[]
}

export interface AskedCallback {
  readonly callback: BatchCallback
  readonly run: RunId
  readonly askedAt: Instant
  readonly answered: boolean
  readonly refused: string | null
}

/** An operation that goes through runs page by page, newest first (E12). */
export interface Sweep {
  readonly operation: Operation
  readonly filter: BulkFilter
  readonly change: Change | null
  /** Runs created by then. */
  readonly until: Instant
  /** Where the next page begins. */
  readonly cursor: string | null
  readonly over: boolean
  readonly done: number
  readonly skipped: number
  readonly refused: number
  readonly refusals: readonly Refusal[]
  /** Commanded elsewhere, and not answered for yet; absent: none. */
  readonly awaited?: number
  readonly by: string | null
  readonly why: string | null
  /** When its actor is to be looked at again, in case that nobody works on it. */
  readonly lookAt: Instant
}

export interface BatchState {
  readonly started: Started
  /** Null: a bulk operation. */
  readonly jobs: Jobs | null
  readonly sweep: Sweep | null
  /** Of a backfill, where it stands. */
  readonly backfill?: Backfilling
  readonly paused: { readonly by: string | null; readonly why: string | null; readonly since: Instant } | null
  readonly cancelRequested: boolean
  readonly closing: Closing | null
}
