import type { Duration } from './duration.ts'
import type { AnyJob } from './job.ts'

/** Options of a job that order, slow and gather its runs. An operator may change any of them while it runs; what he says is over what the code says. */
export interface RuleOptions {
  /**
   * Up to 20 limits, all of which a run needs before it is handed out.
   * Example: `[{ per: 'user', concurrency: 2 }, { rate: 100, every: '1m' }, { pool: 'warehouse', weight: 2 }]`.
   */
  limits?: LimitRule[]
  /**
   * Takes turns between the values at a path of the input, so that who starts a million runs does not keep others waiting. `weights`: of the value `big` three
   * runs go where others have one (0.001 to 1,000, default 1). Counts in the whole queue, together with other jobs that say `fair`. Example: `'tenant'`.
   */
  fair?: string | { per: string; weights?: Record<string, number> }
  /**
   * One run at a time for each value at a path of the input, in the order in which they were started. After one that failed: nothing goes on until a person
   * says so (`stop`, the default), or the next one goes on (`skip`). Example: `'order'`.
   */
  sequence?: string | { per: string; onFailure?: 'stop' | 'skip' }
  /** What a run takes of its worker: so many slots, or units by name that the worker says it has. Default: one slot. Example: `{ cpu: 2, memory: 512 }`. */
  cost?: number | Record<string, number>
  /** Hands the handler up to `size` inputs together (1 to 1,000): as soon as there are so many, or once the first has waited for `within`. */
  batch?: { size: number; within: Duration }
  /**
   * Starts that follow one another within this time become one run, with the last input; `per`: those of one value at this path of the input. `maximum`: it
   * goes so long after the first of them, whatever follows. Not together with `throttle`. Example: `'5s'`.
   */
  debounce?: Duration | { per?: string; for: Duration; maximum?: Duration }
  /**
   * The first start begins at once; those that follow within `every` become one run, with the last input, due at its end. `per`: those of one value at this
   * path of the input. Not together with `debounce`.
   */
  throttle?: { per?: string; every: Duration }
  /** Told of a run that failed, was parked, or was made good: another job (or its name), or an address, whose requests are signed with `secret`. */
  onFailure?: AnyJob | string | { url: string; secret?: string }
  /**
   * Who is told of what becomes of its runs, each of what it names in `on`; 20 at most. Each message is a run of its own, tried again as any other.
   * Example: `[{ on: ['failed', 'deadline'], slack: process.env.SLACK! }, { on: ['completed'], email: ['ana@example.org'] }]`.
   */
  notify?: Notification[]
}

/**
 * Who is told: another job (or its name), an address (signed with `secret`, after Standard Webhooks), an incoming webhook of Slack, or people by e-mail (50 addresses
 * at most; the server's `smtp` says by which mail server).
 */
export type Notification = { on: NotificationEvent[] } & (
  | { job: AnyJob | string; url?: never; secret?: never; slack?: never; email?: never }
  | { url: string; secret?: string; job?: never; slack?: never; email?: never }
  | { slack: string; job?: never; url?: never; secret?: never; email?: never }
  | { email: string[]; job?: never; url?: never; secret?: never; slack?: never }
)

/**
 * `failed`: it failed or timed out. `retrying`: an attempt failed, and another one follows. `parked`: its attempts are used up, and it waits for a person.
 * `recovered`: it was parked, or is a retry of one that failed, and has completed; where that is not asked for it is `completed`. `deadline`: of a DAG, a run was
 * open still at one of its `deadlines`.
 */
export type NotificationEvent = 'completed' | 'failed' | 'retrying' | 'parked' | 'recovered' | 'deadline'

/**
 * One limit. `per`: a path into the input (`user`, `order.customer`), each of whose values is limited by itself. `name`: what it is called by people, and what
 * makes it one limit for all jobs that name it; default: after the job. `weight`: what a run takes of it, 1 to 1,000,000, default 1.
 */
export type LimitRule = ConcurrencyRule | RateRule | PoolRule

/** So many at once. */
export interface ConcurrencyRule {
  concurrency: number
  name?: string
  per?: string
  weight?: number
  rate?: never
  every?: never
  pool?: never
}
/** So many handed out in any window of `every` (1 ms to 366 days), retries included. */
export interface RateRule {
  rate: number
  every: Duration
  name?: string
  per?: string
  weight?: number
  concurrency?: never
  pool?: never
}
/** Units of a pool that an operator has sized (`mainspring limits set warehouse --pool --concurrency 10`); until then nothing passes. */
export interface PoolRule {
  pool: string
  per?: string
  weight?: number
  name?: never
  concurrency?: never
  rate?: never
  every?: never
}
