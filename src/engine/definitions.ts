import { editDistance } from '../core/edit-distance.ts'
import { UserError } from '../core/errors.ts'
import type { SetBy } from '../core/limits.ts'
import type { RunKind } from '../core/machine.ts'
import { mergeOptions } from '../core/options.ts'
import type { DagSpec } from '../machines/dag/spec.ts'
import type { DefinitionRow, SettingRow } from '../store/store.ts'
import type { DefinitionOptions, DefinitionSpec, OptionsSet } from './face.ts'
import { Gating } from './limits/gating.ts'
import { Rules } from './limits/rules.ts'
import type { Settings } from './settings.ts'

/** A definition as it was registered last. */
export interface Registered extends DefinitionSpec {
  namespace: string
  registeredAt: number
  /** Of a DAG: the tasks of each version, as runs go by them. */
  dags?: Map<string, DagSpec>
  /** When each was registered, the last time. */
  versions: Map<string, number>
  /** The options of the code, and what an operator has set over them; `options` is both. */
  declared: DefinitionOptions
  override: DefinitionOptions | null
  set: OptionsSet
}

/** As a row keeps them: a DAG's tasks beside its options. */
export function optionsKept(options: DefinitionOptions, dag: DagSpec | undefined): string {
  return JSON.stringify(dag === undefined ? options : { ...options, dag })
}

/** As a setting keeps them; `set` is not there in those of old. */
type OptionsKept = DefinitionOptions & { set?: OptionsSet }

/** The kind of setting that keeps an operator's options. */
export const OPTIONS_SETTING = 'definition-options'

/** Which definitions there are, as committed. */
export class Definitions {
  /** Which limits there are, and what of an input they go by. */
  readonly rules: Rules
  readonly gating: Gating
  /** By namespace, then by name: it is asked for several times for each start. */
  private readonly byName = new Map<string, Map<string, Registered>>()
  private readonly overrides = new Map<string, { options: DefinitionOptions; set: OptionsSet }>()
  /** Counts up with each change. */
  changes = 0

  constructor(settings: Settings) {
    this.rules = new Rules(this, settings)
    this.gating = new Gating(this, this.rules)
  }

  load(rows: readonly DefinitionRow[], settings: readonly SettingRow[]): void {
    this.changes++
    this.byName.clear()
    this.overrides.clear()
    for (const row of rows) this.put(row)
    for (const row of settings) this.set(row)
  }

  /** What an operator has set; other settings are none of its business. */
  set({ kind, namespace, name, value }: SettingRow): void {
    if (kind !== OPTIONS_SETTING) return
    const key = `${namespace}\n${name}`
    if (value === null) this.overrides.delete(key)
    else {
      const { set = {}, ...options } = JSON.parse(value) as OptionsKept
      const known = Object.fromEntries(Object.keys(options).map(option => [option, set[option as keyof OptionsSet] ?? NOT_KNOWN]))
      this.overrides.set(key, { options, set: known })
    }
    const known = this.get(namespace, name)
    if (known !== undefined) this.enter(known)
  }

  /** The setting that keeps an operator's options. One that says what it said before stays whose it was. */
  kept(namespace: string, name: string, options: DefinitionOptions, who: SetBy): string {
    const before = this.overrides.get(`${namespace}\n${name}`)
    const whose = (option: keyof DefinitionOptions): SetBy => {
      const stays = before !== undefined && JSON.stringify(before.options[option]) === JSON.stringify(options[option])
      return (stays ? before.set[option] : undefined) ?? who
    }
    const set = Object.fromEntries(Object.keys(options).map(option => [option, whose(option as keyof DefinitionOptions)]))
    return JSON.stringify({ ...options, set } satisfies OptionsKept)
  }

  private enter(definition: Omit<Registered, 'options' | 'override' | 'set'>): void {
    this.changes++
    const key = `${definition.namespace}\n${definition.name}`
    const { options: override = null, set = {} } = this.overrides.get(key) ?? {}
    const options = override === null ? definition.declared : (mergeOptions(definition.declared, override) as DefinitionOptions)
    const { namespace, name } = definition
    const names = this.byName.get(namespace) ?? new Map<string, Registered>()
    this.byName.set(namespace, names)
    names.set(name, { ...definition, options, override, set })
  }

  put(row: DefinitionRow): void {
    const { dag, ...declared } = JSON.parse(row.options) as DefinitionOptions & { dag?: DagSpec }
    const before = this.get(row.namespace, row.name)
    const versions = before?.versions ?? new Map<string, number>()
    const dags = before?.dags ?? (dag === undefined ? undefined : new Map<string, DagSpec>())
    versions.set(row.version, row.registeredAt)
    const { namespace, name, version, schema, registeredAt } = row
    if (dag !== undefined) dags?.set(row.version, dag)
    this.enter({
      kind: row.kind as RunKind,
      namespace,
      name,
      version,
      schema,
      registeredAt,
      declared,
      versions,
      ...(dags !== undefined && { dags }),
      ...(dag !== undefined && { dag }),
    })
  }

  get(namespace: string, name: string): Registered | undefined {
    return this.byName.get(namespace)?.get(name)
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

  all(): Iterable<Registered> {
    return [...this.byName.values()].flatMap(names => [...names.values()])
  }

  list(namespace: string): Registered[] {
    return [...(this.byName.get(namespace)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

const NOT_KNOWN: SetBy = { by: null, since: null }
const NEAREST_MAX = 3

function nearest(name: string, names: readonly string[]): string[] {
  return names
    .map(candidate => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, candidate.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NEAREST_MAX)
    .map(({ candidate }) => candidate)
}
