import type { OpenState, RunView, Trigger } from '../../core/run.ts'
import { wakeAt } from './state.ts'
import type { DagState } from './types.ts'

const CALLED: Trigger = { is: 'call' }
const NO_OPTIONS = {}

export function view(state: DagState): RunView {
  const { started, closing, ended, total, failed, startedAt } = state
  const [open, reason] = closing === null ? openState(state) : [closing.is, closing.reason ?? null]
  return {
    state: open,
    reason: closing === null && state.cancelRequested ? 'cancelling' : reason,
    attempt: 1,
    attempts: 1,
    startedAt,
    progress: startedAt === null ? null : { value: ended / total, message: `${ended} of ${total} tasks${failed > 0 ? `, ${failed} failed` : ''}` },
    failure: closing?.failure ?? null,
    worker: null,
    nextAt: wakeAt(state),
    dueAt: state.isDue ? null : state.since,
    checkpoint: null,
    trigger: started.trigger ?? CALLED,
    options: started.options ?? NO_OPTIONS,
  }
}

/** It is at work while any of its tasks is, save those that a person does, or that wait for something. */
function openState({
  isDue,
  since,
  started,
  active,
  persons = [],
  waits = [],
  queuedAt,
  place,
  tasks,
  mapped,
}: DagState): [OpenState, string | null] {
  if (!isDue && queuedAt !== undefined) return ['queued', 'max-active-runs']
  if (!isDue) return [since > started.at ? 'scheduled' : 'queued', null]
  if (active > persons.length + waits.length) return ['running', null]
  if (active > 0) return ['waiting', persons.length > 0 ? 'approval' : 'wait']
  const isHeld = place !== undefined && place.held.length > 0 && [tasks, ...Object.values(mapped).map(({ items }) => items)].join().includes('q')
  return ['waiting', isHeld ? 'depends-on-past' : 'tasks']
}
