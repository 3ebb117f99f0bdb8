import type { RunOptions } from '../../core/options.ts'
import type { OpenState, RunState, RunView, Trigger } from '../../core/run.ts'
import { wakeAt } from './state.ts'
import type { Open, Started, WorkflowState } from './types.ts'

const CALLED: Trigger = { is: 'call' }

export function view(state: WorkflowState): RunView {
  const { started, task, closing } = state
  const options = optionsOf(started)
  const [is, reason]: [RunState, string | null] = closing === null ? openState(state) : [closing.is, closing.reason ?? null]
  const view: RunView = {
    state: is,
    reason: closing === null && state.cancelRequested ? 'cancelling' : reason,
    attempt: task?.attempt ?? 1,
    attempts: task?.attempt ?? 1,
    startedAt: state.startedAt,
    progress: null,
    failure: closing === null ? (task?.failure ?? parkedOf(state)?.failure ?? null) : (closing.failure ?? null),
    worker: task?.worker ?? null,
    nextAt: wakeAt(state),
    dueAt: task?.phase === 'scheduled' || task?.phase === 'backoff' ? task.since : null,
    checkpoint: null,
    trigger: started.trigger ?? CALLED,
    options: state.metadata === undefined ? options : { ...options, metadata: state.metadata },
    version: state.pinned === true ? (state.route ?? null) : (state.own ?? state.version ?? state.route ?? null),
  }
  return state.input === undefined ? view : { ...view, input: state.input }
}

/** A workflow's own retries are none of its task's. */
function optionsOf({ options = NO_OPTIONS }: Started): RunOptions {
  if (options.retry === undefined) return options
  const { retry: _, ...rest } = options
  return rest
}
const NO_OPTIONS: RunOptions = {}

function openState({ task, open }: WorkflowState): [OpenState, string | null] {
  switch (task?.phase) {
    case 'scheduled':
      return ['scheduled', null]
    case 'ready':
      return ['queued', null]
    case 'running':
      return ['running', null]
    case 'backoff':
      return task.failure?.code === 'diverged' ? ['paused', 'diverged'] : ['waiting', 'back-off']
    default:
      if (parkedOf({ open }) !== null) return ['paused', 'parked']
      return ['waiting', awaits(Object.values(open))]
  }
}

/** A step that waits for a person. */
function parkedOf({ open }: Pick<WorkflowState, 'open'>): (Open & { is: 'parked' }) | null {
  for (const key in open) {
    const one = open[key]
    if (one?.is === 'parked') return one
  }
  return null
}

/** What it waits for, in a word: of several, the one that a person is most likely to have to do with. */
function awaits(open: readonly Open[]): string | null {
  for (const [is, word] of WORDS) if (open.some(one => one.is === is)) return word
  return open.length === 0 ? 'update' : null
}
const WORDS = [
  ['wait', 'signal'],
  ['promise', 'promise'],
  ['child', 'child'],
  ['backoff', 'step-back-off'],
  ['timer', 'sleep'],
] as const
