import { SIGNALS_PER_CALL_MAX } from './bounds.ts'
import type { Client } from './client.ts'
import { RequestRefused } from './errors.ts'
import type { Call, OperationName } from './wire.ts'

/** Of several in one call; one alone may be larger. What a run keeps of signals that nobody waits for is not much more. */
const CALL_LENGTH_MAX = 256 * 1024

interface Waiting {
  /** As it is sent. */
  body: string
  resolve(): void
  reject(error: unknown): void
}

/**
 * Signals on their way to runs: those of one name in the order in which they were given, with one call at a time; what is given meanwhile goes together with the next, and
 * is one commit. So a run that everybody signals costs a call for many of them, and what finds no room holds up no signal of another name.
 */
export class Signals {
  readonly #client: Client
  readonly #lines = new Map<string, Waiting[]>()

  constructor(client: Client) {
    this.#client = client
  }

  send(run: string, name: string, body: { payload?: unknown }): Promise<void> {
    const line = `${run} ${name}`
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const one = { body: JSON.stringify(body), resolve, reject }
    const waiting = this.#lines.get(line)
    if (waiting !== undefined) waiting.push(one)
    else {
      const first = [one]
      this.#lines.set(line, first)
      this.#client.clock.soon(() => void this.#pump(run, name, first).finally(() => this.#lines.delete(line)))
    }
    return promise
  }

  async #pump(run: string, name: string, waiting: Waiting[]): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, fitting(waiting, name))
      try {
        const taken = await this.#sent(run, name, batch)
        for (const { resolve } of batch.splice(0, taken)) resolve()
        waiting.unshift(...batch)
      } catch (error) {
        // What one of them is refused for must not cost the others theirs.
        if (batch.length > 1 && error instanceof RequestRefused && OF_ONE.has(error.status))
          for (const one of batch) await this.#alone(run, name, one)
        else for (const { reject } of batch) reject(error)
      }
    }
  }

  async #alone(run: string, name: string, one: Waiting): Promise<void> {
    await this.#sent(run, name, [one]).then(() => one.resolve(), one.reject)
  }

  /** How many of the first are kept; there was no room for the others. */
  async #sent(run: string, name: string, batch: readonly Waiting[]): Promise<number> {
    const call = (operation: OperationName, more: Pick<Call, 'params' | 'body'>) =>
      this.#client.callText(operation, { ...more, callKey: this.#client.newId() })
    if (batch.length === 1) {
      await call('runs.signal', { params: { run, name }, body: (batch[0] as Waiting).body })
      return 1
    }
    const named = `{"name":${JSON.stringify(name)}`
    const texts = batch.map(({ body }) => (body === '{}' ? `${named}}` : `${named},${body.slice(1)}`))
    return (JSON.parse(await call('runs.signals', { params: { run }, body: `{"signals":[${texts.join(',')}]}` })) as { taken: number }).taken
  }
}

/** Statuses of what is wrong with the call itself. */
const OF_ONE = new Set([400, 413, 422])

function fitting(waiting: readonly Waiting[], name: string): number {
  let length = 0
  let count = 0
  for (const { body } of waiting) {
    length += body.length + name.length
    if (count === SIGNALS_PER_CALL_MAX || (count > 0 && length > CALL_LENGTH_MAX)) break
    count++
  }
  return count
}
