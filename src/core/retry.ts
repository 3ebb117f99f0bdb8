import type { Random } from './ids.ts'

/** When a failed attempt is tried again. The delay before attempt n+1 is `min(maximumMs, initialMs × factor^(n-1))`, then spread by `jitter`. */
export interface RetryPolicy {
  /** Attempts in all, the first included. 1: delivered at most once (E16). Default 10. */
  attempts: number
  /** Default 1 second. */
  initialMs: number
  /** Default 2. */
  factor: number
  /** Default 1 hour. */
  maximumMs: number
  /** Spread: a delay d becomes uniform in [d × (1 - jitter), d × (1 + jitter)]. 0 to 1, default 0.1. */
  jitter: number
}

export const RETRY_DEFAULT: RetryPolicy = { attempts: 10, initialMs: 1_000, factor: 2, maximumMs: 3_600_000, jitter: 0.1 }

/** The delay after attempt `attempt` (1 is the first) has failed, or null when it was the last. */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: Random): number | null {
  if (attempt >= policy.attempts) return null
  // Attempt 1,100 of factor 2 is beyond a double: Infinity, which the maximum takes care of.
  const power = policy.initialMs === 0 ? 0 : policy.initialMs * policy.factor ** (attempt - 1) // 0 × Infinity is no number
  const delay = Math.min(policy.maximumMs, power)
  return Math.round(delay * (1 + policy.jitter * (2 * random() - 1)))
}
