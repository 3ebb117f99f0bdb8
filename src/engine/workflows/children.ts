import type { RunId } from '../../core/ids.ts'
import type { WorkflowState } from '../../machines/workflow/types.ts'
import type { Actor } from '../actor.ts'

/** Whom a run tells of its end: they are at hand when it ends, so that they hear of it in the same commit (E7). */
export function toldOfEnd(actor: Actor | null): { ids?: RunId[] } {
  if (actor === null || actor.kind !== 'workflow' || actor.closed) return {}
  const { open } = actor.state as WorkflowState
  return { ids: Object.values(open).flatMap(child => (child.is === 'child' && !child.detached && child.order === null ? [child.run] : [])) }
}
