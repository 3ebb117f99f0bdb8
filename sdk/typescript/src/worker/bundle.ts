import type { BundleContext, BundleItem, Log } from '../context.ts'
import type { Duration } from '../duration.ts'
import { InvalidInput } from '../errors.ts'
import type { AnyBundleHandler, AnyJob, Batched } from '../job.ts'
import { checked } from '../schema.ts'
import { Snooze } from '../snooze.ts'
import { Attempt } from './attempt.ts'
import { completed, completion, type Ended, failedForGood, failure, type Outcome } from './run.ts'

/** An attempt whose handler's call is that of others too. */
export class BundledAttempt extends Attempt implements BundleItem {
  /** Set as long as the call is under way. */
  onFail: ((error: unknown) => void) | null = null

  fail(error: unknown): void {
    if (!this.ended) this.onFail?.(error)
  }
}

export function takesBundles(job: AnyJob | undefined): boolean {
  return (job?.options as Partial<Batched> | undefined)?.batch !== undefined
}

/** Which attempts share a call of their handler: those of one bundle, if their job takes bundles. */
export function callsOf(attempts: readonly Attempt[]): Attempt[][] {
  const calls: Attempt[][] = []
  const bundles = new Map<string, Attempt[]>()
  for (const attempt of attempts) {
    const { bundle } = attempt.delivery
    const others = attempt instanceof BundledAttempt && bundle !== undefined ? bundles.get(bundle) : undefined
    if (others !== undefined) {
      others.push(attempt)
      continue
    }
    const call = [attempt]
    calls.push(call)
    if (bundle !== undefined) bundles.set(bundle, call)
  }
  return calls
}

/**
 * Runs the handler of a job with `batch` once for the attempts of a bundle, and says of each how it ended, exactly once. An input that the schema refuses fails
 * its own run and is not shown to the handler. A list as long as the inputs gives each its output; anything else is the output of all; a throw fails all that
 * have not been failed by hand.
 */
export async function runBundle(attempts: readonly BundledAttempt[], handler: AnyBundleHandler, ended: Ended): Promise<void> {
  const items: BundledAttempt[] = []
  const inputs: unknown[] = []
  for (const [index, { input, error }] of (await Promise.all(attempts.map(inputOf))).entries()) {
    const attempt = attempts[index] as BundledAttempt
    if (error !== undefined) ended(attempt, error instanceof InvalidInput ? failedForGood(error) : failure(attempt, error))
    else if (!attempt.ended) {
      items.push(attempt)
      inputs.push(input)
    }
  }
  if (items.length === 0) return
  const context = new Context(items)
  for (const item of items)
    item.onFail = error => {
      ended(item, failure(item, error))
      context.look()
    }
  const all = (outcome: (item: BundledAttempt, index: number) => Outcome): void => {
    for (const [index, item] of items.entries()) if (!item.ended) ended(item, outcome(item, index))
  }
  try {
    const output: unknown = await handler(inputs, context)
    if (Array.isArray(output) && output.length === items.length) all((item, index) => completed(item, output[index]))
    else {
      const shared = completion(output)
      all(item => (item.assets === null && item.said === null ? shared : completed(item, output)))
    }
  } catch (error) {
    all(item => failure(item, error))
  }
}

async function inputOf(attempt: BundledAttempt): Promise<{ input?: unknown; error?: unknown }> {
  const { job } = attempt
  try {
    return { input: job.options.input === undefined ? attempt.input : await checked(job.name, job.options.input, attempt.input) }
  } catch (error) {
    return { error: error ?? new Error('the schema threw nothing') }
  }
}

class Context implements BundleContext {
  readonly items: readonly BundledAttempt[]
  readonly log: Log
  #controller: AbortController | null = null

  constructor(items: readonly BundledAttempt[]) {
    this.items = items
    const each = (level: keyof Log) => (message: string, fields?: Record<string, unknown>) => {
      for (const item of items) item.log[level](message, fields)
    }
    this.log = { debug: each('debug'), info: each('info'), warn: each('warn'), error: each('error') }
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      for (const { signal } of this.items) signal.addEventListener('abort', () => this.look(), { once: true })
      this.look()
    }
    return this.#controller.signal
  }

  /** No item of it is wanted any more: the last one's reason is the bundle's. */
  look(): void {
    if (this.#controller === null || this.#controller.signal.aborted) return
    const stopped = this.items.filter(item => item.stopReason !== null)
    if (stopped.length > 0 && this.items.every(item => item.ended || item.stopReason !== null)) this.#controller.abort(stopped.at(-1)?.stopReason)
  }

  progress(value: number, message?: string): void {
    for (const item of this.items) item.progress(value, message)
  }

  heartbeat(): void {
    for (const item of this.items) item.heartbeat()
  }

  snooze(delay: Duration): never {
    throw new Snooze(delay)
  }
}
