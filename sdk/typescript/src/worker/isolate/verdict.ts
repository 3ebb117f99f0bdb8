/** What the process of a handler says of an error beside the error itself: whether it is tried again, and after how long by the job's own `retry.delay`. */
export interface Verdict {
  retry?: boolean
  delayMs?: number
}

const verdicts = new WeakMap<Error, Verdict>()

export function withVerdict<E extends Error>(error: E, verdict: Verdict): E {
  verdicts.set(error, verdict)
  return error
}

/** Undefined: it was thrown in this process. */
export function verdictOf(thrown: unknown): Verdict | undefined {
  return thrown instanceof Error ? verdicts.get(thrown) : undefined
}
