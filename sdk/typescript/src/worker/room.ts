/** Units by name; `slots` are those of any plain work. */
export type Units = Readonly<Record<string, number>>

/** What a call of a handler takes: of its attempts (more than one in a bundle) the last to end gives it back. */
export interface Place {
  cost: Units | null
  open: number
}

/** A worker's slots and units, and what is free of them. */
export class Room {
  readonly slots: number
  /** All that there is beside slots; null: nothing was said of units. */
  readonly total: Units | null
  readonly #used: Record<string, number> = {}
  #slotsUsed = 0
  #calls = 0

  constructor(slots: number, total: Units | null) {
    this.slots = slots
    this.total = total
  }

  /** Calls of handlers under way. */
  get calls(): number {
    return this.#calls
  }
  get slotsFree(): number {
    return Math.max(0, this.slots - this.#slotsUsed)
  }
  get unitsFree(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.total ?? {}).map(([unit, all]) => [unit, Math.max(0, all - (this.#used[unit] ?? 0))]))
  }
  get hasUnitsInUse(): boolean {
    return this.total !== null && Object.values(this.#used).some(used => used > 0)
  }

  enter(cost: Units | undefined, attempts: number): Place {
    const place: Place = { cost: cost ?? null, open: attempts }
    this.#count(place, 1)
    return place
  }

  /** One of its attempts has ended. */
  leave(place: Place): void {
    if (--place.open === 0) this.#count(place, -1)
  }

  #count({ cost }: Place, sign: 1 | -1): void {
    this.#calls += sign
    this.#slotsUsed += sign * (cost?.slots ?? 1)
    if (cost === null || this.total === null) return
    for (const [unit, units] of Object.entries(cost)) if (Object.hasOwn(this.total, unit)) this.#used[unit] = (this.#used[unit] ?? 0) + sign * units
  }
}
