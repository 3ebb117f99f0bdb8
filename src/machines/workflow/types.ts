import type { CommandId, DeliveryId, RunId, TaskId, WorkerId } from '../../core/ids.ts'
import type { Answered, ChildClosed, RunInput, TaskInput } from '../../core/machine.ts'
import type { Misfits } from '../../core/misfits.ts'
import type { RunOptions } from '../../core/options.ts'
import type { ClosedState, Failure, HistoryEvent, Payload, Trigger } from '../../core/run.ts'
import type { StreamRefusal } from '../../core/stream.ts'
import type { TaskEvent, TaskState } from '../../core/task.ts'
import type { Instant } from '../../core/time.ts'

/** What one call of a worker may bring. */
export const ENTRIES_MAX = 500
/** Operations of a run that are open at once, and children among them: all of them are told when it closes (E8). */
export const OPEN_MAX = 10_000
export const CHILDREN_OPEN_MAX = 1_000
/** Signals that nobody has waited for yet, and their bytes. */
export const SIGNALS_MAX = 1_000
export const SIGNAL_BYTES_MAX = 512 * 1024
/** Updates whose handlers have not ended, and those that are remembered for a day, so that a repeat finds its answer. */
export const UPDATES_OPEN_MAX = 100
export const UPDATES_MAX = 1_000
/** Commands are remembered for so long (E9). */
export const COMMANDS_MS = 24 * 3_600_000

/**
 * An entry of the journal: what the run's code has done, or asks for. `n` numbers the operations of the code in the order in which it makes them, from 1 on, and
 * anew after each `continued`.
 */
export type Entry =
  /** A step that is tried once is about to run: never again. */
  | { is: 'begun'; n: number; name: string }
  | { is: 'completed'; n: number; name: string; attempt: number; output: Payload | null }
  /** `retryMs`: tried again after so long; null: that was the last attempt. */
  | { is: 'failed'; n: number; name: string; attempt: number; failure: Failure; retryMs: number | null }
  | { is: 'timer'; n: number; forMs?: number; until?: Instant }
  /** The code took the new way of a change (`ctx.patched`): the answer is kept. */
  | { is: 'patched'; id: string }
  /** `taken`: the number of the event of a signal that the code has seen before it asked, and has gone on with. */
  /** `scoped`: it may be dropped, and then gives back what it was given before the code had seen that. */
  | { is: 'wait'; n: number; signal: string; timeoutMs?: number; taken?: number; scoped?: boolean }
  /** The code does not wait for this operation any more. Those of a call come before all else in it. */
  | { is: 'dropped'; n: number }
  | { is: 'child'; n: number; definition: string; input: Payload | null; options: RunOptions; detached: boolean; parentClose?: ParentClose }
  /** Whoever knows the token settles it. */
  | { is: 'promise'; n: number; name: string; token: string; timeoutMs?: number }
  /** The run's code writes a chunk to a stream of the run, or ends that. `refused`: why the engine does not take it. */
  | { is: 'write'; n: number; stream: string; chunk: Payload; refused?: StreamRefusal }
  | { is: 'close'; n: number; stream: string; refused?: StreamRefusal }
  /** How the handler of an update has ended; `update` is the number of its event `update_accepted`. */
  | { is: 'answered'; update: number; output: Payload | null; failure?: Failure }
  /** What the run shows to those outside has changed: its state, its metadata. */
  | { is: 'shown'; shown?: Payload; metadata?: Payload }
  /** The code has ended, or begins anew with another input. Always the last one. */
  | { is: 'finished'; end: End }

export type End =
  /** `watermark`: how far it has come, for the next run of its schedule. */
  | { is: 'completed'; output: Payload | null; watermark?: Payload }
  | { is: 'failed'; reason: string; failure: Failure }
  | { is: 'cancelled' }
  | { is: 'continued'; input: Payload | null; watermark?: Payload }

/**
 * A worker that has the run's task says how far the code is. `call` counts the calls of one delivery, which makes them repeatable. `upTo`: so many events of the
 * history it has seen. `yields`: nothing runs any more before something happens, so the task may be taken from it.
 */
export interface Advance {
  is: 'advance'
  task: TaskId
  attempt: number
  delivery: DeliveryId
  worker: WorkerId
  call: number
  upTo: number
  yields: boolean
  /** So many of the last entries count only if nothing has happened that the code has not seen. */
  ahead?: number
  entries: readonly Entry[]
}

export interface SignalInput {
  is: 'signal'
  command: CommandId
  name: string
  payload: Payload | null
  by: string | null
}

/** Several at once, under one command: as many of the first as there is room for. */
export interface SignalsInput {
  is: 'signals'
  command: CommandId
  signals: readonly Pick<SignalInput, 'name' | 'payload'>[]
  by: string | null
}

/** The run's code, as far as `upTo`, takes this update: it is accepted where nothing has happened since that the code does not know. */
export interface UpdateInput {
  is: 'update'
  command: CommandId
  name: string
  input: Payload | null
  upTo: number
  by: string | null
}

/** Somebody who knows the token of a promise settles it. */
export interface SettleInput {
  is: 'settle'
  command: CommandId
  token: string
  output: Payload | null
  failure?: Failure
  by: string | null
}

export interface StartInput {
  is: 'start'
  definition: string
  options: Omit<RunOptions, 'delayMs'>
  trigger: Trigger
  key?: string
  traceparent?: string
  /** It goes on from a point of another run: what of its history is kept, and what its random numbers and its first time follow from. */
  fork?: { seed: string; beganAt: Instant; kept: readonly WorkflowEvent[] }
}

export type WorkflowInput =
  | StartInput
  | TaskInput
  | RunInput
  | Answered
  | ChildClosed
  | SignalInput
  | SignalsInput
  | UpdateInput
  | SettleInput
  | Advance

/** What the first event keeps; what is absent has its default. */
export interface Started {
  is: 'started'
  at: Instant
  definition: string
  options?: StartInput['options']
  trigger?: Trigger
  key?: string
  traceparent?: string
  /** It goes on from a point of another run: see `StartInput`. `kept`: so many of the next events are that run's. */
  seed?: string
  beganAt?: Instant
  kept?: number
}

/** The last event: its name is the state that it leads to. */
export interface Closing {
  is: ClosedState
  at: Instant
  reason?: string
  failure?: Failure
  by?: string
  why?: string
  /** Whose advance closed it. */
  delivery?: DeliveryId
  call?: number
  /** How far it has come: of one that completed. */
  watermark?: Payload
}

/** A signal that came before anybody waited for it. `number`: of the event that tells of it. */
export interface Buffered {
  readonly number: number
  readonly name: string
  readonly payload: Payload | null
}

/** A signal that a wait in a scope was given, by the event `by`: until the code has seen that, the wait may be dropped, and gives it back. */
export interface Given extends Buffered {
  readonly n: number
  readonly by: number
}

/** An update that was accepted. `number`: of that event; `answered`: of the event that tells how its handler ended. */
export interface Update {
  readonly id: CommandId
  readonly number: number
  readonly name: string
  readonly at: Instant
  readonly answered: number | null
}

type At = { at: Instant }
type Who = { by?: string; why?: string; command: CommandId }
/** `call`: of the advance that brought it; on the last of its events. `seen`: so many events its worker had seen, where a wait was given something that it may give back. */
type Of = At & { n: number; call?: number; seen?: number }
export type WorkflowEvent = HistoryEvent &
  (
    | Started
    | TaskEvent
    | (Of & { is: 'step_begun'; name: string })
    | (Of & { is: 'step_completed'; name: string; attempt: number; output?: Payload })
    | (Of & {
        is: 'step_failed'
        name: string
        attempt: number
        failure: Failure
        retryAt?: Instant /** no attempt is left, and a person decides */
        parked?: true
      })
    | (Of & { is: 'retry_due'; command?: CommandId; by?: string; why?: string })
    | (Of & { is: 'timer_set'; dueAt: Instant })
    | (Of & { is: 'timer_fired' })
    /** `taken`: the number of the event of a signal that was there already. `known`: the code has gone on with it where it asked, and learns nothing from this. */
    | (Of & { is: 'waiting'; signal: string; dueAt?: Instant; taken?: number; known?: true; scoped?: true })
    /** `signal`: the number of the event of a signal that it gives back. */
    | (Of & { is: 'dropped'; signal?: number })
    | (Of & { is: 'promise_made'; name: string; token: string; dueAt?: Instant })
    | (Of & { is: 'promise_settled'; command: CommandId; output?: Payload; failure?: Failure; by?: string })
    | (Of & { is: 'wait_timed_out' })
    /** The chunk itself is in the stream. */
    | (Of & { is: 'stream_written'; stream: string; refused?: StreamRefusal })
    | (Of & { is: 'stream_closed'; stream: string; refused?: StreamRefusal })
    | (Of & { is: 'child_asked'; definition: string; run: RunId; input?: Payload; options?: RunOptions; detached?: true; parentClose?: ParentClose })
    | (Of & { is: 'child_started' })
    | (Of & { is: 'child_refused'; code: string; other?: RunId })
    | (Of & { is: 'child_closed'; run: RunId; state: ClosedState; reason?: string; output?: Payload; failure?: Failure })
    /** `n`: of the operation that waited for it. `times`: of several under one command, how many there are, on the first of them; 0 on the others. */
    | (At & { is: 'signalled'; name: string; payload?: Payload; command: CommandId; by?: string; n?: number; times?: number })
    | (At & { is: 'update_accepted'; name: string; input?: Payload; command: CommandId; by?: string })
    | (At & { is: 'update_answered'; update: number; output?: Payload; failure?: Failure; call?: number })
    | (At & { is: 'shown'; shown?: Payload; metadata?: Payload; call?: number })
    | (At & { is: 'patched'; id: string; call?: number })
    | (At & { is: 'yielded'; call: number })
    /** Its worker did not come back for it in time: any other may have it. */
    | (At & { is: 'unbound' })
    /**
     * Its tasks go to workers with this version of the code from now on; without one, to any. `pinned`: by a person's word, and for good. `anew`: versions that its
     * history did not fit are tried again.
     */
    | (At & { is: 'routed'; version?: string; pinned?: true; anew?: true; command?: CommandId; by?: string; why?: string })
    /** `watermark`: that of its trigger, which its code is told again; `said`: what it has set by then. */
    | (At & { is: 'continued'; input?: Payload; signals?: readonly Buffered[]; watermark?: Payload; said?: Payload; call: number })
    | (At & { is: 'cancel_requested' } & Who)
    | Closing
  )

/** An operation of the code whose end the history does not tell yet. */
export type Open =
  | { readonly is: 'step'; readonly name: string }
  | { readonly is: 'backoff'; readonly name: string; readonly attempt: number; readonly dueAt: Instant; readonly failure: Failure }
  | { readonly is: 'parked'; readonly name: string; readonly attempt: number; readonly failure: Failure }
  | { readonly is: 'timer'; readonly dueAt: Instant }
  | { readonly is: 'wait'; readonly signal: string; readonly dueAt: Instant | null; readonly scoped?: true }
  | { readonly is: 'promise'; readonly name: string; readonly token: string; readonly dueAt: Instant | null }
  | Child

/** What becomes of a child whose workflow closes, or begins anew, before it; absent: it is asked to stop. `abandon`: nothing, nor where the workflow is cancelled. */
export type ParentClose = 'terminate' | 'abandon'

export interface Child {
  readonly is: 'child'
  readonly definition: string
  readonly run: RunId
  readonly detached: boolean
  readonly parentClose?: ParentClose
  readonly askedAt: Instant
  /** What it is started with, until it is known that it was. */
  readonly order: { readonly input: Payload | null; readonly options: RunOptions } | null
}

export interface WorkflowState extends Misfits {
  readonly started: Started
  /** Events so far. */
  readonly count: number
  /** Number of the event with which the code begins: `started`, or the last `continued`. */
  readonly base: number
  /** So many events there were when something had happened last that the code waits for, or may. */
  readonly news: number
  /** Workflow tasks so far: the task's id. */
  readonly turn: number
  /** The workflow task: the run's code is to go on. Null: it waits. */
  readonly task: TaskState | null
  /** Since when it waits, or has its task. */
  readonly since: Instant
  readonly startedAt: Instant | null
  /** Who has the live run in memory, and how many events it has seen. */
  readonly holder: { readonly worker: WorkerId; readonly upTo: number } | null
  /** The version that has its task, or had it last; null: its worker told none. */
  readonly version?: string | null
  /** The version that took it as far as it is; null: nobody knows which. */
  readonly own?: string | null
  /** Its tasks go to this version alone. */
  readonly route?: string
  /** And nothing but a person's word changes that. */
  readonly pinned?: true
  readonly open: Readonly<Record<number, Open>>
  readonly signals: readonly Buffered[]
  /** Absent: none. */
  readonly given?: readonly Given[]
  /** `times`: so many signals came with it, if more than one. */
  readonly commands: readonly { readonly id: CommandId; readonly at: Instant; readonly times?: number }[]
  /** Absent: there was none. */
  readonly updates?: readonly Update[]
  /** The last call of the last deliveries: what makes `advance` idempotent. */
  readonly calls: readonly { readonly delivery: DeliveryId; readonly call: number }[]
  readonly input?: Payload | null
  /** What its code shows as `ctx.state`, and what it has set as metadata; absent: nothing. */
  readonly shown?: Payload
  readonly metadata?: Payload
  /** The watermark that it had set when it began anew last. */
  readonly said?: Payload
  readonly cancelRequested: boolean
  readonly totalAt: Instant | null
  readonly expiresAt: Instant | null
  readonly closing: Closing | null
}
