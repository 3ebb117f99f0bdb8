import { CancelRequested } from '../errors.ts'
import type { Conditions } from './conditions.ts'
import type { Operation, Operations } from './operations.ts'
import { hears, isShielded, type Part } from './parts.ts'

/** What a cancel interrupts of a run's code. */
export class Cancel {
  readonly stop = new AbortController()
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
    this.#waits = !this.#conditions.interrupt(reason, part => this.#reaches(part))
    for (const operation of this.#operations.open()) {
      if (isShielded(operation.part) || operation.isClock === true) continue
      if (operation.kind === 'step' && !operation.backsOff) operation.stop?.abort(reason)
      else if (operation.child?.detached !== true && this.#operations.reject(operation, reason)) {
        this.#waits = false
        hears(operation.part)
      }
    }
    return true
  }

  #reaches(part: Part | null): boolean {
    if (isShielded(part)) return false
    hears(part)
    return true
  }

  /** True: an operation that was just asked for hears of it. */
  meets(operation: Operation): boolean {
    if (!this.#waits || this.shielded || isShielded(operation.part) || operation.isClock === true) return false
    this.#interrupts(operation)
    return true
  }

  /** A step that has stopped for it. */
  stopped(operation: Operation): boolean {
    return this.#interrupts(operation)
  }

  #interrupts(operation: Operation): boolean {
    this.#waits = false
    hears(operation.part)
    return this.#operations.reject(operation, new CancelRequested(this.#run))
  }
}
