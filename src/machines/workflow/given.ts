import type { Buffered, Given, WorkflowEvent, WorkflowState } from './types.ts'

/** A wait in a scope has a signal, of which the code has not heard. */
export function given(state: WorkflowState, n: number, signal: Buffered): WorkflowState {
  return { ...state, given: [...(state.given ?? []), { ...signal, n, by: state.count }] }
}

/** The code has seen so many events, and has not dropped what they have given something: it goes on with that. */
export function seenBy(state: WorkflowState, seen: number): WorkflowState {
  return withGiven(
    state,
    (state.given ?? []).filter(({ by }) => by >= seen),
  )
}

/** The code does not wait for it any more. A signal that it was given is there again, in its place among those that nobody has taken. */
export function dropped(state: WorkflowState, { n, signal }: WorkflowEvent & { is: 'dropped' }): WorkflowState {
  const { [n]: _, ...open } = state.open
  const back = state.given?.find(given => given.n === n)
  if (signal === undefined || back === undefined) return { ...state, open }
  const { number, name, payload } = back
  const at = state.signals.findIndex(other => other.number > number)
  const signals = state.signals.toSpliced(at < 0 ? state.signals.length : at, 0, { number, name, payload })
  return withGiven(
    { ...state, open, signals },
    (state.given as readonly Given[]).filter(other => other !== back),
  )
}

export function withGiven(state: WorkflowState, all: readonly Given[]): WorkflowState {
  const { given: _, ...rest } = state
  return all.length === 0 ? rest : { ...rest, given: all }
}
