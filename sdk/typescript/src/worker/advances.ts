import { TASKS_PER_CALL_MAX } from '../bounds.ts'
import { callAgain } from '../calls.ts'
import type { Client } from '../client.ts'
import type { WireAdvance, WireAdvanced } from '../wire.ts'
import type { Attempt } from './attempt.ts'
import { fitting } from './fitting.ts'

type Said = Pick<WireAdvance['advances'][number], 'call' | 'upTo' | 'yields' | 'entries'>
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
  #queue: Waiting[] = []
  #calls = 0
  #scheduled = false

  constructor(client: Client, worker: string, signal: AbortSignal) {
    this.#client = client
    this.#worker = worker
    this.#signal = signal
  }

  /** Rejects when the server will never take it, or the worker has stopped. */
  send(attempt: Attempt, said: Said): Promise<Advanced> {
    const { run, task, attempt: number, delivery } = attempt.delivery
    const text = JSON.stringify({ run, task, attempt: number, delivery, ...said })
    const { promise, resolve, reject } = Promise.withResolvers<Advanced>()
    this.#queue.push({ text, resolve, reject })
    if (!this.#scheduled) {
      this.#scheduled = true
      this.#client.clock.soon(() => {
        this.#scheduled = false
        this.#pump()
      })
    }
    return promise
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#calls < CALLS_MAX) {
      const batch = this.#queue.splice(
        0,
        fitting(this.#queue, TASKS_PER_CALL_MAX, ({ text }) => text),
      )
      this.#calls++
      void this.#send(batch).finally(() => {
        this.#calls--
        this.#pump()
      })
    }
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

/** One is on the way while the next is made. */
const CALLS_MAX = 2
