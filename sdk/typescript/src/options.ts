import type { Outlet } from './assets.ts'
import type { Duration } from './duration.ts'
import type { RuleOptions } from './rule-options.ts'
import type { StandardSchema } from './schema.ts'

/** What a job and a start of it have in common: the start's over the job's over the defaults. */
export interface RunOptions {
  /** The queue it waits in. Default `'default'`. */
  queue?: string
  /** -100 to 100, larger goes first, default 0. A step is worth a minute of waiting, so that nothing starves. */
  priority?: number
  retry?: RetryOptions
  /** A duration is the time of one attempt; for the others give an object. Default: none. */
  timeout?: Duration | TimeoutOptions
  /** Not begun so long after it is due, the run ends as `timed_out` (expired). Default: never. */
  expires?: Duration
  /**
   * When its attempts are used up: `'fail'` (default) ends it; `'park'` keeps it open, `paused` (parked), until a person resumes it, with all attempts again, or
   * cancels it.
   */
  exhausted?: 'fail' | 'park'
  /** How long the closed run and its logs are kept. Default 7 days. */
  retention?: Duration
  /** "Is one like it open?" Then that one is kept, and `start` gives its handle with `started: 'existing'`. Not together with `key`. Default: not asked. */
  unique?: UniqueOption
  /** For people, lists and filters: up to 20 names and values of up to 200 characters. A start's are added to the job's. Example: `{ team: 'media' }`. */
  tags?: Record<string, string>
  /** What a worker must have to get it, such as `{ gpu: 'a100' }`: each label must be there and equal. Default: any worker. */
  labels?: Record<string, string>
  /** Assets that it makes anew when it completes: schedules that wait for them are told (`schedule('…', { assets })`). */
  outlets?: readonly Outlet[]
}

/** Options of a job: everything a run of it has where its start says nothing else. */
export interface JobOptions extends RunOptions, RuleOptions {
  /** Any Standard Schema (zod, valibot, arktype …): types the handler's input and refuses a bad one before it is sent. */
  input?: StandardSchema
  retry?: JobRetryOptions
  /**
   * `'process'`: the handler runs in a process of its own, which is ended when the attempt's time is up, its lease is lost, or a cancel is ignored for 5 seconds. For
   * handlers that burn a core, leak or crash. The file that defines the job is imported there again: it must not start a worker. Default: in the worker.
   */
  isolate?: 'process'
  /** Of an isolated handler's process. `memoryMb`: MiB of its JavaScript heap, 16 or more; above it the attempt fails as `out-of-memory`. Default: Node's own limit. */
  resourceLimits?: { memoryMb?: number }
  /** Names this code. Default: SHA-256 over name, options, schema and the function's text, so that changed code is a new version by itself. */
  version?: string
}

/** Options of one start. */
export interface StartOptions extends RunOptions {
  /**
   * Idempotency key, up to 500 characters: the same key for the same job gives the same run, as long as it is open and at least `keyRetention`.
   * With another input it is refused (`key-conflict`). Example: `'order-17'`.
   */
  key?: string
  /** Default and least: 24 hours. */
  keyRetention?: Duration
  /** Due so long from now. Not together with `at`. Default: at once. */
  delay?: Duration
  /** Due at this time: a Date, or ISO 8601 text with its offset. A time that has passed is now. */
  at?: Date | string
  /** Any value, for the handler (`ctx.metadata`) and for people. */
  metadata?: unknown
  /**
   * Of a workflow: a signal that goes with the start, in the same commit, to the run that it starts or to the open one that `key` or `unique` finds. Not in
   * `startMany`. Example: `cart.start(id, { unique: { key: id }, signal: { name: 'add', payload: item } })`.
   */
  signal?: { name: string; payload?: unknown }
}

/** What of a run that waits is changed; what is absent stays. One of `now`, `at` and `delay` at most. */
export interface RunChange {
  /** Due now. */
  now?: true
  /** Due at this time: a Date, or ISO 8601 text with its offset. A time that has passed is now. */
  at?: Date | string
  /** Due so long from now. */
  delay?: Duration
  /** -100 to 100. */
  priority?: number
  queue?: string
  /** In place of its own; it is not checked by the job's schema. */
  input?: unknown
  /** Kept in the history. */
  why?: string
}

/** When a failed attempt is tried again. The delay before attempt n+1 is `min(maximum, initial × factor^(n-1))`, then spread by `jitter`. */
export interface RetryOptions {
  /** Attempts in all, the first included. 1 means: the handler is started at most once, whatever crashes. Default 10. */
  attempts?: number
  /** Default 1 second. */
  initial?: Duration
  /** 1 or more, default 2. */
  factor?: number
  /** Default 1 hour. */
  maximum?: Duration
  /** 0 to 1, default 0.1: a delay d becomes uniform in [d × (1 - jitter), d × (1 + jitter)]. */
  jitter?: number
}
export interface JobRetryOptions extends RetryOptions {
  /** The delay after attempt `attempt` (1 is the first) has failed, in place of the formula's. Undefined: the formula's. Runs in the worker. */
  delay?: (attempt: number, error: Error) => Duration | undefined
}

export interface TimeoutOptions {
  /** One attempt, from its delivery on: `ctx.signal` aborts, the attempt has failed and is retried. */
  attempt?: Duration
  /** From due to the end, all attempts: the run ends as `timed_out`. */
  total?: Duration
  /** From ready to delivery, each attempt: the run ends as `timed_out`. */
  scheduleToStart?: Duration
  /** Without a sign of life from the handler (progress, checkpoint, `ctx.heartbeat()`, a log line): the attempt has failed and is retried. */
  heartbeat?: Duration
}

/**
 * `true` or `'name'`: one a job. `'input'`: one an input. `{ key }`: one a key. `states`: those of the other run that count, default all open ones.
 * `onConflict`: what becomes of the other: `'keep'` (default) leaves it as it is; `'replace'` gives it this start's input and options, if it has not begun.
 */
export type UniqueOption = true | 'name' | 'input' | { by?: 'name' | 'input'; key?: string; states?: OpenState[]; onConflict?: 'keep' | 'replace' }
export type OpenState = 'scheduled' | 'queued' | 'running' | 'waiting' | 'paused'
