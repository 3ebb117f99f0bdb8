import { type Labels, OTHER_VERSION_LABEL } from './gates.ts'

/** A version whose code does not fit the history that its task goes on with, and where they differ. */
export interface Misfit {
  readonly version: string
  readonly why: string
}

/** What a run keeps of them: its task is offered to none of these versions. */
export interface Misfits {
  readonly misfits?: readonly string[]
  /** Where the last of these differed. */
  readonly misfitWhy?: string
}

/** What only misfits are left for is offered to all again after so long: their code may have been mended under the same name. */
export const ANEW_MS = 60_000
/** Of more versions that do not fit, it is tried again as after any failure. */
export const MISFITS_MAX = 10

export function withMisfit<State extends Misfits>(state: State, { version, why }: Misfit): State {
  return { ...state, misfits: [...(state.misfits ?? []).filter(known => known !== version), version], misfitWhy: why }
}

/** Versions that its history did not fit are tried again. */
export function freed<State extends Misfits>(state: State): State {
  if (state.misfits === undefined) return state
  const { misfits: _, misfitWhy: __, ...rest } = state
  return rest as State
}

export function misfitLabels({ misfits }: Misfits): Labels | null {
  return misfits === undefined ? null : { [OTHER_VERSION_LABEL]: JSON.stringify(misfits) }
}
