import { callRunId, type RunId, slotOf } from '../../core/ids.ts'
import type { Context, Message, StartOrder } from '../../core/machine.ts'
import type { Payload } from '../../core/run.ts'
import { intervalOf } from './input.ts'
import type { Plan } from './plan.ts'
import { activeRefs, placeOf } from './state.ts'
import type { DagState, Reference } from './types.ts'

/** The run of a task, or of an item of one: the same however often it is asked for. Beside its DAG, unless a key of its own says where it lives. */
export function childId(self: RunId, ref: Reference, slot = slotOf(self)): RunId {
  return callRunId(`${self}:${ref}`, 0, slot)
}

export function startMessage(
  plan: Plan,
  state: DagState,
  ref: Reference,
  input: Payload | null,
  again: boolean,
  context: Context,
): Message & { is: 'start' } {
  const { n, item } = placeOf(state, ref)
  const { id, task, options } = plan.tasks[n] as Plan['tasks'][number]
  const { self } = context
  const priority = state.started.options?.priority
  const { nominalAt, interval } = intervalOf(state.started)
  const order: StartOrder = {
    definition: task.job as string,
    input,
    options: priority === undefined ? options : { priority, ...options },
    trigger: {
      is: 'dag',
      run: self,
      n: ref,
      task: id,
      ...(state.mapped[n] === undefined ? {} : { item }),
      nominalAt,
      intervalStart: interval.start,
    },
  }
  const run = again ? runOfTask(state, self, ref) : childId(self, ref, context.home(order))
  return { is: 'start', reference: ref, run, again, order }
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
