import { usePreferences } from '../../format/preferences.ts'
import { absoluteTime, clockTime, durationText } from '../../format/time.ts'
import { classes } from '../../parts/classes.ts'
import { Icon, type IconName } from '../../parts/icons.tsx'
import type { Phase } from './phases.ts'
import type { Slice } from './scale.ts'
import { PHASES, phaseText, toneOf } from './words.ts'

const FILLS: Record<string, string> = {
  running: 'phase-running',
  completed: 'phase-completed',
  failed: 'phase-failed',
  stopped: 'phase-stopped',
  due: 'phase-due',
  queued: 'phase-queued',
  held: 'phase-held',
  waiting: 'phase-waiting',
  backoff: 'phase-backoff',
  snoozed: 'phase-snoozed',
  parked: 'phase-parked',
  stuck: 'phase-stuck',
  earlier: 'phase-waiting',
}
const ICONS: Record<string, IconName> = { running: 'play', completed: 'check', failed: 'close', stopped: 'dash' }

/** A narrower bar has a narrower gap behind it. */
const GAP_FROM = 10

/** Where a phase stands, and how it is filled; its label where there is room. */
function barOf(phase: Phase, slice: Slice, width: number): { className: string; style: { left: string; width: string } } {
  return {
    className: classes(
      'absolute flex items-center justify-center gap-1 overflow-hidden border-surface text-tiny',
      (slice.end - slice.start) * width > GAP_FROM ? 'border-r-2' : 'border-r',
      phase.ahead ? '' : FILLS[toneOf(phase)],
      phase.kind === 'running' ? 'inset-y-0 rounded-small font-medium text-inverse' : 'inset-y-1 text-ink',
      phase.open && 'transition-[width,left] duration-1000 ease-linear',
      phase.ahead && 'phase-ahead',
    ),
    style: { left: `${slice.start * 100}%`, width: `${(slice.end - slice.start) * 100}%` },
  }
}

/** In the row of an attempt: the same bar, without words. */
export function PlainBar({ phase, slice, width }: { phase: Phase; slice: Slice; width: number }) {
  const { className, style } = barOf(phase, slice, width)
  return (
    <span aria-hidden="true" className={className} style={style}>
      {slice.cut && <Cut />}
    </span>
  )
}

interface PhaseBarProps {
  id: string
  phase: Phase
  slice: Slice | undefined
  width: number
  picked: boolean
  faded: boolean
  onPoint(): void
  onOpen(): void
}

/** Below these widths in pixels a label or an icon has no room. */
const ICON_FROM = 20
const LETTER = 6.6

export function PhaseBar({ id, phase, slice, width, picked, faded, onPoint, onOpen }: PhaseBarProps) {
  if (slice === undefined) return null
  const room = (slice.end - slice.start) * width
  const tone = toneOf(phase)
  const runs = phase.kind === 'running'
  const label = faded ? null : labelOf(phase, room)
  const { className, style } = barOf(phase, slice, width)
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the list holds the focus and points at its items
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list answers to Enter
    <div
      id={id}
      role="option"
      aria-selected={picked}
      onMouseEnter={onPoint}
      onClick={onOpen}
      className={classes(className, runs && 'cursor-pointer', faded && 'opacity-35', picked && 'outline-2 -outline-offset-2 outline-ink')}
      style={style}
    >
      <span className="hidden-text">
        {phaseText(phase)}, {durationText(phase.to - phase.from)}
      </span>
      {slice.cut && <Cut />}
      {runs && !faded && room > ICON_FROM && <Icon name={ICONS[tone] ?? 'dot'} size={12} className={phase.open ? 'pulse' : ''} />}
      {label !== null && (
        <span aria-hidden="true" className={classes('numeric truncate', !runs && 'rounded-small bg-surface px-1')}>
          {label}
        </span>
      )}
    </div>
  )
}

/** Where an axis was cut short: two strokes across. */
function Cut() {
  return <span aria-hidden="true" className="absolute inset-y-0 left-[12%] w-2 -translate-x-1/2 -skew-x-12 border-x-2 border-ink bg-surface" />
}

function labelOf(phase: Phase, room: number): string | null {
  const took = durationText(phase.to - phase.from)
  if (phase.ahead) return [`due in ${took}`, `in ${took}`].find(text => room > text.length * LETTER + 32) ?? null
  const name = phase.kind === 'running' ? `#${phase.attempt}` : PHASES[phase.kind].name
  for (const text of [`${name} ${took}`, phase.kind === 'running' ? name : took]) if (room > text.length * LETTER + 32) return text
  return null
}

/** The phase that is pointed at: what, from when to when, how long. */
export function PhaseLine({ phase }: { phase: Phase }) {
  const { zone } = usePreferences()
  const day = new Date(phase.from).toDateString() !== new Date(phase.to).toDateString()
  const text = day ? absoluteTime : clockTime
  return (
    <p className="flex min-w-0 flex-wrap items-center gap-x-2">
      <Swatch tone={toneOf(phase)} />
      <span className="font-medium">{phaseText(phase)}</span>
      <span className="numeric text-soft">
        {text(phase.from, zone)} – {phase.open ? 'now' : text(phase.to, zone)}
      </span>
      <span className="numeric font-medium">{durationText(phase.to - phase.from)}</span>
      {phase.failure && (
        <span className="min-w-0 truncate text-failed">
          {phase.failure.type}: {phase.failure.message}
        </span>
      )}
      {phase.version !== null && <code className="text-soft">version {phase.version.slice(0, 8)}</code>}
    </p>
  )
}

/** The patterns that occur, each with its word and what it took in all. */
export function PhaseLegend({ phases }: { phases: readonly Phase[] }) {
  const tones = new Map<string, { name: string; ms: number }>()
  for (const phase of phases.filter(({ ahead }) => !ahead)) {
    const tone = toneOf(phase)
    const name = phase.kind === 'running' ? (NAMES[tone] ?? 'running') : PHASES[phase.kind].name
    tones.set(tone, { name, ms: (tones.get(tone)?.ms ?? 0) + phase.to - phase.from })
  }
  return (
    <ul className="flex flex-wrap items-center gap-x-4 gap-y-1 text-soft">
      {[...tones].map(([tone, { name, ms }]) => (
        <li key={tone} className="flex items-center gap-1.5">
          <Swatch tone={tone} />
          {name} <span className="numeric">{durationText(ms)}</span>
        </li>
      ))}
    </ul>
  )
}
const NAMES: Record<string, string> = { running: 'running', completed: 'ran, completed', failed: 'ran, failed', stopped: 'ran, stopped' }

function Swatch({ tone }: { tone: string }) {
  return <span aria-hidden="true" className={classes('inline-block h-3 w-4 shrink-0 rounded-small', FILLS[tone])} />
}
