import { useId, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Explanation, HistoryEvent, RunDetail } from '../../api/client.ts'
import { useNow } from '../../format/clock.ts'
import { durationText } from '../../format/time.ts'
import { classes } from '../../parts/classes.ts'
import { useWidth } from '../../parts/use-width.ts'
import { Axis } from './axis.tsx'
import { PhaseBar, PhaseLegend, PhaseLine } from './phase.tsx'
import { attemptsOf, courseOf, type Phase, withHold } from './phases.ts'
import { AttemptRows } from './rows.tsx'
import { placeOf, slicesOf } from './scale.ts'
import { phaseText } from './words.ts'

export interface TimelineProps {
  run: RunDetail
  events: readonly HistoryEvent[]
  /** They are all of them, from the first. */
  isWhole: boolean
  explanation: Explanation | undefined
  /** A row for each attempt, below the whole. */
  rows: boolean
  workerName(id: string): string
  /** The attempt whose logs are shown. */
  attempt: number | undefined
  onAttempt(attempt: number): void
  toScale: boolean
  onScale(toScale: boolean): void
}

/** Of rows that are seen at once. */
const ROWS_SEEN = 8

/** One axis from the start to the end, or now: what it waited for, each attempt, and what lay between. */
export function Timeline({ run, events, isWhole, explanation, rows, workerName, attempt, onAttempt, toScale, onScale }: TimelineProps) {
  const id = useId()
  const track = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const width = useWidth(track)
  const tick = useNow()
  const closed = run.closedAt !== null
  const now = closed ? 0 : tick
  const { phases, moments } = useMemo(() => {
    const course = courseOf(events, run, now, isWhole)
    const named = course.phases.map(phase => (phase.worker === null ? phase : { ...phase, worker: workerName(phase.worker) }))
    return { phases: withHold(named, explanation), moments: course.moments }
  }, [events, run, now, isWhole, explanation, workerName])
  const slices = useMemo(() => slicesOf(phases, width, toScale), [phases, width, toScale])
  const attempts = useMemo(() => attemptsOf(phases), [phases])
  const [pointed, setPointed] = useState<number | null>(null)
  const [focused, setFocused] = useState<number | null>(null)
  const shown = pointed ?? focused
  const first = phases[0]
  const last = phases.findLast(phase => !phase.ahead)
  // Of many attempts the newest are what one came for.
  useLayoutEffect(() => {
    if (attempts.length > ROWS_SEEN) list.current?.scrollTo({ top: list.current.scrollHeight })
  }, [attempts.length])
  if (first === undefined || last === undefined) return null
  const cut = slices.some(slice => slice.cut)
  const current = Math.min(focused ?? 0, phases.length - 1)
  const open = (phase: Phase | undefined): void => {
    if (phase?.kind === 'running') onAttempt(phase.attempt)
  }
  const move = (key: string): number | null => {
    if (key === 'ArrowRight') return Math.min(phases.length - 1, current + 1)
    if (key === 'ArrowLeft') return Math.max(0, current - 1)
    if (key === 'Home') return 0
    if (key === 'End') return phases.length - 1
    return null
  }
  const total = last.to - first.from
  return (
    <section aria-label="Timeline" className="min-w-0 overflow-hidden rounded border border-line bg-surface">
      <div ref={list} className={classes('overflow-y-auto', rows && attempts.length > 1 && 'max-h-[340px]')}>
        <div className="sticky top-0 z-10 bg-surface px-3 pt-3">
          <div className="grid grid-cols-[152px_minmax(0,1fr)] items-center gap-x-3 max-sm:grid-cols-[84px_minmax(0,1fr)] max-sm:gap-x-2">
            <div className="min-w-0">
              <h2 className="font-semibold max-sm:hidden">Timeline</h2>
              <p className="numeric truncate text-small text-soft">
                {durationText(total)}
                <span className="max-sm:hidden">{closed ? ' in all' : ' so far'}</span>
              </p>
            </div>
            <div
              ref={track}
              role="listbox"
              aria-label="Phases of this run"
              aria-orientation="horizontal"
              aria-activedescendant={`${id}-${current}`}
              tabIndex={0}
              className="relative h-8 rounded-small"
              onFocus={() => setFocused(current)}
              onBlur={() => setFocused(null)}
              onMouseLeave={() => setPointed(null)}
              onKeyDown={event => {
                if (event.key === 'Enter') open(phases[current])
                const next = move(event.key)
                if (next === null) return
                event.preventDefault()
                setPointed(null)
                setFocused(next)
              }}
            >
              {phases.map((phase, index) => (
                <PhaseBar
                  // biome-ignore lint/suspicious/noArrayIndexKey: phases are only ever added at the end
                  key={index}
                  id={`${id}-${index}`}
                  phase={phase}
                  slice={slices[index]}
                  width={width}
                  picked={shown === index}
                  faded={attempt !== undefined && phase.attempt !== attempt}
                  onPoint={() => setPointed(index)}
                  onOpen={() => open(phase)}
                />
              ))}
              {moments.map(moment => (
                <span
                  key={`${moment.at} ${moment.text}`}
                  aria-hidden="true"
                  title={moment.text}
                  className="absolute -top-1 -bottom-1 w-px bg-ink"
                  style={{ left: `${placeOf(slices, moment.at) * 100}%` }}
                />
              ))}
            </div>
            <span />
            <Axis slices={slices} width={width} />
          </div>
        </div>
        {rows && attempts.length > 1 && (
          <AttemptRows attempts={attempts} slices={slices} width={width} attempt={attempt} onAttempt={onAttempt} first={first.from} />
        )}
      </div>
      <footer className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-3 py-1.5 text-small">
        {shown !== null && phases[shown] ? <PhaseLine phase={phases[shown]} /> : <PhaseLegend phases={phases} />}
        <span className="grow" />
        {(cut || toScale) && (
          <label className="flex min-h-6 cursor-pointer items-center gap-1.5 text-soft">
            <input type="checkbox" checked={toScale} onChange={event => onScale(event.target.checked)} className="size-3.5 accent-current" />
            True to scale
          </label>
        )}
      </footer>
      <p className="hidden-text" aria-live="polite">
        {focused !== null && phases[focused] ? phaseText(phases[focused]) : ''}
      </p>
    </section>
  )
}
