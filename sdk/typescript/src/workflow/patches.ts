import type { WireEntry, WireEvent } from '../wire.ts'
import { NO_ENTRIES } from './operations.ts'

/** The most changes that one turn of a code may newly take, so that they go in one call. */
const PATCHES_PER_TURN_MAX = 100

/**
 * Changes that a run's code has asked about. Its history tells which it took. About another the code is new at where its history has nothing of its own that it has
 * not asked for yet: then it takes it. Else it went past with the code of before. An answer never changes, so that a replay gives the same.
 */
export class Patches {
  readonly #answers = new Map<string, boolean>()
  /** Those that the history tells of and that the code has not asked about. */
  readonly #ahead = new Set<string>()
  readonly #asked = new Set<string>()
  #told = 0
  #taken: string[] = []

  /** Events that are known, and perhaps not applied yet. */
  note(events: readonly WireEvent[]): void {
    for (const { is, id, n } of events) {
      if (typeof n === 'number' && n > this.#told) this.#told = n
      if (is !== 'patched') continue
      this.#answers.set(id as string, true)
      if (!this.#asked.has(id as string)) this.#ahead.add(id as string)
    }
  }

  /** `last`: the number of the last operation that the code has asked for. */
  ask(id: string, last: number): boolean {
    this.#asked.add(id)
    this.#ahead.delete(id)
    const known = this.#answers.get(id)
    if (known !== undefined) return known
    const isNew = this.#told <= last && this.#ahead.size === 0 && this.#taken.length < PATCHES_PER_TURN_MAX
    this.#answers.set(id, isNew)
    if (isNew) this.#taken.push(id)
    return isNew
  }

  take(): readonly WireEntry[] {
    if (this.#taken.length === 0) return NO_ENTRIES
    return this.#taken.splice(0).map(id => ({ is: 'patched', id }))
  }
}
