import { isClosed } from '../../core/run.ts'
import type { BatchState } from '../../machines/batch/types.ts'
import type { Row } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import type { BackfillView, BatchView, BulkView } from './face.ts'

export function batchView(row: Row): BatchView {
  const actor = Actor.load(row)
  const { view } = actor
  const state = actor.state as BatchState
  const { trigger } = state.started
  return {
    id: actor.id,
    namespace: actor.namespace,
    name: actor.name,
    state: view.state,
    reason: view.reason,
    createdAt: actor.createdAt,
    closedAt: isClosed(row.state) ? actor.closedAt : null,
    tags: actor.tags,
    parent: trigger.is === 'batch' ? trigger.batch : null,
    progress: view.progress,
    jobs: state.jobs,
    bulk: bulkView(state),
    backfill: backfillView(state),
  }
}

function backfillView({ started: { plan }, backfill }: BatchState): BackfillView | null {
  if (plan.is !== 'backfill' || backfill === undefined) return null
  const { schedule, from, until, order, maxActive, reprocess, total, by } = plan
  const { through, active, skipped, skips, refused, refusals } = backfill
  const seen = through >= from && through <= until ? through : null
  return { schedule, from, until, order, maxActive, reprocess, total, by, through: seen, active, skipped, skips, refused, refusals }
}

function bulkView({ started: { plan }, sweep, jobs }: BatchState): BulkView | null {
  if (plan.is !== 'bulk' || sweep === null || jobs !== null) return null
  const { operation, filter, change, by, why, done, skipped, refused, refusals } = sweep
  return { operation, filter, change, by, why, matched: plan.matched, done, skipped, refused, refusals }
}
