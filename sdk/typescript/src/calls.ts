import { type Clock, delayed } from './clock.ts'
import { RequestRefused, Unreachable } from './errors.ts'
import type { Random } from './ids.ts'
import type { Call, Connection, OperationName } from './wire.ts'

export interface Persistence {
  clock: Clock
  random: Random
  /** Milliseconds after which the last error is thrown. Infinity: for ever. */
  retryForMs: number
  /** Told of each failure that is tried again. */
  onRetry?: (error: Error) => void
}

/**
 * A call that is repeated while the server is busy (429), away (503 and a gateway's 502 and 504) or not reached; after `Retry-After`, else after a back-off
 * from 50 ms to 5 s, spread by half. Everything the SDK sends may be repeated: it carries a call key, or sets what it says.
 */
export async function callAgain(connection: Connection, operation: OperationName, call: Call, how: Persistence): Promise<string> {
  const startedAt = how.clock.monotonic()
  for (let failures = 0; ; failures++) {
    try {
      return await connection.call(operation, call)
    } catch (error) {
      if (!mayPass(error) || call.signal?.aborted) throw error
      const wait = waitMs(error, failures, how.random)
      if (how.clock.monotonic() - startedAt + wait > how.retryForMs) throw error
      how.onRetry?.(error)
      await delayed(how.clock, wait, call.signal)
    }
  }
}

/** True for what may succeed when it is sent again. */
export function mayPass(error: unknown): error is RequestRefused | Unreachable {
  return error instanceof Unreachable || (error instanceof RequestRefused && PASSING.has(error.status))
}
const PASSING = new Set([429, 502, 503, 504])

/** How long to wait after so many failures before. */
export function waitMs(error: unknown, failures: number, random: Random): number {
  const asked = error instanceof RequestRefused ? (error.retryAfter ?? 0) * 1_000 : 0
  const backOff = Math.min(WAIT_MS_MAX, WAIT_MS_FIRST * 2 ** Math.min(failures, 20))
  return Math.max(asked, backOff) * (1 + 0.5 * random())
}
const WAIT_MS_FIRST = 50
const WAIT_MS_MAX = 5_000
