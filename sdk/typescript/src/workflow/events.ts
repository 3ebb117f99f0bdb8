import { untag } from '../codec.ts'
import { endedError, RequestRefused, StreamRefused } from '../errors.ts'
import { errorOf } from '../failure.ts'
import type { WireEvent, WireFailure } from '../wire.ts'
import type { Cancel } from './cancel.ts'
import type { Drops } from './drops.ts'
import { Diverged } from './errors.ts'
import type { Operation, Operations } from './operations.ts'
import type { Signals } from './signals.ts'
import { type ToldOperations, words } from './told.ts'

/** What events of the history do to the operations that the code has asked for. */
export class Events {
  readonly #operations: Operations
  readonly #told: ToldOperations
  readonly #signals: Signals
  readonly #cancel: Cancel
  readonly #drops: Drops

  constructor(of: { operations: Operations; told: ToldOperations; signals: Signals; cancel: Cancel; drops: Drops }) {
    this.#operations = of.operations
    this.#told = of.told
    this.#signals = of.signals
    this.#cancel = of.cancel
    this.#drops = of.drops
  }

  /** True: the code goes on. `number`: that of the event. @throws Diverged */
  apply(event: WireEvent, number: number): boolean {
    switch (event.is) {
      case 'step_begun':
        this.#operation(event).begun = true
        return false
      case 'step_completed':
        return this.completed(event.n as number, untag(event.output))
      case 'step_failed':
        return this.#stepFailed(event)
      case 'retry_due':
        this.#operation(event).backsOff = false
        return false
      case 'timer_set':
      case 'child_asked':
        this.#operation(event).sent = true
        return false
      case 'promise_made': {
        const operation = this.#operation(event)
        operation.sent = true
        operation.onToken?.(event.token as string)
        return true
      }
      case 'promise_settled':
        if (event.failure !== undefined) return this.#operations.reject(this.#ended(event), errorOf(event.failure as WireFailure))
        return this.#operations.resolve(this.#ended(event), untag(event.output))
      case 'stream_written':
      case 'stream_closed':
        return this.#streamed(event)
      case 'waiting':
        return this.#waiting(event)
      case 'timer_fired':
      case 'wait_timed_out':
        return this.#operations.resolve(this.#ended(event), undefined)
      case 'signalled':
        if (event.n !== undefined && !this.#givesBack(event)) return this.#operations.resolve(this.#ended(event), untag(event.payload))
        this.#signals.add(number, event.name as string, untag(event.payload))
        return false
      case 'dropped':
        if (this.#operation(event).drop === null) throw new Diverged(event.n as number, 'dropped', 'it still')
        this.#ended(event)
        return false
      case 'child_started': {
        const operation = this.#operation(event)
        return operation.child?.detached === true && this.#operations.resolve(this.#ended(event), { id: operation.child.run })
      }
      case 'child_refused':
        return this.#operations.reject(this.#ended(event), refusalOf(event))
      case 'child_closed':
        return this.#childClosed(event)
      default:
        return false
    }
  }

  completed(step: number, output: unknown): boolean {
    return this.#operations.resolve(this.#ended({ is: 'step_completed', n: step }), output)
  }

  #stepFailed(event: WireEvent): boolean {
    const operation = this.#operation(event)
    operation.failures = event.attempt as number
    operation.begun = false
    operation.reported = false
    if (event.retryAt !== undefined || event.parked === true) {
      operation.backsOff = true
      // A person has it tried again, with all its attempts.
      if (event.parked === true) {
        operation.spent = operation.failures
        operation.sent = false
      }
      return false
    }
    this.#ended(event)
    const failure = event.failure as WireFailure
    if (this.#cancel.requested && failure.type === 'CancelRequested') return this.#cancel.stopped(operation)
    return this.#operations.reject(operation, errorOf(failure))
  }

  #streamed(event: WireEvent): boolean {
    const operation = this.#ended(event)
    if (event.refused === undefined) return this.#operations.resolve(operation, undefined)
    return this.#operations.reject(operation, new StreamRefused(operation.name, event.refused as 'full' | 'closed'))
  }

  /** A wait in a scope that is over was given a signal that it does not take: the signal stays with those that nobody has taken. */
  #givesBack(event: WireEvent): boolean {
    const operation = this.#operation(event)
    if (operation.drop === null || !operation.returns) return false
    operation.gave = true
    this.#signals.ended(operation)
    return true
  }

  #waiting(event: WireEvent): boolean {
    const operation = this.#operation(event)
    operation.sent = true
    if (event.scoped === true) operation.returns = true
    if (event.taken === undefined || (event.known !== true && this.#givesBack(event))) return false
    // It has gone on with it where it asked.
    if (event.known === true) {
      this.#forget(operation)
      return false
    }
    this.#ended(event)
    return this.#operations.resolve(operation, this.#signals.remove(event.taken as number))
  }

  #childClosed(event: WireEvent): boolean {
    const operation = this.#ended(event)
    if (event.state === 'completed') return this.#operations.resolve(operation, untag(event.output))
    const { run, reason = null, failure = null } = event as { run?: string; reason?: string | null; failure?: WireFailure | null }
    // As a step that runs here: with the last attempt's error.
    if (operation.fn !== undefined && event.state === 'failed' && failure !== null) return this.#operations.reject(operation, errorOf(failure))
    return this.#operations.reject(operation, endedError(event.state as string, { run: run as string, job: operation.name, reason, failure }))
  }

  /** The operation that an event tells of: the code has asked for it by then, or it is other code. */
  #operation(event: Omit<WireEvent, 'at'>): Operation {
    const n = event.n as number
    const operation = this.#operations.get(n)
    if (operation === undefined) {
      const told = this.#told.get(n)
      throw new Diverged(n, told === undefined ? `"${event.is}"` : words(told), 'nothing there')
    }
    if (event.is === 'child_asked' && operation.child !== undefined) operation.child.run = event.run as string
    return operation
  }

  /** The same, where it is the last event of its operation. */
  #ended(event: Omit<WireEvent, 'at'>): Operation {
    const operation = this.#operation(event)
    this.#forget(operation)
    if (operation.kind === 'signal' && !operation.gave) this.#signals.ended(operation)
    return operation
  }

  #forget(operation: Operation): void {
    this.#operations.forget(operation.n)
    this.#told.forget(operation.n)
    if (operation.drop !== null) this.#drops.forget(operation)
  }
}

function refusalOf({ code, other }: WireEvent): RequestRefused {
  const data = other === undefined ? {} : { data: { run: other } }
  return new RequestRefused({ type: 'about:blank', code: code as string, status: 409, title: 'The child could not be started.', ...data })
}
