import type { Client } from '../client.ts'
import type { Clock } from '../clock.ts'
import type { Duration } from '../duration.ts'
import type { Random } from '../ids.ts'
import type { AnyJob } from '../job.ts'
import type { Schedule } from '../schedule.ts'
import type { Connection, WireProblem } from '../wire.ts'
import type { StepContext } from '../workflow/context.ts'
import type { Middleware } from './middleware.ts'

export interface WorkerOptions {
  /** What it runs; deliveries of any other job go elsewhere. */
  jobs: readonly AnyJob[]
  /**
   * Schedules that this code has. They are registered once its jobs are, as the whole of `source`: those that the same source had before and has no longer are
   * paused by the server, so that what is deleted from code does not go on. Left out, with no `source` either: nothing is registered, and nothing paused.
   *
   * A worker registers them when it begins, not again later: in a rolling deployment the code that was started last counts.
   */
  schedules?: readonly Schedule[]
  /**
   * Names the code that has these schedules, the same in all processes of it; processes with other schedules need another name. Default `MAINSPRING_SOURCE`, else
   * package and script, such as `shop/worker`. With a name given by option or variable an empty list is registered too, so that the last schedule that was taken
   * out of the code is paused.
   */
  source?: string
  /** Through which it asks for work, and through which its handlers start runs. Default: one made from what follows, else from the environment. */
  client?: Client
  connection?: Connection
  url?: string
  apiKey?: string
  /** Default `MAINSPRING_NAMESPACE`, else `'default'`. */
  namespace?: string
  /** Handlers at the same time, 1 to 10,000. Default 10; more for handlers that mostly wait. */
  slots?: number
  /**
   * What it has beside slots, for jobs with a `cost`: `{ cpu: 4, gpu: 1, memory: 8192 }`, up to 20 kinds. A task takes its cost, and one slot if that names none,
   * for as long as it runs. Default: none, and only slots are counted.
   */
  units?: Record<string, number>
  /** Run around every call of a handler, the first outermost. Default: none. */
  middleware?: readonly Middleware[]
  /** In tests: what runs in place of the functions of workflows' steps, by the steps' names. Default: nothing. */
  steps?: Readonly<Record<string, (step: StepContext) => unknown>>
  /** So long after it was asked to stop, a handler that still runs is reported as stuck: in its log, in lists of workers and by `explain`. Default 10 seconds. */
  stuckAfter?: Duration
  /** Only work of these queues. Default: of any. */
  queues?: readonly string[]
  /** What it has, for jobs that ask: `{ gpu: 'a100' }`. Default: nothing. */
  labels?: Record<string, string>
  /** For people. Default: host and process id. */
  name?: string
  /** What the worker has to say of itself. Default: warnings and errors to stderr. */
  log?: (level: 'debug' | 'info' | 'warn' | 'error', message: string, facts: Record<string, unknown>) => void
  /** What happens, for whoever shows it. Must not throw; called on the hot path. */
  onEvent?: (event: WorkerEvent) => void
  /** How long a poll may wait for work, milliseconds. Default 30,000, at most 60,000. */
  pollWaitMs?: number
  /** Default: real time. */
  clock?: Clock
  random?: Random
}

export type WorkerEvent =
  | { is: 'begun'; run: string; job: string; attempt: number }
  | {
      is: 'ended'
      run: string
      job: string
      attempt: number
      /** `yielded`: of a workflow, which waits, has closed, or is another worker's by now. */
      outcome: 'completed' | 'failed' | 'snoozed' | 'cancelled' | 'returned' | 'yielded'
      error?: unknown
    }
  /** How the server took a result. Anything but `accepted` means that another attempt or command has settled the run. */
  | { is: 'answered'; run: string; attempt: number; answer: 'accepted' | 'superseded' | 'closed' | 'unknown' | 'refused'; problem?: WireProblem }
  /** A handler was asked to stop: `ctx.signal` has aborted. */
  | { is: 'aborted'; run: string; attempt: number; reason: Error }
  /** A handler was asked to stop and goes on. `stack`: where it was seen last; null: nowhere. */
  | { is: 'stuck'; run: string; attempt: number; stack: string | null }
  /** The server does not answer; again when it does. */
  | { is: 'disconnected'; error: unknown }
  | { is: 'connected' }
