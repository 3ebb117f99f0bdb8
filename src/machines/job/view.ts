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
  const { task, policy, closing, input } = state
  const [open, reason] = closing === null ? OPEN[task.phase as keyof typeof OPEN] : [closing.is, closing.reason ?? null]
  const seen: RunView = {
    state: open,
    reason: closing === null && state.cancelRequested ? 'cancelling' : reason,
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
  }
  if (input !== undefined) seen.input = input
  if (task.spent !== undefined) seen.resumed = true
  return seen
}
