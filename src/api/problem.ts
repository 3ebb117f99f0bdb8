import { type Problem, UserError } from '../core/errors.ts'

/** What an error becomes on the wire: a problem (RFC 9457). The type is a reference relative to the server, to the page that documents the code. */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

export interface Answer {
  status: number
  /** JSON text, where `contentType` says nothing else. */
  body: string
  contentType?: string
  /** Seconds: 429 and 503 say when to come again. */
  retryAfter?: number
}

export function problemJson(problem: Problem): Problem & { type: string } {
  return { type: `/docs/errors#${problem.code}`, ...problem }
}

export function problemAnswer(problem: Problem): Answer {
  const answer: Answer = { status: problem.status, body: JSON.stringify(problemJson(problem)) }
  if (problem.retryAfter !== undefined) answer.retryAfter = problem.retryAfter
  return answer
}

/** Errors of ours and of libraries go to the log under an id; the caller gets the id and nothing else. */
export interface ErrorLog {
  error(facts: Record<string, unknown>, message: string): void
}

export function errorAnswer(error: unknown, log: ErrorLog, facts: () => { id: string; operation: string }): Answer {
  if (error instanceof UserError) return problemAnswer(retryable(error.problem))
  const { id, operation } = facts()
  log.error({ id, operation, err: error }, 'an unexpected error was answered as internal')
  return problemAnswer(new UserError('internal', { data: { id }, hint: `the server's log has it under ${id}` }).problem)
}

/** 429 and 503 always say when to come again. */
function retryable(problem: Problem): Problem {
  return (problem.status === 429 || problem.status === 503) && problem.retryAfter === undefined ? { ...problem, retryAfter: 1 } : problem
}
