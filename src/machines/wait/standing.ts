import { shortId } from '../../core/ids.ts'
import type { ClosedState } from '../../core/run.ts'
import type { TaskEnding } from '../dag/rules.ts'
import type { Awaited, Standing } from './types.ts'

/** Names and meaning are those of Airflow's ExternalTaskSensor: `allowed_states`, `failed_states`, `skipped_states`, with its defaults. */
export const STATES_DEFAULT: readonly TaskEnding[] = ['success']

export type Verdict =
  | { is: 'wait' }
  | { is: 'go'; states: Readonly<Record<string, TaskEnding>> | TaskEnding }
  | { is: 'skip'; why: string }
  | { is: 'fail'; code: string; why: string }

/** What follows from how the other run stands. Failed before skipped before allowed, as there; of several tasks all must be as they should. */
export function verdictOf(awaited: Awaited, standing: Standing | null): Verdict {
  if (standing === null) return { is: 'wait' }
  const { tasks, states = STATES_DEFAULT, failStates = [], skipStates = [], dag } = awaited
  const found = endingsOf(tasks, standing)
  const run = `run ${shortId(standing.run)} of "${dag}"`
  const unknown = found.find(([, ending]) => ending === 'unknown')
  if (unknown !== undefined) return { is: 'fail', code: 'unknown-task', why: `${run} has no task "${unknown[0]}"` }
  const one = (list: readonly TaskEnding[]): string | null => {
    const hit = found.find(([, ending]) => ending !== null && list.includes(ending as TaskEnding))
    if (hit === undefined) return null
    return tasks === undefined ? `${run} is ${standing.state}` : `"${hit[0]}" of ${run} is ${hit[1]}`
  }
  const failed = one(failStates)
  if (failed !== null) return { is: 'fail', code: 'awaited-failed', why: failed }
  const skipped = one(skipStates)
  if (skipped !== null) return { is: 'skip', why: skipped }
  if (!found.every(([, ending]) => ending !== null && states.includes(ending as TaskEnding))) return { is: 'wait' }
  const said = found as [string, TaskEnding][]
  return { is: 'go', states: tasks === undefined ? (said[0] as [string, TaskEnding])[1] : Object.fromEntries(said) }
}

/** What follows from the close of a run that is waited for by its id: there comes no other in its place, so what is not as it should be is a failure. */
export function closedVerdict({ states = STATES_DEFAULT, skipStates = [] }: Awaited, state: ClosedState): 'go' | 'skip' | 'fail' {
  const ending = endingOf(state)
  if (skipStates.includes(ending)) return 'skip'
  return states.includes(ending) ? 'go' : 'fail'
}

function endingOf(state: ClosedState): TaskEnding {
  return state === 'completed' ? 'success' : 'failed'
}

/** A run has the endings of a task: it succeeded, or it failed. */
function endingsOf(tasks: readonly string[] | undefined, { state, tasks: ended }: Standing): [string, TaskEnding | 'unknown' | null][] {
  if (tasks === undefined) return [['', state === null ? null : endingOf(state)]]
  return tasks.map(task => [task, ended[task] ?? null])
}
