import type { Instant } from '../core/time.ts'
import type { Clock } from './clock.ts'

/** For tests of this folder: time moves only by `advance`, which lets everything happen that follows from each timer before the next one fires. */
export class TestClock implements Clock {
  private readonly timers = new Set<{ at: number; number: number; call: () => void }>()
  private set = 0
  private elapsed = 0
  private wall: Instant

  constructor(wall: Instant = 1_000_000) {
    this.wall = wall
  }

  now(): Instant {
    return this.wall + this.elapsed
  }

  monotonic(): number {
    return this.elapsed
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.elapsed + Math.max(0, ms), number: ++this.set, call }
    this.timers.add(timer)
    return () => void this.timers.delete(timer)
  }

  soon(call: () => void): void {
    setImmediate(call)
  }

  async advance(ms: number): Promise<void> {
    const until = this.elapsed + ms
    await settle()
    for (let next = this.next(until); next !== undefined; next = this.next(until)) {
      this.timers.delete(next)
      this.elapsed = Math.max(this.elapsed, next.at)
      next.call()
      await settle()
    }
    this.elapsed = until
  }

  /** The event loop stalls: time passes and no timer fires until the next `advance`. */
  stall(ms: number): void {
    this.elapsed += ms
  }

  /** The wall clock steps, as NTP or a fail-over makes it; monotonic time does not. */
  step(ms: number): void {
    this.wall += ms
  }

  private next(until: number): { at: number; number: number; call: () => void } | undefined {
    const due = [...this.timers].filter(({ at }) => at <= until)
    return due.sort((a, b) => a.at - b.at || a.number - b.number)[0]
  }
}

/** Whatever is ready to happen happens: promises, `soon`, and what they lead to. */
export async function settle(turns = 6): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>(resolve => setImmediate(resolve))
}
