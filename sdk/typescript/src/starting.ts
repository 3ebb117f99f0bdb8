import { callAgain } from './calls.ts'
import type { Client } from './client.ts'
import { RequestRefused } from './errors.ts'
import { Gathering } from './gathering.ts'
import type { AnyJob } from './job.ts'
import type { StartOptions } from './options.ts'
import type { OperationName, WireStarted, WireStartedMany } from './wire.ts'

interface Waiting {
  /** As it is sent. */
  body: string
  callKey: string
  resolve(answer: WireStarted): void
  reject(error: unknown): void
}

/**
 * Starts on their way to the server. What one turn of the event loop starts goes in one call, and with two calls under way the next gather meanwhile: a hundred at once
 * cost four calls. One that is alone goes by itself, and what is wrong with one costs no other its start.
 */
export class Starting {
  readonly #client: Client
  readonly #gathering: Gathering<Waiting>

  constructor(client: Client) {
    this.#client = client
    this.#gathering = new Gathering({
      client,
      callsMax: CALLS_MAX,
      itemsMax: STARTS_GATHERED_MAX,
      textOf: ({ body }) => body,
      // One that is tried again holds up nobody.
      send: (batch, free) => this.#send(batch, free),
    })
  }

  send(body: string, callKey: string): Promise<WireStarted> {
    const { promise, resolve, reject } = Promise.withResolvers<WireStarted>()
    this.#gathering.add({ body, callKey, resolve, reject })
    return promise
  }

  async #send(batch: readonly Waiting[], onRetry: () => void): Promise<void> {
    const [first] = batch as [Waiting]
    try {
      if (batch.length === 1) return first.resolve(JSON.parse(await this.#call('runs.start', first.body, first.callKey, onRetry)) as WireStarted)
      const body = `{"runs":[${batch.map(({ body }) => body).join(',')}]}`
      const { runs } = JSON.parse(await this.#call('runs.startMany', body, this.#client.newId(), onRetry)) as WireStartedMany
      for (const [index, { resolve, reject }] of batch.entries()) {
        const started = runs[index] as WireStarted
        if (started.is === 'refused') reject(new RequestRefused(started.problem))
        else resolve(started)
      }
    } catch (error) {
      // They live together, so none of them has begun.
      if (batch.length > 1 && error instanceof RequestRefused && OF_ONE.has(error.status))
        await Promise.all(batch.map(one => this.#send([one], onRetry)))
      else for (const { reject } of batch) reject(error)
    }
  }

  #call(operation: OperationName, body: string, callKey: string, onRetry: () => void): Promise<string> {
    const { connection, namespace, clock, random, retryForMs } = this.#client
    return callAgain(connection, operation, { params: { namespace }, body, callKey }, { clock, random, retryForMs, onRetry })
  }
}

/** Starts that live where their call does, and go in no other way than those of many. */
export function gathers(job: AnyJob | string, { key, unique, signal }: StartOptions): job is AnyJob {
  if (typeof job === 'string' || key !== undefined || unique !== undefined || signal !== undefined) return false
  const { options } = job.definition
  return HOMES.every(option => options[option] === undefined)
}
/** What of a definition gives its runs another home. */
const HOMES = ['unique', 'debounce', 'throttle', 'sequence'] as const

const CALLS_MAX = 2
/** What goes together lives on one shard: more would leave the other lanes and nodes idle. */
const STARTS_GATHERED_MAX = 25
/** Statuses of what is wrong with the call itself, and of a definition that the server does not know. */
const OF_ONE = new Set([400, 404, 413, 422])
