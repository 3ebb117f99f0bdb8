import { RUNS_AWAITED_MAX, WAIT_MS_MAX } from './bounds.ts'
import { mayPass } from './calls.ts'
import type { Client } from './client.ts'
import { RequestRefused } from './errors.ts'
import { getRun, type Run, runOf } from './runs.ts'
import type { WireRunsClosed } from './wire.ts'

export const RESULT_POLL_MS = Math.min(30_000, WAIT_MS_MAX)
const ID_LENGTH = 26
/** Who waits for an end is given the output, however large. */
const LARGE = ['output'] as const

interface Waiting {
  id: string
  signal: AbortSignal
  resolve(run: Run): void
  reject(error: unknown): void
}

/**
 * Runs whose ends are waited for. Those that are asked for in one turn of the event loop share a long poll, which is answered as soon as one of them is closed; the others
 * are asked for again, with what has come meanwhile. One alone is asked for by itself.
 */
export class Awaiting {
  readonly #client: Client
  #next: Waiting[] = []

  constructor(client: Client) {
    this.#client = client
  }

  /** The run once it is closed. Rejects with the signal's reason. */
  closed(id: string, signal: AbortSignal): Promise<Run> {
    if (id.length !== ID_LENGTH) return this.#get(id, signal)
    return new Promise((resolve, reject) => {
      const aborted = (): void => reject(signal.reason)
      signal.addEventListener('abort', aborted, { once: true })
      const done =
        <Value>(settle: (value: Value) => void) =>
        (value: Value): void => {
          signal.removeEventListener('abort', aborted)
          settle(value)
        }
      this.#ask({ id, signal, resolve: done(resolve), reject: done(reject) })
    })
  }

  #ask(waiting: Waiting): void {
    this.#next.push(waiting)
    if (this.#next.length === 1) this.#client.clock.soon(() => this.#flush())
  }

  #flush(): void {
    const all = this.#next.filter(({ signal }) => !signal.aborted)
    this.#next = []
    while (all.length > 0) void this.#send(all.splice(0, RUNS_AWAITED_MAX))
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 1) return this.#alone(batch[0] as Waiting)
    const stop = new AbortController()
    // As long as anybody waits for one of them.
    const left = (): void => {
      if (batch.every(({ signal }) => signal.aborted)) stop.abort()
    }
    for (const { signal } of batch) signal.addEventListener('abort', left)
    try {
      const body = JSON.stringify({ runs: batch.map(({ id }) => id), wait: RESULT_POLL_MS })
      const text = await this.#client.callText('runs.closed', { params: {}, body, waitMs: RESULT_POLL_MS, signal: stop.signal })
      const { runs, missing } = JSON.parse(text) as WireRunsClosed
      const closed = new Map(runs.map(run => [run.id, run]))
      for (const waiting of batch) {
        const run = closed.get(waiting.id)
        if (run !== undefined && closed.delete(waiting.id)) runOf(this.#client, run, LARGE).then(waiting.resolve, waiting.reject)
        else if (missing.includes(waiting.id)) void this.#alone(waiting)
        else if (!waiting.signal.aborted) this.#ask(waiting)
      }
    } catch (error) {
      // What is wrong with one of them is told to whoever waits for that one.
      if (error instanceof RequestRefused && !mayPass(error)) for (const one of batch) void this.#alone(one)
      else for (const { reject } of batch) reject(error)
    } finally {
      for (const { signal } of batch) signal.removeEventListener('abort', left)
    }
  }

  #alone({ id, signal, resolve, reject }: Waiting): Promise<void> {
    return this.#get(id, signal).then(resolve, reject)
  }

  #get(id: string, signal: AbortSignal): Promise<Run> {
    return getRun(this.#client, id, { waitMs: RESULT_POLL_MS, signal, large: LARGE })
  }
}
