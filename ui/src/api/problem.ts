/** What the server refuses (RFC 9457), or what kept us from asking it. Each says what, where and what to do. */
export interface Problem {
  code: string
  status: number
  title: string
  /** JSON pointer into the body, or `/path/…`, `/query/…`. */
  at?: string
  found?: unknown
  hint?: string
  retryAfter?: number
  data?: Record<string, unknown>
}

export class ApiError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.title)
    this.name = 'ApiError'
    this.problem = problem
  }
}

/** Of anything thrown: what a person is told. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem
  if (error instanceof TypeError && /fetch|network|load failed/i.test(error.message)) return UNREACHABLE
  return { code: 'console-error', status: 0, title: error instanceof Error ? error.message : String(error), hint: 'reload the page' }
}

export const UNREACHABLE: Problem = {
  code: 'unreachable',
  status: 0,
  title: 'The server does not answer.',
  hint: 'see whether it runs: mainspring server; this page goes on by itself once it does',
}
