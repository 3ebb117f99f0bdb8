import type { Labels } from './gates.ts'
import type { ActorId, CommandId, DeliveryId, RunId, TaskId, WorkerId } from './ids.ts'
import type { LedgerEntry } from './ledger.ts'
import type { GateKeys } from './limits.ts'
import type { Misfit } from './misfits.ts'
import type { OutletFacts, RunOptions } from './options.ts'
import type { ClosedState, Failure, HistoryEvent, Outcome, Payload, Progress, RunView, Trigger } from './run.ts'
import type { Instant } from './time.ts'

/** A kind of durable actor, the name of a folder under machines/. */
export type Kind = RunKind | 'schedule' | 'timeline' | 'asset' | 'memo'
/** Those that are runs: listed, counted and followed as such. */
export type RunKind = WorkKind | 'dag' | 'batch' | 'approval' | 'wait'
/** Those that have a definition, and tasks in its queue. */
export type WorkKind = 'job' | 'workflow'

export function isRun(kind: Kind): kind is RunKind {
  return kind !== 'schedule' && kind !== 'timeline' && kind !== 'asset' && kind !== 'memo'
}

export function isWork(kind: Kind): kind is WorkKind {
  return kind === 'job' || kind === 'workflow'
}

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
  /** A state that was read back from its JSON. Default: it is as it was. */
  revive?(snapshot: unknown): State
  /** Its history is told elsewhere (a schedule's by its ledger): events that a snapshot has folded are dropped. */
  readonly forgets?: true
  /** Inputs that it answers when it is closed, to who would say them again otherwise. */
  readonly late?: readonly string[]
  /** Starts of one transition that are answered in its own batch are answered together (`AllAnswered`). */
  readonly answersTogether?: true
  /** Its worker goes on from its history: the number of the first event that this worker does not know. */
  journal?(state: State, worker: WorkerId): number
}

export interface Context {
  readonly self: ActorId
  /** What it is called. */
  readonly name?: string
  /** Wall time of the store; within a run it never steps back (E20). */
  readonly now: Instant
  /** Uniform in [0, 1). */
  random(): number
  /** A fresh id. */
  id(): string
  /** The slot of a run that it starts (E9): its own, save where a sequence or a key decides. */
  home(order: StartOrder): number
  /** What a version of its definition says, where that is data (a DAG's tasks), by default the newest; undefined: it is not known here. */
  definition?(version?: string): unknown
  /** Who keeps the runs of its definition, or of another DAG, in the order of their times. */
  timeline?(definition?: string): ActorId
  /** What nobody can guess. */
  secret?(): string
  /** What a name stands for; undefined: nothing that is known here. */
  kind?(definition: string): RunKind | undefined
  /** The actor of an asset. */
  asset?(name: string): ActorId
  /** Who keeps results of a task of its definition. */
  memo?(task: string): ActorId
  /** What stands for a long text, and for no other. */
  digest?(text: string): string
  /** The version of its definition that an operator has this run go on with. Null, or absent: any. */
  version?(definition: string): string | null
}

export interface Decision<Event> {
  /** None: nothing happened; the input was late or a repeat. */
  events: Event[]
  /** What `evolve` makes of them, where `decide` has it at hand: it is not folded twice. */
  state?: unknown
  /** Tasks that became ready to be handed out. */
  tasks?: TaskOrder[]
  /** Tasks that are no longer wanted: ready ones leave their queue, delivered ones are told so at their next heartbeat. */
  withdraw?: TaskId[]
  messages?: Message[]
  /** Lines of a schedule's ledger, written with the batch. */
  ledger?: LedgerEntry[]
  /** When to wake the actor with `{ is: 'wake' }`: absent keeps, null clears. */
  wakeAt?: Instant | null
  /** Answers to commands, by their ids; an answer may come many inputs later. */
  replies?: { command: CommandId; reply: Reply }[]
  /** The run closes. */
  outcome?: Outcome
}

/**
 * What an actor sends. It leaves with the sender's batch where the receiver is at hand, else after it; the sender repeats what was not answered.
 */
export type Message =
  /** A run is to begin, on the sender's shard. Answered with `Answered`, or with others by `AllAnswered`. `again`: it may have been sent before. */
  | { is: 'start'; reference: number; run: RunId; again: boolean; order: StartOrder }
  /** `creates`: whoever is told comes into being, if it is not there yet. `kept`: nobody says it again, so where the receiver is not at hand it goes as a letter. */
  | { is: 'tell'; to: ActorId; input: { is: string }; creates?: Creates; kept?: true }
  /** The sender is to be told (`WatchedRun`), once, when this run closes: at once where it has, or cannot be watched. `over`: no more. Neither is sent again. */
  | { is: 'watch'; run: RunId; over?: true }

/** The answer to `watch`. `found` null: there is no such run (any longer), or, with `refused`, it cannot be watched. */
export interface WatchedRun {
  is: 'watched_run'
  run: RunId
  found: { definition: string; kind: RunKind; state: ClosedState } | null
  refused?: { code: string; why: string }
}

/** An actor that is there once somebody needs it. */
export interface Creates {
  kind: 'timeline' | 'asset' | 'memo'
  name: string
}

export interface StartOrder {
  definition: string
  /** It has no definition of its own: this is what it is. */
  kind?: 'approval' | 'wait'
  input: Payload | null
  options: RunOptions
  trigger: Trigger
}

/** The answer to a start. `refusal` null: `run` exists; it may be closed by now. Else a code: it does not, and `run` may name the one that stands in its way. */
export interface Answered {
  is: 'answered'
  reference: number
  run: RunId | null
  closed: boolean
  refusal: string | null
}

/** The answers to several starts of one transition, to a kind that takes them so. */
export interface AllAnswered {
  is: 'all_answered'
  answers: readonly Answered[]
}

/** What the sender of a start is told once the run is closed. */
export interface ChildClosed {
  is: 'child_closed'
  run: RunId
  /** Under which it was asked for, where its trigger says it: of a DAG's task, and of a line of a schedule's ledger. */
  reference?: number
  state: ClosedState
  /** What it gave, or how it failed; given by the engine. */
  outcome?: Outcome
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
  /** Values that gate it (limits.ts); null: none. */
  gate: GateKeys | null
  /** Since when it is ready, where its sort key does not say it. */
  readyAt?: Instant
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
  | { is: 'completed'; output: Payload | null; assets?: readonly OutletFacts[]; watermark?: Payload }
  /** `retry: false`: no further attempt (`Abort`). `delayMs`: the handler's own delay in place of the policy's. */
  | { is: 'failed'; failure: Failure; retry: boolean; delayMs?: number }
  /**
   * The handler asks to be called again later: counts no attempt. `slow`: the target asked for it, so the definition's rates give no token until then. `misfit`: code of
   * this version cannot do it, so another may have it at once.
   */
  | { is: 'snoozed'; delayMs: number; slow?: boolean; misfit?: Misfit }
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
  /** A parked run goes on, with all its attempts again. */
  /** `version`: a workflow goes on with this version of its code, and no other. */
  | { is: 'resume'; command: CommandId; by: string | null; why: string | null; version?: string }
  | { is: 'change'; command: CommandId; by: string | null; why: string | null; change: RunChange }

/** What of a run can be changed as long as it waits. */
export interface RunChange {
  due?: Instant | 'now'
  priority?: number
  queue?: string
  input?: Payload | null
  /** A new start's in place of its own, whole; its tags stay. */
  options?: Omit<RunOptions, 'delayMs'>
  /** What gates it from now on; null: nothing. */
  gate?: GateKeys | null
}
