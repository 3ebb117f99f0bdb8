import { refuse } from '../../core/decide.ts'
import type { Context, Decision } from '../../core/machine.ts'
import { decision, NOTHING } from './decision.ts'
import { UPDATES_OPEN_MAX, type UpdateInput, type WorkflowEvent, type WorkflowState } from './types.ts'
import { unanswered, updateOf } from './updates-kept.ts'

/**
 * The code has said that it takes the update; that holds for what it has seen, so where something else came since, it is asked again (`stale`). What is refused
 * leaves nothing in the history. A repeat of one that was accepted changes nothing, also when the run is closed by now.
 */
export function updated(state: WorkflowState, input: UpdateInput, context: Context): Decision<WorkflowEvent> {
  const { command, name, input: payload, upTo, by } = input
  if (updateOf(state, command) !== null) return NOTHING
  if (state.closing !== null) return refuse(command, 'run-closed')
  if (state.news > upTo || upTo > state.count) return refuse(command, 'stale')
  if (unanswered(state).length >= UPDATES_OPEN_MAX) return refuse(command, 'too-many-updates')
  const event = { is: 'update_accepted', at: context.now, name, command } as WorkflowEvent & { is: 'update_accepted' }
  if (payload !== null) event.input = payload
  if (by !== null) event.by = by
  return decision(state, [event])
}
