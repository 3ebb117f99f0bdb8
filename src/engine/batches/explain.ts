import { shortId } from '../../core/ids.ts'
import type { BatchState } from '../../machines/batch/types.ts'
import type { Actor } from '../actor.ts'
import type { Reason } from '../face.ts'

/** What an open batch waits for. */
export function explainBatch(actor: Actor, clear: string[]): Reason[] {
  const { jobs, sweep, paused, cancelRequested } = actor.state as BatchState
  const id = shortId(actor.id)
  if (paused !== null) {
    const { by, why, since } = paused
    return [
      {
        code: 'paused',
        text: `the operation is paused${by === null ? '' : ` by ${by}`}${why === null ? '' : `: "${why}"`}`,
        by,
        since,
        command: `mainspring batch resume ${id}`,
      },
    ]
  }
  if (jobs === null) {
    clear.push(`it is at work: ${sweep?.done} done, ${sweep?.skipped} skipped, ${sweep?.refused} refused`)
    return []
  }
  const reasons: Reason[] = []
  if (jobs.open > 0)
    reasons.push({
      code: 'jobs',
      text: `${jobs.open} of its ${jobs.total} jobs are open${cancelRequested ? ', and are asked to stop' : ''}`,
      command: `mainspring list --batch ${id}`,
    })
  if (!jobs.sealed) reasons.push({ code: 'open', text: 'it takes more jobs until it is sealed', command: `mainspring batch seal ${id}` })
  for (const { callback, answered } of jobs.callbacks)
    if (!answered) reasons.push({ code: 'callback', text: `its callback ${callback} is being started` })
  return reasons
}

/** What ended it, and how what failed of it is tried again. */
export function endedBatch(actor: Actor): Reason {
  const { view } = actor
  const { jobs } = actor.state as BatchState
  const text = view.state === 'failed' ? `failed: ${view.failure?.message}` : view.state
  const failed = (jobs?.failed ?? 0) > 0 ? { command: `mainspring retry --where batch=${shortId(actor.id)},state=failed,state=timed_out` } : {}
  return { code: view.reason ?? view.state, text, since: actor.closedAt, ...failed }
}
