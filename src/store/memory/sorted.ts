import type { Place } from '../cursor.ts'

const BLOCK_MAX = 512

/**
 * Places in order of (at, id), in blocks of at most 512: an insert moves half a block instead of everything, so that 100,000 runs in random order cost
 * microseconds each. No block is ever empty.
 */
export class SortedPlaces {
  #blocks: Place[][] = []

  add(place: Place): void {
    const index = this.#blockOf(place)
    const block = this.#blocks[index]
    if (block === undefined) {
      this.#blocks.push([place])
      return
    }
    block.splice(lowerBound(block, place), 0, place)
    if (block.length > BLOCK_MAX) this.#blocks.splice(index + 1, 0, block.splice(block.length >>> 1))
  }

  delete(place: Place): void {
    const index = this.#blockOf(place)
    const block = this.#blocks[index]
    if (block === undefined) return
    const position = lowerBound(block, place)
    if (position === block.length || compare(block[position] as Place, place) !== 0) return
    block.splice(position, 1)
    if (block.length === 0) this.#blocks.splice(index, 1)
  }

  first(): Place | undefined {
    return this.#blocks[0]?.[0]
  }

  /** Ascending, from `after` (exclusive) on. The places must not change meanwhile. */
  *ascending(after: Place | null): Generator<Place> {
    let index = after === null ? 0 : this.#blockOf(after)
    let position = after === null ? 0 : lowerBound(this.#blocks[index] ?? [], after)
    for (; index < this.#blocks.length; index++, position = 0) {
      const block = this.#blocks[index] as Place[]
      for (; position < block.length; position++) {
        const place = block[position] as Place
        if (after === null || compare(place, after) > 0) yield place
      }
    }
  }

  /** Descending, from `before` (exclusive) on. The places must not change meanwhile. */
  *descending(before: Place | null): Generator<Place> {
    let index = before === null ? this.#blocks.length - 1 : this.#blockOf(before)
    let position = before === null ? Number.POSITIVE_INFINITY : lowerBound(this.#blocks[index] ?? [], before) - 1
    for (; index >= 0; index--, position = Number.POSITIVE_INFINITY) {
      const block = this.#blocks[index] ?? []
      for (position = Math.min(position, block.length - 1); position >= 0; position--) yield block[position] as Place
    }
  }

  /** The block where a place is or belongs: the last one that does not begin after it. */
  #blockOf(place: Place): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare((this.#blocks[middle] as Place[])[0] as Place, place) <= 0) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }
}

function lowerBound(block: readonly Place[], place: Place): number {
  let low = 0
  let high = block.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(block[middle] as Place, place) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function compare(a: Place, b: Place): number {
  return a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
