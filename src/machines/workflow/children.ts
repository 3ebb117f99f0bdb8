import { callRunId, type RunId } from '../../core/ids.ts'
import type { Context, Decision, Message, StartOrder } from '../../core/machine.ts'
import type { Child, WorkflowEvent, WorkflowState } from './types.ts'

/** The run of a child: the same however often it is asked for. */
export function childId(base: number, n: number, order: StartOrder, { self, home }: Context): RunId {
  return callRunId(`${self}:${base}:${n}`, 0, home(order))
}

export function startMessage(self: RunId, n: number, { run, definition, detached, order }: Child, again: boolean): Message {
  const { input, options } = order as NonNullable<Child['order']>
  return { is: 'start', reference: n, run, again, order: orderOf(self, n, { definition, input, options, detached }) }
}

export function orderOf(
  run: RunId,
  n: number,
  { definition, input, options, detached }: Pick<StartOrder, 'definition' | 'input' | 'options'> & { detached: boolean },
): StartOrder {
  return { definition, input, options, trigger: { is: 'workflow', run, n, ...(detached ? { detached: true } : {}) } }
}

/** The operation that waits for the end of this run; null: none does any more. */
export function childOf({ open }: WorkflowState, run: RunId): number | null {
  for (const key in open) {
    const child = open[Number(key)]
    if (child?.is === 'child' && child.run === run) return Number(key)
  }
  return null
}

/** Those that it waits for are asked to stop, with the run that is cancelled; one that is detached or abandoned goes on. */
export function cancelChildren(state: WorkflowState, context: Context): Message[] {
  return stopping(state).map(({ run }) => stop(run, 'cancel', context))
}

/** A run that closes, or begins anew, leaves none behind that it waited for. */
export function stopChildren(state: WorkflowState, context: Context): Message[] {
  return stopping(state).flatMap(child => stopChild(child, context))
}

/** The workflow does not wait for it any more. */
export function stopChild({ run, detached, parentClose }: Child, context: Context): Message[] {
  return detached || parentClose === 'abandon' ? [] : [stop(run, parentClose ?? 'cancel', context)]
}

export function withChildren(before: WorkflowState, decided: Decision<WorkflowEvent>, context: Context): Decision<WorkflowEvent> {
  const messages = stopChildren(before, context)
  return messages.length === 0 ? decided : { ...decided, messages: [...(decided.messages ?? []), ...messages] }
}

function stopping({ open }: WorkflowState): Child[] {
  return Object.values(open).filter((child): child is Child => child.is === 'child' && !child.detached && child.parentClose !== 'abandon')
}

function stop(to: RunId, is: 'cancel' | 'terminate', context: Context): Message {
  return { is: 'tell', to, input: { is, command: context.id(), by: null, why: `its workflow ${context.self} stops` } as { is: string } }
}
