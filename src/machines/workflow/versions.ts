import { type Labels, OTHER_VERSION_LABEL, VERSION_LABEL } from '../../core/gates.ts'
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
export const ANEW_MS = 60_000
/** Of more versions that do not fit, it is tried again as after any failure. */
const MISFITS_MAX = 10

export function versionLabels({ route, misfits }: WorkflowState): Labels | null {
  if (route !== undefined) return { [VERSION_LABEL]: route }
  return misfits === undefined ? null : { [OTHER_VERSION_LABEL]: JSON.stringify(misfits) }
}

export function routed(state: WorkflowState, event: WorkflowEvent & { is: 'routed' }): WorkflowState {
  const { route: _, pinned: __, ...rest } = event.anew === true ? freed(state) : state
  if (event.version === undefined) return rest
  // Whoever has it live has another version.
  const holder = state.version === event.version ? state.holder : null
  return { ...rest, holder, route: event.version, ...(event.pinned === true ? { pinned: true } : {}) }
}

/** Versions that its history did not fit are tried again. */
export function freed(state: WorkflowState): WorkflowState {
  if (state.misfits === undefined) return state
  const { misfits: _, misfitWhy: __, ...rest } = state
  return rest
}

/** True: the history fits the version that took it as far as it is, and not the one that has it now. */
export function isMisfit({ version, own, pinned, misfits = [] }: WorkflowState, code: string | undefined): boolean {
  return code === 'diverged' && version != null && own !== undefined && version !== own && pinned !== true && misfits.length < MISFITS_MAX
}

export function misfit(state: WorkflowState, { failure }: TaskEvent & { is: 'attempt_failed' }): WorkflowState {
  if (!isMisfit(state, failure?.code)) return state
  const { route, ...rest } = state
  const misfits = [...(state.misfits ?? []).filter(version => version !== state.version), state.version as string]
  return { ...rest, misfits, misfitWhy: failure?.message ?? '', ...(route === undefined || route === state.version ? {} : { route }) }
}

/** When a ready task is offered to any version again. */
export function anewAt({ task, route, pinned, misfits }: WorkflowState): Instant | null {
  if (task?.phase !== 'ready' || pinned === true || (route === undefined && misfits === undefined)) return null
  return task.since + ANEW_MS
}
