import type { Queue } from '../api/work.ts'

/** A queue whose oldest run waits for longer than this is slow, as `summary.get` has it. */
export const WAITS_LONG_MS = 300_000

export type Trouble = 'paused' | 'no-worker' | 'untaken' | 'slow'

/** What keeps a queue from being worked on; null: nothing does. */
export function troubleOf({ depth, paused, workers, untaken, oldestAt }: Queue, now: number): Trouble | null {
  if (paused !== null) return 'paused'
  if (depth === 0) return null
  if (workers === 0) return 'no-worker'
  if (untaken.length > 0) return 'untaken'
  return oldestAt !== null && now - Date.parse(oldestAt) > WAITS_LONG_MS ? 'slow' : null
}

export function isBusy({ depth, running }: Queue): boolean {
  return depth > 0 || running > 0
}

export function closedOf(closed: Queue['lastHour']['closed']): { completed: number; failed: number; other: number } {
  const { completed = 0, failed = 0, timed_out = 0, ...rest } = closed
  return { completed, failed: failed + timed_out, other: Object.values(rest).reduce((sum, count) => sum + count, 0) }
}
