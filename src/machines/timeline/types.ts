import type { ActorId, RunId } from '../../core/ids.ts'
import type { ClosedState, HistoryEvent } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { TaskEnding } from '../dag/rules.ts'

/** An open run of the DAG, as far as others wait for it. */
export interface Entry {
  readonly run: RunId
  /** The time that it is for. */
  readonly for: Instant
  /** A backfill's: its backfill counts it, and it takes no place here. */
  readonly free: boolean
  /** It has its place: its tasks may begin. */
  readonly active: boolean
  /** Its tasks that depend on the past and have not passed: the same tasks of the run after it wait for these. */
  readonly open: readonly string[]
  /** What it was told last: under which number, when, and which of its tasks wait for the run before it. */
  readonly told: number
  readonly toldAt: Instant
  readonly held: readonly string[]
  readonly confirmed: number
  /** All that it could do waits for the past: runs for earlier times may have its place meanwhile. */
  readonly idle: boolean
}

/** The last run for a time, which is closed, and its tasks that depend on the past and had not passed. */
export interface Past {
  readonly for: Instant
  readonly run: RunId
  readonly open: readonly string[]
}

/** How tasks stand that somebody waits for; null: not ended. `unknown`: there is no such task. */
export type TaskStandings = Readonly<Record<string, TaskEnding | 'unknown' | null>>

/** A run that is for a time, which others may wait for: the newest of those for its time. */
export interface KnownRun {
  readonly run: RunId
  readonly for: Instant
  /** Null: it is open. */
  readonly state: ClosedState | null
  /** Of one that has closed: by which version its tasks have names, and which of them did not succeed. `more`: not all of these are named. */
  readonly version?: string
  readonly others?: Readonly<Record<string, TaskEnding>>
  readonly more?: true
  /** Of one that is open: tasks that it was asked to tell of, when, and what it has told; null: nothing yet. */
  readonly watch?: { readonly tasks: readonly string[]; readonly at: Instant; readonly heard: boolean }
  readonly tasks?: TaskStandings
}

/** A task of another DAG that waits for the run of a time, or for tasks of it. */
export interface Watcher {
  readonly run: ActorId
  readonly for: Instant
  readonly tasks: readonly string[]
  /** Since when it is to be told something; null: it has been. */
  readonly dueAt: Instant | null
  readonly told: number
  readonly toldAt: Instant
  readonly confirmed: number
}

export interface TimelineState {
  /** In the order of their times; of one time as they came. */
  readonly entries: readonly Entry[]
  /** As they closed. */
  readonly past: readonly Past[]
  /** When it is looked again whether one that waits has a place now. */
  readonly lookAt: Instant | null
  /** As they were opened. */
  readonly runs?: readonly KnownRun[]
  readonly watchers?: readonly Watcher[]
}

/** What runs that are for a time say of themselves. */
export type RunOfTimeInput =
  | { is: 'opened'; run: RunId; for: Instant }
  | {
      is: 'ended'
      run: RunId
      for: Instant
      state: ClosedState
      version: string
      /** Tasks that did not succeed; with `more`, these are not all. */
      others?: Readonly<Record<string, TaskEnding>>
      more?: true
    }
  /** Of tasks that it was asked for, some or all. */
  | { is: 'tasks'; run: RunId; tasks: TaskStandings }

/** What those say that wait for such a run. */
export type WatchInput =
  | { is: 'await'; run: ActorId; for: Instant; tasks: readonly string[] }
  | { is: 'unawait'; run: ActorId }
  | { is: 'heard'; run: ActorId; n: number }

/** What a run of the DAG is told: these of its tasks are waited for. */
export interface WatchedInput {
  is: 'watch'
  tasks: readonly string[]
}

/** What runs of the DAG say. */
export type TimelineInput =
  | RunOfTimeInput
  | WatchInput
  | { is: 'wake' }
  /** It is due, and asks for its place. `tasks`: those that depend on the past and have not passed. */
  | { is: 'enter'; run: RunId; for: Instant; free: boolean; tasks: readonly string[] }
  | { is: 'pass'; run: RunId; tasks: readonly string[] }
  | { is: 'idle'; run: RunId; idle: boolean }
  /** It closes, and these of its tasks have not passed. */
  | { is: 'leave'; run: RunId; tasks: readonly string[] }
  | { is: 'confirm'; run: RunId; n: number }

/** What a run is told. */
export interface PlacedInput {
  is: 'placed'
  /** Counts up, so that what is late changes nothing. */
  n: number
  /** Its tasks may begin. */
  active: boolean
  /** Of these, those that depend on the past wait for the run before it. */
  held: readonly string[]
}

type At = { at: Instant }
export type TimelineEvent = HistoryEvent &
  (
    | (At & { is: 'entered'; run: RunId; for: Instant; free: boolean; open: readonly string[] })
    | (At & { is: 'passed'; run: RunId; tasks: readonly string[] })
    | (At & { is: 'idled'; run: RunId; idle: boolean })
    | (At & { is: 'left'; run: RunId; open: readonly string[] })
    /** `again`: what it was told before. */
    | (At & { is: 'told'; run: RunId; active: boolean; held: readonly string[] })
    | (At & { is: 'told_again'; runs: readonly RunId[] })
    | (At & { is: 'confirmed'; run: RunId; n: number })
    | (At & { is: 'looked'; next: Instant | null })
    | (At & RunOfTimeInput)
    | (At & { is: 'awaited'; run: ActorId; for: Instant; tasks: readonly string[] })
    | (At & { is: 'unawaited'; run: ActorId })
    /** Watchers were told how the run that they wait for stands. `again`: the same once more. */
    | (At & { is: 'spread'; runs: readonly ActorId[]; again?: true })
    | (At & { is: 'heard'; run: ActorId; n: number })
    /** A run was asked to tell of these tasks. */
    | (At & { is: 'watched'; run: RunId; tasks: readonly string[] })
  )
