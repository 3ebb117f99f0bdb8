/** The only door to time in the SDK: real by default, virtual in `testEnvironment`. The engine's clock has the same form. */
export interface Clock {
  /** Wall time: milliseconds since 1970-01-01T00:00:00Z. May step. */
  now(): number
  /** Milliseconds that never step back, from an arbitrary start: leases and back-offs are counted on it. */
  monotonic(): number
  /** Calls once after `ms` milliseconds, however many; the answer cancels. */
  after(ms: number, call: () => void): () => void
  /** Calls once in the next turn of the event loop: what gathers a batch. */
  soon(call: () => void): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after,
  soon: call => void setImmediate(call),
}

/** Node's timers fire at once beyond this. */
const TIMER_MS_MAX = 2 ** 31 - 1

function after(ms: number, call: () => void): () => void {
  let timer: NodeJS.Timeout
  const wait = (left: number): void => {
    timer = left > TIMER_MS_MAX ? setTimeout(() => wait(left - TIMER_MS_MAX), TIMER_MS_MAX) : setTimeout(call, left)
  }
  wait(ms)
  return () => clearTimeout(timer)
}

/** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
export function delayed(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const aborted = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    })
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
