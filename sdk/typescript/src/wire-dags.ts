import type { WireDefinition, WireProblem } from './wire.ts'

/** DAGs over HTTP: part of the tables of wire.ts. */
export const DAG_OPERATIONS = {
  'runs.tasks': ['GET', '/v1/namespaces/{namespace}/runs/{run}/tasks'],
  'runs.items': ['GET', '/v1/namespaces/{namespace}/runs/{run}/tasks/{name}/items'],
  'definitions.graph': ['GET', '/v1/namespaces/{namespace}/definitions/{name}/graph'],
  'definitions.grid': ['GET', '/v1/namespaces/{namespace}/definitions/{name}/grid'],
  'definitions.durations': ['GET', '/v1/namespaces/{namespace}/definitions/{name}/durations'],
  'runs.rerun': ['POST', '/v1/namespaces/{namespace}/runs/{run}/rerun'],
  'definitions.cache': ['GET', '/v1/namespaces/{namespace}/definitions/{name}/cache'],
  'definitions.uncache': ['DELETE', '/v1/namespaces/{namespace}/definitions/{name}/cache'],
  'runs.mark': ['POST', '/v1/namespaces/{namespace}/runs/{run}/tasks/{name}/mark'],
} as const satisfies Record<string, readonly ['GET' | 'POST' | 'DELETE', string]>

/** Which tasks of a closed run of a DAG run again. */
export interface WireRerun {
  /** Ids of tasks and groups; absent: what failed, could not run since what came before failed, or was never come to. */
  tasks?: readonly string[]
  /** Of the mapped tasks that are named these items alone, and what of others is of the same item of a mapped group. */
  items?: readonly number[]
  /** And all that wait for them; all that they wait for. */
  downstream?: boolean
  upstream?: boolean
  /** Of all these only what has failed, or could not run since what came before failed. */
  onlyFailed?: boolean
  /** By the newest version of the DAG instead of that of the run. */
  newest?: boolean
}
/** And of its DAG's runs for earlier times, for later ones; of these for no time before `from`, none after `to`. 100 runs at most. `dryRun`: nothing is changed. */
export interface WireRerunAll extends WireRerun {
  past?: boolean
  future?: boolean
  from?: string
  to?: string
  dryRun?: boolean
}
export interface WireReruns {
  dryRun: boolean
  /** By the times that they are for. */
  runs: {
    run: string
    nominalTime: string
    /** What was started in its place; null: nothing was. */
    again: string | null
    /** Of a dry run: how many tasks would run again, and the first 200 of them; `items`: of a mapped one, null: all of it. */
    count: number | null
    tasks: { task: string; items: number | null }[] | null
    refused: WireProblem | null
  }[]
}

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
    /** 1: it did not run, for what `run` gave for the same key was kept. Of a mapped task, how many of its items did not. */
    cached: number
    /** When its run, or the first of its items, began, and the last closed. */
    startedAt: string | null
    closedAt: string | null
    /** Of a mapped task: how many of its items stand so. */
    items: Record<string, number> | null
    /** Of a mapped task: a letter for each item: `.` waiting, `q` ready, `r` started, `s f k u x` as it ended. */
    strip: string | null
    /** Why it, or the first of its items, has failed that has no run which could say it. */
    reason: string | null
    /** The mapped group that it is in: an item of it is the same in all of these. */
    mappedGroup: string | null
    /** Of one that waits: those that have not ended (20 at most), and how the others did. */
    waitsFor: string[]
    ended: Record<string, number>
  }[]
  next: number | null
}

type TaskOptions = Pick<
  WireDefinition['options'],
  'queue' | 'priority' | 'retry' | 'timeout' | 'expires' | 'exhausted' | 'retention' | 'labels' | 'tags' | 'outlets'
>
export interface WireDag {
  description?: string
  maxActiveTasks?: number
  maxActiveRuns?: number
  weightRule?: WireWeightRule
  deadlines?: { from: 'queued' | 'started' | 'nominal'; within: number | string; job?: string }[]
  /** Options of each task, under its own. */
  defaults?: TaskOptions
  tasks: Record<string, WireDagTask>
  groups?: Record<string, { description?: string; after?: string[]; group?: string; map?: WireDagMap }>
  /** Of the run; placeholders as in an input. */
  output?: unknown
}
export interface WireDagTask {
  job?: string
  approval?: WireDagApproval
  wait?: WireDagWait
  description?: string
  after?: string[]
  when?: WireTriggerRule
  /** Its texts may say `{{output.TASK}}`, `{{input}}`, `{{item}}`, … */
  input?: unknown
  options?: TaskOptions
  map?: WireDagMap
  cache?: WireDagCache
  branch?: boolean
  shortCircuit?: 'all' | 'direct'
  setup?: boolean
  teardown?: boolean
  failsRun?: boolean
  dependsOnPast?: boolean
  waitForDownstream?: boolean
  pool?: string
  poolSlots?: number
  weightRule?: WireWeightRule
  group?: string
}
/** What it gave for the same key is its output, and it does not run. `key`: default its input; `ttl`: what is older does not count. */
export interface WireDagCache {
  key?: unknown
  ttl?: number | string
}
/** What is kept of a task: newest first, 100 at most. */
export interface WireTaskCache {
  definition: string
  task: string
  ttl: number | null
  count: number
  length: number
  entries: { key: string; at: string; run: string }[]
}
/** A list, several item by item, or each with each. `concurrency`: so many items at once. */
export type WireDagMap =
  | { over: unknown; concurrency?: number }
  | { zip: Record<string, unknown>; concurrency?: number }
  | { cross: Record<string, unknown>; concurrency?: number }
/** What a person is asked; texts may have placeholders. `form`: JSON Schema. `default`: the answer at the deadline. */
export interface WireDagApproval {
  subject: string
  body?: string
  form?: unknown
  assignees?: string[]
  deadline?: number | string
  default?: 'approve' | 'reject'
  onReject?: 'skip' | 'fail' | 'continue'
}
export type WireTaskEnding = 'success' | 'failed' | 'skipped' | 'upstream_failed' | 'removed'
/** What a task waits for: one of `signal`, `callback`, a time (`until`, `plus`), a run of another DAG (`dag`), a run by its id (`run`); texts may have placeholders. */
export interface WireDagWait {
  signal?: string
  callback?: true
  until?: string
  plus?: number | string
  dag?: string
  for?: string
  earlier?: number | string
  tasks?: string[]
  run?: string
  states?: WireTaskEnding[]
  failStates?: WireTaskEnding[]
  skipStates?: WireTaskEnding[]
  timeout?: number | string
  default?: unknown
  onTimeout?: 'fail' | 'skip'
}
export type WireWeightRule = 'absolute' | 'downstream' | 'upstream'
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
