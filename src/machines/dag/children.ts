import { callRunId, hash53, type RunId, slotOf } from '../../core/ids.ts'
import type { LateText } from '../../core/late.ts'
import type { DagGate } from '../../core/limits.ts'
import type { Context, Message, StartOrder } from '../../core/machine.ts'
import type { Payload } from '../../core/run.ts'
import { intervalOf, partitionOf, watermarkOf } from './input.ts'
import { activeRefs, placeOf } from './letters.ts'
import type { Plan } from './plan.ts'
import { type DagTask, definitionOf, isSlotless } from './spec.ts'
import type { DagState, Reference } from './types.ts'

/** The run of a task, or of an item of one: the same however often it is asked for. Beside its DAG, unless a key of its own says where it lives. */
export function childId(self: RunId, ref: Reference, slot = slotOf(self)): RunId {
  return callRunId(`${self}:${ref}`, 0, slot)
}

export function startMessage(
  plan: Plan,
  state: DagState,
  ref: Reference,
  { input, late }: { input: Payload | null; late: readonly LateText[] },
  again: boolean,
  context: Context,
): Message & { is: 'start' } {
  const { n, item } = placeOf(state, ref)
  const { id } = plan.tasks[n] as Plan['tasks'][number]
  const { self } = context
  const { nominalAt, interval } = intervalOf(state.started)
  const partition = partitionOf(state.started)
  const watermark = watermarkOf(state.started)
  const what = whatOf(plan.tasks[n] as Plan['tasks'][number], state, context)
  const order: StartOrder = {
    ...what,
    ...(late.length > 0 && { options: { ...what.options, late } }),
    input,
    trigger: {
      is: 'dag',
      run: self,
      n: ref,
      task: id,
      ...(state.mapped[n] === undefined ? {} : { item }),
      nominalAt,
      intervalStart: interval.start,
      ...(partition === undefined ? {} : { partition }),
      ...(watermark === undefined ? {} : { watermark }),
      ...(isDag(plan, n, context) && { depth: depthOf(state) + 1 }),
    },
  }
  const run = again ? runOfTask(state, self, ref) : childId(self, ref, context.home(order))
  return { is: 'start', reference: ref, run, again, order }
}

export function isDag({ tasks }: Plan, n: number, { kind }: Context): boolean {
  const job = tasks[n]?.task.job
  return job !== undefined && kind?.(job) === 'dag'
}

/** How many DAGs it is within. */
export function depthOf({ started: { trigger } }: DagState): number {
  return trigger?.is === 'dag' ? (trigger.depth ?? 0) : 0
}

function whatOf(
  { id, task, options }: Plan['tasks'][number],
  state: DagState,
  context: Context,
): Pick<StartOrder, 'definition' | 'kind' | 'options'> {
  const { definition: dag, options: { priority } = {} } = state.started
  const definition = definitionOf(dag, id, task) as string
  if (isSlotless(task)) {
    const { tags, retentionMs } = options
    return {
      definition,
      kind: task.approval === undefined ? 'wait' : 'approval',
      options: { ...(tags !== undefined && { tags }), ...(retentionMs !== undefined && { retentionMs }) },
    }
  }
  const gated = context.kind?.(definition) === 'dag' ? options : { ...options, gate: { dag: gateOf(state, task), since: sinceOf(state, context) } }
  return { definition, options: priority === undefined ? gated : { priority, ...gated } }
}

/** A pause of the DAG holds its tasks, and so does the pool that one is given. */
function gateOf({ started: { definition: name } }: DagState, { pool, poolSlots }: DagTask): DagGate {
  return { name, ...(pool !== undefined && { pool }), ...(poolSlots !== undefined && { slots: poolSlots }) }
}

/** Since when the run is under way: runs that began in the same millisecond are told apart by a fraction of their own. */
function sinceOf({ startedAt }: DagState, { self, now }: Context): number {
  return (startedAt ?? now) + (hash53(self)[0] % 1_000) / 1_000
}

export function runOfTask(state: DagState, self: RunId, ref: Reference): RunId {
  return state.elsewhere[ref] ?? childId(self, ref)
}

/** These, or all that are asked for or under way, are told to stop. */
export function stopMessages(state: DagState, context: Context, refs = activeRefs(state)): Message[] {
  const { self } = context
  return refs.map(ref => ({
    is: 'tell',
    to: runOfTask(state, self, ref),
    input: { is: 'cancel', command: context.id(), by: null, why: `its DAG ${self} stops` },
  }))
}
