import type { RunId } from '../../core/ids.ts'
import type { Payload } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { Open, WorkflowState } from '../../machines/workflow/types.ts'
import { unanswered } from '../../machines/workflow/updates-kept.ts'
import type { Actor } from '../actor.ts'

/** What of a workflow is seen without a worker. */
export interface WorkflowView {
  /** What its code shows as `ctx.state`; null: nothing. */
  state: Payload | null
  /** What its code waits for, in the order in which it asked: the first 100. */
  awaits: Awaited[]
  more: boolean
  /** Updates that were accepted, and whose handlers have not ended. */
  updates: { id: string; name: string }[]
}
export interface Awaited {
  n: number
  is: 'step' | 'step-back-off' | 'parked' | 'sleep' | 'signal' | 'promise' | 'child'
  /** Of the step, signal, promise or definition. */
  name: string | null
  until: Instant | null
  run: RunId | null
}

const AWAITS_MAX = 100

export function workflowView(actor: Actor): WorkflowView | null {
  if (actor.kind !== 'workflow') return null
  const state = actor.state as WorkflowState
  const open = Object.entries(state.open)
  return {
    state: state.shown ?? null,
    awaits: open.slice(0, AWAITS_MAX).map(([n, operation]) => ({ n: Number(n), until: null, run: null, ...awaitedOf(operation) })),
    more: open.length > AWAITS_MAX,
    updates: actor.closed ? [] : unanswered(state).map(({ id, name }) => ({ id, name })),
  }
}

function awaitedOf(open: Open): Pick<Awaited, 'is' | 'name'> & Partial<Awaited> {
  switch (open.is) {
    case 'step':
      return { is: 'step', name: open.name }
    case 'backoff':
      return { is: 'step-back-off', name: open.name, until: open.dueAt }
    case 'parked':
      return { is: 'parked', name: open.name }
    case 'timer':
      return { is: 'sleep', name: null, until: open.dueAt }
    case 'wait':
      return { is: 'signal', name: open.signal, until: open.dueAt }
    case 'promise':
      return { is: 'promise', name: open.name, until: open.dueAt }
    case 'child':
      return { is: 'child', name: open.definition, run: open.run }
  }
}
