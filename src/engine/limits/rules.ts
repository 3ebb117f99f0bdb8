import { type DagGate, type Limit, type LimitRule, type LimitTarget, limitName, type SetBy } from '../../core/limits.ts'
import { QUEUE_DEFAULT } from '../../core/options.ts'
import type { Instant } from '../../core/time.ts'
import type { DagSpec } from '../../machines/dag/spec.ts'
import type { Definitions } from '../definitions.ts'
import type { LimitSet } from '../face.ts'
import type { Settings } from '../settings.ts'

/** The kind of setting that keeps an operator's limits. */
export const LIMIT_SETTING = 'limit'

/** As a setting keeps it; `by` is not there in those of old. */
export type LimitKept = LimitSet & { by?: string | null }

/** A limit as it applies to the tasks of a definition in a queue. */
export interface Applied {
  limit: Limit
  /** The path whose value is limited by itself; null: all together. */
  per: string | null
  weight: number
}

/** What is known of a namespace's limits until a definition or a setting changes. */
interface Known {
  version: number
  limits: Map<string, Limit>
  applied: Map<string, readonly Applied[]>
}

/** Which limits there are, from the code's definitions and the operator's settings, and which of them a task meets. */
export class Rules {
  private readonly definitions: Definitions
  private readonly settings: Settings
  private readonly known = new Map<string, Known>()

  constructor(definitions: Definitions, settings: Settings) {
    this.definitions = definitions
    this.settings = settings
  }

  /** Counts up whenever the answers may differ. */
  get version(): number {
    return this.definitions.changes + this.settings.changes
  }

  /** By name. */
  list(namespace: string): Limit[] {
    return [...this.of(namespace).limits.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  get(namespace: string, name: string): Limit | undefined {
    return this.of(namespace).limits.get(name)
  }

  /** All that a task of this definition in this queue needs, in the order of their names (E17). */
  applied(namespace: string, queue: string, definition: string): readonly Applied[] {
    const { applied, limits } = this.of(namespace)
    const key = `${queue}\n${definition}`
    const cached = applied.get(key)
    if (cached !== undefined) return cached
    const found = this.meet(namespace, queue, definition, limits)
    applied.set(key, found)
    return found
  }

  /** The pool that a DAG gives a task. */
  pool(namespace: string, { pool, slots = 1 }: DagGate): Applied | null {
    const limit = pool === undefined ? undefined : this.of(namespace).limits.get(pool)
    return limit === undefined ? null : { limit, per: null, weight: slots }
  }

  /** The paths into its input whose values gate a run of this definition in this queue. */
  paths(namespace: string, queue: string | undefined, definition: string): readonly string[] {
    const applied = this.applied(namespace, queue ?? QUEUE_DEFAULT, definition)
    const fair = this.definitions.get(namespace, definition)?.options.fair
    if (fair === undefined && applied.length === 0) return NO_PATHS
    const paths = new Set<string>()
    for (const { per } of applied) if (per !== null) paths.add(per)
    if (fair !== undefined) paths.add(fair.per)
    return [...paths].sort()
  }

  private meet(namespace: string, queue: string, definition: string, limits: ReadonlyMap<string, Limit>): Applied[] {
    const rules = this.definitions.get(namespace, definition)?.options.limits ?? []
    const found = new Map<string, Applied>()
    for (const rule of rules) {
      const limit = limits.get(limitName(definition, rule))
      if (limit !== undefined) found.set(limit.name, { limit, per: rule.per ?? null, weight: rule.weight ?? 1 })
    }
    for (const limit of limits.values())
      if (!found.has(limit.name) && isOn(limit.on, queue, definition) && limit.from === 'operator' && limit.declared === null)
        found.set(limit.name, { limit, per: limit.per, weight: 1 })
    return [...found.values()].sort((a, b) => (a.limit.name < b.limit.name ? -1 : 1))
  }

  private of(namespace: string): Known {
    const { version } = this
    const cached = this.known.get(namespace)
    if (cached !== undefined && cached.version === version) return cached
    const limits = new Map<string, Limit>()
    for (const { name, options, set, dags } of this.definitions.list(namespace)) {
      for (const rule of options.limits ?? []) declare(limits, namespace, name, rule, set.limits ?? null)
      for (const dag of dags?.values() ?? []) for (const pool of poolsOf(dag)) declare(limits, namespace, name, { pool }, null)
    }
    for (const { namespace: of, name, value, changedAt } of this.settings.ofKind(LIMIT_SETTING))
      if (of === namespace) put(limits, namespace, name, JSON.parse(value as string) as LimitKept, changedAt)
    const made = { version, limits, applied: new Map() }
    this.known.set(namespace, made)
    return made
  }
}

const NO_PATHS: readonly string[] = []
const pools = new WeakMap<DagSpec, readonly string[]>()

/** Those that the tasks of a DAG name. */
function poolsOf(dag: DagSpec): readonly string[] {
  let known = pools.get(dag)
  if (known === undefined) {
    known = [...new Set(Object.values(dag.tasks).flatMap(({ pool }) => pool ?? []))]
    pools.set(dag, known)
  }
  return known
}

/** Of two definitions that name one limit, the stricter counts. A pool is nothing until an operator gives it a size. */
function declare(limits: Map<string, Limit>, namespace: string, definition: string, rule: LimitRule, set: SetBy | null): void {
  const name = limitName(definition, rule)
  const common = { name, namespace, per: rule.per ?? null, from: set === null ? ('code' as const) : ('operator' as const), declared: null, set }
  const limit: Limit =
    'pool' in rule
      ? { ...common, on: { scope: 'pool', name: rule.pool }, is: 'concurrency', max: 0, everyMs: null }
      : 'rate' in rule
        ? { ...common, on: { scope: 'definition', name: definition }, is: 'rate', max: rule.rate, everyMs: rule.everyMs }
        : { ...common, on: { scope: 'definition', name: definition }, is: 'concurrency', max: rule.concurrency, everyMs: null }
  const known = limits.get(name)
  if (known === undefined || limit.max / (limit.everyMs ?? 1) < known.max / (known.everyMs ?? 1)) limits.set(name, limit)
}

function put(limits: Map<string, Limit>, namespace: string, name: string, kept: LimitKept, since: Instant): void {
  const { on, per, max, everyMs = null, by = null } = kept
  const set = { by, since }
  const code = limits.get(name)
  if (code !== undefined) {
    const declared = { max: code.max, everyMs: code.everyMs }
    limits.set(name, { ...code, is: everyMs === null ? 'concurrency' : 'rate', max, everyMs, from: 'operator', declared, set })
  } else if (on !== undefined)
    limits.set(name, {
      name,
      namespace,
      on,
      per: per ?? null,
      is: everyMs === null ? 'concurrency' : 'rate',
      max,
      everyMs,
      from: 'operator',
      declared: null,
      set,
    })
}

function isOn(on: LimitTarget, queue: string, definition: string): boolean {
  switch (on.scope) {
    case 'namespace':
      return true
    case 'queue':
      return on.name === queue
    case 'definition':
      return on.name === definition
    case 'pool':
      return false
  }
}
