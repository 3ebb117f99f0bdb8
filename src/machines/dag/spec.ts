import type { RunOptions } from '../../core/options.ts'
import type { TaskEnding } from './rules.ts'

/** Tasks of a DAG; the edges between them, groups resolved; setups; groups; the whole of it as JSON. */
export const TASKS_MAX = 20_000
export const EDGES_MAX = 200_000
export const SETUPS_MAX = 100
export const GROUPS_MAX = 2_000
export const DAG_BYTES_MAX = 4 * 1024 * 1024
/** Items that a task or a group is mapped over; tasks of a run, each item of a mapped one counted. */
export const MAP_ITEMS_MAX = 10_000
export const INSTANCES_MAX = 200_000
/** What a run keeps of outputs that others still need, in characters. */
export const OUTPUTS_LENGTH_MAX = 4 * 1024 * 1024
/** Tasks of a run that are under way at once: all of them are told when it is cancelled (E8). */
export const ACTIVE_MAX = 1_000
/** Tasks that depend on the past: each of their ends is told to the run after it. */
export const PAST_TASKS_MAX = 1_000
export const ACTIVE_RUNS_MAX = 10_000
/** Tasks that wait for a callback, and tasks of another run that one waits for. */
export const CALLBACKS_MAX = 100
export const AWAITED_TASKS_MAX = 100
/** A key under which a result is kept, in characters: a longer one is kept as its digest. Results of a run that were kept: further ones are not asked for. */
export const CACHE_KEY_LENGTH_MAX = 200
export const CACHE_HITS_MAX = 10_000
/** Assets that tasks make which do nothing: all of these tasks may end in one transition (E8). */
export const MADE_BY_NOTHING_MAX = 400

/** DAGs that are tasks of DAGs, one within the other: one that starts itself in a way that nobody saw ends there. */
export const DEPTH_MAX = 20

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
  /** Runs whose tasks may run at once; further ones are queued, and begin in the order of the times that they are for. Default: any number. */
  maxActiveRuns?: number
  /** How the priority of a task follows from those of others. Default: `absolute`. */
  weightRule?: WeightRule
  /** Times by which a run is to have closed; a run of the job is told where it has not. */
  deadlines?: readonly DagDeadline[]
  /** Options of each task, under its own. */
  defaults?: TaskOptions
  tasks: { readonly [id: string]: DagTask }
  groups?: { readonly [id: string]: DagGroup }
  /** Of the run, from the outputs of its tasks: placeholders, as in an input. Default: none. */
  output?: Json
}

/** What a deadline counts from: when the run was due, when its tasks could begin, the time that it is for (Airflow 3: `DeadlineReference`). */
export const DEADLINE_REFERENCES = ['queued', 'started', 'nominal'] as const
export interface DagDeadline {
  from: (typeof DEADLINE_REFERENCES)[number]
  withinMs: number
  /** A run of it is told; none: whom the DAG's `notify` names. */
  job?: string
}
export const DEADLINES_MAX = 10

/** A task's own priority; with those of all that wait for it; with those of all that it waits for. Names and meaning are those of Airflow 3. */
export const WEIGHT_RULES = ['absolute', 'downstream', 'upstream'] as const
export type WeightRule = (typeof WEIGHT_RULES)[number]

export type TaskOptions = Omit<RunOptions, 'delayMs' | 'notBefore' | 'metadata' | 'gate' | 'late'>

export interface DagTask {
  /** The definition that does it: a job, a workflow or another DAG. None: it does nothing, and its output is its input. */
  job?: string
  /** A person does it, in place of a job: an answer ends it. */
  approval?: DagApproval
  /** It waits for something to happen, in place of a job. */
  wait?: DagWait
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
  /** What it gave for the same key is its output, and it does not run. */
  cache?: DagCache
  /** Its output names those of the tasks and groups right after it that go on; the others are skipped. */
  branch?: boolean
  /** A false output (false, null, 0, "", an empty list) skips what follows: all of it, or what is right after it as its own rules say. */
  shortCircuit?: 'all' | 'direct'
  /** It prepares something for what follows; its teardown runs however that ended. */
  setup?: boolean
  teardown?: boolean
  /** It begins once the same task of the run for the time before has succeeded or was skipped; there being no such run, at once. */
  dependsOnPast?: boolean
  /** And those right after it, of that run, have as well. */
  waitForDownstream?: boolean
  /** It holds so many units (default 1) of this pool while it runs. */
  pool?: string
  poolSlots?: number
  /** Of one task, over that of the DAG. */
  weightRule?: WeightRule
  /** Of a teardown: its failure is the run's. */
  failsRun?: boolean
  group?: string
}

/** Results of a task that are kept (machines/memo). */
export interface DagCache {
  /** Placeholders in its texts, as in an input. Default: the input. */
  key?: Json
  /** What is older does not count. Default: however old. */
  ttlMs?: number
}

/** What a person is asked (machines/approval); its texts may have placeholders. One that is rejected skips what is right after it, unless `onReject` says otherwise. */
export interface DagApproval {
  subject: string
  body?: string
  /** JSON Schema of what comes with an approval. */
  form?: Json
  /** Names of the API keys that may answer. A placeholder may stand for a list. */
  assignees?: readonly string[]
  deadlineMs?: number
  default?: 'approve' | 'reject'
  onReject?: 'skip' | 'fail' | 'continue'
}

/** The mapped group that what is in this one belongs to; null: none. */
export function mappedGroupOf(group: string | undefined, groups: DagSpec['groups'] = {}): string | null {
  for (let id = group; id !== undefined; id = groups[id]?.group) if (groups[id]?.map !== undefined) return id
  return null
}

/**
 * What a task waits for (machines/wait), in no queue and without a slot: a signal to the run, what comes under its token, a time, a run of another DAG, or a run of any
 * kind by its id. Its texts may have placeholders.
 */
export interface DagWait {
  /** A signal of this name; what it carries is the output. */
  signal?: string
  /** Whoever has its token, `{{callback.TASK}}`, settles it: once. */
  callback?: true
  /** A time, and so long after it. Default: the end of the interval. */
  until?: string
  plusMs?: number
  /** The run of this DAG for the time of this one, or the one given, and so much earlier. */
  dag?: string
  for?: string
  earlierMs?: number
  /** Of it, these tasks; none: the run. */
  tasks?: readonly string[]
  /** This run, of whatever kind: its id. */
  run?: string
  /** How it is to have ended, by default `success`; how it ends the wait otherwise. Else it is waited for another run for that time; one that is waited for by its id fails it. */
  states?: readonly TaskEnding[]
  failStates?: readonly TaskEnding[]
  skipStates?: readonly TaskEnding[]
  /** From its beginning; then its output is `default`, or it is skipped, or it has timed out. */
  timeoutMs?: number
  default?: Json
  onTimeout?: 'fail' | 'skip'
}

/** It does nothing: its input is its output. */
export function isEmpty({ job, approval, wait }: DagTask): boolean {
  return job === undefined && approval === undefined && wait === undefined
}

/** It waits without a slot. */
export function isSlotless({ approval, wait }: DagTask): boolean {
  return approval !== undefined || wait !== undefined
}

/** What the run of a task is called; null: it has none. */
export function definitionOf(dag: string, id: string, task: DagTask): string | null {
  return isSlotless(task) ? `${dag}.${id}` : (task.job ?? null)
}

/** What the input of its run is made of. */
export function templateOf({ input, approval, wait }: DagTask): Json | undefined {
  if (wait !== undefined) return { ...(wait.dag === undefined ? wait.plusMs !== undefined && AFTER_INTERVAL : SAME_TIME), ...wait } as unknown as Json
  return approval === undefined ? input : (approval as unknown as Json)
}

/** All of it that is filled in before it runs. */
export function templatesOf(task: DagTask): Json {
  const template = templateOf(task) ?? null
  return task.cache?.key === undefined ? template : [template, task.cache.key]
}
const AFTER_INTERVAL = { until: '{{intervalEnd}}' }
const SAME_TIME = { for: '{{nominalTime}}' }

/** Items: a list, several lists item by item (as long as the shortest), or each with each. */
export type DagMap =
  | { over: Json; concurrency?: number }
  | { zip: { readonly [name: string]: Json }; concurrency?: number }
  | { cross: { readonly [name: string]: Json }; concurrency?: number }

export interface DagGroup {
  description?: string
  /** Its tasks run once for each item, each item by itself. */
  map?: DagMap
  /** Of its first tasks. */
  after?: readonly string[]
  /** The group that it is in. */
  group?: string
}
