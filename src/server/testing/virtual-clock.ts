import type { Instant } from '../../core/time.ts'
import type { Clock } from '../../engine/clock.ts'

/** A clock that stands still until it is moved. Engine, worker and client of a test share one. `soon` is real: what is ready now happens now. */
export class VirtualClock implements Clock {
  #now: Instant
  readonly #start: Instant
  /** A binary heap by (at, number): timers of one instant fire in the order in which they were set. */
  readonly #heap: Timer[] = []
  #timersSet = 0
  /** Calls that `soon` has yet to make, and what was asked of the clock so far: whether anything goes on can be read from them. */
  soonPending = 0
  activity = 0

  constructor(start: Instant) {
    this.#now = start
    this.#start = start
  }

  now(): Instant {
    return this.#now
  }

  monotonic(): number {
    return this.#now - this.#start
  }

  after(ms: number, call: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, Math.ceil(ms)), number: ++this.#timersSet, ms, call }
    this.#push(timer)
    return () => {
      timer.call = null
    }
  }

  soon(call: () => void): void {
    this.soonPending++
    this.activity++
    setImmediate(() => {
      this.soonPending--
      call()
    })
  }

  /** When the next timer fires, or null. */
  next(): Instant | null {
    for (let first = this.#heap[0]; first; first = this.#heap[0]) {
      if (first.call) return first.at
      this.#pop()
    }
    return null
  }

  /** The same among timers that were set for longer than `ms`. */
  nextLongerThan(ms: number): Instant | null {
    const longer = this.#heap.filter(timer => timer.call !== null && timer.ms > ms)
    return longer.length === 0 ? null : Math.min(...longer.map(timer => timer.at))
  }

  /** Moves to `at` and fires the timers that are due by then and were set before: those that they set wait for the next move. */
  advanceTo(at: Instant): void {
    if (at > this.#now) this.#now = at
    const due: (() => void)[] = []
    for (let next = this.next(); next !== null && next <= this.#now; next = this.next()) {
      const call = this.#pop()?.call
      if (call) due.push(call)
    }
    for (const call of due) call()
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let index = heap.push(timer) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!before(timer, heap[parent] as Timer)) break
      heap[index] = heap[parent] as Timer
      index = parent
    }
    heap[index] = timer
  }

  #pop(): Timer | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!last || heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = index * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++
      if (!before(heap[child] as Timer, last)) break
      heap[index] = heap[child] as Timer
      index = child
    }
    heap[index] = last
    return first
  }
}

interface Timer {
  readonly at: Instant
  readonly number: number
  /** After how long it was to fire. */
  readonly ms: number
  /** Null: cancelled. */
  call: (() => void) | null
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number)
}
