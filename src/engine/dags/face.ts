import type { RunId } from '../../core/ids.ts'
import type { Payload, RunState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { TaskEnding } from '../../machines/dag/rules.ts'
import type { TriggerRule } from '../../machines/dag/spec.ts'

/** Which tasks of a closed run a new one runs again; it keeps how the others ended, and what they gave. */
export interface DagRerun {
  /** Ids of tasks and groups. Null: what failed, could not run since what came before failed, or was never come to. */
  tasks: readonly string[] | null
  /** And all that wait for them; all that they wait for. */
  downstream: boolean
  upstream: boolean
  /** By the newest version of the DAG instead of that of the old run. */
  newest: boolean
}

/** How a person says that a task has ended. */
export interface TaskMark {
  task: string
  /** Of a mapped task; absent: all of it that has not ended. */
  item?: number
  as: 'success' | 'failed' | 'skipped'
  /** What it gives. Default: null. */
  output?: Payload
}

/** How tasks of a run stand, in the order in which they may run. */
export interface DagTasks {
  run: RunId
  definition: string
  /** What the run goes by. */
  version: string
  tasks: DagTaskView[]
  /** Number of the task to go on from; null: that was all. */
  next: number | null
}

export interface DagTaskView {
  task: string
  /** waiting: for others · ready: for a slot of its DAG · started: its run is there, or about to be. */
  state: 'waiting' | 'ready' | 'started' | TaskEnding
  /** What does it; null: it does nothing. */
  job: string | null
  rule: TriggerRule
  /** Its run; null: it has none, or one for each item. */
  run: RunId | null
  /** Of its run, or of its items: when the first began, and when the last closed. Null: not yet, nobody ran, or of more than 1,000 items. */
  startedAt: Instant | null
  closedAt: Instant | null
  /** Of a mapped task: how many of its items stand so. */
  items: Readonly<Record<string, number>> | null
  /** Of a mapped task: a letter for each item (`LETTER_OF`). */
  strip: string | null
  /** Of one that waits: those that have not ended, and how the others did. */
  waitsFor: string[]
  ended: Readonly<Record<string, number>>
}

/** How a task stands, in a letter: a grid has a hundred thousand of them. */
export const LETTER_OF: Readonly<Record<DagTaskView['state'], string>> = {
  waiting: '.',
  ready: 'q',
  started: 'r',
  success: 's',
  failed: 'f',
  skipped: 'k',
  upstream_failed: 'u',
  removed: 'x',
}

/** A version's tasks in the order in which they may run, and who waits for whom: groups and what inputs name are resolved. */
export interface DagGraph {
  definition: string
  version: string
  tasks: {
    task: string
    job: string | null
    rule: TriggerRule
    /** What is special about it. */
    is: 'branch' | 'short_circuit' | 'setup' | 'teardown' | null
    mapped: boolean
    group: string | null
    /** Numbers of the tasks that it waits for. */
    after: readonly number[]
  }[]
  /** `in`: the group that it is in. */
  groups: { group: string; in: string | null; description: string | null }[]
}

/** Newest runs of a DAG and how their tasks stand. */
export interface DagGrid {
  runs: DagGridRun[]
  next: string | null
}
export interface DagGridRun {
  run: RunId
  state: RunState
  /** Its tasks are those of this version's graph. */
  version: string
  createdAt: Instant
  startedAt: Instant | null
  closedAt: Instant | null
  /** The time that it is for. */
  nominalAt: Instant
  /** A letter for each task (`LETTER_OF`), in the order of the graph. */
  tasks: string
  /** By number of a mapped task: how many of its items stand so. */
  items: Readonly<Record<number, Readonly<Record<string, number>>>>
}
