import type { Instant } from '../../src/core/time.ts'
import { Rng } from './rng.ts'

/** What went wrong, by the rule that it breaks. The first one ends the simulation. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export interface Timer {
  readonly at: number
  readonly order: number
  call: (() => void) | null
}

const TRACE_LINES_MAX = 2_000
/** Any day will do; a fixed one, so that a seed replays on every day. */
const EPOCH = Date.UTC(2031, 4, 5, 6, 7, 8)

/**
 * Virtual time and everything that happens in it: one queue of events, ordered by time, then by when they were asked for. Between two events all
 * microtasks run dry, so that what follows from an event is done before the next one, and a seed replays exactly.
 */
export class World {
  /** True time: milliseconds since the world began. What nodes call monotonic. */
  now = 0
  /** What the wall clock is ahead of true time; steps (E20). */
  wallOffsetMs = 0
  wallOffsetMsMax = 0
  readonly rng: Rng
  failure: Violation | null = null
  events = 0
  readonly #queue: Timer[] = []
  #order = 0
  readonly #trace: string[] = []
  #echo: ((line: string) => void) | null

  constructor(seed: number, echo: ((line: string) => void) | null = null) {
    this.rng = new Rng(seed)
    this.#echo = echo
  }

  wall(): Instant {
    return Math.floor(EPOCH + this.now + this.wallOffsetMs)
  }

  stepWall(ms: number): void {
    this.wallOffsetMs += ms
    this.wallOffsetMsMax = Math.max(this.wallOffsetMsMax, this.wallOffsetMs)
  }

  after(ms: number, call: () => void): Timer {
    const timer: Timer = { at: this.now + Math.max(0, ms), order: this.#order++, call }
    push(this.#queue, timer)
    return timer
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve))
  }

  /** Lets things happen until that time, or until a rule is broken. */
  async run(until: number): Promise<void> {
    for (let next = this.#queue[0]; next !== undefined && next.at <= until && this.failure === null; next = this.#queue[0]) {
      pop(this.#queue)
      if (next.call === null) continue
      this.now = next.at
      this.events++
      try {
        next.call()
      } catch (error) {
        this.fail('a callback threw', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
      }
      await microtasksDone()
    }
    if (this.failure === null) this.now = Math.max(this.now, until)
  }

  /** A rule is broken: the first one counts. */
  fail(what: string, facts: Record<string, unknown> = {}): void {
    if (this.failure !== null) return
    this.failure = new Violation(`${what} ${JSON.stringify(facts)}`)
    this.note(() => `!!! ${this.failure?.message}`)
  }

  expect(holds: boolean, what: string, facts: () => Record<string, unknown>): void {
    if (!holds) this.fail(what, facts())
  }

  note(line: () => string): void {
    const text = `${(this.now / 1000).toFixed(4).padStart(9)} ${line()}`
    this.#echo?.(text)
    this.#trace.push(text)
    if (this.#trace.length > TRACE_LINES_MAX) this.#trace.splice(0, TRACE_LINES_MAX / 2)
  }

  /** The last lines, oldest first; only those that contain one of `words`, if there are any. */
  trace(lines: number, words: readonly string[] = []): string[] {
    const fitting = words.length === 0 ? this.#trace : this.#trace.filter(line => words.some(word => line.includes(word)))
    return fitting.slice(-lines)
  }
}

/** Resolves after all microtasks, including those that they queue. */
function microtasksDone(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/** A binary heap in an array. */
function push(heap: Timer[], timer: Timer): void {
  let index = heap.length
  while (index > 0) {
    const parent = (index - 1) >>> 1
    if (before(heap[parent] as Timer, timer)) break
    heap[index] = heap[parent] as Timer
    index = parent
  }
  heap[index] = timer
}

function pop(heap: Timer[]): void {
  const last = heap.pop() as Timer
  if (heap.length === 0) return
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++
    if (before(last, heap[child] as Timer)) break
    heap[index] = heap[child] as Timer
    index = child
  }
  heap[index] = last
}
