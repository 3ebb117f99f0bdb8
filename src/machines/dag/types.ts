import type { ActorId, CommandId, RunId } from '../../core/ids.ts'
import type { AllAnswered, Answered, ChildClosed, RunInput } from '../../core/machine.ts'
import type { RunOptions } from '../../core/options.ts'
import type { ClosedState, Failure, HistoryEvent, Payload, Trigger } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { LookedInput } from '../memo/types.ts'
import type { PlacedInput, WatchedInput } from '../timeline/types.ts'
import type { SettleInput, SignalInput } from '../workflow/types.ts'
import type { Memo } from './memo.ts'
import type { Outputs } from './outputs.ts'
import type { TaskEnding } from './rules.ts'
import type { DagDeadline } from './spec.ts'
import type { Taken } from './waits-state.ts'

/**
 * How a task, or an item of a mapped one, stands: a letter each, so that the state of 10,000 tasks is 10 kB.
 *
 * ```text
 * . waits for others ──▶ q may begin ──▶ a asked for ──▶ r its run is there ──▶ s f k
 *         │  └─────────▶ m is mapped: its items have letters of their own, in a mapped group from `.` on, else from q
 *         └─────────────────────────────────────────────────────────────────▶ k u x
 * ```
 */
export const LETTERS = { success: 's', failed: 'f', skipped: 'k', upstream_failed: 'u', removed: 'x' } as const satisfies Record<TaskEnding, string>
export const ENDING_OF: Readonly<Record<string, TaskEnding>> = Object.fromEntries(
  Object.entries(LETTERS).map(([ending, letter]) => [letter, ending as TaskEnding]),
)

/** An item of a mapped task, or a task: `item × tasks + task`. */
export type Reference = number

export interface StartInput {
  is: 'start'
  definition: string
  version: string
  options: Omit<RunOptions, 'delayMs'>
  trigger: Trigger
  /** Where the DAG names it. */
  input?: Payload
  key?: string
  traceparent?: string
  /** It goes on where another run has ended, by the version of that one or by its own. */
  fork?: { version: string; kept: Kept; choices: Readonly<Record<number, Payload>> }
}

/** What of another run stands, by the numbers of this one. */
export interface Kept {
  /** A letter for each task, `.` for those that run again. */
  tasks: string
  /** Of mapped tasks that are kept, or whose failed items run again (`q`). */
  items: Readonly<Record<number, string>>
  /** What tasks that run again are given. */
  outputs: Readonly<Record<Reference, Payload>>
  /** Where those that are kept have run. */
  runs: Readonly<Record<Reference, RunId>>
}

/** A person says how a task has ended that has not: of one that is mapped this item, or all that have not ended. */
export interface MarkInput {
  is: 'mark'
  command: CommandId
  by: string | null
  why: string | null
  n: number
  item?: number
  as: MarkedAs
  output?: Payload
}
export type MarkedAs = 'success' | 'failed' | 'skipped'

export type DagInput =
  | StartInput
  | MarkInput
  | SignalInput
  | SettleInput
  | PlacedInput
  | WatchedInput
  | LookedInput
  | RunInput
  | Answered
  | AllAnswered
  | ChildClosed

/** What the first event keeps; what is absent has its default. `size`: how many tasks it has. */
export interface Started {
  is: 'started'
  at: Instant
  definition: string
  version: string
  size: number
  options?: StartInput['options']
  trigger?: Trigger
  input?: Payload
  key?: string
  traceparent?: string
  kept?: Kept
  /** Who keeps it in order among the other runs of its DAG; none: nobody needs to. */
  timeline?: ActorId
  /** Who knows it by the time that it is for, which others may wait for; none: it is for none. */
  registry?: ActorId
  /** What the tokens of its callbacks end with, one for each. */
  secrets?: readonly string[]
  /** Its deadlines, as its version has them. `quiet`: it names no job that is told. */
  deadlines?: readonly (Pick<DagDeadline, 'from' | 'withinMs'> & { quiet?: true })[]
  /** Assets that tasks make which do nothing: no run of theirs says so. */
  assets?: readonly string[]
  /** What branches and short circuits that are kept gave, where something behind them runs again. */
  choices?: Readonly<Record<number, Payload>>
}

/** The last event: its name is the state that it leads to. */
export interface Closing {
  is: ClosedState
  at: Instant
  reason?: string
  failure?: Failure
  by?: string
  why?: string
}

type At = { at: Instant }
/** `freed`: tasks, and items of tasks, whose outputs nobody needs any more. `more`: it is to go on at once, by another transition. */
type Frees = { freed?: readonly number[]; freedItems?: readonly Reference[]; more?: true }
export type DagEvent = HistoryEvent &
  (
    | Started
    /** It is due and asks for its place among the runs of its DAG. */
    | (At & { is: 'queued'; again?: true })
    | (At & { is: 'placed'; n: number; active: boolean; held?: readonly string[] })
    /** It has said that all it could do waits for the past, or that this is over. */
    | (At & { is: 'idled'; idle: boolean })
    | (At & { is: 'due' })
    /** It is open still. Who is told is asked for again until it is there. */
    | (At & { is: 'deadline_missed'; ns: readonly number[]; again?: true })
    | (At & { is: 'alerted'; n: number })
    /** What follows from what has ended. Those of `ran` did nothing, and have ended with this output if anybody needs it. */
    | (At &
        Frees & {
          is: 'judged'
          /** By reference, as all that follow: of a task that is mapped by now it is an item. */
          ready?: readonly Reference[]
          skipped?: readonly Reference[]
          upstream_failed?: readonly Reference[]
          failed?: readonly { n: Reference; reason: string }[]
          ran?: readonly { n: Reference; output?: Payload }[]
          mapped?: readonly { n: number; items: number; ran?: readonly Payload[] | true }[]
          /** Tasks of a mapped group, whose items wait from now on; told before all that is judged of them. */
          grouped?: readonly { ns: readonly number[]; items: number }[]
          /** All items of these that wait. `ready`: those, too, that may begin. */
          every?: readonly { n: number; as: 'ready' | 'skipped' | 'upstream_failed'; ready?: true }[]
        })
    /** Their runs are to begin. `again`: it may have been said before. `persons`: those of them that a person does. */
    | (At &
        Frees & {
          is: 'asked'
          refs: readonly Reference[]
          again?: true
          elsewhere?: Readonly<Record<Reference, RunId>>
          persons?: readonly Reference[]
          /** Those of them that wait for something; of these, for whom it had come before. */
          waits?: readonly Waiting[]
          taken?: readonly Taken[]
          /** Of those whose results are kept. */
          memos?: Readonly<Record<Reference, Memo>>
        })
    /** Nothing is kept for these, and their runs are to begin. */
    | (At & Frees & { is: 'looked'; refs: readonly Reference[]; elsewhere?: Readonly<Record<Reference, RunId>> })
    /** `ref`: the task that it went to; none: it is kept. */
    | (At & { is: 'signalled'; name: string; payload?: Payload; command: CommandId; by?: string; ref?: Reference })
    | (At & { is: 'settled'; n: number; output?: Payload; failure?: Failure; command: CommandId; by?: string; ref?: Reference })
    /** Others wait for these tasks of it. */
    | (At & { is: 'watched'; tasks: readonly string[] })
    /** `refs`: several whose starts were answered together. */
    | (At & Frees & { is: 'begun' } & ({ ref: Reference } | { refs: readonly Reference[] }))
    /** `cachedAt`: it did not run, and what `run` gave then is its output. */
    | (At &
        Frees & {
          is: 'ended'
          ref: Reference
          task: string
          as: TaskEnding
          run?: RunId
          reason?: string
          output?: Payload
          watermark?: Payload
          cachedAt?: Instant
        })
    | (At &
        Frees & {
          is: 'marked'
          refs: readonly Reference[]
          task: string
          as: TaskEnding
          output?: Payload
          command: CommandId
          by?: string
          why?: string
        })
    | (At & { is: 'cancel_requested'; command: CommandId; by?: string; why?: string })
    | Closing
  )

/** A task, or an item of one, that waits. `given`: it has been told what it waits for. */
export interface Waiting {
  readonly ref: Reference
  readonly signal?: string
  readonly given?: true
}

export interface Mapped {
  /** A letter for each item. */
  readonly items: string
  /** Asked for, or under way. */
  readonly active: number
  /** By item, as long as somebody needs them. */
  readonly outputs: Outputs
}

/** A state that is nobody else's yet: it is made by changing it. */
export type Draft = { -readonly [Key in keyof DagState]: DagState[Key] }

export interface DagState {
  readonly started: Started
  /** A letter for each task. */
  readonly tasks: string
  readonly mapped: Readonly<Record<number, Mapped>>
  readonly outputs: Outputs
  readonly outputsLength: number
  /** As the last task said that completed and said one: the run says so to its schedule. */
  readonly watermark?: Payload
  /** It is due: its tasks may begin. */
  readonly isDue: boolean
  /** When it asked for its place last. */
  readonly queuedAt?: Instant
  /** What it was told last. `held`: tasks that wait for the run before it. */
  readonly place?: { readonly n: number; readonly active: boolean; readonly held: readonly string[]; readonly idle: boolean }
  /** It is to go on at once (E8). */
  readonly isOpen: boolean
  /** Asked for, or under way; of these, not answered; the last that was asked for. */
  readonly active: number
  readonly unanswered: number
  /** Of these, those that a person does: they take no slot. */
  readonly persons?: readonly Reference[]
  /** Those that wait for something take none either: in the order in which they began. */
  readonly waits?: readonly Waiting[]
  /** Signals that nobody has waited for yet, as they came. */
  readonly signals?: readonly { readonly command: CommandId; readonly name: string; readonly payload?: Payload }[]
  /** Callbacks that have come, by task; what came with one whose task has not begun. */
  readonly settled?: readonly { readonly n: number; readonly output?: Payload; readonly failure?: Failure }[]
  /** Commands that have told it something. */
  readonly commands?: readonly { readonly id: CommandId; readonly at: Instant }[]
  /** Tasks whose ends others wait for. */
  readonly watched?: readonly string[]
  /** Of those that are asked for or under way, whose results are kept. */
  readonly memos?: Readonly<Record<Reference, Memo>>
  /** Those that did not run, since their results were kept: `elsewhere` says which run gave them. */
  readonly hits?: readonly Reference[]
  /** A person runs tasks of it again: they do not ask for what is kept. */
  readonly isAnew?: true
  readonly askedAt: Instant
  /** Tasks and items in all, and ended. */
  readonly total: number
  readonly ended: number
  readonly failed: number
  /** Runs whose id is not the one that follows from their place. */
  readonly elsewhere: Readonly<Record<Reference, RunId>>
  /** When its tasks could begin. */
  readonly begunAt?: Instant
  /** Deadlines that it has missed; of these, whose alerts were not answered, and when they were asked for. */
  readonly missed?: readonly number[]
  readonly alerts?: readonly { readonly n: number; readonly at: Instant }[]
  readonly since: Instant
  readonly startedAt: Instant | null
  readonly cancelRequested: boolean
  /** Tasks that have ended and have no run: a person has marked them before they began. */
  readonly runless?: readonly number[]
  /** Why tasks and items have failed that have no run which could say it: of the first 20. */
  readonly reasons?: Readonly<Record<Reference, string>>
  /** Commands that have marked tasks, the last 100. */
  readonly marks?: readonly CommandId[]
  readonly totalAt: Instant | null
  readonly closing: Closing | null
}
