import type { ActorId, RunId, TaskId, WorkerId } from './ids.ts'
import type { LedgerSource } from './ledger.ts'
import type { OutletFacts, RunOptions } from './options.ts'
import type { Instant } from './time.ts'

/** JSON text, opaque: never parsed on the hot path, spliced into answers as it is. */
export type Payload = string

export const OPEN_STATES = ['scheduled', 'queued', 'running', 'waiting', 'paused'] as const
export const CLOSED_STATES = ['completed', 'failed', 'cancelled', 'timed_out', 'terminated'] as const
/** scheduled: not yet due · queued: due, waits for a slot or a worker · waiting: asleep, back-off · paused: parked or stuck. */
export type OpenState = (typeof OPEN_STATES)[number]
export type ClosedState = (typeof CLOSED_STATES)[number]
export type RunState = OpenState | ClosedState

export function isClosed(state: RunState): state is ClosedState {
  return (CLOSED_STATES as readonly string[]).includes(state)
}

/** Why an attempt or a run failed, as the handler's language told it. */
export interface Failure {
  /** The error's class, such as `TypeError`. */
  type: string
  message: string
  stack?: string
  code?: string
  cause?: Failure
  /** What it gathers (an AggregateError): the first 10. */
  errors?: Failure[]
}

export interface Progress {
  /** 0 to 1. */
  value: number
  message?: string
}

/** Why a run started. */
export type Trigger =
  | { is: 'call'; by?: string }
  | { is: 'job'; run: RunId }
  /** A workflow asked for it, as its operation `n`. `detached`: it does not wait for its end. */
  | { is: 'workflow'; run: RunId; n: number; detached?: true }
  /** It is a task of a DAG, or an item of one; `n`: what the DAG's run calls it. The interval is from `intervalStart` to `nominalAt`. */
  /** `depth`: of a DAG, how many DAGs it is within. */
  | {
      is: 'dag'
      run: RunId
      n: number
      task: string
      item?: number
      nominalAt: Instant
      intervalStart: Instant
      partition?: string
      watermark?: Payload
      depth?: number
    }
  /** `nominalAt`: of the schedule's time that the first of the chain was started for. */
  | {
      is: 'retry'
      of: RunId
      nominalAt?: Instant /** of a DAG: the interval that it is for begins then */
      intervalStart?: Instant /** how that one ended */
      assets?: TriggerAssets
      partition?: string
      watermark?: Payload
      after?: ClosedState /** in whose counts it stands in the place of the old one */
      batch?: ActorId
      /** it goes on from this operation of that one, and keeps what came before */
      from?: { n: number; name: string }
    }
  /** A definition's `onFailure` or `notify`, or a deadline of a DAG: it is told of `run`. */
  | { is: 'hook'; run: RunId; event: HookEvent }
  /** `callback`: what it was started for; without one it is one of the batch's own jobs. */
  | { is: 'batch'; batch: ActorId; callback?: BatchCallback }
  | {
      is: 'schedule'
      schedule: string
      id: ActorId /** its line in the ledger; of a backfill, which has no number for it yet, -1 */
      n: number
      nominalAt: Instant
      source: LedgerSource
      by?: string
      assets?: TriggerAssets /** of assets: the partition that all of these events name */
      partition?: string /** how far the runs before it had come when it was started */
      watermark?: Payload /** the time before it in its timetable */
      intervalStart?: Instant /** the backfill that started it */
      batch?: ActorId
    }

/** The events of assets that triggered a run, those of each asset in their order. */
export interface TriggerAssets {
  events: readonly TriggerAssetEvent[]
  /** So many more, before these. */
  more?: number
}
export interface TriggerAssetEvent {
  asset: string
  n: number
  at: Instant
  /** Who made it. */
  run?: RunId
  by?: string
  partition?: string
  extra?: Payload
}

/**
 * What a hook is told of. `retrying`: an attempt has failed, and another one follows. `recovered`: a run that was parked, or a retry of one that failed, has
 * completed. `deadline`: it was open still at its deadline.
 */
export const HOOK_EVENTS = ['completed', 'failed', 'retrying', 'parked', 'recovered', 'deadline'] as const
export type HookEvent = (typeof HOOK_EVENTS)[number]
/** What of it happens to a run that goes on, by the names in its history. */
export const HOOK_EVENT_OF: ReadonlyMap<string, HookEvent> = new Map([
  ['attempt_failed', 'retrying'],
  ['parked', 'parked'],
  ['deadline_missed', 'deadline'],
])

/** What a batch starts a run for: its first job that ended unsuccessfully; all have ended; all have completed. */
export const BATCH_CALLBACKS = ['firstFailure', 'complete', 'success'] as const
export type BatchCallback = (typeof BATCH_CALLBACKS)[number]

/** Who is told when the run closes. */
export function parentOf(trigger: Trigger): ActorId | null {
  if (trigger.is === 'schedule') return trigger.batch ?? trigger.id
  if (trigger.is === 'dag') return trigger.run
  if (trigger.is === 'workflow') return trigger.detached === true ? null : trigger.run
  return batchOf(trigger)
}

/** The batch in whose counts a run stands. */
export function batchOf(trigger: Trigger): ActorId | null {
  if (trigger.is === 'batch') return trigger.callback === undefined ? trigger.batch : null
  return trigger.is === 'retry' || trigger.is === 'schedule' ? (trigger.batch ?? null) : null
}

/** The time that a schedule meant. */
export function nominalTimeOf(trigger: Trigger): Instant | null {
  return (trigger.is === 'schedule' || trigger.is === 'retry' || trigger.is === 'dag' ? trigger.nominalAt : undefined) ?? null
}

/** What ends a run. The reason says more than the state does: `attempts-exhausted`, `out-of-memory`, `aborted`, `lost`, `expired`, `total-timeout` … */
export interface Outcome {
  state: ClosedState
  reason: string | null
  output?: Payload
  failure?: Failure
  /** What its handler said of the assets that it makes. */
  assets?: readonly OutletFacts[]
  /** How far it has come, for the next run of its schedule; of one that completed. */
  watermark?: Payload
}

/** What people see of an open or closed run, beside its row. */
export interface RunView {
  state: RunState
  reason: string | null
  /** The attempt under way or the last one; 1 before the first is due. */
  attempt: number
  attempts: number
  startedAt: Instant | null
  progress: Progress | null
  failure: Failure | null
  worker: WorkerId | null
  /** The next thing that time alone will do: due, retry, time out. */
  nextAt: Instant | null
  /** scheduled and back-off: when it is due. */
  dueAt: Instant | null
  checkpoint: Payload | null
  trigger: Trigger
  options: Omit<RunOptions, 'delayMs'>
  /** Its input, where it was changed after the start. */
  input?: Payload | null
  /** It was parked, and somebody resumed it. */
  resumed?: true
  /** The version of the code that it goes by; null: nobody has begun it. */
  version?: string | null
}

/** One line of a run's history: dense, ordered, never forked (P2). */
export interface HistoryEvent {
  is: string
  at: Instant
  task?: TaskId
  [fact: string]: unknown
}

export type { ActorId }

/** An actor that is no run: what its row and the engine need. */
export function viewOfActor(state: RunView['state'], nextAt: Instant | null, options: RunView['options'] = {}): RunView {
  return {
    ...{ state, reason: null, attempt: 1, attempts: 1, startedAt: null, progress: null, failure: null, worker: null },
    ...{ nextAt, dueAt: null, checkpoint: null, trigger: { is: 'call' }, options },
  }
}
