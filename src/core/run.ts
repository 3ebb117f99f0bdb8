import type { ActorId, RunId, TaskId, WorkerId } from './ids.ts'
import type { LedgerSource } from './ledger.ts'
import type { RunOptions } from './options.ts'
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
  /** `nominalAt`: of the schedule's time that the first of the chain was started for. */
  | { is: 'retry'; of: RunId; nominalAt?: Instant }
  | { is: 'schedule'; schedule: string; id: ActorId /** its line in the ledger */; n: number; nominalAt: Instant; source: LedgerSource; by?: string }

/** Who is told when the run closes. */
export function parentOf(trigger: Trigger): ActorId | null {
  return trigger.is === 'schedule' ? trigger.id : null
}

/** The time that a schedule meant. */
export function nominalTimeOf(trigger: Trigger): Instant | null {
  return (trigger.is === 'schedule' || trigger.is === 'retry' ? trigger.nominalAt : undefined) ?? null
}

/** What ends a run. The reason says more than the state does: `attempts-exhausted`, `out-of-memory`, `aborted`, `lost`, `expired`, `total-timeout` … */
export interface Outcome {
  state: ClosedState
  reason: string | null
  output?: Payload
  failure?: Failure
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
}

/** One line of a run's history: dense, ordered, never forked (P2). */
export interface HistoryEvent {
  is: string
  at: Instant
  task?: TaskId
  [fact: string]: unknown
}

export type { ActorId }
