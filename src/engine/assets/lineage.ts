import { assetsIn } from '../../machines/asset/expression.ts'
import type { Reads } from '../../store/store.ts'
import type { Definitions } from '../definitions.ts'
import { scheduleStateOf } from '../schedules/view.ts'
import type { AssetView, Lineage } from './face.ts'

/** Schedules that are looked at, and assets that are shown. */
const SCHEDULES_MAX = 2_000
const PAGE = 500
const ASSETS_MAX = 1_000

type Producers = AssetView['producers']

/** By asset, the definitions and tasks that say that they make it. */
export function outletsOf(definitions: Definitions, namespace: string): Map<string, Producers> {
  const found = new Map<string, Producers>()
  const put = (asset: string, producer: Omit<Producers[number], 'at'>): void => {
    const known = found.get(asset) ?? []
    found.set(asset, [...known, { ...producer, at: null }])
  }
  const all = definitions.list(namespace)
  // The job of a task stands there as that task.
  const jobs = new Set(all.flatMap(({ dag }) => Object.values(dag?.tasks ?? {}).flatMap(({ job }) => job ?? [])))
  for (const { name, options, dag } of all) {
    if (!jobs.has(name)) for (const { asset } of options.outlets ?? []) put(asset, { definition: name })
    if (dag !== undefined) for (const { asset, ...producer } of outletsOfDag(definitions, namespace, name)) put(asset, producer)
  }
  return found
}

/** What its newest version says, and the jobs of its tasks. */
export function outletsOfDag(definitions: Definitions, namespace: string, name: string): (Omit<Producers[number], 'at'> & { asset: string })[] {
  const { tasks = {}, defaults } = definitions.get(namespace, name)?.dag ?? {}
  return Object.entries(tasks).flatMap(([id, { job, options }]) => {
    const own = job === undefined ? undefined : definitions.get(namespace, job)?.options.outlets
    const outlets = options?.outlets ?? defaults?.outlets ?? own ?? []
    return outlets.map(({ asset }) => ({ asset, definition: job ?? name, dag: name, task: id }))
  })
}

export async function lineageOf(read: Pick<Reads, 'schedules'>, definitions: Definitions, namespace: string): Promise<Lineage> {
  const producers = [...outletsOf(definitions, namespace)].flatMap(([asset, list]) =>
    list.map(({ definition, dag, task }) => ({ definition: dag ?? definition, task: task ?? null, asset })),
  )
  const consumers: Lineage['consumers'] = []
  let looked = 0
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<Reads['schedules']>> = await read.schedules(namespace, { after, limit: PAGE })
    for (const row of page.rows) {
      const { name, spec, deletedAt } = scheduleStateOf(row)
      if (spec.assets !== undefined && deletedAt === null) consumers.push({ schedule: name, definition: spec.target.definition, assets: spec.assets })
    }
    looked += page.rows.length
    after = page.next
  } while (after !== null && looked < SCHEDULES_MAX)
  const names = [...new Set([...producers.map(({ asset }) => asset), ...consumers.flatMap(({ assets }) => assetsIn(assets))])].sort()
  const assets = names.slice(0, ASSETS_MAX)
  const isShown = new Set(assets)
  return {
    assets,
    producers: producers.filter(({ asset }) => isShown.has(asset)),
    consumers: consumers.filter(consumer => assetsIn(consumer.assets).every(asset => isShown.has(asset))),
    more: after !== null || names.length > ASSETS_MAX,
  }
}
