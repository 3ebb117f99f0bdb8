import { encode } from '../codec.ts'
import { Abort, InvalidInput } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { AnyHandler } from '../job.ts'
import { checked, type StandardSchema } from '../schema.ts'
import { snoozeOf } from '../snooze.ts'
import { ownDelayMs } from '../wire-options.ts'
import type { Attempt } from './attempt.ts'
import { verdictOf } from './isolate/verdict.ts'

/** How an attempt ended: JSON text of the result's own members, and a word for people. */
export interface Outcome {
  is: 'completed' | 'failed' | 'snoozed' | 'cancelled' | 'returned'
  members: string
  error?: unknown
}
export type Ended = (attempt: Attempt, outcome: Outcome) => void

/**
 * Runs the handler of an attempt and says how it ended, exactly once; at once where the handler does not wait.
 * Throws after a cancel: cancelled. Throws `Snooze` or `RateLimited`: snoozed. Throws `Abort`, or the input is not what the schema asks for, or the output cannot
 * be kept: failed for good. Else a throw is a failed attempt.
 */
export function runHandler(attempt: Attempt, handler: AnyHandler, schema: StandardSchema | undefined, ended: Ended): void {
  const { job } = attempt
  const failed = (error: unknown): void => ended(attempt, failure(attempt, error))
  const unfit = (error: unknown): void => ended(attempt, error instanceof InvalidInput ? failedForGood(error) : failure(attempt, error))
  const handle = (input: unknown): void => {
    let output: unknown
    try {
      output = handler(input, attempt)
    } catch (error) {
      return failed(error)
    }
    if (isThenable(output)) output.then(value => ended(attempt, completion(value)), failed)
    else ended(attempt, completion(output))
  }
  if (schema === undefined) return handle(attempt.input)
  let input: unknown
  try {
    input = checked(job.name, schema, attempt.input)
  } catch (error) {
    return unfit(error)
  }
  if (isThenable(input)) input.then(handle, unfit)
  else handle(input)
}

export function completion(output: unknown): Outcome {
  try {
    const text = encode(output, '/output')
    return { is: 'completed', members: text === undefined ? COMPLETED : `"is":"completed","output":${text}` }
  } catch (error) {
    return failedForGood(error)
  }
}
const COMPLETED = '"is":"completed"'

export function failure(attempt: Attempt, thrown: unknown): Outcome {
  if (attempt.cancelRequested) return { is: 'cancelled', members: '"is":"cancelled"', error: thrown }
  const snooze = snoozeOf(thrown, attempt.now())
  if (snooze !== null) return { is: 'snoozed', members: `"is":"snoozed","delayMs":${Math.round(snooze.delayMs)}${snooze.slow ? ',"slow":true' : ''}` }
  const verdict = verdictOf(thrown)
  if (thrown instanceof Abort || verdict?.retry === false) return failedForGood(thrown)
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const delayMs = verdict === undefined ? ownDelayMs(attempt.job.options, attempt.attempt, error) : verdict.delayMs
  const delay = delayMs === undefined ? '' : `,"delayMs":${delayMs}`
  return { is: 'failed', members: `"is":"failed","failure":${JSON.stringify(failureOf(thrown))}${delay}`, error: thrown }
}

export function failedForGood(error: unknown): Outcome {
  return { is: 'failed', members: `"is":"failed","failure":${JSON.stringify(failureOf(error))},"retry":false`, error }
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as Promise<unknown>).then === 'function'
}
