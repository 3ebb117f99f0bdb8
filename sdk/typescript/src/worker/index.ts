import type { Duration } from '../duration.ts'
import type { WorkerOptions } from './options.ts'
import { JobWorker } from './worker.ts'

/**
 * Starts a worker in this process and answers at once; it registers its jobs, asks for work and goes on until it is told to end, whether or not the server is there.
 *
 * ```ts
 * const worker = startWorker({ jobs: [resize, order], slots: 20 })
 * process.once('SIGTERM', () => worker.drain('30s'))
 * ```
 * Each delivery runs once, leases are kept from a thread of its own (a handler may block the event loop), results are kept and repeated until they are answered.
 * @throws InvalidOption with the option's place.
 */
export function startWorker(options: WorkerOptions): Worker {
  return new JobWorker(options)
}

export interface Worker {
  /** Its id at the server; a new one for each start. */
  readonly id: string
  /** Resolves when its jobs are registered and it asks for work; rejects when it is stopped before. */
  readonly ready: Promise<void>
  /** Handlers that run now. */
  readonly running: number
  /**
   * Asks for no more work, lets what runs end until the deadline (default 30 seconds), gives back what is left (their signals abort with `WorkerStopping`; it counts
   * no attempt, save with `attempts: 1`), sends the last lines and results (5 seconds at most), and ends.
   */
  drain(deadline?: Duration): Promise<void>
  /** The same without waiting for what runs. */
  stop(): Promise<void>
}

// For a worker whose code is elsewhere.
export type { LiveFlow, Turn } from '../workflow/flow.ts'
export type { Code } from '../workflow/main.ts'
export { withVerdict } from './isolate/verdict.ts'
export type { Middleware, MiddlewareTask } from './middleware.ts'
export type { WorkerEvent, WorkerOptions } from './options.ts'
export type { RemoteWorkflow } from './remote.ts'
