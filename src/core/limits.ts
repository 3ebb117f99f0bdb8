import type { Instant } from './time.ts'

/** Units of a worker: `slots` (any plain work), and whatever else it says it has, such as `cpu`, `memory`, `gpu`. */
export type Units = Readonly<Record<string, number>>

/**
 * A limit as a definition states it. `per`: a path into the input (`user`, `order.customer`); each of its values is limited by itself. Without a name, it is
 * called by `limitName`.
 */
export type LimitRule = { name?: string; per?: string; weight?: number } & (
  | { concurrency: number }
  | { rate: number; everyMs: number }
  | { pool: string }
)

/** What a limit is on. A pool is shared by all definitions that name it; the name of a namespace's target is ''. */
export interface LimitTarget {
  scope: 'namespace' | 'queue' | 'definition' | 'pool'
  name: string
}

/** A limit in force: so many at once, or so many begun in any window of `everyMs`. */
export interface Limit {
  name: string
  namespace: string
  on: LimitTarget
  per: string | null
  is: 'concurrency' | 'rate'
  /** Units at once, or tokens in a window. 0 lets nothing pass. */
  max: number
  everyMs: number | null
  /** What the code says, where an operator has changed it; `from` says who gave what is in force. */
  from: 'code' | 'operator'
  declared: { max: number; everyMs: number | null } | null
  /** Null: it is the code's. */
  set: SetBy | null
}

/** Who said something over the code, and when; null: it is not known. */
export interface SetBy {
  by: string | null
  since: Instant | null
}

/** Values that gate a run, by their paths into its input; `place` orders runs of one sequence (`sequence`: its key). */
export interface GateKeys {
  keys?: Readonly<Record<string, string>>
  sequence?: string
  place?: number
  dag?: DagGate
  /** Of a task of a DAG: since when its run is under way, and a fraction of a millisecond of that run's own, so that tasks of one run stand together (gates.ts). */
  since?: number
}

/** Of a task of a DAG: a pause of the DAG holds it, and so does the pool that the DAG gives it. */
export interface DagGate {
  name: string
  pool?: string
  /** Units of the pool. Default: 1. */
  slots?: number
}

/** The name of a limit whose rule has none: `resize`, `resize/user`, `resize/60000ms`, `resize/user/60000ms`. */
export function limitName(definition: string, rule: LimitRule): string {
  if (rule.name !== undefined) return rule.name
  if ('pool' in rule) return rule.pool
  return [definition, ...(rule.per === undefined ? [] : [rule.per]), ...('rate' in rule ? [`${rule.everyMs}ms`] : [])].join('/')
}

export const WEIGHT_MAX = 1_000_000
export const KEY_NONE = ''
const KEY_LENGTH_MAX = 200

/** The value at a path of an input, as a key: text as it is, anything else as JSON; what is missing is the key ''. Long ones are cut, and keep a hash apart. */
export function keyAt(input: unknown, path: string, hash: (text: string) => string): string {
  let value = input
  for (const step of path.split('.'))
    value = typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as Record<string, unknown>)[step] : undefined
  if (value === undefined || value === null) return KEY_NONE
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= KEY_LENGTH_MAX ? text : `${text.slice(0, KEY_LENGTH_MAX - 20)}#${hash(text).slice(0, 16)}`
}

/** Who holds a limit, and what it waits for. */
export interface LimitHolder {
  run: string
  weight: number
  since: Instant
}
