import { LOG_LINE_BYTES_MAX, LOG_LINES_BUFFERED_MAX, LOG_LINES_PER_CALL_MAX } from '../bounds.ts'
import { callAgain } from '../calls.ts'
import type { Client } from '../client.ts'
import { tag } from '../codec.ts'
import type { WireLog } from '../wire.ts'
import type { Attempt } from './attempt.ts'
import { fitting } from './fitting.ts'

export type Level = WireLog['lines'][number]['level']

/**
 * Log lines on their way to the server: gathered for 100 ms, sent in batches, one call at a time, repeated until answered (a line has a number, so that a
 * repeat adds nothing). Bounded: above 10,000 waiting lines new ones are dropped, and a line says how many.
 */
export class Logs {
  readonly #client: Client
  readonly #worker: string
  readonly #signal: AbortSignal
  readonly #onError: (error: unknown) => void
  #waiting: string[] = []
  /** Lines taken in, and lines that have been answered (or given up), since the worker began. */
  #taken = 0
  #answered = 0
  #timer: (() => void) | null = null
  #sending = false
  #waiters: { line: number; resolve: () => void }[] = []

  constructor(client: Client, worker: string, signal: AbortSignal, onError: (error: unknown) => void) {
    this.#client = client
    this.#worker = worker
    this.#signal = signal
    this.#onError = onError
  }

  add(attempt: Attempt, level: Level, message: string, fields?: Record<string, unknown>): void {
    if (attempt.ended) return
    if (this.#waiting.length >= LOG_LINES_BUFFERED_MAX) {
      attempt.linesDropped++
      return
    }
    this.#sayDropped(attempt)
    this.#take(attempt, level, message, fields)
  }

  /** Resolves when all lines of this attempt are with the server; null when they are already. */
  flushed(attempt: Attempt): Promise<void> | null {
    this.#sayDropped(attempt)
    if (attempt.lastLine <= this.#answered) return null
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiters.push({ line: attempt.lastLine, resolve })
    void this.#send()
    return promise
  }

  #sayDropped(attempt: Attempt): void {
    if (attempt.linesDropped === 0) return
    const count = attempt.linesDropped
    attempt.linesDropped = 0
    this.#take(attempt, 'warn', `${count} log lines were dropped here: the worker could not send them as fast as they came`, { dropped: count })
  }

  #take(attempt: Attempt, level: Level, message: string, fields?: Record<string, unknown>): void {
    const { run, attempt: number, delivery } = attempt.delivery
    // A log is read in the order of its times: where the clock steps back, an attempt's lines keep theirs.
    attempt.lastLineAt = Math.max(attempt.lastLineAt, this.#client.clock.now())
    const line = {
      run,
      attempt: number,
      delivery,
      n: attempt.lines++,
      at: new Date(attempt.lastLineAt).toISOString(),
      level,
      message: cut(String(message)),
    }
    this.#waiting.push(JSON.stringify(fields === undefined ? line : { ...line, fields: safe(fields) }))
    attempt.lastLine = ++this.#taken
    this.#timer ??= this.#client.clock.after(GATHER_MS, () => void this.#send())
  }

  async #send(): Promise<void> {
    this.#timer?.()
    this.#timer = null
    if (this.#sending) return
    this.#sending = true
    while (this.#waiting.length > 0 && !this.#signal.aborted) {
      const count = fitting(this.#waiting, LOG_LINES_PER_CALL_MAX, line => line)
      const body = `{"worker":${JSON.stringify(this.#worker)},"lines":[${this.#waiting.slice(0, count).join(',')}]}`
      try {
        const call = { params: { namespace: this.#client.namespace }, body, signal: this.#signal }
        await callAgain(this.#client.connection, 'tasks.log', call, { ...this.#how(), retryForMs: Number.POSITIVE_INFINITY })
      } catch (error) {
        if (!this.#signal.aborted) this.#onError(error) // refused for good: the lines are given up, the results that wait for them are not
      }
      this.#waiting = this.#waiting.slice(count)
      this.#answered += count
      this.#wake()
    }
    this.#sending = false
    if (this.#signal.aborted) this.#wake(true)
  }

  #wake(all = false): void {
    this.#waiters = this.#waiters.filter(waiter => {
      if (!all && waiter.line > this.#answered) return true
      waiter.resolve()
      return false
    })
  }

  #how(): Pick<Client, 'clock' | 'random'> {
    return { clock: this.#client.clock, random: this.#client.random }
  }
}

const GATHER_MS = 100

export function cut(message: string): string {
  if (message.length * 3 <= LOG_LINE_BYTES_MAX || Buffer.byteLength(message) <= LOG_LINE_BYTES_MAX) return message
  return `${Buffer.from(message)
    .subarray(0, LOG_LINE_BYTES_MAX - 6)
    .toString()
    .replace(/\uFFFD+$/, '')}…`
}

/** A log call never throws: what cannot be kept is said instead. */
export function safe(fields: Record<string, unknown>): unknown {
  try {
    const kept = tag(fields)
    return JSON.stringify(kept).length <= LOG_LINE_BYTES_MAX ? kept : { omitted: `more than ${LOG_LINE_BYTES_MAX} characters of fields` }
  } catch (error) {
    return { omitted: (error as Error).message }
  }
}
