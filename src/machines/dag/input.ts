import type { Context } from '../../core/machine.ts'
import { nominalTimeOf, type Payload, type Trigger } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { Plan } from './plan.ts'
import type { Json } from './spec.ts'
import { placeOf } from './state.ts'
import type { Tally } from './tally.ts'
import { type Facts, fill, onlyPlaceholder } from './template.ts'
import type { DagState, Reference } from './types.ts'

/** The time that a run is for, and the interval that ends then: of a schedule since its time before, else nothing long. */
export function intervalOf({ at, trigger }: { at: Instant; trigger?: Trigger }): { nominalAt: Instant; interval: { start: Instant; end: Instant } } {
  const nominalAt = (trigger === undefined ? null : nominalTimeOf(trigger)) ?? at
  const start = (trigger !== undefined && 'intervalStart' in trigger ? trigger.intervalStart : undefined) ?? nominalAt
  return { nominalAt, interval: { start, end: nominalAt } }
}

export function factsOf(plan: Plan, tally: Tally, state: DagState, { self }: Context): Facts {
  const { input } = state.started
  return {
    output: id => tally.outputOf(plan.numbers.get(id) as number, state),
    input: () => (input === undefined ? null : (JSON.parse(input) as Json)),
    item: null,
    index: null,
    run: self,
    ...intervalOf(state.started),
  }
}

/** What a task, or an item of one, is started with. A whole output is handed on as it was written. */
export function inputOf(plan: Plan, tally: Tally, state: DagState, ref: Reference, context: Context): Payload | null {
  const { n, item: index } = placeOf(state, ref)
  const { task } = plan.tasks[n] as Plan['tasks'][number]
  const isMapped = state.mapped[n] !== undefined
  const template = task.input ?? (isMapped ? '{{item}}' : undefined)
  if (template === undefined) return null
  const only = onlyPlaceholder(template)
  if (only?.word === 'output' && only.path === null && only.filters === null) {
    const other = plan.numbers.get(only.task as string) as number
    if (state.mapped[other] === undefined) return state.outputs[other] ?? 'null'
  }
  if (only?.word === 'input' && only.path === null && only.filters === null) return state.started.input ?? null
  const facts = factsOf(plan, tally, state, context)
  if (!isMapped) return JSON.stringify(fill(template, facts))
  const items = tally.itemsOf(n, task.map as NonNullable<typeof task.map>, facts)
  const item = Array.isArray(items) ? (items[index] as Json) : null
  return JSON.stringify(fill(template, { ...facts, item, index }))
}
