import type { RunView, Trigger } from '../../core/run.ts'
import { wakeAt } from './state.ts'
import type { ScheduleState } from './types.ts'

const MADE: Trigger = { is: 'call' }
/** A schedule that has ended is dropped at once, with its ledger: it was kept long enough while it was deleted. */
const ENDED = { retentionMs: 0 }

/** A schedule as an actor: what its row and the engine need. People see `ScheduleView` (engine/schedules.ts). */
export function view(state: ScheduleState): RunView {
  return {
    state: state.paused === null ? 'scheduled' : 'paused',
    reason: null,
    attempt: 1,
    attempts: 1,
    startedAt: null,
    progress: null,
    failure: null,
    worker: null,
    nextAt: wakeAt(state),
    dueAt: null,
    checkpoint: null,
    trigger: MADE,
    options: ENDED,
  }
}
