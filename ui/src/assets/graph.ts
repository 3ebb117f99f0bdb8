import type { Lineage } from '../api/assets.ts'
import type { DagGraph } from '../api/dags.ts'

export type Leads = { to: 'asset' | 'definition'; name: string }

/** Definitions and assets as the tasks of a graph: who makes an asset stands before it, what waits for it behind it. `leads`: where each leads to, by its id. */
export function graphOf({ assets, producers, consumers }: Lineage): { graph: DagGraph; leads: ReadonlyMap<string, Leads> } {
  const leads = new Map<string, Leads>()
  const before = new Map<string, Set<string>>()
  const assetId = new Map<string, string>()
  for (const { definition } of [...producers, ...consumers]) leads.set(definition, { to: 'definition', name: definition })
  for (const name of assets) {
    // An asset may be called as what makes it.
    const id = leads.has(name) ? `asset ${name}` : name
    assetId.set(name, id)
    leads.set(id, { to: 'asset', name })
  }
  const edge = (from: string | undefined, to: string | undefined): void => {
    if (from !== undefined && to !== undefined) before.set(to, (before.get(to) ?? new Set()).add(from))
  }
  for (const { definition, asset } of producers) edge(definition, assetId.get(asset))
  for (const { definition, assets: expression } of consumers) for (const name of namesIn(expression)) edge(assetId.get(name), definition)
  const ids = [...leads.keys()].sort()
  const numbers = new Map(ids.map((id, n) => [id, n]))
  const tasks = ids.map((id): DagGraph['tasks'][number] => ({
    task: id,
    job: leads.get(id)?.to ?? null,
    rule: 'all_success',
    is: null,
    mapped: false,
    group: null,
    after: [...(before.get(id) ?? [])].map(other => numbers.get(other) as number).sort((a, b) => a - b),
  }))
  return { graph: { definition: 'assets', version: JSON.stringify(tasks), tasks, groups: [] }, leads }
}

function namesIn(expression: unknown): string[] {
  if (typeof expression === 'string') return [expression]
  if (Array.isArray(expression)) return expression.flatMap(namesIn)
  return typeof expression === 'object' && expression !== null ? Object.values(expression).flatMap(namesIn) : []
}
