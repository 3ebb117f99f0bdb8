import { shortId } from '../../core/ids.ts'
import { planOf } from '../../machines/batch/backfill.ts'
import type { Backfilling, BackfillPlan, BatchState } from '../../machines/batch/types.ts'
import type { Actor } from '../actor.ts'
import type { Reason } from '../face.ts'

/** What an open batch waits for. */
export function explainBatch(actor: Actor, clear: string[]): Reason[] {
  const { jobs, sweep, paused, cancelRequested, backfill } = actor.state as BatchState
  const plan = planOf(actor.state as BatchState)
  const id = shortId(actor.id)
  if (paused !== null) {
    const { by, why, since } = paused
    return [
      {
        code: 'paused',
        text: `the ${plan === null ? 'operation' : 'backfill'} is paused${by === null ? '' : ` by ${by}`}${why === null ? '' : `: "${why}"`}`,
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
  if (plan !== null && backfill !== undefined) return backfillReasons(plan, backfill, clear)
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

/** Its open runs are in the way of its next times. */
function backfillReasons({ total, maxActive, schedule }: BackfillPlan, backfill: Backfilling, clear: string[]): Reason[] {
  const { active, asked, over, skipped, refused, next } = backfill
  clear.push(`${next} of ${total} times of "${schedule}" started, ${skipped} skipped, ${refused} refused`)
  const reasons: Reason[] = []
  if (active.length > 0) {
    const runs = active.slice(0, RUNS_TOLD_MAX)
    const said = `${runs.map(shortId).join(', ')}${active.length > runs.length ? ' …' : ''}`
    const text = over ? `its last runs are open: ${said}` : `${active.length} of ${maxActive} runs at a time are open: ${said}`
    reasons.push({ code: 'max-active', text, runs, command: `mainspring explain ${shortId(runs[0] as string)}` })
  }
  if (asked.length > 0) reasons.push({ code: 'starting', text: `${asked.length} of its runs are being started` })
  return reasons
}
const RUNS_TOLD_MAX = 10

/** What ended it, and how what failed of it is tried again. */
export function endedBatch(actor: Actor): Reason {
  const { view } = actor
  const { jobs } = actor.state as BatchState
  const text = view.state === 'failed' ? `failed: ${view.failure?.message}` : view.state
  const failed = (jobs?.failed ?? 0) > 0 ? { command: `mainspring retry --where batch=${shortId(actor.id)},state=failed,state=timed_out` } : {}
  return { code: view.reason ?? view.state, text, since: actor.closedAt, ...failed }
}
