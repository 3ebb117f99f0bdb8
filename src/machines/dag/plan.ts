import { mergeOptions } from '../../core/options.ts'
import { type Graph, graphOf, outputsIn, outputsOf } from './graph.ts'
import {
  ACTIVE_MAX,
  type DagMap,
  type DagSpec,
  type DagTask,
  isEmpty,
  isSlotless,
  mappedGroupOf,
  type TaskOptions,
  type TriggerRule,
  templateOf,
  templatesOf,
} from './spec.ts'
import { onlyPlaceholder, type Placeholder, placeholdersIn } from './template.ts'
import { prioritiesOf } from './weights.ts'

/** A DAG as its runs need it: everything by the number of a task. */
export interface Plan extends Omit<Graph, 'numbers'> {
  spec: DagSpec
  numbers: Graph['numbers']
  tasks: readonly PlanTask[]
  /** By task: those whose input or map names its output. */
  consumers: readonly (readonly number[])[]
  /** By task: how many are right before it; of these, in a mapped group, how many are outside of it; how often its output is named, by the run's own output too. */
  totals: readonly number[]
  outside: readonly number[]
  awaited: readonly number[]
  /** Tasks whose end is the run's: nothing waits for them but teardowns. */
  leaves: readonly number[]
  /** Tasks that the run's own output names. */
  outputs: readonly number[]
  /** Something of it names the run's input. */
  usesInput: boolean
  maxActive: number
  /** Tasks that wait for a person, or for something to happen: they take no slot. */
  slotless: readonly number[]
  /** Tasks that wait for who has their token. */
  callbacks: readonly number[]
  /** Tasks that depend on the past. */
  past: readonly number[]
  /** Tasks that do nothing, and make assets by that. */
  making: readonly number[]
  /** Its runs are kept in order: some of them wait for others. */
  isOrdered: boolean
  mappedGroups: readonly MappedGroup[]
}

/** Its tasks run once for each item, each item by itself. */
export interface MappedGroup {
  id: string
  map: DagMap
  tasks: readonly number[]
  /** Tasks that its lists are from. */
  sources: readonly number[]
}

export interface PlanTask {
  id: string
  task: DagTask
  rule: TriggerRule
  options: TaskOptions
  /** Setups among those right before it, and further up those that it needs. */
  setups: readonly number[]
  indirect: readonly number[]
  /** Tasks whose output it, or the mapped group that it is in, names. */
  references: readonly number[]
  group: MappedGroup | null
  /** Groups that are mapped over what it gives. */
  expands: readonly MappedGroup[]
  /** The placeholder that is all of its input; null: it has none, or another. */
  only: Placeholder | null
  /** In a mapped group, and all that name its output are in there as well. */
  isInner: boolean
}

const plans = new WeakMap<DagSpec, Plan>()

export function planOf(spec: DagSpec): Plan {
  let plan = plans.get(spec)
  if (plan === undefined) {
    plan = compiled(spec)
    plans.set(spec, plan)
  }
  return plan
}

function compiled(spec: DagSpec): Plan {
  const graph = graphOf(spec)
  const { ids, upstream, downstream, numbers } = graph
  const number = (id: string): number => numbers.get(id) as number
  const task = (n: number): DagTask => spec.tasks[ids[n] as string] as DagTask
  const indirect = indirectSetups(graph, task)
  const options = ids.map((_, n) => mergeOptions(spec.defaults ?? {}, task(n).options ?? {}))
  const mappedGroups = mappedGroupsOf(spec, ids, number)
  const groupOf = new Map(mappedGroups.flatMap(group => group.tasks.map(n => [n, group] as const)))
  const areTogether = (n: number, other: number): boolean => groupOf.has(n) && groupOf.get(n) === groupOf.get(other)
  // Whoever is outside of a mapped group sees the setups in it as tasks like others.
  const serves = (setup: number, n: number): boolean => groupOf.get(setup) === undefined || groupOf.get(setup) === groupOf.get(n)
  const priorities = prioritiesOf(graph, n => task(n).weightRule ?? spec.weightRule ?? 'absolute', options)
  const references = ids.map((_, n) => [...new Set([...outputsOf(task(n)).map(number), ...(groupOf.get(n)?.sources ?? [])])])
  const consumers: number[][] = ids.map(() => [])
  for (const [n, others] of references.entries()) for (const other of others) (consumers[other] as number[]).push(n)
  const words = placeholdersIn(spec.output ?? null)
  const outputs = new Set(words.flatMap(({ placeholder }) => (placeholder?.word === 'output' ? [number(placeholder.task as string)] : [])))
  const expands = new Map<number, MappedGroup[]>()
  for (const group of mappedGroups) for (const n of group.sources) expands.set(n, [...(expands.get(n) ?? []), group])
  const tasks = ids.map((id, n): PlanTask => {
    const one = task(n)
    const group = groupOf.get(n) ?? null
    return {
      id,
      task: one,
      rule: one.when ?? (one.teardown ? 'all_done_setup_success' : 'all_success'),
      options: priorities[n] === undefined ? (options[n] as TaskOptions) : { ...options[n], priority: priorities[n] },
      setups: (upstream[n] as number[]).filter(other => task(other).setup && serves(other, n)),
      indirect: (indirect[n] as number[]).filter(other => serves(other, n)),
      references: references[n] as number[],
      group,
      expands: expands.get(n) ?? [],
      only: onlyPlaceholder(templateOf(one) ?? null),
      isInner: group !== null && !outputs.has(n) && (consumers[n] as number[]).every(other => groupOf.get(other) === group),
    }
  })
  const past = ids.map((_, n) => n).filter(n => task(n).dependsOnPast || task(n).waitForDownstream)
  const counts = ({ teardown, failsRun }: DagTask): boolean => !teardown || failsRun === true
  const leaves = ids.map((_, n) => n).filter(n => counts(task(n)) && !(downstream[n] as number[]).some(other => counts(task(other))))
  const lists = placeholdersIn(mappedGroups.map(({ map }) => map) as never)
  const all = [...words, ...lists, ...tasks.flatMap(({ task }) => placeholdersIn([templatesOf(task), (task.map ?? null) as never]))]
  return {
    ...graph,
    spec,
    tasks,
    consumers,
    totals: upstream.map(before => before.length),
    outside: upstream.map((before, n) => before.filter(other => !areTogether(n, other)).length),
    awaited: consumers.map((own, n) => own.length + (outputs.has(n) ? 1 : 0)),
    leaves,
    outputs: [...outputs],
    usesInput: all.some(({ placeholder }) => placeholder?.word === 'input'),
    maxActive: spec.maxActiveTasks ?? ACTIVE_MAX,
    slotless: ids.map((_, n) => n).filter(n => isSlotless(task(n))),
    callbacks: ids.map((_, n) => n).filter(n => task(n).wait?.callback),
    past,
    making: ids
      .map((_, n) => n)
      .filter(n => isEmpty(task(n)) && mappedGroupOf(task(n).group, spec.groups) === null && options[n]?.outlets !== undefined),
    isOrdered: past.length > 0 || spec.maxActiveRuns !== undefined,
    mappedGroups,
  }
}

function mappedGroupsOf({ tasks, groups = {} }: DagSpec, ids: readonly string[], number: (id: string) => number): MappedGroup[] {
  const members = new Map<string, number[]>()
  for (const [n, id] of ids.entries()) {
    const group = mappedGroupOf(tasks[id]?.group, groups)
    if (group === null) continue
    const known = members.get(group)
    if (known === undefined) members.set(group, [n])
    else known.push(n)
  }
  return [...members].map(([id, numbers]) => {
    const map = groups[id]?.map as DagMap
    return { id, map, tasks: numbers, sources: outputsIn(map).map(number) }
  })
}

/**
 * Setups above a task that are not right before it, and that it needs: those that nothing tears down, and those whose teardown comes after the task (Airflow:
 * `get_upstreams_only_setups`). A teardown needs none.
 */
function indirectSetups({ ids, upstream, downstream }: Graph, task: (n: number) => DagTask): number[][] {
  const needed: number[][] = ids.map(() => [])
  const all = ids.map((_, n) => n)
  for (const setup of all.filter(n => task(n).setup)) {
    const below = reached([setup], downstream)
    const teardowns = (downstream[setup] as number[]).filter(n => task(n).teardown)
    const above = teardowns.length === 0 ? null : reached(teardowns, upstream)
    for (const n of below)
      if (!task(n).teardown && (above === null || above.has(n)) && !(upstream[n] as number[]).includes(setup)) (needed[n] as number[]).push(setup)
  }
  return needed
}

/** All that can be come to along edges, without where it begins. */
export function reached(from: readonly number[], edges: readonly (readonly number[])[]): Set<number> {
  const found = new Set<number>()
  const open = [...from]
  for (let n = open.pop(); n !== undefined; n = open.pop())
    for (const other of edges[n] as number[])
      if (!found.has(other)) {
        found.add(other)
        open.push(other)
      }
  return found
}
