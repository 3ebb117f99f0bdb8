/** What happens to starts when runs take as long as they usually do: an estimate before anything is saved. */

export interface Waits {
  /** Starts that were looked at. */
  starts: number
  /** Of these, how many find no free slot. */
  waiting: number
  longestMs: number
}

/** Runs of `durationMs` each, at most `slots` at a time, first come first served. */
export function waitsOf(starts: readonly number[], durationMs: number, slots: number): Waits {
  const free: number[] = []
  let waiting = 0
  let longestMs = 0
  for (const start of [...starts].sort((a, b) => a - b)) {
    if (free.length < slots) {
      free.push(start + durationMs)
      continue
    }
    free.sort((a, b) => a - b)
    const begins = Math.max(start, free.shift() as number)
    if (begins > start) waiting++
    longestMs = Math.max(longestMs, begins - start)
    free.push(begins + durationMs)
  }
  return { starts: starts.length, waiting, longestMs }
}

/** How many of its own times come while the run before is usually still open. */
export function overlapsOf(times: readonly number[], durationMs: number): number {
  let overlapping = 0
  let openUntil = Number.NEGATIVE_INFINITY
  for (const time of times) {
    if (time < openUntil) overlapping++
    else openUntil = time + durationMs
  }
  return overlapping
}
