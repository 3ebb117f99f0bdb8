import type { Operation } from './operations.ts'

/** A part of a run's code: one that is cancelled by itself, or (`shields`) one that nothing from outside of it interrupts. */
export class Part {
  readonly parent: Part | null
  readonly shields: boolean
  /** What is thrown wherever it waits; null: it goes on. */
  reason: Error | null = null
  /** A cancel of the run has interrupted something in it. */
  heard = false
  /** What is asked for in it and has not settled. */
  readonly open = new Set<Operation>()
  /** Parts of it that go on, and that a cancel of it reaches. */
  readonly #inner = new Set<Part>()

  constructor(parent: Part | null, shields = false) {
    this.parent = parent
    this.shields = shields
    if (parent !== null && !shields) parent.#inner.add(this)
  }

  /** What is open in it, and in the parts of it. */
  *reached(): Generator<Operation> {
    yield* this.open
    for (const part of this.#inner) yield* part.reached()
  }

  /** It is over for good: what is around it need not look into it any more. */
  leave(): void {
    if (this.parent !== null) this.parent.#inner.delete(this)
  }
}

/** No cancel of the run interrupts what is asked for in it. */
export function isShielded(part: Part | null): boolean {
  for (let at = part; at !== null; at = at.parent) if (at.shields) return true
  return false
}

/** Something short of the run can be cancelled around it. */
export function isScoped(part: Part | null): boolean {
  return part !== null && !part.shields
}

/** Why nothing waits here any more. */
export function reasonIn(part: Part | null): Error | null {
  for (let at = part; at !== null && !at.shields; at = at.parent) if (at.reason !== null) return at.reason
  return null
}

/** What is asked for here is interrupted with this one. */
export function isWithin(part: Part | null, outer: Part): boolean {
  for (let at = part; at !== null && !at.shields; at = at.parent) if (at === outer) return true
  return false
}

/** A cancel of the run has interrupted something here. */
export function hears(part: Part | null): void {
  for (let at = part; at !== null; at = at.parent) at.heard = true
}
