import { UserError } from '../core/errors.ts'
import { isId, slotOf } from '../core/ids.ts'
import type { Clock } from '../engine/clock.ts'
import type { Engine, Peer } from '../engine/face.ts'
import { answer, type Call, type Method } from './methods.ts'
import { Unanswered, unavailable, type Way } from './way.ts'

/** How often it is looked who serves while somebody waits for it. */
const LOOK_AGAIN_MS = 25
/** A call waits so long for somebody who serves: longer than a takeover takes. */
const HELD_MS_MAX = 5_000
/** The slot of what is no id: whoever serves it says that there is no such thing. */
const NO_SLOT = 0

/** Who is to answer, as far as is known now. */
export type Target = () => Peer | null

/**
 * Sends a call to the node that serves what it is about. While nobody does, or whoever does not answer, it is sent again (E22), for as long as a takeover takes:
 * so each call must have the effect of one when it is repeated.
 */
export class Router {
  readonly #local: Engine
  readonly #way: Way
  readonly #clock: Clock
  readonly #watched = new Set<{ target: Target; node: string; lost: AbortController }>()
  #watches = false
  #refreshing: Promise<void> | null = null

  constructor(local: Engine, { way, clock }: { way: Way; clock: Clock }) {
    this.#local = local
    this.#way = way
    this.#clock = clock
  }

  slot(slot: number): Target {
    return () => this.#local.places.ownerOf(slot)
  }

  id(id: string): Target {
    return this.slot(slotOfId(id))
  }

  /** Any node that serves: this one, if it does. */
  readonly any: Target = () => {
    const { places } = this.#local
    if (this.#local.serves()) return { id: places.self, name: '', address: null }
    for (let part = 0; part < 256; part++) {
      const owner = places.ownerOf(part * 256)
      if (owner !== null) return owner
    }
    return null
  }

  call<M extends Method>(target: Target, method: M, args: Call<M>['args'], signal?: AbortSignal): Promise<Call<M>['answer']> {
    return this.held(() => this.once(target, method, args, signal), signal)
  }

  /** Again, as long as a takeover may be under way. */
  async held<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const until = this.#clock.monotonic() + HELD_MS_MAX
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        if (!this.mayChange(error)) throw error
        if (signal?.aborted || this.#clock.monotonic() >= until) throw error instanceof Unanswered ? unavailable() : error
      }
      await this.lookAgain()
    }
  }

  /** Whether the same call may find somebody a moment later. A fault of one's own disk is told at once. */
  mayChange(error: unknown): boolean {
    return error instanceof Unanswered || (error instanceof UserError && error.code === 'unavailable' && this.#local.fault() === null)
  }

  async lookAgain(): Promise<void> {
    this.#refreshing ??= this.#local.places
      .refresh()
      .catch(() => {})
      .then(() => this.pause(LOOK_AGAIN_MS))
      .finally(() => {
        this.#refreshing = null
      })
    await this.#refreshing
  }

  pause(ms: number): Promise<void> {
    return new Promise(resolve => this.#clock.after(ms, resolve))
  }

  /** Asks whoever serves now. Rejects with `unavailable` where nobody is known, with `Unanswered` where another takes over before there is an answer. */
  async once<M extends Method>(target: Target, method: M, args: Call<M>['args'], signal?: AbortSignal): Promise<Call<M>['answer']> {
    const node = target()
    if (node === null) throw unavailable()
    if (node.id === this.#local.places.self) return (await answer(this.#local, method, args, signal)) as Call<M>['answer']
    const watch = { target, node: node.id, lost: new AbortController() }
    this.#watch(watch)
    try {
      return (await this.#way.ask(
        node,
        method,
        args,
        signal === undefined ? watch.lost.signal : AbortSignal.any([signal, watch.lost.signal]),
      )) as Call<M>['answer']
    } catch (error) {
      throw error instanceof UserError ? error : new Unanswered()
    } finally {
      this.#watched.delete(watch)
    }
  }

  /** Who waits for a node that stands still would wait for as long as it does. */
  #watch(watch: { target: Target; node: string; lost: AbortController }): void {
    this.#watched.add(watch)
    if (!this.#watches) this.#lookLater()
  }

  #lookLater(): void {
    this.#watches = true
    this.#clock.after(LOOK_AGAIN_MS, () => {
      this.#watches = false
      for (const { target, node, lost } of this.#watched) {
        const now = target()
        if (now !== null && now.id !== node) lost.abort()
      }
      if (this.#watched.size > 0) this.#lookLater()
    })
  }
}

export function slotOfId(id: string): number {
  return isId(id) ? slotOf(id) : NO_SLOT
}
