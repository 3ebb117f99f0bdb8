/** What a person or a program is told about an error of theirs: place, what was found, a way out, a stable code. */
export interface Problem {
  /** Stable and documented in docs/errors.md: kebab case, never reworded. */
  code: string
  /** HTTP status (RFC 9110). */
  status: number
  /** What was wrong, in a sentence. */
  title: string
  /** JSON pointer (RFC 6901) to the offending field of the input. */
  at?: string
  found?: unknown
  hint?: string
  /** Seconds after which to try again: 429 and 503. */
  retryAfter?: number
  /** Further facts, such as the run that holds a key. */
  data?: Record<string, unknown>
}

export const CODES = {
  'invalid-input': [400, 'The input does not have the expected form.'],
  'invalid-duration': [400, 'This is not a duration.'],
  'invalid-json': [400, 'The body is not valid JSON.'],
  'invalid-option': [400, 'An option has a value that it cannot have.'],
  'invalid-schedule': [400, 'A schedule has a value that it cannot have.'],
  'invalid-cron': [400, 'This is not a cron expression.'],
  'invalid-timezone': [400, 'There is no such time zone.'],
  'invalid-calendar': [400, 'This calendar cannot be read.'],
  'invalid-dag': [400, 'This DAG cannot be so.'],
  'schedule-never-fires': [400, 'This schedule never fires.'],
  unauthenticated: [401, 'An API key is needed.'],
  forbidden: [403, 'This API key does not allow that.'],
  'not-found': [404, 'There is nothing at this address.'],
  'run-not-found': [404, 'There is no such run.'],
  'method-not-allowed': [405, 'This address does not know this method.'],
  'key-exists': [409, 'There is an API key of this name.'],
  'ambiguous-run': [409, 'Several runs end like this.'],
  'unknown-definition': [404, 'Nothing of this name is registered.'],
  'unknown-version': [404, 'Nobody ever registered this version.'],
  'unknown-step': [404, 'The run cannot go on from there.'],
  'unknown-task': [404, 'This DAG has no such task.'],
  'task-ended': [409, 'This task has ended.'],
  'output-gone': [410, 'A result that is needed is kept no more.'],
  'schedule-not-found': [404, 'There is no such schedule.'],
  'asset-not-found': [404, 'There is no such asset.'],
  'backfill-not-found': [404, 'There is no such backfill.'],
  'endpoint-not-found': [404, 'There is no such endpoint.'],
  'limit-not-found': [404, 'There is no such limit.'],
  'worker-not-found': [404, 'There is no such worker.'],
  'node-not-found': [404, 'There is no such node.'],
  'artifact-not-found': [404, 'The run has no such artifact.'],
  'file-not-found': [404, 'The run has stored no such file.'],
  'no-result': [409, 'The run has no result.'],
  'variable-not-found': [404, 'There is no such variable.'],
  'connection-not-found': [404, 'There is no such connection.'],
  'batch-not-found': [404, 'There is no such batch.'],
  'queue-not-found': [404, 'There is no such queue.'],
  'key-conflict': [409, 'This key was used with another input.'],
  'run-closed': [409, 'This run is closed; closed runs never change.'],
  'run-open': [409, 'This run is still open.'],
  'not-an-approval': [409, 'This run is no approval.'],
  'not-assigned': [403, 'This approval is for others to answer.'],
  'not-partitioned': [409, 'This asset has no partitions.'],
  'not-a-dag': [409, 'This run is none of a DAG.'],
  'not-a-workflow': [409, 'Only a workflow takes signals, updates and queries, and a DAG signals.'],
  'unknown-signal': [404, 'No task of this DAG waits for a signal of this name.'],
  'promise-not-found': [404, 'There is no promise of this token that waits.'],
  'unknown-query': [404, 'The code of this workflow has no query of this name.'],
  'unknown-update': [404, 'The code of this workflow has no update of this name.'],
  'no-live-worker': [409, 'No live worker has answered for this workflow.'],
  'update-rejected': [422, 'The workflow does not take this update.'],
  'query-failed': [422, 'The code of this workflow could not answer.'],
  'nothing-to-roll-back': [409, 'There is no version to go back to.'],
  'not-stuck': [409, 'This run is neither stuck nor parked.'],
  'unique-conflict': [409, 'Another run holds this unique key.'],
  'run-begun': [409, 'This run has begun.'],
  'secret-key-needed': [409, 'Secrets are kept encrypted, and this server has no key.'],
  'secret-unreadable': [409, 'This secret cannot be read.'],
  'task-not-held': [409, 'This worker does not have the task.'],
  'batch-closed': [409, 'This batch is closed.'],
  'last-node': [409, 'No other node would serve.'],
  'older-nodes': [409, 'Nodes of an older version are there.'],
  'sequence-not-stopped': [409, 'This sequence is not stopped.'],
  'too-many-backfills': [409, 'Too many backfills of this schedule wait for their turn.'],
  'history-too-long': [413, 'The history is too long to go with a new run.'],
  'payload-too-large': [413, 'The payload is too large.'],
  'body-too-large': [413, 'The body is too large.'],
  'too-many-items': [413, 'There are too many items in one call.'],
  'unsupported-media-type': [415, 'Only application/json is understood.'],
  'refused-data': [422, 'The store cannot hold this data.'],
  'too-many-updates': [429, 'Too many updates of this run are under way.'],
  'too-many-signals': [429, 'Too many signals wait in this run.'],
  overloaded: [429, 'The server has as much work in hand as it can hold.'],
  internal: [500, 'Something went wrong in the server; it is in its log.'],
  'schedule-busy': [503, 'The schedule still accounts for times that it has missed.'],
  unavailable: [503, 'The server cannot answer this now.'],
} as const satisfies Record<string, readonly [number, string]>

export type Code = keyof typeof CODES

/** An error that the caller can do something about. It is answered as a problem (RFC 9457), never with a stack. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly code: Code
  readonly problem: Problem
  constructor(code: Code, details: Partial<Omit<Problem, 'code'>> = {}) {
    const [status, title] = CODES[code]
    super(`${details.title ?? title}${details.at ? ` At ${details.at}.` : ''}${details.hint ? ` ${details.hint}` : ''} [${code}]`)
    this.code = code
    this.problem = { status, title, ...details, code }
  }
}

/** A rule of ours does not hold: the actor stops (E14), the node goes on. Never the user's fault. */
/** A row or a letter is of a kind of work that a newer version has written: this node cannot serve it, whoever knows it can (E11). */
export class UnknownKind extends UserError {
  readonly kind: string
  constructor(kind: string) {
    super('older-nodes', { found: kind, hint: `this node does not know what "${kind}" is: a newer version wrote it; upgrade this node` })
    this.kind = kind
  }
}

export class InvariantError extends Error {
  override readonly name = 'InvariantError'
  readonly facts: Record<string, unknown>
  constructor(what: string, facts: Record<string, unknown>) {
    super(`${what} ${JSON.stringify(facts)}`)
    this.facts = facts
  }
}

export function invariant(holds: unknown, what: string, facts: Record<string, unknown>): asserts holds {
  if (!holds) throw new InvariantError(what, facts)
}
