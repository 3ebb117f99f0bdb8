import { AsyncLocalStorage } from 'node:async_hooks'
import { Cancelled, CancelRequested } from '../errors.ts'
import type { Cancel } from './cancel.ts'
import type { Conditions } from './conditions.ts'
import type { Scope } from './context.ts'
import type { Drops } from './drops.ts'
import type { Operations } from './operations.ts'
import { isWithin, Part, reasonIn } from './parts.ts'

type Branch = (scope: Scope) => unknown

interface Needs {
  operations: Operations
  conditions: Conditions
  drops: Drops
  cancel: Cancel
  /** False: nothing may be changed now. */
  mayCancel(): boolean
}

/**
 * Parts of a run's code that are cancelled by themselves. One that is over, in whatever way, leaves nothing behind: what it has not waited for is dropped. None settles
 * before all that is in it has, so that cleaning up (`ctx.shielded`) comes to its end before the code after it goes on.
 */
export class Scopes {
  readonly #store = new AsyncLocalStorage<Part>()
  readonly #needs: Needs

  constructor(needs: Needs) {
    this.#needs = needs
  }

  /** Where in the code something is asked for; null: in no part. */
  get here(): Part | null {
    return this.#store.getStore() ?? null
  }

  shielded<Value>(fn: () => Value): Value {
    return this.#store.run(new Part(this.here, true), fn)
  }

  /** @throws Cancelled: what `fn` throws where it was cancelled, or its time was over. */
  async scope(fn: Branch, timeoutMs: number | null): Promise<unknown> {
    const part = new Part(this.here)
    const clock = timeoutMs === null ? null : this.#clock(part, timeoutMs)
    try {
      return await this.#within(part, fn)
    } finally {
      if (clock !== null) this.#cancel(clock, new Cancelled())
    }
  }

  /** Settles as `how` says of the branches, each a part of its own, and cancels those that go on then. */
  async group<Value>(fns: readonly Branch[], how: (branches: Promise<unknown>[]) => Promise<Value>): Promise<Value> {
    const parts = fns.map(() => new Part(this.here))
    const branches = fns.map((fn, index) => this.#within(parts[index] as Part, fn))
    let failed: unknown
    try {
      return await how(branches)
    } catch (error) {
      failed = error
      throw error
    } finally {
      for (const part of parts) this.#leave(part, failed)
      await Promise.allSettled(branches)
    }
  }

  /** A cancel of the run interrupts once: a branch that has heard of it cleans up, and is not interrupted in that. */
  #leave(part: Part, failed: unknown): void {
    if (!(failed instanceof CancelRequested && this.#needs.cancel.requested)) this.#cancel(part, new Cancelled())
    else if (!part.heard) this.#interrupt(part, failed)
  }

  /** Rejects once the time is over what waits in a part. The run's own cancel is not for this timer, but for what it watches. */
  #clock(part: Part, forMs: number): Part {
    const clock = new Part(this.here)
    const timer = this.#store.run(clock, () =>
      this.#needs.operations.make({ kind: 'timer', name: '', isClock: true }, n => ({ is: 'timer', n, forMs })),
    )
    timer.then(
      () => this.#cancel(part, new Cancelled(forMs)),
      () => {}, // its part ended before, or was cancelled with what is around it
    )
    return clock
  }

  async #within(part: Part, fn: Branch): Promise<unknown> {
    const cancel = (): void => {
      if (this.#needs.mayCancel()) this.#cancel(part, new Cancelled())
    }
    const scope: Scope = {
      cancel,
      get cancelled() {
        return reasonIn(part) !== null
      },
    }
    try {
      return await this.#store.run(part, async () => fn(scope))
    } finally {
      this.#cancel(part, new Cancelled())
    }
  }

  /** For good: what is asked for in it later is refused, too. */
  #cancel(part: Part, reason: Error): void {
    if (part.reason !== null) return
    part.reason = reason
    this.#interrupt(part, reason)
    part.leave()
  }

  #interrupt(part: Part, reason: Error): void {
    const { conditions, drops } = this.#needs
    part.heard = true
    conditions.interrupt(reason, at => isWithin(at, part))
    for (const operation of [...part.reached()]) if (operation.child?.detached !== true && !operation.isHeld) drops.drop(operation, reason)
  }
}
