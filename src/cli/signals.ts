const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What shells show for a process that was interrupted. */
const EXIT_INTERRUPTED = 130
/** Ctrl-c reaches a whole process group, and npm passes it on as well: the same press arrives twice within a moment. */
const SAME_PRESS_MS = 500

/** How a process that runs for long is told to stop. */
export interface StopRequests {
  /** Resolves with what asked first: a signal, or the reason given to `request`. */
  readonly requested: Promise<string>
  request(reason: string): void
}

/** The first request to stop is for ending in good order; a signal after it ends the process at once, whatever that waits for. */
export function stopRequests(): StopRequests {
  const { promise, resolve } = Promise.withResolvers<string>()
  let firstAt: number | null = null
  const request = (reason: string): void => {
    firstAt ??= performance.now()
    resolve(reason)
  }
  const signalled = (signal: NodeJS.Signals): void => {
    if (firstAt !== null && performance.now() - firstAt > SAME_PRESS_MS) process.exit(EXIT_INTERRUPTED)
    request(signal)
  }
  for (const signal of SIGNALS) process.on(signal, signalled)
  return { requested: promise, request }
}
