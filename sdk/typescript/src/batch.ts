import { BatchHandle, type BatchSummary } from './batch-handle.ts'
import * as check from './checks.ts'
import type { Client } from './client.ts'
import { tag } from './codec.ts'
import { currentClient } from './current.ts'
import type { Duration } from './duration.ts'
import { InvalidOption } from './errors.ts'
import type { AnyJob, Job, StartItem } from './job.ts'
import type { StartOptions } from './options.ts'
import { wireStarts } from './starts.ts'
import type { WireBatch, WireBatchCallback, WireBatchStarted } from './wire.ts'

/**
 * A batch of jobs: they are started together, followed as one, and when something has come to pass with all of them, another job starts.
 * ```ts
 * const run = await batch({ name: 'import', onSuccess: [publish, { file }] })
 *   .add(importRows, pages.map(rows => ({ input: { file, rows } })))
 *   .start()
 * const { completed } = await run.result()
 * ```
 */
export function batch(options: BatchOptions = {}): Batch {
  return new Batch(options)
}

export interface BatchOptions {
  /** For people and lists. Default `'batch'`. */
  name?: string
  /** Starts once, at the first job that ends unsuccessfully, while the others go on. */
  onFirstFailure?: BatchCallback
  /** Starts once all jobs have ended, whatever became of them. */
  onComplete?: BatchCallback
  /** Starts once all jobs have completed. A retry that completes makes its failed run good, as long as the batch is open. */
  onSuccess?: BatchCallback
  /** More jobs can be added after the start, until it is sealed. Default false. */
  open?: boolean
  tags?: Record<string, string>
  /** How long the closed batch is kept. Default 7 days. */
  retention?: Duration
}

/** A job, or a job with its input. Its handler gets `BatchCallbackInput`. */
export type BatchCallback = AnyJob | readonly [job: AnyJob | string, input?: unknown]
/** What the handler of a callback gets. */
export interface BatchCallbackInput<Input = unknown> {
  batch: BatchSummary
  /** As it was given with the callback; null: none was. */
  input: Input
}
interface Part {
  job: AnyJob | string
  items: readonly StartItem<unknown>[]
  options: StartOptions
}

/** What is to be started. Nothing is sent before `start`. */
export class Batch {
  readonly #options: BatchOptions
  readonly #parts: (Part | Batch)[] = []
  constructor(options: BatchOptions) {
    this.#options = options
  }

  /** Adds runs of a job, as `startMany` takes them; `options` are for all, an item's own go before. */
  add<Input, Output>(job: Job<Input, Output>, items: readonly StartItem<Input>[], options?: StartOptions): this
  add(job: string, items: readonly StartItem<unknown>[], options?: StartOptions): this
  /** Adds a batch, which counts as one job by how it ends. Up to 5 deep. */
  add(batch: Batch): this
  add(added: AnyJob | string | Batch, items: readonly StartItem<unknown>[] = [], options: StartOptions = {}): this {
    this.#parts.push(added instanceof Batch ? added : { job: added, items, options })
    return this
  }

  /**
   * Starts the batch and all its jobs, up to 10,000 with those of nested batches: all or nothing. Resolves when the server has them on disk.
   * `key` makes it repeatable: for 24 hours the same key gives the same batch. In a handler give `ctx.taskKey`, so that a retried one starts no twin.
   * @throws InvalidOption, InvalidInput, Unserialisable before anything is sent; RequestRefused; Unreachable after 30 s of trying again.
   */
  async start({ client = currentClient(), key = client.newId() }: { client?: Client; key?: string } = {}): Promise<BatchHandle> {
    const body = await this.wire('')
    await client.register(this.jobs())
    const started = await client.call<WireBatchStarted>('batches.start', {}, body, { callKey: key })
    return new BatchHandle(client, started.batch, started)
  }

  /** Its jobs, callbacks and those of nested batches. */
  jobs(): AnyJob[] {
    const { onFirstFailure, onComplete, onSuccess } = this.#options
    const callbacks = [onFirstFailure, onComplete, onSuccess].map(given => (given === undefined ? undefined : callbackOf(given)[0]))
    const own = this.#parts.flatMap(part => (part instanceof Batch ? part.jobs() : [part.job]))
    return [...new Set([...own, ...callbacks].filter(job => typeof job === 'object'))] as AnyJob[]
  }

  async wire(at: string): Promise<WireBatch> {
    const { name, onFirstFailure, onComplete, onSuccess, open, tags, retention } = this.#options
    return {
      ...(name !== undefined && { name: check.name(name, `${at}/name`) }),
      jobs: await wireItems(this.#parts, at),
      ...(open !== undefined && { open }),
      ...(onFirstFailure && { onFirstFailure: wireCallback(onFirstFailure, `${at}/onFirstFailure`) }),
      ...(onComplete && { onComplete: wireCallback(onComplete, `${at}/onComplete`) }),
      ...(onSuccess && { onSuccess: wireCallback(onSuccess, `${at}/onSuccess`) }),
      ...(tags && { tags: check.words(tags, `${at}/tags`) }),
      ...(retention !== undefined && { retention: check.duration(retention, `${at}/retention`) }),
    }
  }
}

async function wireItems(parts: readonly (Part | Batch)[], at: string): Promise<NonNullable<WireBatch['jobs']>> {
  const items: NonNullable<WireBatch['jobs']> = []
  for (const part of parts) {
    if (part instanceof Batch) items.push({ batch: await part.wire(`${at}/jobs/${items.length}/batch`) })
    else for (const start of await wireStarts(part.job, part.items, part.options)) items.push(start)
  }
  return items
}

function callbackOf(given: BatchCallback): readonly [job: AnyJob | string, input?: unknown] {
  return Array.isArray(given) ? (given as readonly [AnyJob | string, unknown?]) : [given as AnyJob]
}

function wireCallback(given: BatchCallback, at: string): WireBatchCallback {
  const [job, input] = callbackOf(given)
  const definition = typeof job === 'string' ? check.name(job, at) : job?.name
  if (definition === undefined) throw new InvalidOption(`${at} has no job.`, { at, found: given, hint: 'give a job, or [job, input]' })
  return { definition, ...(input !== undefined && { input: tag(input, `${at}/1`) }) }
}
