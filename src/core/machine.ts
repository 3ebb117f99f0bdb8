import type { Labels } from './gates.ts'
import type { ActorId, CommandId, DeliveryId, RunId, TaskId, WorkerId } from './ids.ts'
import type { Failure, HistoryEvent, Outcome, Payload, Progress, RunView } from './run.ts'
import type { Instant } from './time.ts'

/** A kind of work, the name of a folder under machines/. */
export type Kind = 'job'

/**
 * A durable actor's logic (docs/architecture.md section 2): pure, no clock, no randomness, no I/O; what it needs comes in through `Context`.
 *
 * `decide` says what happens, `evolve` alone changes state (E10), `pending` lists what is outstanding, `view` is what people see.
 * Decisions are increments; they add up to `pending(state)`, which is what recovery relies on and the simulator checks after each step.
 */
export interface Machine<State, Input extends { is: string }, Event extends HistoryEvent> {
  readonly kind: Kind
  /** Versions of state and events (E11). */
  readonly reads: readonly number[]
  readonly writes: number
  /** A throw is poison: the input is kept, the actor is stuck, explained and resumable (E14). */
  decide(state: State | null, input: Input, context: Context): Decision<Event>
  /** Never mutates `state`. */
  evolve(state: State | null, event: Event): State
  pending(state: State): Pending
  view(state: State): RunView
}

export interface Context {
  readonly self: ActorId
  /** Wall time of the store; within a run it never steps back (E20). */
  readonly now: Instant
  /** Uniform in [0, 1). */
  random(): number
  /** A fresh id. */
  id(): string
}

export interface Decision<Event> {
  /** None: nothing happened; the input was late or a repeat. */
  events: Event[]
  /** Tasks that became ready to be handed out. */
  tasks?: TaskOrder[]
  /** Tasks that are no longer wanted: ready ones leave their queue, delivered ones are told so at their next heartbeat. */
  withdraw?: TaskId[]
  messages?: Message[]
  /** When to wake the actor with `{ is: 'wake' }`: absent keeps, null clears. */
  wakeAt?: Instant | null
  /** Answers to commands, by their ids; an answer may come many inputs later. */
  replies?: { command: CommandId; reply: Reply }[]
  /** The run closes. */
  outcome?: Outcome
}

export interface Message {
  to: ActorId
  input: { is: string }
}

export type Reply = { ok: true; value?: Payload } | { ok: false; code: string }

/** What an actor has outstanding. */
export interface Pending {
  ready: TaskOrder[]
  delivered: Delivered[]
  wakeAt: Instant | null
}

export interface Delivered {
  task: TaskId
  attempt: number
  delivery: DeliveryId
  worker: WorkerId
  /** Time without a sign of life from the handler after which the attempt has failed (the option `timeout.heartbeat`); null: none asked for. */
  heartbeatMs: number | null
}

/** A task that is ready to be handed out. */
export interface TaskOrder {
  task: TaskId
  attempt: number
  queue: string
  definition: string
  labels: Labels | null
  /** Static sort key (gates.ts). */
  sort: number
  /** Delivered at most once: recorded before it leaves, never given again (E16). */
  atMostOnce: boolean
  /** Free units that it takes of a worker. Always 1 until slot costs come. */
  cost: number
}

/** A task attempt as a worker names it; the delivery id is the fencing token. */
export interface Ref {
  run: RunId
  task: TaskId
  attempt: number
  delivery: DeliveryId
}

/** How a worker says an attempt ended. */
export type TaskResult =
  | { is: 'completed'; output: Payload | null }
  /** `retry: false`: no further attempt (`Abort`). `delayMs`: the handler's own delay in place of the policy's. */
  | { is: 'failed'; failure: Failure; retry: boolean; delayMs?: number }
  /** Given back by a draining worker or a closed socket: counts no attempt, save at most once, where it is `lost`. */
  | { is: 'returned' }
  /** The handler stopped because it was asked to. */
  | { is: 'cancelled' }

/** Inputs that every kind with tasks understands: the engine makes them, the task sub-machine (task.ts) decides them. */
export type TaskInput =
  | { is: 'deliver'; task: TaskId; attempt: number; delivery: DeliveryId; worker: WorkerId; version: string | null }
  | { is: 'result'; task: TaskId; attempt: number; delivery: DeliveryId; worker: WorkerId; result: TaskResult }
  /** The lease ended without a result. */
  | { is: 'lost'; task: TaskId; attempt: number; delivery: DeliveryId }
  /** No sign of life from the handler within its heartbeat timeout. */
  | { is: 'silent'; task: TaskId; attempt: number; delivery: DeliveryId }
  | { is: 'report'; task: TaskId; attempt: number; delivery: DeliveryId; worker: WorkerId; progress?: Progress; checkpoint?: Payload }

/** Inputs that every run understands. */
export type RunInput =
  | { is: 'wake' }
  | { is: 'cancel'; command: CommandId; by: string | null; why: string | null }
  | { is: 'terminate'; command: CommandId; by: string | null; why: string | null }
