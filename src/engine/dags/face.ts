import type { RunId } from '../../core/ids.ts'
import type { Payload } from '../../core/run.ts'
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
  /** Of a mapped task: how many of its items stand so. */
  items: Readonly<Record<string, number>> | null
  /** Of one that waits: those that have not ended, and how the others did. */
  waitsFor: string[]
  ended: Readonly<Record<string, number>>
}
