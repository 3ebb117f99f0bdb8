import { DURATION_HINT, type Duration, durationMs } from './duration.ts'
import { InvalidOption } from './errors.ts'
import type { WireRef, WireResult } from './wire.ts'

/**
 * Thrown by a handler: not now, call me again after so long, with the same attempt, input and checkpoint. Counts no attempt; with `attempts: 1`, which is never
 * delivered twice, the run fails. Only what is thrown itself snoozes: as the `cause` of another error, or in an AggregateError, it is an error like any other.
 * @throws InvalidOption: `delay` is no duration.
 */
export class Snooze extends Error {
  override readonly name = 'Snooze'
  readonly code = 'snooze'
  readonly delayMs: number
  constructor(delay: Duration) {
    const ms = durationMs(delay)
    if (ms === null) throw new InvalidOption('A snooze has a length.', { at: '/delay', found: delay, hint: DURATION_HINT })
    super(`asked to be called again in ${ms} ms`)
    this.delayMs = ms
  }
}

/**
 * Thrown by a handler whose target asks for less: a snooze, and until then the whole rate of the job (`limits`) gives no token.
 * ```ts
 * if (response.status === 429) throw new RateLimited({ retryAfter: response.headers.get('retry-after') })
 * ```
 * @throws InvalidOption: `retryAfter` is neither of its forms.
 */
export class RateLimited extends Error {
  override readonly name = 'RateLimited'
  readonly code = 'rate-limited'
  /** Milliseconds, or the time at which it may be tried again. */
  readonly retryAfter: number | Date
  /** `retryAfter`: a duration, a Date, or the value of the header (RFC 9110, 10.2.3): seconds such as `'120'`, or a date. null, undefined: 1 minute. */
  constructor({ retryAfter }: { retryAfter?: Duration | Date | null | undefined } = {}) {
    const read = readRetryAfter(retryAfter ?? RETRY_AFTER_MS)
    if (read === null)
      throw new InvalidOption('It cannot be told when to try again.', {
        at: '/retryAfter',
        found: retryAfter,
        hint: `${DURATION_HINT}; or the header Retry-After: seconds such as "120", or a date of HTTP`,
      })
    super(`the target asks to be left alone ${typeof read === 'number' ? `for ${read} ms` : `until ${read.toISOString()}`}`)
    this.retryAfter = read
  }
}

/** Thrown for a queued step whose run this version of the workflow does not fit: another may have it at once, this one not. After `delay` where too many do not fit. */
export class Misfit extends Snooze {
  readonly misfit: NonNullable<Snoozed['misfit']>
  constructor(version: string, why: string, delay: Duration) {
    super(delay)
    this.misfit = { version, why }
  }
}

const RETRY_AFTER_MS = 60_000

/** What a thrown value asks for, in the worker's time; null: it is an error. */
export function snoozeOf(thrown: unknown, now: number): Snoozed | null {
  if (thrown instanceof Misfit) return { delayMs: thrown.delayMs, misfit: thrown.misfit }
  if (thrown instanceof Snooze) return { delayMs: thrown.delayMs }
  if (!(thrown instanceof RateLimited)) return null
  const { retryAfter } = thrown
  return { delayMs: typeof retryAfter === 'number' ? retryAfter : Math.max(0, retryAfter.getTime() - now), slow: true }
}

type Snoozed = Omit<Extract<WireResult, { is: 'snoozed' }>, 'is' | keyof WireRef>

function readRetryAfter(given: Duration | Date): number | Date | null {
  if (given instanceof Date) return Number.isNaN(given.getTime()) ? null : given
  if (typeof given !== 'string') return durationMs(given)
  const text = given.trim()
  if (/^\d+$/.test(text)) return durationMs(Number(text) * 1_000)
  const date = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? new Date(/GMT$/.test(text) ? text : `${text} GMT`) : null
  return date === null || Number.isNaN(date.getTime()) ? durationMs(text) : date
}
