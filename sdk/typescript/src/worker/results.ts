import { TASKS_PER_CALL_MAX } from '../bounds.ts'
import { callAgain } from '../calls.ts'
import type { Client } from '../client.ts'
import { RequestRefused } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { WireCompleted } from '../wire.ts'
import type { Attempt } from './attempt.ts'
import { fitting } from './fitting.ts'

/** A result as it is sent: the attempt's ref and the rest, as JSON text without the closing brace of the ref. */
export interface Result {
  attempt: Attempt
  text: string
}
export type Answer = WireCompleted['results'][number] | 'refused'

/**
 * Results on their way to the server. What ends in one turn goes in one call; with two calls under way the next gathers meanwhile. A result is kept and
 * repeated until the server has answered it, whatever happens to it (E23): it is idempotent by attempt and delivery.
 */
export class Results {
  readonly #client: Client
  readonly #worker: string
  readonly #signal: AbortSignal
  readonly #onAnswer: (attempt: Attempt, answer: Answer, error?: RequestRefused) => void
  #queue: Result[] = []
  #unanswered = 0
  #calls = 0
  #scheduled = false
  #onIdle: (() => void)[] = []

  constructor(client: Client, worker: string, signal: AbortSignal, onAnswer: (attempt: Attempt, answer: Answer, error?: RequestRefused) => void) {
    this.#client = client
    this.#worker = worker
    this.#signal = signal
    this.#onAnswer = onAnswer
  }

  get unanswered(): number {
    return this.#unanswered
  }

  add(result: Result): void {
    this.#queue.push(result)
    this.#unanswered++
    if (this.#scheduled) return
    this.#scheduled = true
    this.#client.clock.soon(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  /** Resolves when every result has its answer, or the signal has aborted. */
  idle(): Promise<void> {
    return this.#unanswered === 0 || this.#signal.aborted ? Promise.resolve() : new Promise(resolve => this.#onIdle.push(resolve))
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#calls < CALLS_MAX && !this.#signal.aborted) {
      const batch = this.#take()
      this.#calls++
      void this.#send(batch).finally(() => {
        this.#calls--
        this.#pump()
        if (this.#unanswered === 0 || this.#signal.aborted) for (const resolve of this.#onIdle.splice(0)) resolve()
      })
    }
  }

  #take(): Result[] {
    const count = fitting(this.#queue, TASKS_PER_CALL_MAX, result => result.text)
    if (count < this.#queue.length) return this.#queue.splice(0, count)
    const all = this.#queue
    this.#queue = []
    return all
  }

  async #send(batch: Result[]): Promise<void> {
    try {
      const body = `{"worker":${JSON.stringify(this.#worker)},"results":[${batch.map(result => result.text).join(',')}]}`
      const { clock, random, connection, namespace } = this.#client
      const call = { params: { namespace }, body, signal: this.#signal }
      const answer = await callAgain(connection, 'tasks.complete', call, { clock, random, retryForMs: Number.POSITIVE_INFINITY })
      const { results } = JSON.parse(answer) as WireCompleted
      for (const [index, result] of batch.entries()) this.#answer(result, results[index] ?? 'unknown')
    } catch (error) {
      if (this.#signal.aborted) return
      await this.#refused(batch, error)
    }
  }

  /** A call that the server will never take: each of its results alone, so that one bad one costs no other; a bad one as the failure that it is. */
  async #refused(batch: Result[], error: unknown): Promise<void> {
    if (batch.length > 1) {
      for (const result of batch) await this.#send([result])
      return
    }
    const [result] = batch as [Result]
    const refusal =
      error instanceof RequestRefused ? error : new RequestRefused({ type: 'about:blank', code: 'unexpected', status: 500, title: String(error) })
    if (!DATA_STATUS.has(refusal.status) || result.text.endsWith(REFUSED_MARK)) return this.#answer(result, 'refused', refusal)
    const { run, task, attempt, delivery } = result.attempt.delivery
    const text = JSON.stringify({ run, task, attempt, delivery, is: 'failed', failure: bounded(refusal), retry: false })
    await this.#send([{ attempt: result.attempt, text }])
  }

  #answer(result: Result, answer: Answer, error?: RequestRefused): void {
    this.#unanswered--
    this.#onAnswer(result.attempt, answer, error)
  }
}

/** One is on the way while the next is made; a third would only make batches smaller. */
const CALLS_MAX = 2
/** The result's data is at fault: too large, or something that the store cannot hold. */
const DATA_STATUS = new Set([413, 422])
const REFUSED_MARK = '"retry":false}'

function bounded(refusal: RequestRefused): object {
  const { type, message, code } = failureOf(refusal)
  return { type, message, ...(code !== undefined && { code }) }
}
