import { DELIVERIES_REMEMBERED } from '../bounds.ts'

/** Remembers the last 20,000 to 40,000 delivery ids in two halves: a full half replaces the older one, so that forgetting costs nothing. */
export class Seen {
  #young = new Set<string>()
  #old = new Set<string>()

  /** False when it was there already. */
  add(delivery: string): boolean {
    if (this.#young.has(delivery) || this.#old.has(delivery)) return false
    this.#young.add(delivery)
    if (this.#young.size >= DELIVERIES_REMEMBERED) {
      this.#old = this.#young
      this.#young = new Set()
    }
    return true
  }
}
