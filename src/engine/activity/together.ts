import type { ActivityView, Counted, Counts, HourView } from '../face.ts'
import { SLOT, viewOf } from './minutes.ts'

/** What several nodes counted, as one: what each counted itself, and of before what the first of them read, for all read the same closed runs. */
export function activityTogether(all: readonly Counted[]): ActivityView {
  const [{ from, stepMs, own }] = all as [Counted]
  const first = beganFirst(all)
  const sums = own.points.map(() => new Uint32Array(SLOT))
  for (const counted of all)
    for (const { points } of countsOf(counted, first))
      points.forEach((pairs, index) => {
        const sum = sums[Math.floor((counted.from + index * counted.stepMs - from) / stepMs)]
        if (sum !== undefined) add(sum, pairs)
      })
  return {
    from,
    stepMs,
    points: sums.map((sum, index) => ({ at: from + index * stepMs, ...viewOf(sum) })),
    queues: [...lastHourTogether(all).queues].map(([name, hour]) => ({ name, ...hour })),
    since: first.since,
    countedSince: first.countedSince,
  }
}

export function lastHourTogether(all: readonly Counted[]): { queues: Map<string, HourView>; definitions: Map<string, HourView> } {
  const first = beganFirst(all)
  const named = (which: 'queues' | 'definitions'): Map<string, HourView> => {
    const sums = new Map<string, Uint32Array>()
    for (const counts of all.flatMap(counted => countsOf(counted, first)))
      for (const { name, pairs } of counts[which]) {
        const sum = sums.get(name) ?? new Uint32Array(SLOT)
        sums.set(name, sum)
        add(sum, pairs)
      }
    return new Map([...sums].map(([name, sum]) => [name, hourOf(sum)]))
  }
  return { queues: named('queues'), definitions: named('definitions') }
}

function hourOf(sum: Uint32Array): HourView {
  const { started, closed } = viewOf(sum)
  return { started, closed }
}

function countsOf(counted: Counted, first: Counted): Counts[] {
  return counted === first ? [counted.own, counted.before] : [counted.own]
}

function beganFirst(all: readonly Counted[]): Counted {
  return all.reduce((a, b) => (b.countedSince < a.countedSince ? b : a))
}

/** Pairs of place and count. */
export function pairsOf(sums: Uint32Array): number[] {
  const pairs: number[] = []
  for (const [place, count] of sums.entries()) if (count > 0) pairs.push(place, count)
  return pairs
}

function add(sums: Uint32Array, pairs: readonly number[]): void {
  for (let at = 0; at < pairs.length; at += 2) sums[pairs[at] as number] = (sums[pairs[at] as number] as number) + (pairs[at + 1] as number)
}
