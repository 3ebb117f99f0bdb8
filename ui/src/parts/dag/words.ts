import type { TaskState } from '../../api/dags.ts'

const STATE_OF: Readonly<Record<string, TaskState>> = {
  '.': 'waiting',
  q: 'ready',
  r: 'started',
  s: 'success',
  f: 'failed',
  k: 'skipped',
  u: 'upstream_failed',
  x: 'removed',
}

/** How a task stands, by its letter in a grid or a strip. */
export function stateOf(letter: string | undefined): TaskState {
  return STATE_OF[letter ?? '.'] ?? 'waiting'
}

/** What its badge is called: nodes that are ready look otherwise. */
export function badgeOf(state: TaskState): string {
  return state === 'ready' ? 'task_ready' : state
}

/** Of several tasks, how they stand together: what is wrong first, then what is under way, then what went well. */
const ORDER: readonly TaskState[] = ['failed', 'upstream_failed', 'started', 'ready', 'waiting', 'success', 'skipped', 'removed']
export function worstOf(states: Iterable<TaskState>): TaskState {
  let worst = ORDER.length
  for (const state of states) worst = Math.min(worst, ORDER.indexOf(state))
  return ORDER[worst] ?? 'waiting'
}

/** Counts by state in the order in which bars show them. */
export function partsOf(counts: Readonly<Record<string, number>>): { state: string; word: string; count: number }[] {
  const shown: readonly TaskState[] = ['success', 'started', 'ready', 'waiting', 'skipped', 'removed', 'upstream_failed', 'failed']
  return shown.flatMap(state => {
    const count = counts[state] ?? 0
    return count === 0 ? [] : [{ state: badgeOf(state), word: state.replace('_', ' '), count }]
  })
}

/** `98 of 100`: items that have ended, of all. */
export function itemsText(counts: Readonly<Record<string, number>>): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const open = (counts.waiting ?? 0) + (counts.ready ?? 0) + (counts.started ?? 0)
  return `${total - open} of ${total}`
}
