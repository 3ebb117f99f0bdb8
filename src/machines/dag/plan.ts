import { mergeOptions } from '../../core/options.ts'
import { type Graph, graphOf, outputsOf } from './graph.ts'
import { ACTIVE_MAX, type DagSpec, type DagTask, type TaskOptions, type TriggerRule } from './spec.ts'
import { placeholdersIn } from './template.ts'

/** A DAG as its runs need it: everything by the number of a task. */
export interface Plan extends Omit<Graph, 'numbers'> {
  spec: DagSpec
  numbers: Graph['numbers']
  tasks: readonly PlanTask[]
  /** By task: those whose input or map names its output. */
  consumers: readonly (readonly number[])[]
  /** Tasks whose end is the run's: nothing waits for them but teardowns. */
  leaves: readonly number[]
  /** Tasks that the run's own output names. */
  outputs: readonly number[]
  /** Something of it names the run's input. */
  usesInput: boolean
  maxActive: number
}

export interface PlanTask {
  id: string
  task: DagTask
  rule: TriggerRule
  options: TaskOptions
  /** Setups among those right before it, and further up those that it needs. */
  setups: readonly number[]
  indirect: readonly number[]
  /** Tasks whose output it names. */
  references: readonly number[]
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
  const tasks = ids.map((id, n): PlanTask => {
    const one = task(n)
    return {
      id,
      task: one,
      rule: one.when ?? (one.teardown ? 'all_done_setup_success' : 'all_success'),
      options: mergeOptions(spec.defaults ?? {}, one.options ?? {}),
      setups: (upstream[n] as number[]).filter(other => task(other).setup),
      indirect: indirect[n] as number[],
      references: outputsOf(one).map(number),
    }
  })
  const consumers: number[][] = ids.map(() => [])
  for (const [n, { references }] of tasks.entries()) for (const other of references) (consumers[other] as number[]).push(n)
  const counts = ({ teardown, failsRun }: DagTask): boolean => !teardown || failsRun === true
  const leaves = ids.map((_, n) => n).filter(n => counts(task(n)) && !(downstream[n] as number[]).some(other => counts(task(other))))
  const words = placeholdersIn(spec.output ?? null)
  const all = [...words, ...tasks.flatMap(({ task: { input = null, map = null } }) => placeholdersIn([input, map as never]))]
  return {
    ...graph,
    spec,
    tasks,
    consumers,
    leaves,
    outputs: [...new Set(words.flatMap(({ placeholder }) => (placeholder?.task == null ? [] : [number(placeholder.task)])))],
    usesInput: all.some(({ placeholder }) => placeholder?.word === 'input'),
    maxActive: spec.maxActiveTasks ?? ACTIVE_MAX,
  }
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
