import type { RunId } from '../../core/ids.ts'
import type { Payload, RunState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { TaskEnding } from '../../machines/dag/rules.ts'
import type { TriggerRule } from '../../machines/dag/spec.ts'
import type { Command } from '../face.ts'

/** Which tasks of a closed run a new one runs again; it keeps how the others ended, and what they gave. */
export interface DagRerun {
  /** Ids of tasks and groups. Null: what failed, could not run since what came before failed, or was never come to. */
  tasks: readonly string[] | null
  /** And all that wait for them; all that they wait for. */
  downstream: boolean
  upstream: boolean
  /** Of all these only what has failed, or could not run since what came before failed. */
  onlyFailed?: boolean
  /** By the newest version of the DAG instead of that of the old run. */
  newest: boolean
  /** Of the mapped tasks that are named these items alone, and what of others is of the same item of a mapped group. */
  items?: readonly number[]
}

/** Runs of the same DAG for other times than that of one run. */
export interface RerunSpan {
  /** Those for earlier times; for later ones. */
  past: boolean
  future: boolean
  /** For no time before this one; after this one. */
  from?: Instant
  to?: Instant
}
/** A run whose tasks are to run again. */
export interface RerunTarget {
  run: RunId
  nominalAt: Instant
  /** What the same command has begun in its place; null: it has not. */
  again: RunId | null
}
/** A task that would run again; `items`: so many of a mapped one, null: all of it. */
export interface RerunTask {
  task: string
  items: number | null
}
/** Runs of one call. */
export const RERUN_RUNS_MAX = 100

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
  /** 1: it did not run, since what `run` gave for the same key was kept. Of a mapped task, how many of its items did not. */
  cached: number
  /** Of its run, or of its items: when the first began, and when the last closed. Null: not yet, nobody ran, or the times of 20,000 runs were read before. */
  startedAt: Instant | null
  closedAt: Instant | null
  /** Of a mapped task: how many of its items stand so. */
  items: Readonly<Record<string, number>> | null
  /** Of a mapped task: a letter for each item (`LETTER_OF`). */
  strip: string | null
  /** Why it, or the first of its items, has failed that has no run which could say it. */
  reason: string | null
  /** The mapped group that it is in: an item of it is the same in all of these. */
  mappedGroup: string | null
  /** Of one that waits: those that have not ended, and how the others did. */
  waitsFor: string[]
  ended: Readonly<Record<string, number>>
}

/** How long the newest closed runs of a DAG took, newest first, and each of its tasks. */
export interface DagDurations {
  runs: {
    run: RunId
    state: RunState
    createdAt: Instant
    startedAt: Instant | null
    closedAt: Instant | null
    /** Null: it never began. */
    ms: number | null
    /** Of the task that was asked for; null: it did not run in it, or none was. */
    taskMs: number | null
  }[]
  runMs: { p50: number; p95: number } | null
  /** In the order in which they may run; `runs`: in how many of them it ran. */
  tasks: { task: string; runs: number; p50: number; p95: number; lastMs: number }[]
  /** Of so many of the runs the tasks were read. */
  tasksOf: number
}

/** How the items of a mapped task stand. */
export interface DagItems {
  run: RunId
  task: string
  /** Of all of them. */
  total: number
  items: { item: number; state: DagTaskView['state']; run: RunId | null; cached: boolean; startedAt: Instant | null; closedAt: Instant | null }[]
  /** Number of the item to go on from; null: that was all. */
  next: number | null
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
    is: 'branch' | 'short_circuit' | 'setup' | 'teardown' | 'approval' | 'wait' | null
    mapped: boolean
    group: string | null
    /** Numbers of the tasks that it waits for. */
    after: readonly number[]
  }[]
  /** `in`: the group that it is in. `mapped`: its tasks run once for each item of a list, each item by itself. */
  groups: { group: string; in: string | null; description: string | null; mapped: boolean }[]
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

/** Results of a task that are kept by key (`cache` of a DAG's task). */
export interface CacheCalls {
  /** What is kept, the newest 100. @throws UserError `unknown-definition`, `not-a-dag`, `unknown-task` */
  cache(namespace: string, definition: string, task: string): Promise<TaskCache>
  /** Throws away what is kept, of one key or all. @throws as `cache` */
  uncache(namespace: string, definition: string, task: string, of: { key?: string } & Command): Promise<{ forgotten: number }>
}
export interface TaskCache {
  definition: string
  task: string
  /** Null: it counts however old it is, or its task has no cache. */
  ttlMs: number | null
  count: number
  /** Of all keys and outputs, in characters. */
  length: number
  entries: { key: string; at: Instant; run: RunId }[]
}
