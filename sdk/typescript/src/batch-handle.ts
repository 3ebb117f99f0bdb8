import type { Client } from './client.ts'
import type { Duration } from './duration.ts'
import { RunHandle } from './handle.ts'
import type { AnyJob, Job, StartItem } from './job.ts'
import type { StartOptions } from './options.ts'
import { wireStarts } from './starts.ts'
import type { WireBatchStarted, WireBatchView } from './wire.ts'

export interface BatchSummary {
  /** The batch's id. */
  batch: string
  name: string
  total: number
  completed: number
  /** Failed, or timed out. */
  failed: number
  /** Cancelled, or terminated. */
  cancelled: number
  /** Ids of failed jobs, the first 100. */
  failedRuns: string[]
}

/** A batch that was started, of jobs or an operation on many runs. Everything here asks the server. */
export class BatchHandle {
  readonly #client: Client
  readonly id: string
  /** Items that were not started, since another run has their key; empty when the handle was made from an id. */
  readonly conflicts: WireBatchStarted['conflicts']
  constructor(client: Client, id: string, started?: WireBatchStarted) {
    this.#client = client
    this.id = id
    this.conflicts = started?.conflicts ?? []
  }

  /** As a run: `events`, `explain`, `terminate`. */
  get run(): RunHandle<BatchSummary> {
    return new RunHandle(this.#client, this.id, { is: 'existing', run: this.id })
  }

  /**
   * Waits until it is closed; resolves with what became of its jobs. `timeout`: default for ever.
   * @throws RunFailed when not all jobs have completed, RunCancelled, RunTerminated; ResultTimeout. `get()` has the counts in any case.
   */
  result(options: { timeout?: Duration; signal?: AbortSignal } = {}): Promise<BatchSummary> {
    return this.run.result(options)
  }

  /** As it is now: its jobs by how they ended, or how far the operation has come. */
  get(): Promise<WireBatchView> {
    return this.#client.call<WireBatchView>('batches.get', { batch: this.id })
  }

  /** Starts more jobs of a batch that is open, all or nothing. @throws RequestRefused `batch-closed` when it is sealed or has ended */
  add<Input, Output>(job: Job<Input, Output>, items: readonly StartItem<Input>[], options?: StartOptions): Promise<void>
  add(job: string, items: readonly StartItem<unknown>[], options?: StartOptions): Promise<void>
  async add(job: AnyJob | string, items: readonly StartItem<unknown>[], options: StartOptions = {}): Promise<void> {
    const jobs = await wireStarts(job, items, options)
    if (typeof job !== 'string') await this.#client.register([job])
    await this.#command('batches.add', { jobs })
  }

  /** It takes no more jobs, and ends once those that it has have ended. */
  seal(): Promise<void> {
    return this.#command('batches.seal')
  }
  /** Of an operation: between two pages. @throws RequestRefused `invalid-input` of a batch of jobs: pause their queue or their job */
  pause(why?: string): Promise<void> {
    return this.#command('batches.pause', why === undefined ? {} : { why })
  }
  resume(): Promise<void> {
    return this.#command('batches.resume')
  }
  /** An operation ends after the page under way. A batch of jobs asks the open ones to stop, and ends when they have. */
  cancel(why?: string): Promise<void> {
    return this.#command('batches.cancel', why === undefined ? {} : { why })
  }

  async #command(
    operation: 'batches.add' | 'batches.seal' | 'batches.pause' | 'batches.resume' | 'batches.cancel',
    body: object = {},
  ): Promise<void> {
    await this.#client.call(operation, { batch: this.id }, body, { callKey: this.#client.newId() })
  }
}
