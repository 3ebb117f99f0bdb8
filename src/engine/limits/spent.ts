import type { Instant } from '../../core/time.ts'

/** A window is divided so finely: what is spent within one part of it counts as spent at the last time in it. */
const PARTS = 64

/**
 * What was spent of a rate: never more than `max` in any window of `everyMs`, wherever the window begins. A sliding log, a 64th of the window on the safe
 * side. Times never step back (E20).
 */
export class Spent {
  /** Oldest first: when, and how many. */
  private times: Instant[] = []
  private counts: number[] = []
  private sum = 0
  /** A target asked for a pause: no token before. */
  heldUntil: Instant = 0
  /** When it changed last. */
  private changedAt: Instant = 0

  /** `aheadMs`: another lane may use them until then. */
  spend(now: Instant, tokens: number, everyMs: number, aheadMs = 0): void {
    const last = this.times.length - 1
    const before = last < 0 ? Number.NEGATIVE_INFINITY : (this.times[last] as number)
    const at = Math.max(now + aheadMs, before)
    const part = Math.max(1, everyMs / PARTS)
    this.changedAt = Math.max(now, this.changedAt)
    this.sum += tokens
    if (Math.floor(at / part) === Math.floor(before / part)) {
      this.times[last] = at
      this.counts[last] = (this.counts[last] as number) + tokens
    } else {
      this.times.push(at)
      this.counts.push(tokens)
    }
  }

  hold(now: Instant, until: Instant): void {
    this.heldUntil = Math.max(this.heldUntil, until)
    this.changedAt = Math.max(this.changedAt, now)
  }

  /** Tokens spent in the window that ends now. */
  used(now: Instant, everyMs: number): number {
    let gone = 0
    while (gone < this.times.length && (this.times[gone] as number) + everyMs <= now) this.sum -= this.counts[gone++] as number
    if (gone > 0) {
      this.times.splice(0, gone)
      this.counts.splice(0, gone)
    }
    return this.sum
  }

  /** When so many tokens can be had; null: now. Infinity: never, `max` is smaller. */
  freeAt(now: Instant, tokens: number, max: number, everyMs: number): Instant | null {
    const held = this.heldUntil > now ? this.heldUntil : null
    let over = this.used(now, everyMs) + tokens - max
    if (over <= 0) return held
    for (let index = 0; index < this.times.length; index++) {
      over -= this.counts[index] as number
      if (over <= 0) return Math.max((this.times[index] as number) + everyMs, held ?? 0)
    }
    return Number.POSITIVE_INFINITY
  }

  /** Nothing of it matters any longer. */
  isIdle(now: Instant, everyMs: number): boolean {
    return this.used(now, everyMs) === 0 && this.heldUntil <= now
  }

  toText(): string {
    return JSON.stringify([this.times, this.counts, this.heldUntil, this.changedAt])
  }

  /** What changed in the future changed now, by a clock that has been set back since (E20): all of it is so much earlier. */
  static fromText(text: string, now: Instant): Spent {
    const [times, counts, heldUntil, changedAt] = JSON.parse(text) as [number[], number[], number, number]
    const backMs = Math.max(0, changedAt - now)
    const spent = new Spent()
    spent.times = times.map(at => at - backMs)
    spent.counts = counts
    spent.sum = counts.reduce((sum, count) => sum + count, 0)
    spent.heldUntil = heldUntil - backMs
    spent.changedAt = changedAt - backMs
    return spent
  }
}
