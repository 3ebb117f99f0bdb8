import type { Context } from '../../core/machine.ts'
import { depthOf, isDag } from './children.ts'
import { itemFacts } from './input.ts'
import { keptRefusal, keptSource } from './kept.ts'
import { placeOf } from './letters.ts'
import type { Plan } from './plan.ts'
import { type DagMap, type DagTask, DEPTH_MAX, INSTANCES_MAX, type Json, MAP_ITEMS_MAX, templateOf, templatesOf } from './spec.ts'
import type { Tally } from './tally.ts'
import { type Facts, hasFilters, hasLate, reasonOf, refusalOf } from './template.ts'
import type { DagState, Reference } from './types.ts'

/** Why the input of a task cannot be made; null: it can. */
export function refusalFor(plan: Plan, tally: Tally, state: DagState, ref: Reference, context: Context): string | null {
  const { n } = placeOf(state, ref)
  const depth = depthOf(state) + 1
  if (depth > DEPTH_MAX && isDag(plan, n, context)) return `too-deep: ${depth} DAGs within each other, and there may be ${DEPTH_MAX}`
  const template = templatesOf(plan.tasks[n]?.task as DagTask)
  const unfit = lateRefusal(plan, n, context) ?? keptRefusal(template, plan, state, ref)
  return unfit ?? (hasFilters(template) ? refusalOf(template, itemFacts(plan, tally, state, ref, context)) : null)
}

function sourcesOf(map: DagMap): Json[] {
  return 'over' in map ? [map.over] : Object.values('zip' in map ? map.zip : map.cross)
}

/** What is looked up when a worker is given the task is there for jobs alone. */
function lateRefusal(plan: Plan, n: number, context: Context): string | null {
  const task = plan.tasks[n]?.task as DagTask
  if (task.job === undefined || !hasLate(templateOf(task) ?? null)) return null
  const kind = context.kind?.(task.job)
  if (kind === undefined || kind === 'job') return null
  return `invalid-template: "${task.job}" is a ${kind}, and variables and connections are looked up for jobs alone.`
}

/** What is mapped over, by so many tasks. A text says why that, or the input of one, cannot be made; null: it is no list. */
export function listOf(
  plan: Plan,
  tally: Tally,
  state: DagState,
  n: number,
  { facts, tasks, context }: { facts: Facts; tasks: number; context: Context },
): readonly Json[] | string | null {
  const { task, group } = plan.tasks[n] as Plan['tasks'][number]
  try {
    const items = tally.itemsOf(n, facts)
    if (items === null)
      return (
        sourcesOf(group?.map ?? (task.map as DagMap))
          .map(source => keptSource(source, plan, state))
          .find(reason => reason !== null) ?? null
      )
    const count = typeof items === 'number' ? items : items.length
    if (typeof items === 'number') return `map-too-large: ${count} items, and there may be ${MAP_ITEMS_MAX}`
    if (state.total + (count - 1) * tasks > INSTANCES_MAX)
      return `map-too-large: ${count} items of ${tasks} tasks, and a run may have ${INSTANCES_MAX} tasks and items in all`
    if (group !== null) return items
    const unfit = lateRefusal(plan, n, context)
    if (unfit !== null) return unfit
    for (const [index, item] of items.entries()) {
      const refusal = refusalOf(templatesOf(task), { ...facts, item, index })
      if (refusal !== null) return `${refusal} Item ${index}.`
    }
    return items
  } catch (error) {
    return reasonOf(error)
  }
}
