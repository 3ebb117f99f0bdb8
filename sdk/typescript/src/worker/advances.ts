import { TASKS_PER_CALL_MAX } from '../bounds.ts'
import { callAgain } from '../calls.ts'
import type { Client } from '../client.ts'
import { Gathering } from '../gathering.ts'
import type { WireAdvanced, WireDelivery } from '../wire.ts'
import type { Turn } from '../workflow/flow.ts'
import { quoted } from './quoted.ts'

export type Advanced = WireAdvanced['advances'][number]
interface Waiting {
  text: string
  resolve(answer: Advanced): void
  reject(error: unknown): void
}

/**
 * How far the code of workflows is, on its way to the server. What many runs say in one turn goes in one call, and with two calls under way the next gathers
 * meanwhile. Each is repeated until it is answered: it has a number within its delivery, so that a repeat changes nothing.
 */
export class Advances {
  readonly #client: Client
  readonly #worker: string
  readonly #signal: AbortSignal
  readonly #gathering: Gathering<Waiting>

  constructor(client: Client, worker: string, signal: AbortSignal) {
    this.#client = client
    this.#worker = worker
    this.#signal = signal
    this.#gathering = new Gathering({
      client,
      callsMax: CALLS_MAX,
      itemsMax: TASKS_PER_CALL_MAX,
      halvedFrom: HALVED_FROM,
      textOf: ({ text }) => text,
      send: batch => this.#send(batch),
    })
  }

  /** `of`: the delivery, by `deliveryText`. Rejects when the server will never take it, or the worker has stopped. */
  send(of: string, call: number, upTo: number, { ahead, yields, entries }: Turn): Promise<Advanced> {
    const told = ahead === undefined ? '' : `,"ahead":${ahead}`
    const text = `${of},"call":${call},"upTo":${upTo},"yields":${yields}${told},"entries":${JSON.stringify(entries)}}`
    return new Promise((resolve, reject) => this.#gathering.add({ text, resolve, reject }))
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    try {
      const body = `{"worker":${JSON.stringify(this.#worker)},"advances":[${batch.map(({ text }) => text).join(',')}]}`
      const { clock, random, connection, namespace } = this.#client
      const call = { params: { namespace }, body, signal: this.#signal }
      const answer = await callAgain(connection, 'tasks.advance', call, { clock, random, retryForMs: Number.POSITIVE_INFINITY })
      const { advances } = JSON.parse(answer) as WireAdvanced
      for (const [index, waiting] of batch.entries()) waiting.resolve(advances[index] as Advanced)
    } catch (error) {
      // One that the server will never take must not cost the others theirs.
      if (batch.length > 1 && !this.#signal.aborted) for (const waiting of batch) await this.#send([waiting])
      else for (const { reject } of batch) reject(error)
    }
  }
}

/** How each call of a delivery begins. */
export function deliveryText({ run, task, attempt, delivery }: WireDelivery): string {
  return `{"run":${quoted(run)},"task":${quoted(task)},"attempt":${attempt},"delivery":${quoted(delivery)}`
}

/** What ends while others are on their way need not wait for their answers: with two, 100 workflows at once took twice as long (docs/performance.md). */
const CALLS_MAX = 8
/** Runs that go in step would else wait for each other: the worker for all of them to be committed, the server for the code of all. */
const HALVED_FROM = 50
