import type { Group } from '../core/gates.ts'
import type { NodeId, WorkerId } from '../core/ids.ts'
import type { Instant } from '../core/time.ts'
import type { SettingRow } from '../store/store.ts'
import type { Pause, PauseTarget } from './face.ts'
import { SHARD_COUNT } from './shares.ts'

/** The kind of setting that keeps which workers are drained. */
export const DRAIN_SETTING = 'worker-drain'
/** The kind of setting that keeps which nodes take no shards, by their ids. */
export const NODE_DRAIN_SETTING = 'node-drain'
/** The kind of setting that keeps how many shards there are. */
export const SHARDS_SETTING = 'shards'

/** The kind of setting that keeps which versions of a workflow get its work. */
export const VERSIONS_SETTING = 'workflow-versions'

/** As a setting keeps it. */
export interface Routes {
  current: string
  /** The current one before this, which a rollback goes back to. */
  previous: string | null
  ramp: { version: string; percent: number } | null
  by: string | null
  since: Instant
}

/** The kind of setting that keeps how long what has ended is kept, of a namespace. */
export const RETENTION_SETTING = 'retention'

/** As a setting keeps it. What is not set is as it is everywhere. */
export interface RetentionSet {
  runsMs?: number
  ledgerMs?: number
  by: string | null
  since: Instant
}

/** What an operator has set, as committed: pauses, and what the server keeps for itself (E21). */
export class Settings {
  private readonly rows = new Map<string, SettingRow>()
  /** Workers that are drained: asked for each match, so that none is looked up where there is none. */
  private readonly drained = new Set<string>()
  /** Asked for each run that closes. */
  private readonly retained = new Map<string, RetentionSet>()
  /** Asked for each task of a workflow. */
  private readonly routes = new Map<string, Routes>()
  /** Counts up with each change. */
  changes = 0

  load(rows: readonly SettingRow[]): void {
    this.changes++
    this.rows.clear()
    this.drained.clear()
    this.retained.clear()
    this.routes.clear()
    for (const row of rows) this.put(row)
  }

  put(row: SettingRow): void {
    this.changes++
    const key = keyOf(row.kind, row.namespace, row.name)
    if (row.value === null) this.rows.delete(key)
    else this.rows.set(key, row)
    if (row.kind === DRAIN_SETTING) this.drained[row.value === null ? 'delete' : 'add'](key)
    if (row.kind === VERSIONS_SETTING) {
      if (row.value === null) this.routes.delete(key)
      else this.routes.set(key, JSON.parse(row.value) as Routes)
    }
    if (row.kind !== RETENTION_SETTING) return
    if (row.value === null) this.retained.delete(row.namespace)
    else this.retained.set(row.namespace, JSON.parse(row.value) as RetentionSet)
  }

  namespaces(): Set<string> {
    return new Set([...this.rows.values()].map(row => row.namespace))
  }

  ofKind(kind: string): SettingRow[] {
    return [...this.rows.values()].filter(row => row.kind === kind)
  }

  /** Null: no version of it is preferred. */
  routesOf(namespace: string, name: string): Routes | null {
    return this.routes.size === 0 ? null : (this.routes.get(keyOf(VERSIONS_SETTING, namespace, name)) ?? null)
  }

  isDrained(namespace: string, worker: WorkerId): boolean {
    return this.drained.size > 0 && this.drained.has(keyOf(DRAIN_SETTING, namespace, worker))
  }

  drainOf(namespace: string, worker: WorkerId): Pause | null {
    const row = this.rows.get(keyOf(DRAIN_SETTING, namespace, worker))
    return row === undefined ? null : (JSON.parse(row.value as string) as Pause)
  }

  nodeDrainOf(node: NodeId): Pause | null {
    const row = this.rows.get(keyOf(NODE_DRAIN_SETTING, '', node))
    return row === undefined ? null : (JSON.parse(row.value as string) as Pause)
  }

  /** How many shards there are. */
  shardCount(): number {
    const row = this.rows.get(keyOf(SHARDS_SETTING, '', ''))
    return row === undefined ? SHARD_COUNT : (JSON.parse(row.value as string) as { count: number }).count
  }

  retentionOf(namespace: string): RetentionSet | null {
    return this.retained.get(namespace) ?? null
  }

  /** By namespace. */
  retentions(): ReadonlyMap<string, RetentionSet> {
    return this.retained
  }

  pauseOf(target: PauseTarget): Pause | null {
    const row = this.rows.get(keyOf('pause', target.namespace, `${target.scope}:${target.name}`))
    return row === undefined ? null : (JSON.parse(row.value as string) as Pause)
  }

  /** Every pause that stands in the way of a group, without stopping at the first. */
  pausesOf(group: Pick<Group, 'namespace' | 'queue' | 'definition' | 'dag'>): (PauseTarget & Pause)[] {
    if (this.rows.size === 0) return []
    const { namespace, queue, definition, dag } = group
    const targets: PauseTarget[] = [
      { namespace, scope: 'namespace', name: '' },
      { namespace, scope: 'queue', name: queue },
      { namespace, scope: 'definition', name: definition },
      ...(dag == null ? [] : [{ namespace, scope: 'definition' as const, name: dag.name }]),
    ]
    return targets.flatMap(target => {
      const pause = this.pauseOf(target)
      return pause === null ? [] : [{ ...target, ...pause }]
    })
  }

  pauses(namespace: string): (PauseTarget & Pause)[] {
    return this.ofKind('pause')
      .filter(row => row.namespace === namespace)
      .map(row => {
        const [scope, ...name] = row.name.split(':')
        return { namespace, scope: scope as PauseTarget['scope'], name: name.join(':'), ...(JSON.parse(row.value as string) as Pause) }
      })
  }
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind}\n${namespace}\n${name}`
}
