import type { RunKind } from '../core/machine.ts'
import { isClosed } from '../core/run.ts'
import type { Row } from '../store/store.ts'
import { Actor } from './actor.ts'
import type { RunDetail, RunSummary } from './face.ts'
import { workflowView } from './workflows/view.ts'

/** What a list shows of a run. */
export function summaryOf(actor: Actor): RunSummary {
  const view = actor.view
  return {
    id: actor.id,
    namespace: actor.namespace,
    kind: actor.kind as RunKind,
    definition: actor.name,
    queue: actor.queue,
    state: view.state,
    reason: view.reason,
    attempt: view.attempt,
    attempts: view.attempts,
    priority: view.options.priority ?? 0,
    createdAt: actor.createdAt,
    startedAt: view.startedAt,
    closedAt: actor.closed ? actor.closedAt : null,
    nextAt: view.nextAt,
    progress: view.progress,
    tags: actor.tags,
    trigger: view.trigger,
    failure: view.failure,
  }
}

export function detailOf(row: Row): RunDetail {
  const actor = Actor.load(row)
  const { metadata, ...options } = actor.view.options
  const output = isClosed(row.state) ? (row as { output: string | null }).output : null
  return {
    ...summaryOf(actor),
    input: actor.input,
    output,
    checkpoint: actor.view.checkpoint,
    metadata: metadata ?? null,
    worker: actor.view.worker,
    version: actor.view.version ?? null,
    outcome: actor.outcome,
    options,
    workflow: workflowView(actor),
  }
}
