import type { Clock } from '../../src/engine/clock.ts'
import type { World } from './world.ts'

/**
 * One life of a process: from its start to its death. Whatever reaches its code (timers, answers of the store, calls) comes through `enter`, so:
 * - paused: everything is held, and comes at once when it goes on (a zombie: SIGSTOP, a stalled event loop);
 * - dead: nothing reaches it any more, so nothing of it happens. What it sent before is still under way.
 */
export class Life {
  readonly name: string
  readonly world: World
  dead = false
  paused = false
  /** True time at which the last commit or renewal that succeeded was sent (E16). */
  provedAt = Number.NEGATIVE_INFINITY
  readonly #held: { kind: 'timer' | 'answer'; call: () => void }[] = []

  constructor(world: World, name: string) {
    this.world = world
    this.name = name
  }

  enter(kind: 'timer' | 'answer', call: () => void): void {
    if (this.dead) return
    if (this.paused) this.#held.push({ kind, call })
    else call()
  }

  pause(): void {
    this.paused = true
  }

  /** Whether timers come before what arrived, or in the order of time, is chance. */
  resume(timersFirst: boolean): void {
    if (this.dead || !this.paused) return
    this.paused = false
    const held = this.#held.splice(0)
    const ordered = timersFirst ? [...held.filter(({ kind }) => kind === 'timer'), ...held.filter(({ kind }) => kind !== 'timer')] : held
    for (const { kind, call } of ordered) this.world.after(0, () => this.enter(kind, call))
  }

  kill(): void {
    this.dead = true
    this.#held.length = 0
  }

  clock(): Clock {
    const { world } = this
    return {
      now: () => world.wall(),
      monotonic: () => 5_000_000 + world.now,
      after: (ms, call) => {
        let wanted: (() => void) | null = call
        const fire = () => {
          const due = wanted
          wanted = null
          due?.()
        }
        const timer = world.after(ms, () => {
          if (wanted !== null) this.enter('timer', fire)
        })
        return () => {
          wanted = null
          timer.call = null
        }
      },
      soon: call => void world.after(0, () => this.enter('timer', call)),
    }
  }
}
