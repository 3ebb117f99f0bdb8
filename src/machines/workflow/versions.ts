import { type Labels, VERSION_LABEL } from '../../core/gates.ts'
import { ANEW_MS, freed, MISFITS_MAX, type Misfits, misfitLabels, withMisfit } from '../../core/misfits.ts'
import type { TaskEvent } from '../../core/task.ts'
import type { Instant } from '../../core/time.ts'
import type { WorkflowEvent, WorkflowState } from './types.ts'

/**
 * Which version of its code a run goes on with.
 *
 * - **auto**: any version that a live worker serves. Where its history does not fit one (`diverged`), it is given at once to another, and keeps away from the misfit.
 * - **routed**: an operator ramps a version: each new task goes to the version that its run falls to, unless that is a misfit.
 * - **pinned**: to the version that began it (`versioning: 'pinned'`), or that a person chose when it was resumed. Nothing else has it.
 *
 * What nobody takes for `ANEW_MS` is offered to any version again, pinned runs excepted: an operator's choice has no worker, or only misfits are left, whose code
 * may have been mended under the same name.
 */
export function versionLabels(state: Pick<WorkflowState, 'route'> & Misfits): Labels | null {
  return state.route === undefined ? misfitLabels(state) : { [VERSION_LABEL]: state.route }
}

export function routed(state: WorkflowState, event: WorkflowEvent & { is: 'routed' }): WorkflowState {
  const { route: _, pinned: __, ...rest } = event.anew === true ? freed(state) : state
  if (event.version === undefined) return rest
  // Whoever has it live has another version.
  const holder = state.version === event.version ? state.holder : null
  return { ...rest, holder, route: event.version, ...(event.pinned === true ? { pinned: true } : {}) }
}

/** True: the history fits the version that took it as far as it is, and not the one that has it now. What a fork has kept, some other version has made. */
export function isMisfit({ version, own, pinned, misfits = [], started }: WorkflowState, code: string | undefined): boolean {
  const isOther = own === undefined ? (started.kept ?? 0) > 0 : version !== own
  return code === 'diverged' && version != null && isOther && pinned !== true && misfits.length < MISFITS_MAX
}

export function misfit(state: WorkflowState, { failure }: TaskEvent & { is: 'attempt_failed' }): WorkflowState {
  if (!isMisfit(state, failure?.code)) return state
  const { route, ...rest } = state
  const next = withMisfit(rest, { version: state.version as string, why: failure?.message ?? '' })
  return route === undefined || route === state.version ? next : { ...next, route }
}

/** When a ready task is offered to any version again. */
export function anewAt({ task, route, pinned, misfits }: WorkflowState): Instant | null {
  if (task?.phase !== 'ready' || pinned === true || (route === undefined && misfits === undefined)) return null
  return task.since + ANEW_MS
}
