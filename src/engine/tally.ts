import type { RunState } from '../core/run.ts'
import type { Instant } from '../core/time.ts'
import type { Reads, RunFilter } from '../store/store.ts'
import type { RunTally } from './face.ts'

/** Runs that the store counts in one go, some 20 ms: whoever reads a list waits no longer than that for those who count. */
const SLICE_RUNS = 10_000
/** The width of the first slice of time; those after it follow what was found. */
const SLICE_MS = 3_600_000
const WIDENED_MAX = 4
const BOTH = { open: true, closed: true }

export interface Steps {
  from: Instant
  stepMs: number
}

type Count = RunTally['counts'][number]

/** Counts by step and state. */
export class Counts {
  readonly #known = new Map<string, Count>()

  add({ step, state, count }: { step: number; state: RunState; count: number }): void {
    const key = `${step} ${state}`
    const known = this.#known.get(key)
    if (known === undefined) this.#known.set(key, { step, state, count })
    else known.count += count
  }

  all(): Count[] {
    return [...this.#known.values()]
  }
}

/**
 * The newest `limit` runs of a filter, counted from now down in slices of time. A run stays in the slice in which it was created, and one statement counts a
 * slice: nobody is counted twice. Once `signal` is aborted it ends where it is.
 */
export async function countRuns(
  read: Pick<Reads, 'runCounts' | 'runsDepth'>,
  filter: RunFilter,
  steps: Steps,
  limit: number,
  signal?: AbortSignal,
): Promise<RunTally> {
  const { namespace, createdAfter = 0, createdBefore } = filter
  const counts = new Counts()
  const newest = await read.runsDepth({ namespace, ...(createdBefore !== undefined && { createdBefore }) }, null, 0, BOTH)
  if (newest === null) return { counts: [], through: null }
  let before = newest + 1
  let width = SLICE_MS
  for (let left = limit; !signal?.aborted; ) {
    const from = Math.max(createdAfter, before - width)
    // A millisecond cannot be halved.
    const most = before - from > 1 ? Math.min(left, SLICE_RUNS) : left
    const slice = await read.runCounts({ ...filter, createdAfter: from, createdBefore: before }, steps, most)
    if (slice.through !== null && most < left) {
      // There are more: those after the last are all of a narrower one.
      width = Math.max(1, before - slice.through - 1)
      continue
    }
    for (const count of slice.counts) counts.add(count)
    if (slice.through !== null || from <= createdAfter) return { counts: counts.all(), through: slice.through }
    const found = slice.counts.reduce((sum, { count }) => sum + count, 0)
    left -= found
    before = from
    width = Math.max(1, Math.round(width * Math.min(WIDENED_MAX, (0.8 * SLICE_RUNS) / Math.max(1, found))))
  }
  return { counts: counts.all(), through: before }
}
