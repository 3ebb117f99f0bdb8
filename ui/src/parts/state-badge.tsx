import { classes } from './classes.ts'
import { Icon, type IconName } from './icons.tsx'

type Tone = 'running' | 'completed' | 'failed' | 'queued' | 'paused' | 'cancelled'
const TONES: Record<Tone, string> = {
  running: 'text-running',
  completed: 'text-completed',
  failed: 'text-failed',
  queued: 'text-queued',
  paused: 'text-paused',
  cancelled: 'text-cancelled',
}

/** Of runs, schedules, workers and batches: an icon, a word, a colour. Colour is never the only sign. */
const STATES: Record<string, readonly [IconName, Tone, string?]> = {
  scheduled: ['clock', 'queued'],
  queued: ['ring', 'queued'],
  running: ['play', 'running'],
  waiting: ['half', 'queued'],
  paused: ['pause', 'paused'],
  parked: ['pause', 'paused'],
  stuck: ['warning', 'paused'],
  completed: ['completed', 'completed'],
  failed: ['failed', 'failed'],
  timed_out: ['timeout', 'failed', 'timed out'],
  cancelled: ['dash', 'cancelled'],
  terminated: ['stop', 'cancelled'],
  active: ['clock', 'running'],
  ended: ['dash', 'cancelled'],
  late: ['warning', 'paused'],
  skipped: ['dash', 'cancelled'],
  missed: ['warning', 'failed'],
  idle: ['ring', 'cancelled'],
  busy: ['play', 'running'],
  draining: ['half', 'paused'],
  drained: ['pause', 'paused'],
  silent: ['warning', 'failed'],
  open: ['ring', 'queued'],
  ready: ['completed', 'completed'],
  operator: ['settings', 'queued'],
  // Of a DAG's tasks, beside those above.
  task_ready: ['ring', 'queued', 'ready'],
  started: ['play', 'running'],
  success: ['completed', 'completed'],
  upstream_failed: ['warning', 'failed', 'upstream failed'],
  removed: ['close', 'cancelled'],
}

export interface StateBadgeProps {
  /** A state of anything; an unknown one is shown as a plain word. */
  state: string
  /** Said behind it, softer: a run's reason. */
  reason?: string | null
  /** The icon alone, with the word for those who cannot see it. */
  compact?: boolean
}

/** The same badge everywhere. */
export function StateBadge({ state, reason, compact = false }: StateBadgeProps) {
  const [icon, tone, word = state] = STATES[state] ?? ['dot', 'cancelled', state]
  return (
    <span
      className={classes('inline-flex max-w-full items-center gap-1.5 whitespace-nowrap align-top', compact ? 'shrink-0' : 'min-w-0')}
      title={reason ? `${word}: ${reason}` : undefined}
    >
      <Icon name={icon} size={14} className={classes(TONES[tone], PULSES.has(state) && 'pulse')} />
      <span className={compact ? 'hidden-text' : classes('shrink-0 font-medium', TONES[tone])}>{word}</span>
      {reason && !compact && <span className="truncate text-soft">{reason}</span>}
    </span>
  )
}

const PULSES: ReadonlySet<string> = new Set(['running', 'busy', 'started'])

/** The icon of a state and its word, where there is no room for a badge. */
export function stateSign(state: string): { icon: IconName; word: string } {
  const [icon, , word = state] = STATES[state] ?? ['dot', 'cancelled']
  return { icon, word }
}

/** The colour of a state in charts, as a CSS variable. */
export function stateColor(state: string): string {
  return `var(--${STATES[state]?.[1] ?? 'cancelled'})`
}

/** The same softer: of what went well in a chart, which is the ground before which the rest stands out. */
export function softColor(state: string): string {
  return `color-mix(in oklab, ${stateColor(state)} 50%, var(--surface))`
}
