import { isClosed } from '../../core/run.ts'
import type { BatchState } from '../../machines/batch/types.ts'
import type { Row } from '../../store/store.ts'
import { Actor } from '../actor.ts'
import type { BatchView, BulkView } from './face.ts'

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
  }
}

function bulkView({ started: { plan }, sweep, jobs }: BatchState): BulkView | null {
  if (plan.is !== 'bulk' || sweep === null || jobs !== null) return null
  const { operation, filter, change, by, why, done, skipped, refused, refusals } = sweep
  return { operation, filter, change, by, why, matched: plan.matched, done, skipped, refused, refusals }
}
