import type { RunOptions } from '../../core/options.ts'

/** Tasks of a DAG; the edges between them, groups resolved; setups; groups; the whole of it as JSON. */
export const TASKS_MAX = 20_000
export const EDGES_MAX = 200_000
export const SETUPS_MAX = 100
export const GROUPS_MAX = 2_000
export const DAG_BYTES_MAX = 4 * 1024 * 1024
/** Items that a task is mapped over, and instances of all mapped tasks of a run. */
export const MAP_ITEMS_MAX = 10_000
/** What a run keeps of outputs that others still need, in characters. */
export const OUTPUTS_LENGTH_MAX = 4 * 1024 * 1024
/** Tasks of a run that are under way at once: all of them are told when it is cancelled (E8). */
export const ACTIVE_MAX = 1_000

/** When a task runs, by how those before it have ended: names and meaning are those of Airflow 3. */
export const TRIGGER_RULES = [
  'all_success',
  'all_failed',
  'all_done',
  'all_done_min_one_success',
  'all_done_setup_success',
  'all_skipped',
  'one_success',
  'one_failed',
  'one_done',
  'none_failed',
  'none_failed_min_one_success',
  'none_skipped',
  'always',
] as const
export type TriggerRule = (typeof TRIGGER_RULES)[number]

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/**
 * A DAG as it is kept: tasks by id, in canonical JSON, so that the same DAG has the same version however it was written.
 *
 * A task waits for those in `after`, and for those whose output its `input` or its `map` names.
 */
export interface DagSpec {
  description?: string
  /** Tasks of a run under way at once, 1 to 1,000. Default: 1,000. */
  maxActiveTasks?: number
  /** Options of each task, under its own. */
  defaults?: TaskOptions
  tasks: { readonly [id: string]: DagTask }
  groups?: { readonly [id: string]: DagGroup }
  /** Of the run, from the outputs of its tasks: placeholders, as in an input. Default: none. */
  output?: Json
}

export type TaskOptions = Omit<RunOptions, 'delayMs' | 'notBefore' | 'metadata' | 'gate'>

export interface DagTask {
  /** The definition that does it: a job, a workflow or another DAG. None: it does nothing, and its output is its input. */
  job?: string
  description?: string
  /** Tasks, and groups (their last tasks), that it waits for. */
  after?: readonly string[]
  /** Default: `all_success`; of a teardown `all_done_setup_success`. */
  when?: TriggerRule
  /** Placeholders in its texts (template.ts). Default: of a mapped task its item, else nothing. */
  input?: Json
  options?: TaskOptions
  /** It runs once for each item. */
  map?: DagMap
  /** Its output names those of the tasks and groups right after it that go on; the others are skipped. */
  branch?: boolean
  /** A false output (false, null, 0, "", an empty list) skips what follows: all of it, or what is right after it as its own rules say. */
  shortCircuit?: 'all' | 'direct'
  /** It prepares something for what follows; its teardown runs however that ended. */
  setup?: boolean
  teardown?: boolean
  /** Of a teardown: its failure is the run's. */
  failsRun?: boolean
  group?: string
}

/** Items: a list, several lists item by item (as long as the shortest), or each with each. */
export type DagMap =
  | { over: Json; concurrency?: number }
  | { zip: { readonly [name: string]: Json }; concurrency?: number }
  | { cross: { readonly [name: string]: Json }; concurrency?: number }

export interface DagGroup {
  description?: string
  /** Of its first tasks. */
  after?: readonly string[]
  /** The group that it is in. */
  group?: string
}
