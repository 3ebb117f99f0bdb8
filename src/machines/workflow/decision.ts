import type { Decision, Message } from '../../core/machine.ts'
import type { Outcome } from '../../core/run.ts'
import { evolve, readyOrder, taskId, wakeAt } from './state.ts'
import type { Closing, WorkflowEvent, WorkflowState } from './types.ts'

export const NOTHING: Decision<WorkflowEvent> = { events: [] }

/** A run has one task, so what changed follows from what is outstanding before and after. `after`: what the events make of it, if that is known already. */
export function decision(
  before: WorkflowState | null,
  events: WorkflowEvent[],
  messages: Message[] = [],
  output: string | null = null,
  after = events.reduce<WorkflowState | null>(evolve, before) as WorkflowState,
): Decision<WorkflowEvent> {
  const decided: Decision<WorkflowEvent> = { events, state: after }
  const order = readyOrder(after)
  const was = before === null ? null : outstanding(before)
  if (was !== null && was !== outstanding(after)) decided.withdraw = [taskId(before as WorkflowState)]
  if (order !== null && was !== outstanding(after)) decided.tasks = [order]
  const at = wakeAt(after)
  if (before === null ? at !== null : at !== wakeAt(before)) decided.wakeAt = at
  if (after.closing !== null) decided.outcome = outcome(after.closing, output)
  if (messages.length > 0) decided.messages = messages
  return decided
}

/** What is handed out or about to be: a name that differs when it does. */
function outstanding({ task, turn, holder, closing, route, misfits }: WorkflowState): string | null {
  if (task === null || closing !== null) return null
  if (task.phase === 'ready') return `${turn} ${task.attempt} ${task.since} ${holder?.worker} ${route} ${misfits}`
  return task.phase === 'running' ? task.delivery : null
}

function outcome(closing: Closing, output: string | null): Outcome {
  const ended: Outcome = { state: closing.is, reason: closing.reason ?? null }
  if (output !== null) ended.output = output
  if (closing.watermark !== undefined) ended.watermark = closing.watermark
  if (closing.failure !== undefined) ended.failure = closing.failure
  return ended
}
