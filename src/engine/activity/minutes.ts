import { CLOSED_STATES, type ClosedState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'

export const MINUTE_MS = 60_000
/** Started, then closed by state. */
const COUNTS = 1 + CLOSED_STATES.length
/** Three buckets a doubling up to 12 days: a percentile is off by 13 % at most. */
const BUCKETS_A_DOUBLING = 3
const BUCKETS = 90
export const SLOT = COUNTS + 2 * BUCKETS

const INDEX: Readonly<Record<ClosedState, number>> = Object.fromEntries(CLOSED_STATES.map((state, index) => [state, index + 1])) as Record<
  ClosedState,
  number
>

export interface Hour {
  started: number
  closed: Partial<Record<ClosedState, number>>
}
export interface Percentiles {
  p50: number
  p95: number
}
export interface MinutesView extends Hour {
  waitMs: Percentiles | null
  runMs: Percentiles | null
}

/** Counts a minute, in a ring: what is older than it holds is written over. `durations`: with histograms of waits and of attempts. A minute takes memory once something happens in it. */
export class Minutes {
  private readonly minutes: Int32Array
  private readonly slots: (Uint32Array | undefined)[]
  private readonly width: number

  constructor(size: number, durations: boolean) {
    this.minutes = new Int32Array(size)
    this.slots = new Array(size)
    this.width = durations ? SLOT : COUNTS
  }

  started(at: Instant): void {
    this.add(at, 0)
  }

  closed(at: Instant, state: ClosedState): void {
    this.add(at, INDEX[state])
  }

  waited(at: Instant, ms: number): void {
    this.add(at, COUNTS + bucketOf(ms))
  }

  ran(at: Instant, ms: number): void {
    this.add(at, COUNTS + BUCKETS + bucketOf(ms))
  }

  /** What happened from a time on (inclusive) to another (exclusive), both on a minute. */
  sums(from: Instant, until: Instant): Uint32Array {
    const sums = new Uint32Array(this.width)
    for (let minute = Math.floor(from / MINUTE_MS); minute < until / MINUTE_MS; minute++) {
      const index = minute % this.slots.length
      const slot = this.minutes[index] === minute ? this.slots[index] : undefined
      if (slot !== undefined) for (let at = 0; at < this.width; at++) sums[at] = (sums[at] as number) + (slot[at] as number)
    }
    return sums
  }

  private add(at: Instant, index: number): void {
    const minute = Math.floor(at / MINUTE_MS)
    const place = minute % this.slots.length
    const known = this.minutes[place] as number
    // A clock that stepped back, or a seed from before: the ring has gone on.
    if (minute < known) return
    let slot = this.slots[place]
    if (slot === undefined) {
      slot = new Uint32Array(this.width)
      this.slots[place] = slot
    } else if (minute !== known) slot.fill(0)
    this.minutes[place] = minute
    slot[index] = (slot[index] as number) + 1
  }
}

export function viewOf(sums: Uint32Array): MinutesView {
  const closed: Hour['closed'] = {}
  for (const state of CLOSED_STATES) if (sums[INDEX[state]] !== 0) closed[state] = sums[INDEX[state]] as number
  const durations = sums.length === SLOT
  return {
    started: sums[0] as number,
    closed,
    waitMs: durations ? percentiles(sums.subarray(COUNTS, COUNTS + BUCKETS)) : null,
    runMs: durations ? percentiles(sums.subarray(COUNTS + BUCKETS)) : null,
  }
}

function bucketOf(ms: number): number {
  return ms < 1 ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log2(ms) * BUCKETS_A_DOUBLING))
}

/** The middle of a bucket, in the sense of a ratio. */
function msOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(2 ** ((bucket - 0.5) / BUCKETS_A_DOUBLING))
}

function percentiles(counts: Uint32Array): Percentiles | null {
  let all = 0
  for (const count of counts) all += count
  if (all === 0) return null
  const at = (share: number): number => {
    let below = 0
    for (let bucket = 0; bucket < counts.length; bucket++) {
      below += counts[bucket] as number
      if (below >= all * share) return msOf(bucket)
    }
    return msOf(counts.length - 1)
  }
  return { p50: at(0.5), p95: at(0.95) }
}
