import type { WireEntry } from '../wire.ts'
import { NO_ENTRIES, type Operation, type Operations } from './operations.ts'
import type { Signals } from './signals.ts'

/**
 * Operations that the code does not wait for any more, since a part of it was cancelled. The server is told of those that it knows, so that no timer wakes the run for
 * nothing and no signal goes to one of these. What has never been asked for never is.
 */
export class Drops {
  readonly #dropped = new Map<number, Operation>()
  readonly #operations: Operations
  readonly #signals: Signals

  constructor(operations: Operations, signals: Signals) {
    this.#operations = operations
    this.#signals = signals
  }

  drop(operation: Operation, reason: Error): void {
    operation.drop = 'untold'
    operation.stop?.abort(reason)
    this.#dropped.set(operation.n, operation)
    this.#operations.reject(operation, reason)
  }

  /** The history tells of its end. */
  forget({ n }: Operation): void {
    this.#dropped.delete(n)
  }

  /** What the server is to be told, so many at most. All that it has said is applied by now. */
  take(max: number): readonly WireEntry[] {
    if (this.#dropped.size === 0) return NO_ENTRIES
    const entries: WireEntry[] = []
    for (const operation of this.#dropped.values()) {
      if (entries.length >= max) break
      if (operation.drop === 'told') continue
      const known = standing(operation)
      if (known === 'unknown') {
        if (operation.kind === 'signal') this.#signals.ended(operation)
        this.#operations.forget(operation.n)
        this.#dropped.delete(operation.n)
      } else if (known === 'open') {
        operation.drop = 'told'
        entries.push({ is: 'dropped', n: operation.n })
      }
    }
    return entries
  }
}

/** How it stands at the server: open, about to be told of, or not known there. */
function standing({ kind, sent, begun, backsOff, stop, reported }: Operation): 'open' | 'told of soon' | 'unknown' {
  if (kind !== 'step') return !sent ? 'unknown' : kind === 'stream' ? 'told of soon' : 'open'
  // It is asked to stop, and its outcome is told.
  if (stop !== null || reported) return 'told of soon'
  if (begun || backsOff) return 'open'
  return sent ? 'told of soon' : 'unknown'
}
