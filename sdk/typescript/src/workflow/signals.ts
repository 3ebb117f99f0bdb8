import type { WireEntry } from '../wire.ts'
import { Diverged } from './errors.ts'
import type { Operation } from './operations.ts'
import { isScoped } from './parts.ts'
import type { Told } from './told.ts'

/** Signals of a run, and what of its code waits for them. */
export class Signals {
  /** Those that the history tells of and nobody has taken, by the numbers of their events. */
  readonly #signals = new Map<number, { name: string; payload: unknown }>()
  /** Operations that wait for a signal, by its name, until the history tells of their end. */
  readonly #waits = new Map<string, number>()
  /** Those that have taken one that was known to be there: the server is to be told. */
  readonly #took: WireEntry[] = []

  add(number: number, name: string, payload: unknown): void {
    this.#signals.set(number, { name, payload })
  }

  /** The payload of one that is taken. */
  remove(number: number): unknown {
    const payload = this.#signals.get(number)?.payload
    this.#signals.delete(number)
    return payload
  }

  waits({ name }: Operation): void {
    this.#waits.set(name, (this.#waits.get(name) ?? 0) + 1)
  }

  /** It waits no more. */
  ended({ name }: Operation): void {
    this.#waits.set(name, (this.#waits.get(name) ?? 1) - 1)
  }

  /**
   * A signal that the code has seen before it waits for one is taken at once: whatever happens next, the history has it in this order. Not before those that wait already
   * have theirs, for the server may be about to give it to one of these; nor by the branch of a race, which may be lost by the time that it would go on. Null: the server
   * is asked; so it was, too, where the history says so.
   */
  take({ n, name: signal, part }: Operation, told: Told | undefined): { payload: unknown } | Diverged | null {
    if (told === undefined ? isScoped(part) : told.taken === undefined) return null
    const taken = (this.#waits.get(signal) ?? 0) > 0 ? undefined : this.#firstOf(signal)
    if (told !== undefined && told.taken !== taken) return new Diverged(n, `signal ${signal} of event ${told.taken}`, `that of event ${taken}`)
    if (taken === undefined) return null
    if (told === undefined) this.#took.push({ is: 'wait', n, signal, taken })
    return { payload: this.remove(taken) }
  }

  /** What the server has not been told, so many at most. */
  took(max: number): readonly WireEntry[] {
    return this.#took.length === 0 ? this.#took : this.#took.splice(0, max)
  }

  /** Of the signals that nobody has taken: most often the very first. */
  #firstOf(signal: string): number | undefined {
    for (const [number, { name }] of this.#signals) if (name === signal) return number
    return undefined
  }
}
