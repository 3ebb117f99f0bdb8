import type { BundleContext, JobContext } from '../context.ts'
import { InvalidOption } from '../errors.ts'

/** One call of a handler, as middleware sees it. */
export interface MiddlewareTask {
  /** The job's name. */
  readonly definition: string
  /** Run and attempt; of a bundle, those of its first item. */
  readonly run: string
  readonly attempt: number
  /** As the handler gets it. With `isolate: 'process'`: as it was sent, for the schema is asked in the other process. */
  readonly input: unknown
  /** The handler's own; of a job with `batch` the bundle's. */
  readonly ctx: JobContext | BundleContext
}

/**
 * Runs around every call of a handler: `next` is the call, or the middleware inside. What it returns is the output, what it throws fails the attempt, so pass both
 * on unless you mean to change them: `Abort`, `Snooze` and `RateLimited` count only if they themselves are thrown.
 * ```ts
 * const timed: Middleware = async ({ definition }, next) => {
 *   const begun = performance.now()
 *   try {
 *     return await next()
 *   } finally {
 *     histogram.record(performance.now() - begun, { definition })
 *   }
 * }
 * ```
 * Of a list the first is the outermost. `next` may be called once.
 */
export type Middleware = (task: MiddlewareTask, next: () => Promise<unknown>) => unknown

export function checkedMiddleware(middleware: readonly Middleware[] = []): readonly Middleware[] {
  if (!Array.isArray(middleware)) throw refused('/middleware', middleware)
  for (const [index, one] of middleware.entries()) if (typeof one !== 'function') throw refused(`/middleware/${index}`, one)
  return middleware
}

/** Runs `call` inside all of them. */
export function within(middleware: readonly Middleware[], task: MiddlewareTask, call: () => unknown): Promise<unknown> {
  const from = async (index: number): Promise<unknown> => {
    const one = middleware[index]
    if (one === undefined) return call()
    let called = false
    return one(task, async () => {
      if (called) throw new Error('this middleware has called next() twice: a handler runs once an attempt')
      called = true
      return from(index + 1)
    })
  }
  return from(0)
}

function refused(at: string, found: unknown): InvalidOption {
  return new InvalidOption('This is no middleware.', { at, found, hint: 'a list of functions: middleware: [async (task, next) => next()]' })
}
