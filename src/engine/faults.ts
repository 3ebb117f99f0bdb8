import { UserError } from '../core/errors.ts'
import type { StoreFault } from '../store/store.ts'
import type { World } from './transition.ts'

/** Nothing was heard of the store for so long: who waits for it is told, and may ask again. */
const SILENT_MS = 5_000
const LOOK_MS = 500

type Refuse = (error: UserError) => void

/**
 * What is the matter with the store: its disk is at fault, or nothing is heard of it. While it is, the lane tries again by itself, and whoever calls is told
 * so instead of waiting: what was sent may yet be done, so it is repeated under the same key (E3). The log tells of it twice: when it begins and when it is
 * over.
 */
export class Faults {
  current: StoreFault | null = null
  /** Commits and renewals have had no answer for a while, and neither will reads. */
  silent = false
  private since = 0
  private looking = false
  private readonly world: World
  private readonly heardAt: () => number
  private readonly silentMs: number
  private readonly committing = new Set<Refuse>()
  private readonly reading = new Set<Refuse>()

  /** `heardAt`: monotonic time at which what was answered last was sent. `ttlMs`: a renewal is sent four times within it. */
  constructor(world: World, heardAt: () => number, ttlMs = 0) {
    this.world = world
    this.heardAt = heardAt
    this.silentMs = Math.max(SILENT_MS, ttlMs)
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
    refuse(this.committing, faulty(fault))
  }

  over(): void {
    if (this.current === null) return
    this.world.log('warn', 'the disk of the store is well again', {
      fault: this.current.is,
      afterMs: Math.round(this.world.clock.monotonic() - this.since),
    })
    this.current = null
  }

  /** The store has answered. */
  heard(): void {
    if (!this.silent) return
    this.silent = false
    this.world.log('warn', 'the store answers again', {})
  }

  /** The answer of `call`, which waits for a commit, unless a fault is there or comes before it. */
  answer<T>(call: () => Promise<T>): Promise<T> {
    return this.current === null ? this.unlessRefused(this.committing, call) : Promise.reject(faulty(this.current))
  }

  /** The same of a read, which a full disk does not hinder. */
  read<T>(call: () => Promise<T>): Promise<T> {
    return this.unlessRefused(this.reading, call)
  }

  private unlessRefused<T>(waiting: Set<Refuse>, call: () => Promise<T>): Promise<T> {
    if (this.silent) return Promise.reject(silence())
    const answer = call()
    this.lookLater()
    return new Promise<T>((resolve, reject) => {
      waiting.add(reject)
      answer.then(
        value => {
          waiting.delete(reject)
          resolve(value)
        },
        error => {
          waiting.delete(reject)
          reject(error)
        },
      )
    })
  }

  /** One timer for all who wait. A node that stood still itself has not listened. */
  private lookLater(): void {
    if (this.looking) return
    this.looking = true
    const { clock } = this.world
    const from = clock.monotonic()
    clock.after(LOOK_MS, () => {
      this.looking = false
      const now = clock.monotonic()
      if (!this.silent && now - from < 2 * LOOK_MS && now - this.heardAt() > this.silentMs) this.fallSilent()
      if (this.committing.size + this.reading.size > 0) this.lookLater()
    })
  }

  private fallSilent(): void {
    this.silent = true
    this.world.log('error', 'the store does not answer: nothing is acknowledged until it does', {})
    refuse(this.committing, silence())
    refuse(this.reading, silence())
  }
}

function refuse(waiting: Set<Refuse>, error: UserError): void {
  for (const one of waiting) one(error)
  waiting.clear()
}

export const SILENCE_HINT = 'the database does not answer; the server goes on by itself once it does'

function silence(): UserError {
  return new UserError('unavailable', { retryAfter: 1, hint: SILENCE_HINT })
}

export function faulty(fault: StoreFault): UserError {
  return new UserError('unavailable', { retryAfter: 1, hint: hintOf(fault) })
}

export function hintOf({ is, what, remedy }: StoreFault): string {
  return `${what}: ${remedy}${is === 'newer' ? '' : ', and the server goes on by itself'}`
}
