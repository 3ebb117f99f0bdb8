import type { CommandId, RunId } from '../../core/ids.ts'
import type { HistoryEvent, Payload } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'

/** Results that are kept of one task, their keys and outputs together, and one of them, in characters. The oldest go first. */
export const ENTRIES_MAX = 1_000
export const ENTRIES_LENGTH_MAX = 1024 * 1024
export const ENTRY_LENGTH_MAX = 256 * 1024

/** A result that is kept. `run`: who gave it. */
export interface MemoEntry {
  readonly key: string
  readonly at: Instant
  readonly run: RunId
  readonly output?: Payload
}

export interface MemoState {
  readonly name: string
  /** In the order in which they came. */
  readonly entries: readonly MemoEntry[]
  readonly length: number
}

export type MemoInput =
  | { is: 'wake' }
  /** A run of the DAG asks for what is kept under a key; it repeats what is not answered. `ttlMs`: what is older does not count. */
  | { is: 'look'; run: RunId; ref: number; key: string; ttlMs?: number }
  /** A task has succeeded: what it gave replaces what is there under its key. */
  | { is: 'keep'; key: string; run: RunId; output?: Payload }
  /** `key`: of this one alone. */
  | { is: 'forget'; command: CommandId; by: string | null; key?: string }

/** The answer to `look`. */
export interface LookedInput {
  is: 'looked'
  ref: number
  hit: Omit<MemoEntry, 'key'> | null
}

type At = { at: Instant }
export type MemoEvent = HistoryEvent &
  (
    | (At & { is: 'born'; name: string })
    | (At & { is: 'kept'; key: string; run: RunId; output?: Payload })
    | (At & { is: 'forgotten'; key?: string; by?: string })
  )
