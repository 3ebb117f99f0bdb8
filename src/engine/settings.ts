import type { Group } from '../core/gates.ts'
import type { SettingRow } from '../store/store.ts'
import type { Pause, PauseTarget } from './face.ts'

/** What an operator has set, as committed: pauses, and what the server keeps for itself (E21). */
export class Settings {
  private readonly rows = new Map<string, SettingRow>()
  /** Counts up with each change. */
  changes = 0

  load(rows: readonly SettingRow[]): void {
    this.changes++
    this.rows.clear()
    for (const row of rows) this.put(row)
  }

  put(row: SettingRow): void {
    this.changes++
    const key = keyOf(row.kind, row.namespace, row.name)
    if (row.value === null) this.rows.delete(key)
    else this.rows.set(key, row)
  }

  ofKind(kind: string): SettingRow[] {
    return [...this.rows.values()].filter(row => row.kind === kind)
  }

  pauseOf(target: PauseTarget): Pause | null {
    const row = this.rows.get(keyOf('pause', target.namespace, `${target.scope}:${target.name}`))
    return row === undefined ? null : (JSON.parse(row.value as string) as Pause)
  }

  /** Every pause that stands in the way of a group, without stopping at the first. */
  pausesOf(group: Pick<Group, 'namespace' | 'queue' | 'definition'>): (PauseTarget & Pause)[] {
    if (this.rows.size === 0) return []
    const { namespace, queue, definition } = group
    const targets: PauseTarget[] = [
      { namespace, scope: 'namespace', name: '' },
      { namespace, scope: 'queue', name: queue },
      { namespace, scope: 'definition', name: definition },
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
