import type { Context, Decision } from '../../core/machine.ts'
import { decision } from './decision.ts'
import type { WorkflowEvent, WorkflowState } from './types.ts'

/** A task that has just become ready goes where an operator has it go. */
export function routing(before: WorkflowState | null, decided: Decision<WorkflowEvent>, context: Context): Decision<WorkflowEvent> {
  const after = decided.state as WorkflowState | undefined
  if (context.version === undefined || after === undefined || decided.tasks === undefined || after.pinned === true) return decided
  if (decided.events.some(({ is }) => is === 'routed')) return decided
  const asked = context.version(after.started.definition)
  const route = asked === null || after.misfits?.includes(asked) ? undefined : asked
  if (route === after.route) return decided
  const event = { is: 'routed', at: context.now, ...(route === undefined ? {} : { version: route }) } as WorkflowEvent
  const { messages, replies } = decided
  return { ...decision(before, [...decided.events, event], messages), ...(replies === undefined ? {} : { replies }) }
}
