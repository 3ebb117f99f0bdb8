import type { RunId } from '../core/ids.ts'
import type { Instant } from '../core/time.ts'
import type { Paged } from '../store/store.ts'
import type { Actor } from './actor.ts'
import type { Clock } from './clock.ts'
import { SIZES } from './options.ts'

/** Reads a page of what is due until a time. */
export type ReadDue = (until: Instant, after: string | null, limit: number) => Promise<Paged<{ id: RunId; wakeAt: Instant }>>

/**
 * Who is to be woken when: those due within the horizon are in a heap, the rest are rows (a million sleeping runs cost rows, not memory).
 *
 * Everything stored with `wakeAt` up to the horizon is in the heap: the horizon moves before its page is read, and a change is entered when it is
 * committed, and before if it is due soon, so that a read that missed it cannot lose it. An entry may be there twice or be out of date: the actor itself tells.
 */
export class Timers {
  private readonly clock: Clock
  private readonly horizonMs: number
  private readonly countMax: number
  private readonly read: ReadDue
  private readonly wake: (id: RunId) => void
  private readonly lookAgainMs: number
  private readonly heap: { at: Instant; id: RunId }[] = []
  private horizon = Number.NEGATIVE_INFINITY
  private cursor: string | null = null
  private paging = false
  /** Memory was full: rows within the horizon are not read yet. */
  private left = false
  private ended = false
  private cancelTimer: (() => void) | null = null
  private cancelAgain: () => void = () => {}
  private timerAt = Number.POSITIVE_INFINITY
  /** Rows a page. */
  private limit = 1
  /** Until when the last read went; null: it failed, or none was made. */
  private readUntil: Instant | null = null

  constructor(clock: Clock, horizonMs: number, countMax: number, read: ReadDue, wake: (id: RunId) => void, lookAgainMs = SIZES.lookAgainMs) {
    this.clock = clock
    this.horizonMs = horizonMs
    this.countMax = countMax
    this.read = read
    this.wake = wake
    this.lookAgainMs = lookAgainMs
  }

  /** Pages what is due within the horizon; from then on by itself. Rejects when the store does. */
  async start(limit: number): Promise<void> {
    this.limit = limit
    await this.extend()
    this.again()
  }

  end(): void {
    this.ended = true
    this.cancelTimer?.()
    this.cancelAgain()
  }

  enter(actor: Actor): void {
    if (actor.wakeAt === null || actor.wakeAt > this.horizon) return
    this.push(actor.wakeAt, actor.id)
    this.arm()
  }

  /** Looks often, since wall time may step, and reads when a quarter of the horizon has passed, there is room again, or the last read failed. */
  private again(): void {
    this.cancelAgain()
    if (this.ended) return
    this.cancelAgain = this.clock.after(Math.min(this.lookAgainMs, Math.max(1, this.horizonMs / 4)), () => {
      if (this.ended) return
      const room = this.left && this.heap.length <= this.countMax / 2
      if (!room && this.readUntil !== null && Math.abs(this.readUntil - this.horizonMs - this.clock.now()) < this.horizonMs / 4) return this.again()
      this.readUntil = null
      const again = (): void => this.again()
      this.extend().then(again, again)
    })
  }

  private async extend(): Promise<void> {
    if (this.paging) return
    this.paging = true
    try {
      const until = this.clock.now() + this.horizonMs
      let passed = this.horizon
      let horizon = Math.max(this.horizon, until)
      for (;;) {
        this.horizon = horizon
        const { rows, next } = await this.read(until, this.cursor, this.limit)
        if (this.ended) return
        for (const { id, wakeAt } of rows) this.push(wakeAt, id)
        const last = rows[rows.length - 1]
        if (last !== undefined) passed = last.wakeAt
        this.left = next !== null
        if (next === null) {
          // A later change may wake before what was read last: the next page begins at the horizon of this one.
          this.cursor = `${until}_~`
          this.readUntil = until
          break
        }
        this.cursor = next
        if (this.heap.length > this.countMax && this.forgetAfter(passed)) horizon = until
        if (this.heap.length > this.countMax) {
          this.horizon = passed
          this.readUntil = until
          break
        }
      }
    } finally {
      this.paging = false
    }
    this.arm()
  }

  /** What lies beyond is read again later; it must not keep out what comes before it. */
  private forgetAfter(at: Instant): boolean {
    const kept = this.heap.filter(entry => entry.at <= at)
    if (kept.length === this.heap.length) return false
    this.heap.length = 0
    for (const entry of kept) this.push(entry.at, entry.id)
    return true
  }

  private arm(): void {
    const first = this.heap[0]
    if (first === undefined || this.ended) return
    if (this.cancelTimer !== null && this.timerAt <= first.at) return
    this.cancelTimer?.()
    this.timerAt = first.at
    this.cancelTimer = this.clock.after(Math.min(Math.max(0, first.at - this.clock.now()), this.lookAgainMs), () => {
      this.cancelTimer = null
      this.fire()
    })
  }

  private fire(): void {
    const now = this.clock.now()
    // An actor may stand here several times, and each wake enters it again: one for all, or they would grow with every wake of its life.
    const due = new Set<RunId>()
    for (let first = this.heap[0]; first !== undefined && first.at <= now; first = this.heap[0]) {
      this.pop()
      due.add(first.id)
    }
    for (const id of due) this.wake(id)
    if (this.left && !this.paging && this.heap.length <= this.countMax / 2) this.extend().catch(() => {})
    this.arm()
  }

  private push(at: Instant, id: RunId): void {
    const { heap } = this
    let index = heap.length
    heap.push({ at, id })
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as { at: Instant; id: RunId }
      if (above.at <= at) break
      heap[index] = above
      index = parent
    }
    heap[index] = { at, id }
  }

  private pop(): void {
    const { heap } = this
    const last = heap.pop() as { at: Instant; id: RunId }
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && (heap[child + 1] as { at: Instant }).at < (heap[child] as { at: Instant }).at) child++
      const below = heap[child] as { at: Instant; id: RunId }
      if (below.at >= last.at) break
      heap[index] = below
      index = child
    }
    heap[index] = last
  }
}
