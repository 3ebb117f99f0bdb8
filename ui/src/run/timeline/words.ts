import type { Phase, PhaseKind } from './phases.ts'

/** What each phase is called, and what it means. */
export const PHASES: Record<PhaseKind, { name: string; means: string }> = {
  due: { name: 'not due', means: 'waiting for its time' },
  queued: { name: 'queued', means: 'due, waiting for a slot or a worker' },
  held: { name: 'held', means: 'due, and held by a pause' },
  running: { name: 'running', means: 'a worker has it' },
  waiting: { name: 'waiting', means: 'its code waits for a timer, a signal or a child' },
  backoff: { name: 'back-off', means: 'waiting for the next attempt' },
  snoozed: { name: 'snoozed', means: 'its handler asked to be called again later' },
  parked: { name: 'parked', means: 'its attempts were used up; it waits for a person' },
  earlier: { name: 'earlier', means: 'what happened before the newest events: its history has it' },
  stuck: { name: 'stuck', means: 'it choked on an input and waits for a person' },
}

const RESULTS: Record<string, string> = {
  completed: 'completed',
  failed: 'failed',
  lost: 'lost: no result by the end of its lease',
  timed_out: 'took too long',
  silent: 'gave no sign of life',
  returned: 'given back by its worker, at no cost',
  snoozed: 'asked to be called again',
  yielded: 'went on as far as it could',
  cancelled: 'stopped as asked',
  terminated: 'terminated',
}

/** `attempt 2 on web-1, failed`, or what the phase means. */
export function phaseText(phase: Phase): string {
  if (phase.ahead) return `${PHASES[phase.kind].name}, still to come`
  if (phase.kind !== 'running') return `${PHASES[phase.kind].name}: ${PHASES[phase.kind].means}`
  const end = phase.result === null ? (phase.open ? 'under way' : '') : (RESULTS[phase.result] ?? phase.result)
  return [`attempt ${phase.attempt}`, phase.worker === null ? '' : `on ${phase.worker}`, end].filter(part => part !== '').join(' · ')
}

/** The colour of a running phase is that of how it ended. */
export function toneOf(phase: Phase): string {
  if (phase.kind !== 'running') return phase.kind
  switch (phase.result) {
    case null:
      return 'running'
    case 'completed':
    case 'yielded':
      return 'completed'
    case 'returned':
    case 'snoozed':
    case 'cancelled':
    case 'terminated':
      return 'stopped'
    default:
      return 'failed'
  }
}
