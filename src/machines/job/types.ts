import type { CommandId, DeliveryId } from '../../core/ids.ts'
import type { RunChange, RunInput, TaskInput } from '../../core/machine.ts'
import type { Misfits } from '../../core/misfits.ts'
import type { RunOptions } from '../../core/options.ts'
import type { ClosedState, Failure, HistoryEvent, Payload, Trigger } from '../../core/run.ts'
import type { TaskEvent, TaskPolicy, TaskState } from '../../core/task.ts'
import type { Instant } from '../../core/time.ts'

/** A job's only task. */
export const TASK = 'job'

export type JobInput = StartInput | TaskInput | RunInput

export interface StartInput {
  is: 'start'
  definition: string
  /** Merged options; `delayMs` is resolved into `notBefore`. */
  options: Omit<RunOptions, 'delayMs'>
  trigger: Trigger
  key?: string
  traceparent?: string
}

/** What the first event keeps; what is absent has its default. */
export interface Started {
  is: 'started'
  at: Instant
  definition: string
  options?: StartInput['options']
  trigger?: Trigger
  key?: string
  traceparent?: string
}

export type JobEvent = HistoryEvent &
  (Started | TaskEvent | Anew | { is: 'cancel_requested'; at: Instant; by?: string; why?: string; command: CommandId } | Changed | Closing)

/** Versions that could not do it may have it again: by a person's word, or because no other came. Read by nodes that know of none, it was due all the same. */
export interface Anew {
  is: 'due'
  at: Instant
  anew: true
  command?: CommandId
  by?: string
  why?: string
}

/** What was changed while it waited; what is absent stayed. */
export interface Changed extends Omit<RunChange, 'due'> {
  is: 'changed'
  at: Instant
  command: CommandId
  by?: string
  why?: string
  dueAt?: Instant
}

/** The last event: its name is the state that it leads to. */
export interface Closing {
  is: ClosedState
  at: Instant
  reason?: string
  failure?: Failure
  /** The delivery that it answers, and its worker's word for it. */
  delivery?: DeliveryId
  result?: string
  by?: string
  why?: string
}

export interface JobState extends Misfits {
  readonly started: Started
  readonly policy: TaskPolicy
  /** Absolute times of the run's own limits, null where there is none. */
  readonly totalAt: Instant | null
  readonly expiresAt: Instant | null
  readonly task: TaskState
  readonly cancelRequested: boolean
  /** Where it was changed. */
  readonly input?: Payload | null
  /** The last commands that changed or resumed it, newest last (E9). */
  readonly commands?: readonly CommandId[]
  readonly closing: Closing | null
}
