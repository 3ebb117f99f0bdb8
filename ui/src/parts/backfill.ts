import type { Batch } from '../api/work.ts'

type Backfill = NonNullable<Batch['backfill']>

/** Times of a backfill by what became of them, in the order in which they stand in bars. */
export function backfillParts(
  { jobs }: Pick<Batch, 'jobs'>,
  { total, skipped, refused }: Backfill,
): { state: string; word: string; count: number }[] {
  const { completed = 0, failed = 0, cancelled = 0, open = 0, total: started = 0 } = jobs ?? {}
  return [
    { state: 'completed', word: 'completed', count: completed },
    { state: 'failed', word: 'failed', count: failed },
    { state: 'cancelled', word: 'cancelled', count: cancelled },
    { state: 'missed', word: 'refused', count: refused },
    { state: 'skipped', word: 'skipped', count: skipped },
    { state: 'running', word: 'open', count: open },
    { state: 'open', word: 'to come', count: Math.max(0, total - started - refused - skipped) },
  ]
}

/** It still has times to start: so it can be paused, and cancelling it changes something. */
export function isUnderWay({ closedAt, jobs }: Pick<Batch, 'closedAt' | 'jobs'>): boolean {
  return closedAt === null && jobs?.sealed === false
}

export const SKIPPED: Readonly<Record<string, string>> = {
  exists: 'a run is there',
  completed: 'it has completed',
  'in-flight': 'a run is open',
}
