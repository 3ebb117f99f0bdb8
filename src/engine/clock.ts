import type { Instant } from '../core/time.ts'

/** The only door to time: real in a node, virtual in simulation and in `testEnvironment`. */
export interface Clock {
  /** Wall time. May step; decisions never compare it between nodes (E20). */
  now(): Instant
  /** Milliseconds that never step back, from an arbitrary start: leases and time-outs are counted on it. */
  monotonic(): number
  /** Calls once after `ms` milliseconds; the answer cancels. */
  after(ms: number, call: () => void): () => void
  /** Calls once in the next turn of the event loop, after the I/O that is ready: what gathers a batch. */
  soon(call: () => void): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
  soon: call => void setImmediate(call),
}
