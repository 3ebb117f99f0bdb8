import { keptIn } from '../../core/kept.ts'
import type { Payload } from '../../core/run.ts'
import { isTogether } from './items.ts'
import { placeOf } from './letters.ts'
import type { Plan } from './plan.ts'
import type { Json } from './spec.ts'
import { onlyPlaceholder, type Placeholder, placeholdersIn } from './template.ts'
import type { DagState, Reference } from './types.ts'

/**
 * Why a template cannot be filled: it looks into a value that is kept beside the run that gave it, being large, or makes a text of it. Null: it does not. Handed on whole it is
 * read by whoever runs the task.
 */
export function keptRefusal(template: Json, plan: Plan, state: DagState, ref?: Reference): string | null {
  for (const placeholder of looksInto(template)) {
    const kept = keptIn(valueAt(placeholder, plan, state, ref))
    if (kept === null) continue
    const what = placeholder.word === 'input' ? 'The input of the run' : `What "${placeholder.task}" gives`
    return `invalid-template: ${what} has ${kept.length} characters, and is kept beside the run that gave it: a template hands it on whole, or not at all. Look into it in a task.`
  }
  return null
}

/** What a list cannot be made of. */
export function keptSource(template: Json, plan: Plan, state: DagState): string | null {
  const only = onlyPlaceholder(template)
  const kept = only === null ? null : keptIn(valueAt(only, plan, state))
  return kept === null
    ? null
    : `map-too-large: what is mapped over has ${kept.length} characters, and is kept beside the run that gave it. Map over what names the parts of it.`
}

/** Templates are parts of DAGs, and looked at once. */
const known = new WeakMap<object, readonly Placeholder[]>()

function looksInto(template: Json): readonly Placeholder[] {
  if (typeof template !== 'object' || template === null) return typeof template === 'string' && template.includes('{{') ? lookingIn(template) : []
  let looking = known.get(template)
  if (looking === undefined) {
    looking = lookingIn(template)
    known.set(template, looking)
  }
  return looking
}

function lookingIn(template: Json): Placeholder[] {
  if (typeof template === 'object' && template !== null) return Object.values(template).flatMap(member => lookingIn(member as Json))
  const only = onlyPlaceholder(template)
  const all = only === null ? placeholdersIn(template).flatMap(({ placeholder }) => placeholder ?? []) : [only]
  const isInto = ({ path, filters }: Placeholder): boolean => only === null || path !== null || filters !== null
  return all.filter(one => (one.word === 'output' || one.word === 'input') && isInto(one))
}

function valueAt({ word, task }: Placeholder, plan: Plan, state: DagState, ref?: Reference): Payload | undefined {
  if (word === 'input') return state.started.input
  const other = plan.numbers.get(task as string) as number
  const mapped = state.mapped[other]
  if (mapped === undefined) return state.outputs.get(other)
  const place = ref === undefined ? null : placeOf(state, ref)
  return place !== null && isTogether(plan, place.n, other) ? mapped.outputs.get(place.item) : undefined
}
