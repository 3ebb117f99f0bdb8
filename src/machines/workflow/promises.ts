import { refuse } from '../../core/decide.ts'
import type { Context, Decision } from '../../core/machine.ts'
import { decision, NOTHING } from './decision.ts'
import type { SettleInput, WorkflowEvent, WorkflowState } from './types.ts'

/** Once, by who knows its token; one that is settled, timed out or never was is not there. */
export function settled(state: WorkflowState, input: SettleInput, context: Context): Decision<WorkflowEvent> {
  const { command, token, output, failure, by } = input
  if (state.commands.some(({ id }) => id === command)) return NOTHING
  const found = Object.entries(state.open).find(([, open]) => open.is === 'promise' && open.token === token)
  if (state.closing !== null || found === undefined) return refuse(command, 'promise-not-found')
  const event = { is: 'promise_settled', at: context.now, n: Number(found[0]), command } as WorkflowEvent & { is: 'promise_settled' }
  if (output !== null) event.output = output
  if (failure !== undefined) event.failure = failure
  if (by !== null) event.by = by
  return decision(state, [event])
}
