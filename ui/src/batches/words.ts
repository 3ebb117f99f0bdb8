import type { Batch } from '../api/work.ts'
import { backfillParts } from '../parts/backfill.ts'

export type Jobs = NonNullable<Batch['jobs']>
export type Bulk = NonNullable<Batch['bulk']>
export type Backfill = NonNullable<Batch['backfill']>

/** What an operation on many runs does with each: as a verb, and as what has been done. */
export const OPERATIONS: Record<string, readonly [verb: string, done: string]> = {
  cancel: ['Cancel', 'asked to stop'],
  terminate: ['Terminate', 'terminated'],
  retry: ['Retry', 'retried'],
  resume: ['Resume', 'resumed'],
  change: ['Change', 'changed'],
  delete: ['Delete', 'deleted'],
}

/** A batch's parts by how they ended, in the order in which they stand in bars. */
export function partsOf(batch: Batch): { state: string; word: string; count: number }[] {
  const { jobs, bulk, backfill } = batch
  if (backfill !== null) return backfillParts(batch, backfill)
  if (jobs !== null)
    return [
      { state: 'completed', word: 'completed', count: jobs.completed },
      { state: 'failed', word: 'failed', count: jobs.failed },
      { state: 'cancelled', word: 'cancelled', count: jobs.cancelled },
      { state: 'open', word: 'open', count: jobs.open },
    ]
  if (bulk === null) return []
  const left = Math.max(0, bulk.matched - bulk.done - bulk.skipped - bulk.refused)
  return [
    { state: 'completed', word: 'done', count: bulk.done },
    { state: 'failed', word: 'refused', count: bulk.refused },
    { state: 'skipped', word: 'skipped', count: bulk.skipped },
    { state: 'open', word: 'to come', count: left },
  ]
}

export function totalOf({ jobs, bulk, backfill }: Batch): number {
  return backfill?.total ?? jobs?.total ?? bulk?.matched ?? 0
}

/** `retry of import-page`: what an operation is on, in few words. */
export function bulkTitle({ operation, filter }: Bulk): string {
  const on = filter.definition?.join(', ') ?? filter.queue?.map(queue => `queue ${queue}`).join(', ') ?? 'runs'
  return `${OPERATIONS[operation]?.[0] ?? operation} ${on}`
}

/** A bulk operation's filter as the command takes it. */
export function filterFlags({ filter }: Bulk): string[] {
  const { tags = {}, ...rest } = filter
  const flags = Object.entries(rest).flatMap(([name, value]) =>
    [value].flat().flatMap(item => [`--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`, String(item)]),
  )
  return [...flags, ...Object.entries(tags).flatMap(([name, value]) => ['--tag', `${name}:${value}`])]
}

/** Newest first, and those within another right below it, where that one is there too. */
export function nestedBelow(batches: readonly Batch[]): Batch[] {
  const known = new Set(batches.map(({ id }) => id))
  const within = new Map<string, Batch[]>()
  for (const batch of batches)
    if (batch.parent !== null && known.has(batch.parent)) within.set(batch.parent, [...(within.get(batch.parent) ?? []), batch])
  const withNested = (batch: Batch): Batch[] => [batch, ...(within.get(batch.id) ?? []).flatMap(withNested)]
  return batches.filter(({ parent }) => parent === null || !known.has(parent)).flatMap(withNested)
}
