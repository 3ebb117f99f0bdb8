import type { ActorId } from '../core/ids.ts'

/** So many ids are remembered. */
const LATER_MAX = 10_000

/**
 * Which ids cannot be in the store, so that a start need not ask: those that are greater than all that were there when the claim was made, and were not born since.
 * Ids are ordered by their makers' clocks, which nobody trusts: one that is behind is asked for, and so are all for a while after one that was far ahead. Of many born
 * since, the lower half is forgotten, and what is not greater than these is asked for.
 */
export class Births {
  /** All that the store may have is not greater than this, or is in `later`. */
  private upTo: ActorId = ''
  private later = new Set<ActorId>()
  private begun = false

  /** `last`: the greatest id in the store, read after the claim was made: from then on none is born on its shards that is not noted here. */
  begin(last: ActorId | null): void {
    if (last !== null && last > this.upTo) this.upTo = last
    this.begun = true
  }

  /** It may be in the store from now on. */
  note(id: ActorId): void {
    if (id <= this.upTo) return
    this.later.add(id)
    if (this.later.size <= LATER_MAX) return
    const sorted = [...this.later].sort()
    const half = sorted.length >>> 1
    this.upTo = sorted[half - 1] as ActorId
    this.later = new Set(sorted.slice(half))
  }

  isNew(id: ActorId): boolean {
    return this.begun && id > this.upTo && !this.later.has(id)
  }
}
