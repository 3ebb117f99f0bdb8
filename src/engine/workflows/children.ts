import type { RunId } from '../../core/ids.ts'
import { runOfTask } from '../../machines/dag/children.ts'
import { activeRefs } from '../../machines/dag/letters.ts'
import type { DagState } from '../../machines/dag/types.ts'
import type { WorkflowState } from '../../machines/workflow/types.ts'
import type { Actor } from '../actor.ts'

/** Whom a run tells of its end: they are at hand when it ends, so that they hear of it in the same commit (E7). */
export function toldOfEnd(actor: Actor | null): { ids?: RunId[] } {
  if (actor === null || actor.closed) return {}
  if (actor.kind === 'dag') {
    const state = actor.state as DagState
    return { ids: activeRefs(state, /r/g).map(ref => runOfTask(state, actor.id, ref)) }
  }
  if (actor.kind !== 'workflow') return {}
  const { open } = actor.state as WorkflowState
  return { ids: Object.values(open).flatMap(child => (child.is === 'child' && !child.detached && child.order === null ? [child.run] : [])) }
}
