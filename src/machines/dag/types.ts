import type { CommandId, RunId } from '../../core/ids.ts'
import type { Answered, ChildClosed, RunInput } from '../../core/machine.ts'
import type { RunOptions } from '../../core/options.ts'
import type { ClosedState, Failure, HistoryEvent, Payload, Trigger } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { TaskEnding } from './rules.ts'

/**
 * How a task, or an item of a mapped one, stands: a letter each, so that the state of 10,000 tasks is 10 kB.
 *
 * ```text
 * . waits for others ──▶ q may begin ──▶ a asked for ──▶ r its run is there ──▶ s f k
 *         │  └─────────▶ m is mapped: its items have letters of their own ────▶ s f k u
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

export type DagInput = StartInput | MarkInput | RunInput | Answered | ChildClosed

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
/** `freed`: tasks whose outputs nobody needs any more. `more`: it is to go on at once, by another transition. */
type Frees = { freed?: readonly number[]; more?: true }
export type DagEvent = HistoryEvent &
  (
    | Started
    | (At & { is: 'due' })
    /** What follows from what has ended. Those of `ran` did nothing, and have ended with this output if anybody needs it. */
    | (At &
        Frees & {
          is: 'judged'
          ready?: readonly number[]
          skipped?: readonly number[]
          upstream_failed?: readonly number[]
          failed?: readonly { n: number; reason: string }[]
          ran?: readonly { n: number; output?: Payload }[]
          mapped?: readonly { n: number; items: number; ran?: readonly Payload[] | true }[]
        })
    /** Their runs are to begin. `again`: it may have been said before. */
    | (At & Frees & { is: 'asked'; refs: readonly Reference[]; again?: true; elsewhere?: Readonly<Record<Reference, RunId>> })
    | (At & Frees & { is: 'begun'; ref: Reference })
    | (At & Frees & { is: 'ended'; ref: Reference; task: string; as: TaskEnding; run?: RunId; reason?: string; output?: Payload })
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

export interface Mapped {
  /** A letter for each item. */
  readonly items: string
  /** Asked for, or under way. */
  readonly active: number
  /** By item, as long as somebody needs them. */
  readonly outputs: Readonly<Record<number, Payload>>
}

export interface DagState {
  readonly started: Started
  /** A letter for each task. */
  readonly tasks: string
  readonly mapped: Readonly<Record<number, Mapped>>
  readonly outputs: Readonly<Record<number, Payload>>
  readonly outputsLength: number
  /** It is due: its tasks may begin. */
  readonly isDue: boolean
  /** It is to go on at once (E8). */
  readonly isOpen: boolean
  /** Asked for, or under way; of these, not answered; the last that was asked for. */
  readonly active: number
  readonly unanswered: number
  readonly askedAt: Instant
  /** Tasks and items in all, and ended. */
  readonly total: number
  readonly ended: number
  readonly failed: number
  /** Runs whose id is not the one that follows from their place. */
  readonly elsewhere: Readonly<Record<Reference, RunId>>
  readonly since: Instant
  readonly startedAt: Instant | null
  readonly cancelRequested: boolean
  /** Tasks that have ended and have no run: a person has marked them before they began. */
  readonly runless?: readonly number[]
  /** Commands that have marked tasks, the last 100. */
  readonly marks?: readonly CommandId[]
  readonly totalAt: Instant | null
  readonly closing: Closing | null
}
