import type { RunView, Trigger } from '../../core/run.ts'
import { attemptsOf } from '../../core/task.ts'
import { wakeAt } from './state.ts'
import type { JobState } from './types.ts'

const OPEN = {
  scheduled: ['scheduled', null],
  ready: ['queued', null],
  running: ['running', null],
  backoff: ['waiting', 'back-off'],
  snoozed: ['waiting', 'snoozed'],
  parked: ['paused', 'parked'],
} as const

const CALLED: Trigger = { is: 'call' }
const NO_OPTIONS = {}

export function view(state: JobState): RunView {
  const { task, policy, closing } = state
  const seen = {
    attempt: task.attempt,
    attempts: attemptsOf(task, policy),
    startedAt: task.startedAt,
    progress: task.progress,
    failure: task.failure,
    worker: task.worker,
    nextAt: wakeAt(state),
    dueAt: task.phase === 'scheduled' || task.phase === 'backoff' || task.phase === 'snoozed' ? task.since : null,
    checkpoint: task.checkpoint,
    trigger: state.started.trigger ?? CALLED,
    options: state.started.options ?? NO_OPTIONS,
    ...(state.input === undefined ? {} : { input: state.input }),
    ...(task.spent === undefined ? {} : { resumed: true as const }),
  }
  if (closing !== null) return { ...seen, state: closing.is, reason: closing.reason ?? null }
  const [open, reason] = OPEN[task.phase as keyof typeof OPEN]
  return { ...seen, state: open, reason: state.cancelRequested ? 'cancelling' : reason }
}
