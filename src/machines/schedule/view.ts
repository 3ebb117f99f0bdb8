import { type RunView, viewOfActor } from '../../core/run.ts'
import { wakeAt } from './state.ts'
import type { ScheduleState } from './types.ts'

/** A schedule that has ended is dropped at once, with its ledger: it was kept long enough while it was deleted. */
const ENDED = { retentionMs: 0 }

/** A schedule as an actor: what its row and the engine need. People see `ScheduleView` (engine/schedules.ts). */
export function view(state: ScheduleState): RunView {
  return viewOfActor(state.paused === null ? 'scheduled' : 'paused', wakeAt(state), ENDED)
}
