import { shortId } from '../../core/ids.ts'
import { runOfTask } from '../../machines/dag/children.ts'
import { planOf } from '../../machines/dag/plan.ts'
import type { DagSpec } from '../../machines/dag/spec.ts'
import { activeRefs, placeOf } from '../../machines/dag/state.ts'
import type { DagState } from '../../machines/dag/types.ts'
import type { Actor } from '../actor.ts'
import type { Reason } from '../face.ts'

/** Of many tasks that are under way, those that are told one by one. */
const TOLD_MAX = 20

/** What an open run of a DAG waits for: the tasks that are under way; the rest wait for these, or for a slot of the DAG. */
export function explainDag(actor: Actor, spec: DagSpec | undefined, clear: string[]): Reason[] {
  const state = actor.state as DagState
  const { isDue, since, active, total, ended, tasks, mapped, cancelRequested } = state
  if (!isDue) return [{ code: 'not-due', text: `not due until ${new Date(since).toISOString()}`, until: since }]
  if (cancelRequested) clear.push('it is asked to stop: what runs is told, and its teardowns do their work')
  clear.push(`${ended} of ${total} tasks have ended`)
  const ready = [tasks, ...Object.values(mapped).map(({ items }) => items)].reduce((sum, letters) => sum + letters.split('q').length - 1, 0)
  const refs = activeRefs(state)
  const plan = spec === undefined ? null : planOf(spec)
  const reasons = refs.slice(0, TOLD_MAX).map((ref): Reason => {
    const { n, item } = placeOf(state, ref)
    const run = runOfTask(state, actor.id, ref)
    const name = `${plan?.ids[n] ?? n}${mapped[n] === undefined ? '' : `, item ${item}`}`
    return { code: 'task', text: `it waits for task "${name}" (${shortId(run)})`, runs: [run], command: `mainspring explain ${shortId(run)}` }
  })
  if (refs.length > TOLD_MAX) clear.push(`${refs.length - TOLD_MAX} more tasks are under way`)
  if (ready > 0)
    reasons.push({ code: 'max-active-tasks', text: `${ready} more may run and wait for a slot: ${active} of ${plan?.maxActive ?? active} are taken` })
  return reasons
}
