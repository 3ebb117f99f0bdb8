import { PAYLOAD_BYTES_MAX, RESULT_BYTES_MAX } from '../bounds.ts'
import type { Client } from '../client.ts'
import { encode } from '../codec.ts'
import { Abort, InvalidInput, Unserialisable } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { AnyHandler } from '../job.ts'
import { isLarge, keepResult } from '../kept.ts'
import { checked, type StandardSchema } from '../schema.ts'
import { snoozeOf } from '../snooze.ts'
import { ownDelayMs } from '../wire-options.ts'
import type { Attempt } from './attempt.ts'
import { verdictOf } from './isolate/verdict.ts'

/** How an attempt ended: JSON text of the result's own members, and a word for people. */
export interface Outcome {
  is: 'completed' | 'failed' | 'snoozed' | 'cancelled' | 'returned'
  members: string
  /** JSON text of an output that is kept beside the run before it is told of; `members` lacks it. */
  large?: string
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
    if (isThenable(output)) output.then(value => ended(attempt, completed(attempt, value)), failed)
    else ended(attempt, completed(attempt, output))
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

/** As it ended, once what it wrote to streams, and a large output, is kept; where that was refused, it has failed. Null: there is nothing of that. */
export function withChunks(attempt: Attempt, outcome: Outcome, client: Client): Promise<Outcome> | null {
  const { large } = outcome
  if (large !== undefined) return withResult(attempt, outcome, large, client)
  const flushed = attempt.chunks?.flushed() ?? null
  attempt.chunks?.end()
  if (flushed === null) return null
  return flushed.then(
    () => outcome,
    error => (outcome.is === 'completed' ? failure(attempt, error) : outcome),
  )
}

/** Where nothing takes a large output but the answer itself. */
export function withoutLarge(outcome: Outcome): Outcome {
  const { large } = outcome
  if (large === undefined) return outcome
  const size = `${Buffer.byteLength(large)} bytes of JSON; ${PAYLOAD_BYTES_MAX} are possible behind HTTP`
  return failedForGood(
    new Unserialisable(`The value is ${size}.`, { at: '/output', hint: 'keep large data elsewhere (a file, a bucket) and pass its address' }),
  )
}

async function withResult(attempt: Attempt, outcome: Outcome, text: string, client: Client): Promise<Outcome> {
  const own = attempt.chunks
  own?.end()
  try {
    await own?.flushed()
    const kept = await keepResult(text, attempt.run, client, attempt.newChunks())
    return { is: 'completed', members: `${outcome.members},"output":${JSON.stringify(kept)}` }
  } catch (error) {
    return failure(attempt, error)
  }
}

/** With what it said of its outlets. */
export function completed({ assets, said }: Attempt, output: unknown): Outcome {
  const outcome = completion(output)
  if ((assets === null && said === null) || outcome.is !== 'completed') return outcome
  const members = `${assets === null ? '' : `,"assets":${JSON.stringify(assets)}`}${said === null ? '' : `,"watermark":${said}`}`
  return { ...outcome, members: outcome.members + members }
}

export function completion(output: unknown): Outcome {
  try {
    const text = encode(output, '/output', RESULT_BYTES_MAX)
    if (text !== undefined && isLarge(text)) return { is: 'completed', members: COMPLETED, large: text }
    return { is: 'completed', members: text === undefined ? COMPLETED : `"is":"completed","output":${text}` }
  } catch (error) {
    return failedForGood(error)
  }
}
const COMPLETED = '"is":"completed"'

export function failure(attempt: Attempt, thrown: unknown): Outcome {
  if (attempt.cancelRequested) return { is: 'cancelled', members: '"is":"cancelled"', error: thrown }
  const snooze = snoozeOf(thrown, attempt.now())
  if (snooze !== null)
    return { is: 'snoozed', members: `"is":"snoozed",${JSON.stringify({ ...snooze, delayMs: Math.round(snooze.delayMs) }).slice(1, -1)}` }
  const verdict = verdictOf(thrown)
  if (thrown instanceof Abort || thrown instanceof Unserialisable || verdict?.retry === false) return failedForGood(thrown)
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
