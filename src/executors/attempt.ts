import { Abort, InvalidOption, type JobContext } from '@mainspring/sdk'

/** Fails the run for good, with a code that docs/executors.md has. */
export function refusal(code: string, message: string): Abort {
  return Object.assign(new Abort(`${message} [${code}]`), { code })
}

/** A failure of one attempt: tried again by the run's retry policy. Its stack would only show our own code. */
export class AttemptFailed extends Error {
  readonly code: string
  /** Asks for the next attempt after so long, in place of the policy's delay. */
  readonly retryAfterMs: number | undefined
  constructor(name: string, code: string, message: string, more: { retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(`${message} [${code}]`, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = name
    this.code = code
    this.retryAfterMs = more.retryAfterMs
    this.stack = `${name}: ${this.message}`
  }
}

/** The time that the schedule meant, where a schedule started the run. */
export function nominalTimeOf(ctx: JobContext): Date | null {
  const time: unknown = 'nominalTime' in ctx ? ctx.nominalTime : undefined
  return time instanceof Date && !Number.isNaN(time.getTime()) ? time : null
}

/** W3C trace context, where the run has one. The context does not give it yet; the delivery of the SDK's attempt does. */
export function traceparentOf(ctx: JobContext): string | null {
  const { traceparent, delivery } = ctx as { traceparent?: unknown; delivery?: { traceparent?: unknown } }
  const found = traceparent ?? delivery?.traceparent
  return typeof found === 'string' && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(found) ? found : null
}

export function invalidOption(at: string, found: unknown, hint: string): InvalidOption {
  return new InvalidOption(`This option of an executor cannot be so: ${at}.`, { at, found, hint })
}
