import type { Batch } from './batch.ts'
import { BatchHandle } from './batch-handle.ts'
import * as check from './checks.ts'
import type { Client } from './client.ts'
import type { Duration } from './duration.ts'
import type { RunFilter } from './runs.ts'
import type { BulkOperation, WireBatchList, WireBatchView, WireBulkChange, WireBulkFilter, WireBulkPreview, WireBulkStarted } from './wire.ts'

/** An operation on all runs that match. */
export interface Bulk {
  /**
   * - `cancel`, `terminate`: open runs.
   * - `fork`: closed workflows that did not complete; each gets a new run from the step that failed, which keeps the results before it.
   * - `retry`: closed ones that did not complete, unless `state` says otherwise; each gets a new run, linked to it.
   * - `resume`: paused ones, stuck or parked.
   * - `change`: those that wait; `change` says what.
   * - `delete`: closed ones, with their logs.
   */
  operation: BulkOperation
  where: BulkWhere
  change?: { at?: Date | string; delay?: Duration; now?: boolean; priority?: number; queue?: string }
  /** Kept in the history of each run. */
  why?: string
  /** For people and lists. Default: the operation. */
  name?: string
}

/** Which runs. All that is given must hold; of a list, one. `{}` is all of them. */
export interface BulkWhere extends Pick<RunFilter, 'state' | 'job' | 'queue' | 'tags' | 'createdAfter' | 'createdBefore'> {
  /** Such as `attempts-exhausted`. */
  reason?: string
  /** In the type or the message of the failure, whatever the case. */
  error?: string
  /** Jobs of this batch: its id. */
  batch?: string
}

/** Batches of a namespace: `client.batches`. */
export class Batches {
  readonly #client: Client
  constructor(client: Client) {
    this.#client = client
  }

  /** Starts a batch of jobs; see `Batch.start`. */
  start(batch: Batch, options: { key?: string } = {}): Promise<BatchHandle> {
    return batch.start({ client: this.#client, ...options })
  }

  /**
   * Does one thing to all runs that match now, page by page; each is looked at again when it is its turn. Resolves when the operation is on disk; `result()` of the handle
   * waits for its end, `get()` tells how far it is.
   * ```ts
   * await client.batches.bulk({ operation: 'retry', where: { job: 'resize', error: 'ECONNRESET' } })
   * ```
   */
  async bulk({ operation, where, change, why, name }: Bulk): Promise<BatchHandle> {
    const body = {
      operation,
      filter: wireFilter(where),
      ...(change && { change: wireChange(change) }),
      ...(why !== undefined && { why }),
      ...(name !== undefined && { name: check.name(name, '/name') }),
    }
    const { batch } = await this.#client.call<WireBulkStarted>('batches.bulk', {}, body, { callKey: this.#client.newId() })
    return this.handle(batch)
  }

  /** How many runs an operation would touch now, by state, and the newest 20 of them. Nothing is changed. */
  preview({ operation, where }: Pick<Bulk, 'operation' | 'where'>): Promise<WireBulkPreview> {
    return this.#client.call<WireBulkPreview>('batches.preview', {}, { operation, filter: wireFilter(where) })
  }

  /** A page of batches of both sorts, newest first; `next` is the cursor of the page after. */
  list(page: { limit?: number; cursor?: string } = {}): Promise<WireBatchList> {
    const query = { limit: page.limit === undefined ? undefined : String(page.limit), cursor: page.cursor }
    return this.#client.call<WireBatchList>('batches.list', {}, undefined, { query })
  }

  /** @throws RequestRefused `batch-not-found` */
  get(id: string): Promise<WireBatchView> {
    return this.handle(id).get()
  }

  /** The handle of a batch by its id (or any unambiguous ending of it). Nothing is sent. */
  handle(id: string): BatchHandle {
    return new BatchHandle(this.#client, id)
  }
}

function wireFilter({ state, job, queue, createdAfter, createdBefore, ...where }: BulkWhere): WireBulkFilter {
  return {
    ...where,
    ...(state !== undefined && { state: listOf(state) }),
    ...(job !== undefined && { definition: listOf(job) }),
    ...(queue !== undefined && { queue: listOf(queue) }),
    ...(createdAfter && { createdAfter: createdAfter.toISOString() }),
    ...(createdBefore && { createdBefore: createdBefore.toISOString() }),
  }
}

function wireChange({ at, delay, ...change }: NonNullable<Bulk['change']>): WireBulkChange {
  return {
    ...change,
    ...(at !== undefined && { at: check.instant(at, '/change/at') }),
    ...(delay !== undefined && { delay: check.duration(delay, '/change/delay') }),
  }
}

function listOf<Value>(value: Value | Value[]): Value[] {
  return Array.isArray(value) ? value : [value]
}
