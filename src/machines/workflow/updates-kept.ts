import { COMMANDS_MS, UPDATES_MAX, type Update, type WorkflowEvent, type WorkflowState } from './types.ts'

export function updateOf({ updates = [] }: WorkflowState, id: string): Update | null {
  return updates.find(update => update.id === id) ?? null
}

export function unanswered({ updates = [] }: WorkflowState): Update[] {
  return updates.filter(({ answered }) => answered === null)
}

export function accepted(state: WorkflowState, { command, name, at }: WorkflowEvent & { is: 'update_accepted' }): WorkflowState {
  const { updates = [], count } = state
  const kept = updates.filter(update => update.answered === null || update.at > at - COMMANDS_MS)
  const room = UPDATES_MAX - 1
  const dropped = kept.filter(({ answered }) => answered !== null).slice(0, Math.max(0, kept.length - room))
  return { ...state, updates: [...kept.filter(update => !dropped.includes(update)), { id: command, number: count, name, at, answered: null }] }
}

export function answered(state: WorkflowState, { update: number }: WorkflowEvent & { is: 'update_answered' }): WorkflowState {
  const { updates = [], count } = state
  return { ...state, updates: updates.map(update => (update.number === number ? { ...update, answered: count } : update)) }
}
