import { BODY_BYTES_WANTED, TASKS_PER_CALL_MAX } from '../bounds.ts'
import { callAgain } from '../calls.ts'
import type { Client } from '../client.ts'
import { LeaseLost } from '../errors.ts'
import type { WireHeld, WireProgress } from '../wire.ts'
import type { Attempt } from './attempt.ts'

/**
 * What handlers say of themselves, as heartbeats with content: signs of life (gathered for 100 ms), progress (one a second, the latest wins) and checkpoints
 * (at once). One call at a time, so that a later checkpoint never overtakes an earlier one.
 */
export class Reports {
  readonly #client: Client
  readonly #worker: string
  readonly #signal: AbortSignal
  readonly #onNews: (attempt: Attempt, news: 'cancel' | 'lost') => void
  readonly #reports = new Map<Attempt, Report>()
  #timer: (() => void) | null = null
  #dueAt = Number.POSITIVE_INFINITY
  #sending = false

  constructor(client: Client, worker: string, signal: AbortSignal, onNews: (attempt: Attempt, news: 'cancel' | 'lost') => void) {
    this.#client = client
    this.#worker = worker
    this.#signal = signal
    this.#onNews = onNews
  }

  alive(attempt: Attempt): void {
    if (attempt.ended) return
    this.#of(attempt).active = true
    this.#sendWithin(GATHER_MS)
  }

  progress(attempt: Attempt, progress: WireProgress): void {
    if (attempt.ended) return
    this.#of(attempt).progress = progress
    this.alive(attempt)
  }

  /** Resolves when the server has it on disk. Of two that wait, the later is sent and answers for both. */
  checkpoint(attempt: Attempt, text: string): Promise<void> {
    if (attempt.ended || this.#signal.aborted) return Promise.reject(new LeaseLost(attempt.run, attempt.attempt))
    const report = this.#of(attempt)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    promise.catch(() => {}) // a handler that does not await it must not bring the process down
    report.checkpoint = { text, waiters: [...(report.checkpoint?.waiters ?? []), { resolve, reject }] }
    report.unsaved++
    promise.then(report.saved, report.saved)
    this.#sendWithin(0)
    return promise
  }

  /** Resolves when each checkpoint of this attempt has its answer; null when none is open. */
  settled(attempt: Attempt): Promise<void> | null {
    const report = this.#reports.get(attempt)
    return report === undefined || report.unsaved === 0 ? null : new Promise(resolve => (report.onSettled = resolve))
  }

  forget(attempt: Attempt): void {
    this.#reports.delete(attempt)
  }

  #of(attempt: Attempt): Report {
    let report = this.#reports.get(attempt)
    if (report === undefined) {
      const made: Report = {
        active: false,
        progress: null,
        progressFrom: Number.NEGATIVE_INFINITY,
        checkpoint: null,
        unsaved: 0,
        onSettled: null,
        saved: () => {
          if (--made.unsaved === 0) made.onSettled?.()
        },
      }
      report = made
      this.#reports.set(attempt, report)
    }
    return report
  }

  #sendWithin(ms: number): void {
    if (this.#sending) return // looked at again when that one is answered
    const { clock } = this.#client
    const at = clock.monotonic() + ms
    if (at >= this.#dueAt) return
    this.#timer?.()
    this.#dueAt = at
    this.#timer = clock.after(ms, () => {
      this.#dueAt = Number.POSITIVE_INFINITY
      this.#timer = null
      void this.#send()
    })
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#signal.aborted) return
    this.#sending = true
    const sent = this.#gather()
    try {
      if (sent.length > 0) {
        const body = `{"worker":${JSON.stringify(this.#worker)},"beats":[${sent.map(one => one.text).join(',')}]}`
        const { clock, random, connection, namespace } = this.#client
        const call = { params: { namespace }, body, signal: this.#signal }
        const answer = await callAgain(connection, 'tasks.heartbeat', call, { clock, random, retryForMs: Number.POSITIVE_INFINITY })
        this.#answered(sent, JSON.parse(answer) as WireHeld)
      }
    } catch (error) {
      for (const { waiters } of sent) for (const waiter of waiters) waiter.reject(error)
    } finally {
      this.#sending = false
      this.#again()
    }
  }

  #gather(): Sent[] {
    const now = this.#client.clock.monotonic()
    const sent: Sent[] = []
    let bytes = 0
    for (const [attempt, report] of this.#reports) {
      const progress = report.progress !== null && now >= report.progressFrom ? report.progress : null
      if (!report.active && progress === null && report.checkpoint === null) continue
      const { run, task, attempt: number, delivery } = attempt.delivery
      const beat = JSON.stringify({ run, task, attempt: number, delivery, ...(report.active && { active: true }), ...(progress && { progress }) })
      const text = report.checkpoint ? `${beat.slice(0, -1)},"checkpoint":${report.checkpoint.text}}` : beat
      bytes += text.length * 3
      if (sent.length === TASKS_PER_CALL_MAX || (sent.length > 0 && bytes > BODY_BYTES_WANTED)) break
      sent.push({ attempt, text, waiters: report.checkpoint?.waiters ?? [] })
      report.active = false
      report.checkpoint = null
      if (progress) {
        report.progress = null
        report.progressFrom = now + PROGRESS_MS
      }
    }
    return sent
  }

  #answered(sent: readonly Sent[], held: WireHeld): void {
    sent.forEach(({ attempt, waiters }, index) => {
      const said = held.beats[index]
      if (said === 'cancel' || said === 'lost') this.#onNews(attempt, said)
      for (const waiter of waiters) {
        if (said === 'lost') waiter.reject(new LeaseLost(attempt.run, attempt.attempt))
        else waiter.resolve()
      }
    })
  }

  /** What came meanwhile, or was held back. */
  #again(): void {
    const now = this.#client.clock.monotonic()
    let within = Number.POSITIVE_INFINITY
    for (const report of this.#reports.values()) {
      if (report.checkpoint) within = 0
      else if (report.active) within = Math.min(within, GATHER_MS)
      else if (report.progress) within = Math.min(within, Math.max(0, report.progressFrom - now))
    }
    if (within < Number.POSITIVE_INFINITY && !this.#signal.aborted) this.#sendWithin(within)
  }
}

const GATHER_MS = 100
const PROGRESS_MS = 1_000

interface Waiter {
  resolve: () => void
  reject: (error: unknown) => void
}
interface Report {
  active: boolean
  progress: WireProgress | null
  /** By the clock, the earliest time for the next one. */
  progressFrom: number
  checkpoint: { text: string; waiters: Waiter[] } | null
  /** Checkpoints without an answer, and who waits for there to be none. */
  unsaved: number
  onSettled: (() => void) | null
  saved: () => void
}
interface Sent {
  attempt: Attempt
  text: string
  waiters: readonly Waiter[]
}
