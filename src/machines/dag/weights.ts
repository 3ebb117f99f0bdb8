import { PRIORITY_MAX, PRIORITY_MIN } from '../../core/gates.ts'
import type { Graph } from './graph.ts'
import type { TaskOptions, WeightRule } from './spec.ts'

/** Where the priorities of tasks follow from each other, one that says none counts so much (Airflow 3: `priority_weight`). */
const WEIGHT_DEFAULT = 1

/** By task; undefined: it is its own. Sums end at the bounds that priorities have. */
export function prioritiesOf(
  { ids, upstream, downstream }: Pick<Graph, 'ids' | 'upstream' | 'downstream'>,
  ruleOf: (n: number) => WeightRule,
  options: readonly TaskOptions[],
): (number | undefined)[] {
  const weight = (n: number): number => options[n]?.priority ?? WEIGHT_DEFAULT
  const isNeverLess = ids.every((_, n) => weight(n) >= 0)
  return ids.map((_, n) => {
    const rule = ruleOf(n)
    if (rule === 'absolute') return undefined
    const sum = summed(n, rule === 'downstream' ? downstream : upstream, weight, isNeverLess)
    return Math.max(PRIORITY_MIN, Math.min(PRIORITY_MAX, sum))
  })
}

/** Each once, however many ways lead to it. What cannot come back below the bound is not counted further. */
function summed(n: number, edges: readonly (readonly number[])[], weight: (n: number) => number, isNeverLess: boolean): number {
  const seen = new Set([n])
  let sum = 0
  for (const one of seen) {
    sum += weight(one)
    if (isNeverLess && sum >= PRIORITY_MAX) return sum
    for (const other of edges[one] as number[]) seen.add(other)
  }
  return sum
}
