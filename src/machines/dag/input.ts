import type { LateText } from '../../core/late.ts'
import type { Context } from '../../core/machine.ts'
import { nominalTimeOf, type Payload, type Trigger } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import { isTogether } from './items.ts'
import { placeOf } from './letters.ts'
import type { Plan } from './plan.ts'
import { type DagTask, type DagWait, type Json, templateOf } from './spec.ts'
import type { Tally } from './tally.ts'
import { type Facts, fill } from './template.ts'
import type { DagState, Reference } from './types.ts'
import { tokenOf } from './waits-state.ts'

/** The time that a run is for, and the interval that ends then: of a schedule since its time before, else nothing long. */
export function intervalOf({ at, trigger }: { at: Instant; trigger?: Trigger }): { nominalAt: Instant; interval: { start: Instant; end: Instant } } {
  const nominalAt = (trigger === undefined ? null : nominalTimeOf(trigger)) ?? at
  const start = (trigger !== undefined && 'intervalStart' in trigger ? trigger.intervalStart : undefined) ?? nominalAt
  return { nominalAt, interval: { start, end: nominalAt } }
}

/** The partition that it is for, where what triggered it says one. */
export function partitionOf({ trigger }: { trigger?: Trigger }): string | undefined {
  return trigger !== undefined && 'partition' in trigger ? trigger.partition : undefined
}

/** How far the runs of its schedule before it have come. */
export function watermarkOf({ trigger }: { trigger?: Trigger }): Payload | undefined {
  return trigger !== undefined && 'watermark' in trigger ? trigger.watermark : undefined
}

/** The events of assets that triggered it. */
function assetEventsOf({ trigger }: { trigger?: Trigger }): Json {
  const events = (trigger !== undefined && 'assets' in trigger ? trigger.assets?.events : undefined) ?? []
  return events.map(({ at, extra, ...event }) => ({
    ...event,
    at: new Date(at).toISOString(),
    extra: extra === undefined ? null : (JSON.parse(extra) as Json),
  }))
}

/** `ref`: an item of a mapped group sees of those beside it what they gave for the same item. */
export function factsOf(plan: Plan, tally: Tally, state: DagState, { self }: Context, ref?: Reference): Facts {
  const { input } = state.started
  const place = ref === undefined ? undefined : placeOf(state, ref)
  return {
    output: id => {
      const other = plan.numbers.get(id) as number
      return tally.outputOf(other, state, place !== undefined && isTogether(plan, place.n, other) ? place.item : undefined)
    },
    input: () => (input === undefined ? null : (JSON.parse(input) as Json)),
    callback: id => tokenOf(state.started, self, plan.callbacks.indexOf(plan.numbers.get(id) as number)),
    item: null,
    index: null,
    run: self,
    partition: partitionOf(state.started) ?? null,
    assetEvents: () => assetEventsOf(state.started),
    ...intervalOf(state.started),
  }
}

/** What a task, or an item of one, is started with. A whole output is handed on as it was written. `late`: gets what is looked up later in it. */
export function inputOf(plan: Plan, tally: Tally, state: DagState, ref: Reference, context: Context, late: LateText[] = []): Payload | null {
  const { n, item: index } = placeOf(state, ref)
  const { task, only } = plan.tasks[n] as Plan['tasks'][number]
  const isMapped = state.mapped[n] !== undefined
  const template = templateOf(task) ?? (isMapped ? '{{item}}' : undefined)
  if (template === undefined) return null
  if (only?.word === 'output' && only.path === null && only.filters === null) {
    const other = plan.numbers.get(only.task as string) as number
    if (state.mapped[other] === undefined) return state.outputs.get(other) ?? 'null'
    if (isTogether(plan, n, other)) return state.mapped[other].outputs.get(index) ?? 'null'
  }
  if (only?.word === 'input' && only.path === null && only.filters === null) return state.started.input ?? null
  return written(task, fill(template, itemFacts(plan, tally, state, ref, context), late))
}

/** With the item, of one that has any. */
export function itemFacts(plan: Plan, tally: Tally, state: DagState, ref: Reference, context: Context): Facts {
  const facts = factsOf(plan, tally, state, context, ref)
  const { n, item: index } = placeOf(state, ref)
  if (state.mapped[n] === undefined) return facts
  const items = tally.itemsOf(n, facts)
  return { ...facts, item: Array.isArray(items) ? (items[index] as Json) : null, index }
}

/** What a person reads, and what is waited for, is text, whatever stood for it. */
function written({ approval, wait }: DagTask, value: Json): Payload {
  if (wait !== undefined) return JSON.stringify(waitWritten(value as unknown as DagWait))
  if (approval === undefined) return JSON.stringify(value)
  const { subject, body, assignees, ...rest } = value as { subject: Json; body?: Json; assignees?: Json[] }
  return JSON.stringify({
    subject: textOf(subject),
    ...(body !== undefined && { body: textOf(body) }),
    ...(assignees !== undefined && { assignees: assignees.flat().map(name => textOf(name as Json)) }),
    ...rest,
  })
}

function waitWritten({ default: then, signal, until, for: time, tasks, ...rest }: DagWait): DagWait {
  return {
    ...rest,
    ...(then !== undefined && { default: then }),
    ...(signal !== undefined && { signal: textOf(signal) }),
    ...(until !== undefined && { until: textOf(until) }),
    ...(time !== undefined && { for: textOf(time) }),
    ...(tasks !== undefined && { tasks: tasks.map(textOf) }),
  }
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
