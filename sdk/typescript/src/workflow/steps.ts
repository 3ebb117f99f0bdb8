import * as check from '../checks.ts'
import { tag } from '../codec.ts'
import { Abort, Cancelled, CancelRequested, Unserialisable } from '../errors.ts'
import { failureOf } from '../failure.ts'
import { keep, largeText } from '../kept.ts'
import type { StreamWriter } from '../streams.ts'
import type { WireEntry } from '../wire.ts'
import type { Chunks } from '../worker/streams.ts'
import type { StepContext, StepOptions } from './context.ts'

/** A step's own policy, checked; the defaults are those of jobs. */
export interface StepPolicy {
  attempts: number
  initialMs: number
  factor: number
  maximumMs: number
  jitter: number
  timeoutMs: number | null
}

const NO_RETRY = {}
const RETRY = check.members<{ attempts?: number; initial?: number; factor?: number; maximum?: number; jitter?: number }>({
  attempts: check.integer(1, 1_000_000),
  initial: check.duration,
  factor: check.number(1, 1_000),
  maximum: check.duration,
  jitter: check.number(0, 1),
})

export function stepPolicy(options: StepOptions): StepPolicy {
  if (options.retry === undefined && options.timeout === undefined) return POLICY
  return policyOf(options)
}

function policyOf(options: StepOptions): StepPolicy {
  const { attempts = 10, initial = 1_000, factor = 2, maximum = 3_600_000, jitter = 0.1 } = RETRY(options.retry ?? NO_RETRY, '/retry')
  const timeoutMs = options.timeout === undefined ? null : check.positiveDuration(options.timeout, '/timeout')
  return { attempts, initialMs: initial, factor, maximumMs: maximum, jitter, timeoutMs }
}

const POLICY: StepPolicy = policyOf({})

export interface Execution {
  n: number
  name: string
  attempt: number
  key: string
  policy: StepPolicy
  fn: (step: StepContext) => unknown
  stop: AbortController
  /** Where this attempt writes to streams. */
  chunks(): Chunks
  after(ms: number, call: () => void): () => void
  random(): number
}

/** Runs one attempt of a step, and tells how it ended as an entry of the journal. Never rejects. */
export async function execute(execution: Execution): Promise<WireEntry> {
  const { n, name, attempt, policy, fn, stop } = execution
  const step = new Step(execution)
  try {
    const output = policy.timeoutMs === null ? await fn(step) : await timely(execution, fn(step), policy.timeoutMs)
    const large = largeText(output)
    const value = large === null ? tag(output, '/output') : await keep(large, step.key.split('/').slice(1).join('.'), step.chunks)
    if (step.hasChunks) await step.chunks.flushed()
    return value === undefined ? { is: 'completed', n, name, attempt } : { is: 'completed', n, name, attempt, output: value }
  } catch (error) {
    if (step.hasChunks) await step.chunks.flushed()?.catch(() => {})
    // A step that was asked to stop, and did.
    const { reason } = stop.signal
    if (reason instanceof CancelRequested || reason instanceof Cancelled) return { is: 'failed', n, name, attempt, failure: failureOf(reason) }
    const isLast = attempt >= policy.attempts || error instanceof Abort || error instanceof Unserialisable
    return { is: 'failed', n, name, attempt, failure: failureOf(error), ...(!isLast && { retryMs: retryMs(policy, attempt, execution.random) }) }
  } finally {
    if (step.hasChunks) step.chunks.end()
  }
}

/** What `work` gives, which may end after its time. */
async function timely({ name, attempt, stop, after }: Execution, work: unknown, timeoutMs: number): Promise<unknown> {
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timedOut = new StepTimedOut(`attempt ${attempt} of "${name}" took longer than ${timeoutMs} ms`)
  const cancelTimer = after(timeoutMs, () => {
    stop.abort(timedOut)
    reject(timedOut)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    cancelTimer()
  }
}

/** What the function of a step is given. What few ask for, such as the signal, is made when they do: it costs more than all else of a step. */
class Step implements StepContext {
  readonly attempt: number
  readonly key: string
  readonly #execution: Execution
  #chunks: Chunks | null = null

  constructor(execution: Execution) {
    this.attempt = execution.attempt
    this.key = execution.key
    this.#execution = execution
  }

  get hasChunks(): boolean {
    return this.#chunks !== null
  }

  get chunks(): Chunks {
    this.#chunks ??= this.#execution.chunks()
    return this.#chunks
  }

  get signal(): AbortSignal {
    return this.#execution.stop.signal
  }

  /** Bound: it may be taken out of its context. */
  get stream(): StepContext['stream'] {
    return <Chunk>(name: string): StreamWriter<Chunk> => this.chunks.stream(name)
  }

  get artifact(): StepContext['artifact'] {
    return this.chunks.artifacts
  }

  get heartbeat(): () => void {
    return nothing
  }
}

const nothing = (): void => {}

class StepTimedOut extends Error {
  override readonly name = 'StepTimedOut'
  readonly code = 'step-timed-out'
}

function retryMs({ initialMs, factor, maximumMs, jitter }: StepPolicy, attempt: number, random: () => number): number {
  const power = initialMs === 0 ? 0 : initialMs * factor ** (attempt - 1) // 0 × Infinity is no number
  return Math.round(Math.min(maximumMs, power) * (1 + jitter * (2 * random() - 1)))
}
