import type { Instant } from '../core/time.ts'
import type { Coverage } from './coverage.ts'
import type { Held } from './nominal.ts'

/** One reason why a time does not fire: it lies in a calendar (`in`), or not in it (`out`). */
export interface Hold {
  readonly held: Held
  readonly when: 'in' | 'out'
  readonly coverage: Coverage
}

/** The reasons of a timetable, in the order in which they are given: `only`, `except`, `blackouts`. */
export class Holds {
  readonly #holds: readonly Hold[]
  constructor(holds: readonly Hold[]) {
    this.#holds = holds
  }

  /** The first reason that holds, or null: the time fires. */
  at(at: Instant): Held | null {
    return this.#find(at)?.held ?? null
  }

  /** Of a held time: the earliest that may fire after it. Everything before is held for the same reason. Null: nothing may, for `SEARCH_YEARS`. */
  free(at: Instant): Instant | null {
    const hold = this.#find(at)
    if (hold === undefined) return at
    return hold.when === 'in' ? hold.coverage.end(at) : hold.coverage.nextStart(at)
  }

  #find(at: Instant): Hold | undefined {
    for (const hold of this.#holds) if (hold.coverage.covers(at) === (hold.when === 'in')) return hold
    return undefined
  }
}
