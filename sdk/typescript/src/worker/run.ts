import { encode } from '../codec.ts'
import { Abort, InvalidInput } from '../errors.ts'
import { failureOf } from '../failure.ts'
import { checked } from '../schema.ts'
import { ownDelayMs } from '../wire-options.ts'
import type { Attempt } from './attempt.ts'

/** How an attempt ended: JSON text of the result's own members, and a word for people. */
export interface Outcome {
  is: 'completed' | 'failed' | 'cancelled' | 'returned'
  members: string
  error?: unknown
}

/**
 * Runs the handler of an attempt and says how it ended, exactly once; at once where the handler does not wait.
 * Throws after a cancel: cancelled. Throws `Abort`, or the input is not what the schema asks for, or the output cannot be kept: failed for good. Else a throw is a
 * failed attempt.
 */
export function runHandler(attempt: Attempt, ended: (attempt: Attempt, outcome: Outcome) => void): void {
  const { job } = attempt
  const failed = (error: unknown): void => ended(attempt, failure(attempt, error))
  const unfit = (error: unknown): void => ended(attempt, error instanceof InvalidInput ? failedForGood(error) : failure(attempt, error))
  const handle = (input: unknown): void => {
    let output: unknown
    try {
      output = job.handler(input, attempt)
    } catch (error) {
      return failed(error)
    }
    if (isThenable(output)) output.then(value => ended(attempt, completion(value)), failed)
    else ended(attempt, completion(output))
  }
  const schema = job.options.input
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

function completion(output: unknown): Outcome {
  try {
    const text = encode(output, '/output')
    return { is: 'completed', members: text === undefined ? COMPLETED : `"is":"completed","output":${text}` }
  } catch (error) {
    return failedForGood(error)
  }
}
const COMPLETED = '"is":"completed"'

function failure(attempt: Attempt, thrown: unknown): Outcome {
  if (attempt.cancelRequested) return { is: 'cancelled', members: '"is":"cancelled"', error: thrown }
  if (thrown instanceof Abort) return failedForGood(thrown)
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const delayMs = ownDelayMs(attempt.job.options, attempt.attempt, error)
  const delay = delayMs === undefined ? '' : `,"delayMs":${delayMs}`
  return { is: 'failed', members: `"is":"failed","failure":${JSON.stringify(failureOf(thrown))}${delay}`, error: thrown }
}

function failedForGood(error: unknown): Outcome {
  return { is: 'failed', members: `"is":"failed","failure":${JSON.stringify(failureOf(error))},"retry":false`, error }
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as Promise<unknown>).then === 'function'
}
