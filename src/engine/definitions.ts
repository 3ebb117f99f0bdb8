import { UserError } from '../core/errors.ts'
import type { Kind } from '../core/machine.ts'
import type { DefinitionRow } from '../store/store.ts'
import type { DefinitionOptions, DefinitionSpec } from './face.ts'

/** A definition as it was registered last. */
export interface Registered extends DefinitionSpec {
  namespace: string
  registeredAt: number
  versions: Set<string>
}

/** Which definitions there are, as committed. */
export class Definitions {
  private readonly byName = new Map<string, Registered>()

  load(rows: readonly DefinitionRow[]): void {
    this.byName.clear()
    for (const row of rows) this.put(row)
  }

  put(row: DefinitionRow): void {
    const key = `${row.namespace}\n${row.name}`
    const versions = this.byName.get(key)?.versions ?? new Set<string>()
    versions.add(row.version)
    const { namespace, name, version, schema, registeredAt } = row
    this.byName.set(key, {
      kind: row.kind as Kind,
      namespace,
      name,
      version,
      schema,
      registeredAt,
      options: JSON.parse(row.options) as DefinitionOptions,
      versions,
    })
  }

  get(namespace: string, name: string): Registered | undefined {
    return this.byName.get(`${namespace}\n${name}`)
  }

  /** @throws UserError `unknown-definition`, with the nearest names. */
  require(namespace: string, name: string, at: string): Registered {
    const known = this.get(namespace, name)
    if (known !== undefined) return known
    const near = nearest(
      name,
      this.list(namespace).map(definition => definition.name),
    )
    const hint = near.length > 0 ? `Did you mean ${near.map(n => `"${n}"`).join(' or ')}?` : 'A worker registers what it serves when it starts.'
    throw new UserError('unknown-definition', { at, found: name, hint })
  }

  list(namespace: string): Registered[] {
    return [...this.byName.values()].filter(definition => definition.namespace === namespace).sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

const NEAREST_MAX = 3

function nearest(name: string, names: readonly string[]): string[] {
  return names
    .map(candidate => ({ candidate, distance: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, candidate.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NEAREST_MAX)
    .map(({ candidate }) => candidate)
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length] as number
}
