import type { Instant } from '../../core/time.ts'
import { placeOf } from './letters.ts'
import type { Plan } from './plan.ts'
import { type Closing, type DagState, ENDING_OF, type Reference } from './types.ts'

/** How a run closes, by how its last tasks have ended. */
export function closingOf(state: DagState, plan: Plan, at: Instant): Closing {
  if (state.cancelRequested) return { is: 'cancelled', at, reason: 'cancelled' }
  if (state.ended < state.total) return { is: 'failed', at, reason: 'deadlocked' }
  const failed = plan.leaves.filter(n => hasFailed(state, n))
  if (failed.length === 0) return { is: 'completed', at }
  const names = failed.slice(0, NAMED_MAX).map(n => plan.ids[n])
  const more = failed.length > NAMED_MAX ? ` and ${failed.length - NAMED_MAX} more` : ''
  const reasons = Object.entries(state.reasons ?? {})
    .slice(0, NAMED_MAX)
    .map(([ref, reason]) => `; ${placeText(state, plan, Number(ref))}: ${reason}`)
  const message = `${names.join(', ')}${more} failed, or could not run since what came before failed${reasons.join('')}`
  return { is: 'failed', at, reason: 'tasks-failed', failure: { type: 'TasksFailed', message, code: 'tasks-failed' } }
}
const NAMED_MAX = 5

function hasFailed(state: DagState, n: number): boolean {
  const letters = state.mapped[n]?.items ?? (state.tasks[n] as string)
  return [...letters].some(letter => ENDING_OF[letter] === 'failed' || ENDING_OF[letter] === 'upstream_failed')
}

export function isOver(state: DagState): boolean {
  if (state.ended === state.total) return true
  // Whoever waits for what is removed waits for ever.
  return state.active === 0 && !/q/.test(state.tasks) && !Object.values(state.mapped).some(({ items }) => items.includes('q'))
}

function placeText(state: DagState, plan: Plan, ref: Reference): string {
  const { n, item } = placeOf(state, ref)
  return `${plan.ids[n]}${state.mapped[n] === undefined ? '' : `, item ${item}`}`
}
