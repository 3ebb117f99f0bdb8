import { AsyncLocalStorage } from 'node:async_hooks'
import { CancelRequested } from '../errors.ts'
import type { Conditions } from './conditions.ts'
import type { Operation, Operations } from './operations.ts'

/** What a cancel interrupts of a run's code. */
export class Cancel {
  readonly stop = new AbortController()
  /** Whatever is asked for within is not interrupted. */
  readonly shield = new AsyncLocalStorage<true>()
  /** Compensations run: nothing interrupts them. */
  shielded = false
  requested = false
  /** The code has not been told of it yet: nothing of it could be interrupted. */
  #waits = false
  readonly #run: string
  readonly #operations: Operations
  readonly #conditions: Conditions

  constructor(run: string, operations: Operations, conditions: Conditions) {
    this.#run = run
    this.#operations = operations
    this.#conditions = conditions
  }

  /** Whatever waits is interrupted; a step under way is asked to stop, and its outcome counts. What finds nothing to interrupt, the next operation hears of. */
  request(): boolean {
    this.requested = true
    const reason = new CancelRequested(this.#run)
    this.stop.abort(reason)
    if (this.shielded) return true
    this.#waits = !this.#conditions.interrupt(reason)
    for (const operation of this.#operations.open()) {
      if (operation.shielded) continue
      if (operation.kind === 'step' && !operation.backsOff) operation.stop?.abort(reason)
      else if (operation.child?.detached !== true && this.#operations.reject(operation, reason)) this.#waits = false
    }
    return true
  }

  /** True: an operation that was just asked for hears of it. */
  meets(operation: Operation): boolean {
    if (!this.#waits || this.shielded || operation.shielded) return false
    this.#interrupts(operation)
    return true
  }

  /** A step that has stopped for it. */
  stopped(operation: Operation): boolean {
    return this.#interrupts(operation)
  }

  #interrupts(operation: Operation): boolean {
    this.#waits = false
    return this.#operations.reject(operation, new CancelRequested(this.#run))
  }
}
