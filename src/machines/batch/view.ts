import type { Payload, Progress, RunView } from '../../core/run.ts'
import { wakeAt } from './state.ts'
import type { BatchState } from './types.ts'

export function view(state: BatchState): RunView {
  const { started, closing } = state
  const [open, reason] = openState(state)
  return {
    state: closing?.is ?? open,
    reason: closing === null ? reason : closing.reason,
    attempt: 1,
    attempts: 1,
    startedAt: started.at,
    progress: progress(state),
    failure: closing?.failure ?? null,
    worker: null,
    nextAt: wakeAt(state),
    dueAt: null,
    checkpoint: null,
    trigger: started.trigger,
    options: started.options,
  }
}

/** It waits for its jobs; a bulk operation is at work. `open`: it takes more jobs. */
function openState({ jobs, paused, cancelRequested, backfill }: BatchState): ['waiting' | 'running' | 'paused', string | null] {
  if (paused !== null) return ['paused', 'paused']
  if (jobs === null) return ['running', null]
  if (cancelRequested) return ['waiting', 'cancelling']
  if (backfill !== undefined && !backfill.over) return ['running', null]
  return ['waiting', jobs.sealed ? 'jobs' : 'open']
}

function progress({ jobs, sweep, started, backfill }: BatchState): Progress | null {
  const { plan: what } = started
  if (what.is === 'backfill' && jobs !== null && backfill !== undefined) {
    const ended = jobs.total - jobs.open + backfill.skipped + backfill.refused
    return { value: what.total === 0 ? 1 : Math.min(1, ended / what.total), message: `${ended} of ${what.total} times` }
  }
  if (jobs !== null) return jobs.total === 0 ? null : { value: (jobs.total - jobs.open) / jobs.total }
  const { plan } = started
  if (sweep === null || plan.is !== 'bulk') return null
  if (sweep.over) return { value: 1 }
  return plan.matched === 0 ? null : { value: Math.min(1, (sweep.done + sweep.skipped + sweep.refused) / plan.matched) }
}

/** What it gives as its output, and its callbacks as `batch` of their input. */
export function summary(id: string, { jobs, sweep, started, backfill }: BatchState): Record<string, unknown> {
  if (jobs !== null) {
    const { total, completed, failed, cancelled, failedRuns } = jobs
    const counts = { batch: id, name: started.name, total, completed, failed, cancelled, failedRuns }
    return backfill === undefined ? counts : { ...counts, skipped: backfill.skipped, refused: backfill.refused }
  }
  const { done, skipped, refused, refusals } = sweep as NonNullable<typeof sweep>
  return { batch: id, name: started.name, done, skipped, refused, refusals }
}

export function callbackInput(id: string, state: BatchState, input: Payload | null): Payload {
  return `{"batch":${JSON.stringify(summary(id, state))},"input":${input ?? 'null'}}`
}
