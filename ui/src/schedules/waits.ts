/** What happens to starts when runs take as long as they usually do: an estimate before anything is saved. */

export interface Start {
  at: number
  /** Units or tokens that it takes. */
  weight: number
  /** How long it usually takes. */
  ms: number
}

export interface Waits {
  /** How many cannot begin at once. */
  waiting: number
  longestMs: number
  /** How many are larger than the limit. */
  never: number
}

/** Of a limit of so many units at a time, first come first served. */
export function waitsOf(starts: readonly Start[], units: number): Waits {
  const held: { until: number; weight: number }[] = []
  let used = 0
  return queued(starts, units, (start, from) => {
    let begins = from
    const end = (): void => {
      const { until, weight } = held.shift() as (typeof held)[number]
      used -= weight
      begins = Math.max(begins, until)
    }
    while (held[0] !== undefined && (held[0].until <= from || used + start.weight > units)) end()
    const ends = begins + start.ms
    const place = held.findIndex(({ until }) => until > ends)
    held.splice(place < 0 ? held.length : place, 0, { until: ends, weight: start.weight })
    used += start.weight
    return begins
  })
}

/** Of a limit of so many in any window of `everyMs`, first come first served; `most`: how many would be in the fullest window. */
export function paceOf(starts: readonly Start[], tokens: number, everyMs: number): Waits & { most: number } {
  const spent: { at: number; weight: number }[] = []
  let used = 0
  const waits = queued(starts, tokens, (start, from) => {
    let begins = from
    while (spent[0] !== undefined && (spent[0].at + everyMs <= from || used + start.weight > tokens)) {
      const { at, weight } = spent.shift() as (typeof spent)[number]
      used -= weight
      begins = Math.max(begins, at + everyMs)
    }
    spent.push({ at: begins, weight: start.weight })
    used += start.weight
    return begins
  })
  return { ...waits, most: fullest(starts, everyMs) }
}

function queued(starts: readonly Start[], size: number, begin: (start: Start, from: number) => number): Waits {
  const waits: Waits = { waiting: 0, longestMs: 0, never: 0 }
  let last = Number.NEGATIVE_INFINITY
  for (const start of starts.toSorted(byTime)) {
    if (start.weight > size) {
      waits.never++
      continue
    }
    last = begin(start, Math.max(start.at, last))
    if (last > start.at) waits.waiting++
    waits.longestMs = Math.max(waits.longestMs, last - start.at)
  }
  return waits
}

function fullest(starts: readonly Start[], everyMs: number): number {
  const sorted = starts.toSorted(byTime)
  let [most, sum, first] = [0, 0, 0]
  for (const { at, weight } of sorted) {
    sum += weight
    while ((sorted[first] as Start).at + everyMs <= at) sum -= (sorted[first++] as Start).weight
    most = Math.max(most, sum)
  }
  return most
}

const byTime = (one: Start, other: Start): number => one.at - other.at

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
