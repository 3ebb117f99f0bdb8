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

const RETRY = check.members<{ attempts?: number; initial?: number; factor?: number; maximum?: number; jitter?: number }>({
  attempts: check.integer(1, 1_000_000),
  initial: check.duration,
  factor: check.number(1, 1_000),
  maximum: check.duration,
  jitter: check.number(0, 1),
})

export function stepPolicy(options: StepOptions): StepPolicy {
  const { attempts = 10, initial = 1_000, factor = 2, maximum = 3_600_000, jitter = 0.1 } = RETRY(options.retry ?? {}, '/retry')
  const timeoutMs = options.timeout === undefined ? null : check.positiveDuration(options.timeout, '/timeout')
  return { attempts, initialMs: initial, factor, maximumMs: maximum, jitter, timeoutMs }
}

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
  const { n, name, attempt, key, policy, fn, stop } = execution
  let cancelTimer = (): void => {}
  let chunks: Chunks | null = null
  const stream = <Chunk>(name: string): StreamWriter<Chunk> => {
    chunks ??= execution.chunks()
    return chunks.stream(name)
  }
  try {
    // Most steps never ask for their signal, which costs more than the rest of this.
    const context: StepContext = {
      attempt,
      key,
      get signal() {
        return stop.signal
      },
      heartbeat: () => {},
      stream,
      get artifact() {
        chunks ??= execution.chunks()
        return chunks.artifacts
      },
    }
    const work = Promise.resolve(fn(context))
    work.catch(() => {}) // it may end after its time
    const timeout = new Promise<never>((_, reject) => {
      if (policy.timeoutMs === null) return
      const timedOut = new StepTimedOut(`attempt ${attempt} of "${name}" took longer than ${policy.timeoutMs} ms`)
      cancelTimer = execution.after(policy.timeoutMs, () => {
        stop.abort(timedOut)
        reject(timedOut)
      })
    })
    const output = await (policy.timeoutMs === null ? work : Promise.race([work, timeout]))
    const large = largeText(output)
    let value: unknown
    if (large === null) value = tag(output, '/output')
    else {
      chunks ??= execution.chunks()
      value = await keep(large, key.split('/').slice(1).join('.'), chunks as Chunks)
    }
    await (chunks as Chunks | null)?.flushed()
    return { is: 'completed', n, name, attempt, ...(value !== undefined && { output: value }) }
  } catch (error) {
    await (chunks as Chunks | null)?.flushed()?.catch(() => {})
    // A step that was asked to stop, and did.
    const { reason } = stop.signal
    if (reason instanceof CancelRequested || reason instanceof Cancelled) return { is: 'failed', n, name, attempt, failure: failureOf(reason) }
    const isLast = attempt >= policy.attempts || error instanceof Abort || error instanceof Unserialisable
    return { is: 'failed', n, name, attempt, failure: failureOf(error), ...(!isLast && { retryMs: retryMs(policy, attempt, execution.random) }) }
  } finally {
    ;(chunks as Chunks | null)?.end()
    cancelTimer()
  }
}

class StepTimedOut extends Error {
  override readonly name = 'StepTimedOut'
  readonly code = 'step-timed-out'
}

function retryMs({ initialMs, factor, maximumMs, jitter }: StepPolicy, attempt: number, random: () => number): number {
  const power = initialMs === 0 ? 0 : initialMs * factor ** (attempt - 1) // 0 × Infinity is no number
  return Math.round(Math.min(maximumMs, power) * (1 + jitter * (2 * random() - 1)))
}
