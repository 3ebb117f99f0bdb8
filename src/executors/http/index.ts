import { type Clock, type Job, type JobContext, job, systemClock } from '@mainspring/sdk'
import { type AttemptFailed, invalidOption, refusal } from '../attempt.ts'
import type { NotificationInput, RecipientOf } from '../notification.ts'
import { type Allowed, addressPolicy } from './addresses.ts'
import { outputOf } from './answer.ts'
import { ask } from './ask.ts'
import { type CallbackAnswer, Callbacks, type RunState } from './callbacks.ts'
import { type Resolve, resolveName, type Wire } from './exchange.ts'
import { type CallbackOutput, type HttpInput, type HttpOutput, httpInput } from './input.ts'
import { webhookJob } from './webhook.ts'
import { type Waits, withCallback } from './with-callback.ts'

export type { Allowed } from './addresses.ts'
export type { CallbackAnswer, CallbackOutcome, RunState } from './callbacks.ts'
export type { Resolve, ResolvedAddress } from './exchange.ts'
export type { CallbackOutput, HttpInput, HttpOutput, Statuses } from './input.ts'

export interface HttpExecutorOptions {
  /** Addresses beside public ones. Default: none, so that whoever may start runs reaches nothing of the network that the worker is in. */
  allow?: Allowed
  /**
   * Where targets reach `callback`: `https://jobs.example.org` becomes `https://jobs.example.org/v1/callbacks/{token}`. A function is asked for each run: a port
   * may be known late. Default: none, and callback mode is refused.
   */
  callbackBase?: string | (() => string | undefined)
  /** What is known of a run that no attempt waits for here. Default: nothing is, so that a callback that comes between two attempts is to be delivered again. */
  runState?: (run: string) => Promise<RunState>
  /** Whom definitions tell of runs (`onFailure`, `notify`). Default: nobody, and no run of `mainspring.webhook` is taken. */
  recipientOf?: RecipientOf
  /** Where pages of the console begin, for links in messages to people. Default: there are none. */
  console?: () => string | undefined
  /** Names to addresses. Default: as the machine does it (`getaddrinfo`). */
  resolve?: Resolve
  /** Certificates to trust, PEM. Default: Node's own. */
  ca?: string
  clock?: Clock
}

export interface HttpExecutor {
  /** Give it to a worker. Definition and queue are called `http`. */
  readonly job: Job<HttpInput, HttpOutput | CallbackOutput>
  /** What sends notifications, where `recipientOf` is given. */
  readonly webhook: Job<NotificationInput, { status: number }> | null
  /** `POST /v1/callbacks/{token}` of a server: the parsed JSON body (`undefined` where it is none) to an answer. Never throws. */
  callback(token: string, body: unknown): Promise<CallbackAnswer>
}

/**
 * Sends requests as runs of the definition `http`.
 * ```ts
 * const http = httpExecutor({ allow: ['10.1.0.0/16'], callbackBase: 'https://jobs.example.org' })
 * startWorker({ jobs: [http.job], slots: 100 })
 * await http.job.start({ url: 'https://example.org/hook', body: { order: 17 } }, { retry: { attempts: 5 } })
 * ```
 * @throws InvalidOption with the option's place.
 */
export function httpExecutor(options: HttpExecutorOptions = {}): HttpExecutor {
  const clock = options.clock ?? systemClock
  const wire: Wire = { policy: addressPolicy(options.allow), resolve: options.resolve ?? resolveName, ca: options.ca }
  const callbacks = new Callbacks(options.runState ?? (async () => 'open'))
  if (typeof options.callbackBase === 'string') checkedBase(options.callbackBase)
  const callbackBase = (): string | undefined => (typeof options.callbackBase === 'function' ? options.callbackBase() : options.callbackBase)

  async function handler(input: HttpInput, ctx: JobContext<Waits | null>): Promise<HttpOutput | CallbackOutput> {
    const begunAt = clock.monotonic()
    const took = (): number => Math.round(clock.monotonic() - begunAt)
    const beating = beat(ctx, clock)
    try {
      if (input.callback) {
        const base = callbackBase()
        if (base === undefined) throw refusal('http-callback-unavailable', NO_CALLBACKS)
        return { ...(await withCallback(input, ctx, base, { wire, clock, callbacks })), durationMs: took() }
      }
      return outputOf(await ask(input, ctx, { wire, clock, signal: ctx.signal, callback: null }), took())
    } finally {
      beating()
    }
  }

  return {
    job: job(
      'http',
      { input: httpInput, queue: 'http', version: VERSION, retry: { delay: (_, error) => (error as Partial<AttemptFailed>).retryAfterMs } },
      handler,
    ),
    webhook: options.recipientOf === undefined ? null : webhookJob(options.recipientOf, options.console ?? (() => undefined), wire, clock),
    callback: (token, body) => callbacks.deliver(token, body),
  }
}

/** Of this code: a change of what a run does is a new one. */
const VERSION = '2'
/** A request waits and says nothing: for runs with `timeout: { heartbeat }`. */
const BEAT_MS = 2_000
const NO_CALLBACKS = 'This worker has no address for callbacks. Start it in a server that has one (callbackBase), or poll the target from a job.'

/** Signs of life until it is called. */
function beat(ctx: JobContext, clock: Clock): () => void {
  let cancel = (): void => {}
  const next = (): void => {
    cancel = clock.after(BEAT_MS, () => {
      ctx.heartbeat()
      next()
    })
  }
  next()
  return () => cancel()
}

function checkedBase(base: string): void {
  const url = URL.canParse(base) ? new URL(base) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw invalidOption('/callbackBase', base, 'an address such as https://jobs.example.org')
}
