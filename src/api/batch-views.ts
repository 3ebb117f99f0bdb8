import type { BatchView, BulkView } from '../engine/face.ts'
import { formatInstant } from './instants.ts'
import { instantOrNull } from './views.ts'

export function batchJson({ createdAt, closedAt, jobs, bulk, backfill, ...batch }: BatchView): object {
  return {
    ...batch,
    createdAt: formatInstant(createdAt),
    closedAt: instantOrNull(closedAt),
    jobs: jobs && { ...jobs, callbacks: jobs.callbacks.map(({ callback, run, refused }) => ({ callback, run, refused })) },
    bulk: bulk && bulkJson(bulk),
    backfill: backfill && backfillJson(backfill),
  }
}

function backfillJson({ from, until, through, skips, refusals, ...backfill }: NonNullable<BatchView['backfill']>): object {
  const timed = <T extends { at: number }>({ at, ...rest }: T) => ({ at: formatInstant(at), ...rest })
  return {
    ...backfill,
    from: formatInstant(from),
    to: formatInstant(until),
    through: instantOrNull(through),
    skips: skips.map(timed),
    refusals: refusals.map(timed),
  }
}

function bulkJson({ filter, change, ...bulk }: BulkView): object {
  const { states, names, queues, createdAfter, createdBefore, ...rest } = filter
  return {
    ...bulk,
    filter: {
      state: states,
      definition: names,
      queue: queues,
      ...rest,
      createdAfter: createdAfter === undefined ? undefined : formatInstant(createdAfter),
      createdBefore: createdBefore === undefined ? undefined : formatInstant(createdBefore),
    },
    change: change && {
      at: typeof change.due === 'number' ? formatInstant(change.due) : undefined,
      now: change.due === 'now' ? true : undefined,
      priority: change.priority,
      queue: change.queue,
    },
  }
}
