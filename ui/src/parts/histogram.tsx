import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from 'react'
import { countText } from '../format/number.ts'
import { usePreferences } from '../format/preferences.ts'
import { clockTime, durationText, shortTime } from '../format/time.ts'
import { classes } from './classes.ts'
import { softColor, stateColor } from './state-badge.tsx'
import { useWidth } from './use-width.ts'

export interface HistogramProps {
  /** What it counts, in words. */
  label: string
  from: number
  until: number
  stepMs: number
  /** What stands on each other in a bar, from its foot up; `tone` is a state, whose colour it has. */
  series: readonly { label: string; tone: string; values: readonly number[] }[]
  /** A range was chosen: by dragging, by a click on one bar, or by the keyboard. */
  onBrush?(from: number, until: number): void
  /** Escape or `-` where nothing is chosen: a wider range. */
  onWider?(): void
  height?: number
  /** Stand at the ends of the line above it. */
  heading?: ReactNode
  aside?: ReactNode
}

/** A sliver of what is rare is seen still. */
const SLIVER = 2

/**
 * Counts over time, to choose a range of. With the keyboard: arrows walk from bar to bar and say what is in it, with Shift they choose, Enter takes the
 * choice, Escape lets it go.
 */
export function Histogram({ label, from, until, stepMs, series, onBrush, onWider, height = 56, heading, aside }: HistogramProps) {
  const { zone } = usePreferences()
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const [at, setAt] = useState<number | null>(null)
  const [anchor, setAnchor] = useState<number | null>(null)
  const count = Math.max(1, Math.ceil((until - from) / stepMs))
  const totals = Array.from({ length: count }, (_, step) => series.reduce((sum, { values }) => sum + (values[step] ?? 0), 0))
  const most = Math.max(1, ...totals)
  const [first, last] = at === null ? [null, null] : anchor === null ? [at, at] : [Math.min(at, anchor), Math.max(at, anchor)]

  const stepOf = (event: PointerEvent): number => {
    const { left, width: whole } = event.currentTarget.getBoundingClientRect()
    return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - left) / whole) * count)))
  }
  const take = (one: number, other: number): void => {
    setAnchor(null)
    onBrush?.(from + Math.min(one, other) * stepMs, Math.min(until, from + (Math.max(one, other) + 1) * stepMs))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const now = at ?? count - 1
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : null
    if (step !== null) {
      if (event.shiftKey) setAnchor(anchor ?? now)
      else setAnchor(null)
      setAt(Math.min(count - 1, Math.max(0, at === null ? now : now + step)))
    } else if (event.key === 'Home' || event.key === 'End') {
      if (event.shiftKey) setAnchor(anchor ?? now)
      setAt(event.key === 'Home' ? 0 : count - 1)
    } else if (event.key === 'Enter' && at !== null) take(anchor ?? at, at)
    else if (event.key === 'Escape' && anchor !== null) setAnchor(null)
    else if ((event.key === 'Escape' || event.key === '-') && onWider) onWider()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  const barWidth = 100 / count
  const time = (step: number): string => timeText(from + step * stepMs, until - from, zone)
  return (
    <div className="min-w-0">
      <div className="flex min-h-6 flex-wrap items-center gap-x-4">
        {heading}
        <p
          aria-live="polite"
          className="numeric flex h-6 min-w-0 grow items-center gap-x-3 overflow-hidden whitespace-nowrap text-small text-soft max-sm:order-last max-sm:h-5 max-sm:basis-full"
        >
          {first === null || last === null ? (
            series.filter(({ values }) => values.some(value => value > 0)).map(({ label: name, tone }) => <Key key={name} tone={tone} text={name} />)
          ) : (
            <>
              <span className="text-ink">
                {shortTime(from + first * stepMs, zone)} – {clockTime(Math.min(until, from + (last + 1) * stepMs), zone)}
              </span>
              {series
                .map(part => ({ ...part, sum: part.values.slice(first, last + 1).reduce((sum, value) => sum + value, 0) }))
                .filter(({ sum }) => sum > 0)
                .map(({ label: name, tone, sum }) => (
                  <Key key={name} tone={tone} text={`${countText(sum)} ${name}`} />
                ))}
              {totals.slice(first, last + 1).every(total => total === 0) && 'none'}
            </>
          )}
        </p>
        {aside}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a chart that is walked through has no element of its own */}
      <div
        ref={box}
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it has keys
        tabIndex={0}
        aria-label={`${label}. Arrows walk through it, Shift chooses, Enter takes the choice.`}
        onKeyDown={onKeyDown}
        onBlur={() => {
          setAt(null)
          setAnchor(null)
        }}
        onPointerDown={event => {
          if (event.button !== 0 || onBrush === undefined) return
          event.currentTarget.setPointerCapture(event.pointerId)
          setAnchor(stepOf(event))
          setAt(stepOf(event))
        }}
        onPointerMove={event => setAt(stepOf(event))}
        onPointerUp={event => anchor !== null && take(anchor, stepOf(event))}
        onPointerCancel={() => setAnchor(null)}
        onPointerLeave={() => anchor === null && setAt(null)}
        className={classes('relative touch-pan-y select-none border-b border-line', onBrush && 'cursor-crosshair')}
        style={{ height }}
      >
        <span className="numeric pointer-events-none absolute left-0 top-0 text-tiny text-soft">
          {most > 1 || totals.some(Boolean) ? countText(most) : ''}
        </span>
        {first !== null && last !== null && (
          <span
            className={classes('absolute inset-y-0', anchor === null ? 'bg-hover' : 'bg-picked')}
            style={{ left: `${first * barWidth}%`, width: `${(last - first + 1) * barWidth}%` }}
          />
        )}
        <svg
          aria-hidden="true"
          width="100%"
          height={height}
          preserveAspectRatio="none"
          viewBox={`0 0 ${count} ${height}`}
          className="absolute inset-0"
        >
          {barsOf(series, totals, { scale: (height - 4) / most, gap: width / count > 5 ? 0.12 : 0, height }).map((d, index) => (
            <path key={series[index]?.label} d={d} fill={colorOf(series[index]?.tone ?? '')} />
          ))}
        </svg>
      </div>
      <div aria-hidden="true" className="numeric flex justify-between pt-0.5 text-tiny text-soft">
        {ticksOf(count, width).map(step => (
          <span key={step}>{time(step)}</span>
        ))}
        <span>{Math.abs(until - Date.now()) < stepMs + 60_000 ? 'now' : time(count)}</span>
      </div>
    </div>
  )
}

/** Of each series one path of all its bars: a hundred times fewer elements than bars have parts. */
function barsOf(
  series: HistogramProps['series'],
  totals: readonly number[],
  { scale, gap, height }: { scale: number; gap: number; height: number },
): string[] {
  const feet = totals.map(() => 0)
  return series.map(({ values }) =>
    totals
      .map((_, step) => {
        const value = values[step] ?? 0
        if (value === 0) return ''
        const high = Math.max(SLIVER, value * scale)
        feet[step] = (feet[step] ?? 0) + high
        return `M${step + gap} ${height - feet[step]}h${1 - 2 * gap}v${high}H${step + gap}z`
      })
      .join(''),
  )
}

const colorOf = (tone: string): string => (tone === 'completed' ? softColor(tone) : stateColor(tone))

function Key({ tone, text }: { tone: string; text: string }) {
  return (
    <span className="inline-flex items-center gap-1">
      <span className="size-2 rounded-full" style={{ background: colorOf(tone) }} /> {text}
    </span>
  )
}

/** As many as there is room for. */
function ticksOf(count: number, width: number): number[] {
  const ticks = Math.min(count, Math.max(2, Math.floor(width / 160)))
  return Array.from({ length: ticks }, (_, tick) => Math.round((tick * count) / ticks))
}

const DAY_MS = 86_400_000
const MINUTES_MS = 600_000
function timeText(at: number, rangeMs: number, zone: string | null): string {
  if (rangeMs > DAY_MS) return shortTime(at, zone)
  return rangeMs < MINUTES_MS ? clockTime(at, zone) : clockTime(at, zone).replace(/:\d\d(?=\s|$)/, '')
}

/** `6h`, for what is said of a range. */
export function rangeText(from: number, until: number): string {
  return durationText(Math.round((until - from) / 1_000) * 1_000)
}
