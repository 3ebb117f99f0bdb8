import { UserError } from '../core/errors.ts'
import type { StoreFault } from '../store/store.ts'
import type { World } from './transition.ts'

/**
 * What the store's disk is at fault of. While it is, the lane tries again by itself, and whoever calls is told so instead of waiting: what was sent may yet
 * be done, so it is repeated under the same key (E3). The log tells of it twice: when it begins and when it is over.
 */
export class Faults {
  current: StoreFault | null = null
  private since = 0
  private readonly world: World
  private readonly waiting = new Set<(error: UserError) => void>()

  constructor(world: World) {
    this.world = world
  }

  met(fault: StoreFault): void {
    if (this.current?.is === fault.is) return
    if (this.current === null) this.since = this.world.clock.monotonic()
    this.current = fault
    this.world.log('error', 'the disk of the store is at fault: nothing is acknowledged until it is well', {
      fault: fault.is,
      why: fault.what,
      remedy: fault.remedy,
    })
    for (const refuse of this.waiting) refuse(faulty(fault))
    this.waiting.clear()
  }

  over(): void {
    if (this.current === null) return
    this.world.log('warn', 'the disk of the store is well again', {
      fault: this.current.is,
      afterMs: Math.round(this.world.clock.monotonic() - this.since),
    })
    this.current = null
  }

  /** The answer of `call`, unless a fault is there or comes before it. */
  answer<T>(call: () => Promise<T>): Promise<T> {
    if (this.current !== null) return Promise.reject(faulty(this.current))
    const answer = call()
    return new Promise<T>((resolve, reject) => {
      this.waiting.add(reject)
      answer.then(
        value => {
          this.waiting.delete(reject)
          resolve(value)
        },
        error => {
          this.waiting.delete(reject)
          reject(error)
        },
      )
    })
  }
}

export function faulty(fault: StoreFault): UserError {
  return new UserError('unavailable', { retryAfter: 1, hint: hintOf(fault) })
}

export function hintOf({ what, remedy }: StoreFault): string {
  return `${what}: ${remedy}, and the server goes on by itself`
}
