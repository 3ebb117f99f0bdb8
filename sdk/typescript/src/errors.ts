import { errorOf } from './failure.ts'
import type { WireFailure, WireProblem } from './wire.ts'

/** What all errors of the SDK have. `code` is stable and documented; `at` is a JSON pointer (RFC 6901) to the place, `hint` a way out. */
export abstract class MainspringError extends Error {
  abstract readonly code: string
  readonly at?: string
  readonly found?: unknown
  readonly hint?: string
  constructor(message: string, details: ErrorDetails = {}) {
    super(details.hint === undefined ? message : `${message} ${sentence(details.hint)}`, 'cause' in details ? { cause: details.cause } : undefined)
    if (details.at !== undefined) this.at = details.at
    if ('found' in details) this.found = details.found
    if (details.hint !== undefined) this.hint = details.hint
  }
}
export interface ErrorDetails {
  at?: string
  found?: unknown
  hint?: string
  cause?: unknown
}

/** Thrown in a handler: the run fails now, no attempt is left. Any other error is tried again by the retry policy. */
export class Abort extends Error {
  override readonly name: string = 'Abort'
  readonly code: string = 'abort'
}

/** Thrown in a task of a DAG: there is nothing to do. The task is skipped, and what follows it by its rules; elsewhere the run fails, as with `Abort`. */
export class Skip extends Abort {
  override readonly name = 'Skip'
  override readonly code = 'skipped'
}

/** An option has a value that it cannot have. Nothing was sent. */
export class InvalidOption extends MainspringError {
  override readonly name = 'InvalidOption'
  readonly code = 'invalid-option'
}

/** The input is not what the job's schema asks for. Nothing was sent; in a worker the run fails without another attempt. */
export class InvalidInput extends MainspringError {
  override readonly name = 'InvalidInput'
  readonly code = 'invalid-input'
  readonly issues: readonly InputIssue[]
  constructor(job: string, issues: readonly InputIssue[]) {
    super(`The input of job "${job}" is not what its schema asks for: ${issuesText(issues)}.`, issues[0] ? { at: issues[0].at } : {})
    this.issues = issues
  }
}
/** One thing that a schema found. `at` is a JSON pointer into the input, `''` the input itself. */
export interface InputIssue {
  message: string
  at: string
}

/** A value cannot be kept: a function, a symbol, a circle, an instance of a class with methods, or something too large or too deep. */
export class Unserialisable extends MainspringError {
  override readonly name = 'Unserialisable'
  readonly code = 'unserialisable'
}

/** A large result is kept beside the run that gave it, and that run is kept no more, or nothing there is what was told of. Nothing that needs it is tried again. */
export class ResultGone extends Abort {
  override readonly name = 'ResultGone'
  override readonly code = 'result-gone'
  readonly run: string
  constructor(run: string, length: number, what = `a result of ${length} characters`) {
    super(
      `${what[0]?.toUpperCase()}${what.slice(1)} is kept beside ${run === '' ? 'a run that is not named' : `run ${run}`}, and is not there any more. Run again what gave it, or keep runs for longer.`,
    )
    this.run = run
  }
}

/**
 * A stream of a run takes nothing more: `stream-full`, its streams have 32 names, a million chunks or 64 MiB together; `stream-closed`, the workflow has closed it.
 * A step or job that throws it is not tried again.
 */
export class StreamRefused extends Abort {
  override readonly name = 'StreamRefused'
  override readonly code: 'stream-full' | 'stream-closed'
  readonly stream: string
  constructor(stream: string, why: 'full' | 'closed') {
    super(
      why === 'closed'
        ? `The stream "${stream}" was closed.`
        : `The streams of this run take nothing more: they have 32 names, 1,000,000 chunks and 64 MiB at most. "${stream}" was not written to.`,
    )
    this.code = `stream-${why}`
    this.stream = stream
  }
}

/** The server refused a call. `status` is the HTTP status, `retryAfter` seconds, `data` further facts such as the run that holds a key. */
export class RequestRefused extends MainspringError {
  override readonly name = 'RequestRefused'
  /** The server's code, such as `key-conflict`; all are listed in docs/errors.md. */
  readonly code: string
  readonly status: number
  readonly retryAfter?: number
  readonly data?: Record<string, unknown>
  readonly problem: WireProblem
  constructor(problem: WireProblem) {
    const { at, found, hint } = problem
    const place = at ? ` At ${at}.` : ''
    super(`${problem.title}${place}`, { ...(at !== undefined && { at }), ...(found !== undefined && { found }), ...(hint !== undefined && { hint }) })
    this.code = problem.code
    this.status = problem.status
    if (problem.retryAfter !== undefined) this.retryAfter = problem.retryAfter
    if (problem.data !== undefined) this.data = problem.data
    this.problem = problem
  }
}

/** No answer from the server: it does not run, or the network is in the way. What was sent may or may not have arrived; sending it again is safe. */
export class Unreachable extends MainspringError {
  override readonly name = 'Unreachable'
  readonly code = 'unreachable'
  readonly url: string
  constructor(url: string, cause?: unknown) {
    const why = cause instanceof Error ? ` (${(cause as { code?: string }).code ?? cause.message})` : ''
    super(`No answer from ${url}${why}.`, { hint: 'is the server running? Start one: mainspring server, or name another in MAINSPRING_URL', cause })
    this.url = url
  }
}

/** A run that ended in another way than `completed`. `run` is its id, `job` its definition. */
export abstract class RunEnded extends MainspringError {
  readonly run: string
  readonly job: string
  /** Why it ended so, such as `attempts-exhausted`, `out-of-memory`, `aborted`, `lost`, `expired`; null where the state says it all. */
  readonly reason: string | null
  constructor(ended: EndedRun, what: string) {
    super(`${ended.job} ${ended.run} ${what}`, { ...(ended.failure && { cause: errorOf(ended.failure) }) })
    this.run = ended.run
    this.job = ended.job
    this.reason = ended.reason
  }
}
export interface EndedRun {
  run: string
  job: string
  reason: string | null
  failure: WireFailure | null
}
/** The run failed. `cause` is the handler's last error with its own stack and causes, `failure` the same as data. */
export class RunFailed extends RunEnded {
  override readonly name = 'RunFailed'
  readonly code = 'run-failed'
  readonly failure: WireFailure | null
  constructor(ended: EndedRun) {
    super(ended, `failed${ended.reason ? ` (${ended.reason})` : ''}${ended.failure ? `: ${ended.failure.message}` : '.'}`)
    this.failure = ended.failure
  }
}
/** The run was cancelled. */
export class RunCancelled extends RunEnded {
  override readonly name = 'RunCancelled'
  readonly code = 'run-cancelled'
  constructor(ended: EndedRun) {
    super(ended, 'was cancelled.')
  }
}
/** The run did not end, or did not begin, within its time: `timeout.total`, `timeout.scheduleToStart` or `expires`; `reason` says which. */
export class RunTimedOut extends RunEnded {
  override readonly name = 'RunTimedOut'
  readonly code = 'run-timed-out'
  constructor(ended: EndedRun) {
    super(ended, `timed out${ended.reason ? ` (${ended.reason})` : ''}.`)
  }
}
/** The run was terminated: closed at once, whatever its handler did. */
export class RunTerminated extends RunEnded {
  override readonly name = 'RunTerminated'
  readonly code = 'run-terminated'
  constructor(ended: EndedRun) {
    super(ended, 'was terminated.')
  }
}
/** What a run that ended otherwise than completed is told by. */
export function endedError(state: string, ended: EndedRun): RunEnded {
  if (state === 'cancelled') return new RunCancelled(ended)
  if (state === 'timed_out') return new RunTimedOut(ended)
  return state === 'terminated' ? new RunTerminated(ended) : new RunFailed(ended)
}
/** `result({ timeout })` waited for so long; the run goes on. */
export class ResultTimeout extends MainspringError {
  override readonly name = 'ResultTimeout'
  readonly code = 'result-timeout'
  readonly run: string
  constructor(run: string, timeoutMs: number) {
    super(`${run} was still open after ${timeoutMs} ms.`, { hint: 'it goes on; wait again with result(), or see why with explain()' })
    this.run = run
  }
}

/** `update(…, { timeout })` waited for so long; it may be accepted, and its handler goes on. */
export class UpdateTimeout extends MainspringError {
  override readonly name = 'UpdateTimeout'
  readonly code = 'update-timeout'
  readonly run: string
  constructor(run: string, update: string, timeoutMs: number) {
    super(`The handler of "${update}" of ${run} had not ended after ${timeoutMs} ms.`, { hint: 'it goes on; wait again with the same id' })
    this.run = run
  }
}

/** `ctx.signal`'s reason: somebody cancelled the run. A handler that then throws ends it as cancelled. */
export class CancelRequested extends MainspringError {
  override readonly name = 'CancelRequested'
  readonly code = 'cancel-requested'
  constructor(run: string) {
    super(`${run} was asked to stop.`)
  }
}
/** Thrown where a part of a workflow's code waits that was cancelled: `scope.cancel()`, its time is over (`timedOut`), or a branch that lost its race. */
export class Cancelled extends MainspringError {
  override readonly name = 'Cancelled'
  readonly code = 'scope-cancelled'
  readonly timedOut: boolean
  /** `afterMs`: its time, which is over. */
  constructor(afterMs?: number) {
    super(afterMs === undefined ? 'This part of the workflow was cancelled.' : `This part of the workflow took longer than ${afterMs} ms.`)
    this.timedOut = afterMs !== undefined
  }
}
/** `ctx.signal`'s reason: the time of this attempt (`timeout.attempt`) is up. */
export class AttemptTimedOut extends MainspringError {
  override readonly name = 'AttemptTimedOut'
  readonly code = 'attempt-timed-out'
  constructor(run: string, attempt: number) {
    super(`The time of attempt ${attempt} of ${run} is up.`)
  }
}
/** `ctx.signal`'s reason, or a checkpoint's: another worker may have the task by now, since the server and this worker lost sight of each other. */
export class LeaseLost extends MainspringError {
  override readonly name = 'LeaseLost'
  readonly code = 'lease-lost'
  constructor(run: string, attempt: number) {
    super(`The lease on attempt ${attempt} of ${run} is lost; its result may be refused.`)
  }
}
/** `ctx.signal`'s reason: the worker stops and has given the task back. */
export class WorkerStopping extends MainspringError {
  override readonly name = 'WorkerStopping'
  readonly code = 'worker-stopping'
  constructor(run: string) {
    super(`The worker stops; ${run} was given back.`)
  }
}

function issuesText(issues: readonly InputIssue[]): string {
  const shown = issues.slice(0, 5).map(issue => (issue.at === '' ? issue.message : `${issue.at}: ${issue.message}`))
  return shown.join('; ') + (issues.length > shown.length ? ` and ${issues.length - shown.length} more` : '')
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}
