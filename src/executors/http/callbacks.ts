import { encode } from '@mainspring/sdk'

/** What a target posts when it is done. `retry: false`: the run fails at once; else its retry policy decides. */
export type CallbackOutcome = { ok: true; output?: unknown } | { ok: false; error: { message: string; code?: string }; retry?: boolean }

/** How a delivery is answered: for a server to pass on. */
export interface CallbackAnswer {
  status: 200 | 400 | 404 | 409 | 410 | 413 | 503
  headers: Record<string, string>
  /** `{ is: 'accepted' }`, or a problem (RFC 9457). */
  body: Record<string, unknown>
}

/** Where a run is that nobody here waits for: another process may, or none until its next attempt. */
export type RunState = 'open' | 'closed' | 'unknown'

/** Closed callbacks that are remembered, so that a repeated delivery is answered as the first was. */
const REMEMBERED_MAX = 10_000
/** Room for what stands beside it in a checkpoint and in the run's output. */
const OUTPUT_BYTES_MAX = 1024 * 1024 - 16 * 1024
const MESSAGE_LENGTH_MAX = 16 * 1024
const CODE_LENGTH_MAX = 200
const TOKEN = /^[\w-]{32}\.([0-7][0-9a-hjkmnp-tv-z]{25})$/
const RETRY_AFTER_S = 5

/**
 * Who waits for a callback, by its token.
 *
 * ```text
 * waiting    an attempt is open          deliver: kept on disk, then 200; the same again 200, another 409
 * closed     it ended, the run does not wait any more      deliver: what was accepted again 200, else 410
 * forgotten  the attempt went elsewhere (the worker stopped, the lease was lost)     deliver: 503, try again
 * ```
 */
export class Callbacks {
  readonly #waiting = new Map<string, Waiting>()
  /** Token to the outcome that was accepted; null: none was. */
  readonly #closed = new Map<string, string | null>()
  readonly #runState: (run: string) => Promise<RunState>

  /** `runState` is asked for tokens that nobody here knows. */
  constructor(runState: (run: string) => Promise<RunState>) {
    this.#runState = runState
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** `keep` puts an outcome on disk before it is answered. */
  open(token: string, keep: (outcome: CallbackOutcome) => Promise<void>): OpenCallback {
    const waiting: Waiting = { keep, accepted: null, kept: null }
    this.#waiting.set(token, waiting)
    // A later attempt of the same run may have opened it again meanwhile: that one stays.
    const forget = (): void => void (this.#waiting.get(token) === waiting && this.#waiting.delete(token))
    let closed = false
    return {
      forget,
      close: accepted => {
        forget()
        if (closed) return
        closed = true
        this.#remember(token, accepted)
      },
    }
  }

  /** Never throws. A body that was not JSON is `undefined`. */
  async deliver(token: string, body: unknown): Promise<CallbackAnswer> {
    const run = TOKEN.exec(token)?.[1]
    if (run === undefined) return UNKNOWN
    const checked = outcomeOf(body)
    if ('status' in checked) return checked
    const { outcome } = checked
    const text = JSON.stringify(outcome)
    const closed = this.#closed.get(token)
    if (closed !== undefined) return closed === null ? CLOSED : closed === text ? ACCEPTED : CONFLICT
    const waiting = this.#waiting.get(token)
    if (!waiting) return this.#elsewhere(run)
    if (waiting.accepted !== null && waiting.accepted !== text) return CONFLICT
    waiting.accepted = text
    waiting.kept ??= waiting.keep(outcome)
    return waiting.kept.then(
      () => ACCEPTED,
      () => {
        waiting.accepted = null
        waiting.kept = null
        return NOT_WAITING
      },
    )
  }

  #remember(token: string, accepted: CallbackOutcome | undefined): void {
    this.#closed.set(token, accepted ? JSON.stringify(accepted) : null)
    for (const oldest of this.#closed.keys()) {
      if (this.#closed.size <= REMEMBERED_MAX) break
      this.#closed.delete(oldest)
    }
  }

  async #elsewhere(run: string): Promise<CallbackAnswer> {
    const state = await this.#runState(run).catch(() => 'open' as const)
    return state === 'unknown' ? UNKNOWN : state === 'closed' ? CLOSED : NOT_WAITING
  }
}

export interface OpenCallback {
  /** The run waits for this no more; a repeat of what was accepted is accepted again. The first call counts. */
  close(accepted?: CallbackOutcome): void
  /** Its next attempt goes on waiting, here or elsewhere. */
  forget(): void
}
interface Waiting {
  keep: (outcome: CallbackOutcome) => Promise<void>
  accepted: string | null
  kept: Promise<void> | null
}

const ACCEPTED: CallbackAnswer = { status: 200, headers: {}, body: { is: 'accepted' } }
const UNKNOWN = problem(404, 'callback-unknown', 'No run waits at this address.')
const CLOSED = problem(410, 'callback-closed', 'The run does not wait any more.')
const CONFLICT = problem(409, 'callback-conflict', 'Another outcome was delivered here before; the first one counts.')
const NOT_WAITING = problem(503, 'callback-not-waiting', 'The run is open, but no attempt of it waits here now. Deliver again.', {
  retryAfter: RETRY_AFTER_S,
})

function problem(status: CallbackAnswer['status'], code: string, title: string, more: Record<string, unknown> = {}): CallbackAnswer {
  const headers = { 'content-type': 'application/problem+json', ...(more.retryAfter !== undefined && { 'retry-after': String(more.retryAfter) }) }
  return { status, headers, body: { type: 'about:blank', code, status, title, ...more } }
}

const SHAPE = '{ "ok": true, "output": … } or { "ok": false, "error": { "message": "…", "code": "…" }, "retry": false }'

/** Only what is known of it is kept. */
function outcomeOf(body: unknown): { outcome: CallbackOutcome } | CallbackAnswer {
  const invalid = (at: string): CallbackAnswer => problem(400, 'invalid-input', 'This is not an outcome.', { at, hint: `post ${SHAPE}` })
  if (!isRecord(body)) return invalid('')
  const { ok, output, error, retry } = body
  if (ok === true) {
    try {
      const text = encode(output)
      if (text !== undefined && Buffer.byteLength(text) > OUTPUT_BYTES_MAX) return TOO_LARGE
    } catch {
      return TOO_LARGE
    }
    return { outcome: output === undefined ? { ok } : { ok, output } }
  }
  if (ok !== false) return invalid('/ok')
  if (!isRecord(error)) return invalid('/error')
  const { message, code } = error
  if (typeof message !== 'string' || message.length > MESSAGE_LENGTH_MAX) return invalid('/error/message')
  if (code !== undefined && (typeof code !== 'string' || code.length > CODE_LENGTH_MAX)) return invalid('/error/code')
  if (retry !== undefined && typeof retry !== 'boolean') return invalid('/retry')
  return { outcome: { ok, error: code === undefined ? { message } : { message, code }, ...(retry !== undefined && { retry }) } }
}
const TOO_LARGE = problem(413, 'payload-too-large', 'The output is larger or deeper than a run can keep.', {
  hint: 'keep it elsewhere and pass its address',
})

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
