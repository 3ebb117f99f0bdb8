import { randomBytes } from 'node:crypto'
import { Abort, CancelRequested, type Clock, durationMs, type JobContext } from '@mainspring/sdk'
import { AttemptFailed, refusal } from '../attempt.ts'
import { ask } from './ask.ts'
import type { CallbackOutcome, Callbacks } from './callbacks.ts'
import type { Wire } from './exchange.ts'
import type { CallbackOutput, HttpInput } from './input.ts'

const CALLBACK_TIMEOUT = '1h'
const AGAIN_MS = 60_000

/** What survives an attempt that waits for its callback. Null: nothing was sent that is still waited for. */
export interface Waits {
  token: string
  /** The target has the request: it is not sent again. */
  sent: boolean
  status?: number
  /** Milliseconds since 1970 after which it waits no more. */
  until?: number
  /** It was posted and answered, so it counts. */
  outcome?: CallbackOutcome
}

/**
 * ```text
 * new ──▶ the token is on disk ──▶ the request is sent ──▶ `sent` is on disk ──▶ waits ──▶ the outcome is on disk, the target has its 200 ──▶ done
 * ```
 * A later attempt goes on from what is on disk: with the same token, and without a second request once `sent` is there. An outcome may come before the first
 * answer does. When the run is to be tried again, all of this begins anew with another token.
 */
export async function withCallback(
  input: HttpInput,
  ctx: JobContext<Waits | null>,
  base: string,
  { wire, clock, callbacks }: { wire: Wire; clock: Clock; callbacks: Callbacks },
): Promise<Omit<CallbackOutput, 'durationMs'>> {
  const before = waitsOf(ctx.checkpoint.value)
  let waits: Waits = before ?? { token: `${randomBytes(24).toString('base64url')}.${ctx.run}`, sent: false }
  const save = (more: Partial<Waits>): Promise<void> => {
    waits = { ...waits, ...more }
    return ctx.checkpoint.save(waits)
  }
  const stop = new AbortController()
  const aborted = (): void => stop.abort(ctx.signal.reason)
  ctx.signal.addEventListener('abort', aborted, { once: true })
  if (ctx.signal.aborted) aborted()
  let posted: Promise<CallbackOutcome> | null = null
  const open = callbacks.open(waits.token, async outcome => {
    posted = save({ outcome }).then(() => outcome)
    await posted
    stop.abort(OUTCOME_CAME)
  })
  let timer = (): void => {}
  try {
    const outcome = waits.outcome ?? (await sendAndWait().catch(accepted))
    open.close(outcome)
    return await settled(outcome)
  } catch (error) {
    // Anything else is tried again by a later attempt, with the same token.
    if (error instanceof CancelRequested || error instanceof Abort) open.close()
    throw error
  } finally {
    timer()
    ctx.signal.removeEventListener('abort', aborted)
    open.forget()
  }

  /** It was accepted, whatever else went wrong. */
  async function accepted(error: unknown): Promise<CallbackOutcome> {
    if (posted === null) throw error
    return posted.catch(() => Promise.reject(error))
  }

  async function sendAndWait(): Promise<never> {
    stop.signal.throwIfAborted()
    const timeoutMs = durationMs(input.callback?.timeout ?? CALLBACK_TIMEOUT) as number
    if (!waits.sent) {
      if (before === null) await save({})
      const callback = `${base.replace(/\/+$/, '')}/v1/callbacks/${waits.token}`
      const { status } = await ask(input, ctx, { wire, clock, signal: stop.signal, callback })
      await save({ sent: true, status, until: clock.now() + timeoutMs })
    }
    // The target may have tried in vain while nobody was here: it gets a minute to come again.
    const leftMs = Math.max(before?.sent ? Math.min(timeoutMs, AGAIN_MS) : 0, (waits.until ?? 0) - clock.now())
    timer = clock.after(leftMs, () => stop.abort(TIME_IS_UP))
    ctx.log.info(`waiting for the callback until ${new Date(clock.now() + leftMs).toISOString()}`)
    return rejection(stop.signal).catch(async error => {
      if (error !== TIME_IS_UP || posted !== null) throw error
      open.close()
      await ctx.checkpoint.save(null)
      throw new AttemptFailed('HttpFailed', 'http-callback-timeout', 'The target posted no outcome in time.')
    })
  }

  async function settled(outcome: CallbackOutcome): Promise<Omit<CallbackOutput, 'durationMs'>> {
    if (outcome.ok) return { status: waits.status ?? null, output: outcome.output ?? null }
    const { message, code = 'http-callback-failed' } = outcome.error
    if (outcome.retry === false) throw refusal(code, `The target says: ${message}`)
    await ctx.checkpoint.save(null)
    throw new AttemptFailed('HttpFailed', code, `The target says: ${message}`)
  }
}
const OUTCOME_CAME = new Error('the outcome has come')
const TIME_IS_UP = new Error('the time of the callback is up')

function waitsOf(value: unknown): Waits | null {
  const waits = value as Partial<Waits> | null | undefined
  return typeof waits?.token === 'string' && typeof waits.sent === 'boolean' ? (waits as Waits) : null
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
