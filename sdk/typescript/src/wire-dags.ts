import type { WireDefinition } from './wire.ts'

/** DAGs over HTTP: part of the tables of wire.ts. */
export const DAG_OPERATIONS = {
  'runs.tasks': ['GET', '/v1/namespaces/{namespace}/runs/{run}/tasks'],
  'definitions.graph': ['GET', '/v1/namespaces/{namespace}/definitions/{name}/graph'],
  'definitions.grid': ['GET', '/v1/namespaces/{namespace}/definitions/{name}/grid'],
  'runs.mark': ['POST', '/v1/namespaces/{namespace}/runs/{run}/tasks/{name}/mark'],
} as const satisfies Record<string, readonly ['GET' | 'POST', string]>

/** A person says how a task has ended. `item`: of a mapped task; absent: all of it that has not ended. */
export interface WireMark {
  as: 'success' | 'failed' | 'skipped'
  output?: unknown
  item?: number
  why?: string
}

/** How tasks of a run stand, in the order in which they may run. */
export interface WireDagTasks {
  run: string
  definition: string
  version: string
  tasks: {
    task: string
    state: 'waiting' | 'ready' | 'started' | 'success' | 'failed' | 'skipped' | 'upstream_failed' | 'removed'
    job: string | null
    rule: WireTriggerRule
    run: string | null
    /** When its run, or the first of its items, began, and the last closed. */
    startedAt: string | null
    closedAt: string | null
    /** Of a mapped task: how many of its items stand so. */
    items: Record<string, number> | null
    /** Of a mapped task: a letter for each item: `.` waiting, `q` ready, `r` started, `s f k u x` as it ended. */
    strip: string | null
    /** Of one that waits: those that have not ended (20 at most), and how the others did. */
    waitsFor: string[]
    ended: Record<string, number>
  }[]
  next: number | null
}

type TaskOptions = Pick<
  WireDefinition['options'],
  'queue' | 'priority' | 'retry' | 'timeout' | 'expires' | 'exhausted' | 'retention' | 'labels' | 'tags'
>
export interface WireDag {
  description?: string
  maxActiveTasks?: number
  /** Options of each task, under its own. */
  defaults?: TaskOptions
  tasks: Record<string, WireDagTask>
  groups?: Record<string, { description?: string; after?: string[]; group?: string }>
  /** Of the run; placeholders as in an input. */
  output?: unknown
}
export interface WireDagTask {
  job?: string
  description?: string
  after?: string[]
  when?: WireTriggerRule
  /** Its texts may say `{{output.TASK}}`, `{{input}}`, `{{item}}`, … */
  input?: unknown
  options?: TaskOptions
  map?:
    | { over: unknown; concurrency?: number }
    | { zip: Record<string, unknown>; concurrency?: number }
    | { cross: Record<string, unknown>; concurrency?: number }
  branch?: boolean
  shortCircuit?: 'all' | 'direct'
  setup?: boolean
  teardown?: boolean
  failsRun?: boolean
  group?: string
}
export type WireTriggerRule =
  | 'all_success'
  | 'all_failed'
  | 'all_done'
  | 'all_done_min_one_success'
  | 'all_done_setup_success'
  | 'all_skipped'
  | 'one_success'
  | 'one_failed'
  | 'one_done'
  | 'none_failed'
  | 'none_failed_min_one_success'
  | 'none_skipped'
  | 'always'
/** Of apply: with what its runs have in common. */
export interface WireNamedDag extends WireDag {
  name: string
  schema?: unknown
  options?: TaskOptions
}
