import { durationText } from '../../format/time.ts'
import { classes } from '../../parts/classes.ts'
import { PlainBar } from './phase.tsx'
import type { AttemptCourse, Phase } from './phases.ts'
import { placeOf, type Slice } from './scale.ts'
import { phaseText } from './words.ts'

interface AttemptRowsProps {
  attempts: readonly AttemptCourse[]
  slices: readonly Slice[]
  width: number
  attempt: number | undefined
  onAttempt(attempt: number): void
  first: number
}

/** One row an attempt, on the axis above; a click shows its log lines. */
export function AttemptRows({ attempts, slices, width, attempt, onAttempt, first }: AttemptRowsProps) {
  return (
    <ol aria-label="Attempts" className="pb-2">
      {attempts.map(entry => (
        <li key={`${entry.attempt} ${entry.phases[0]?.from ?? first}`}>
          <button
            type="button"
            onClick={() => onAttempt(entry.attempt)}
            aria-current={attempt === entry.attempt || undefined}
            className="grid w-full grid-cols-[152px_minmax(0,1fr)] items-center gap-x-3 px-3 py-0.5 text-left -outline-offset-2 hover:bg-hover aria-[current]:bg-picked max-sm:grid-cols-[84px_minmax(0,1fr)] max-sm:gap-x-2"
          >
            <span className="hidden-text">
              Attempt {entry.attempt}: {entry.running ? phaseText(entry.running) : 'not yet begun'}; show its logs
            </span>
            <span aria-hidden="true" className="flex min-w-0 items-baseline gap-1.5 text-small leading-6">
              <span className="numeric w-6 shrink-0 font-medium">#{entry.attempt}</span>
              <span className={classes('numeric shrink-0', entry.running?.failure ? 'text-failed' : 'text-soft')}>
                {entry.running ? durationText(entry.running.to - entry.running.from) : '–'}
              </span>
              <span className="truncate text-soft max-sm:hidden">{entry.running?.failure?.type ?? entry.running?.worker}</span>
            </span>
            <span className="relative block h-4">
              <span className="absolute inset-x-0 top-1/2 border-t border-line" />
              {entry.phases.map(phase => (
                <PlainBar key={`${phase.kind} ${phase.from}`} phase={phase} slice={sliceOf(phase, slices)} width={width} />
              ))}
            </span>
          </button>
        </li>
      ))}
    </ol>
  )
}

/** The very slice of the bar above where the phase is a whole one; a hold may have cut it in two. */
function sliceOf(phase: Phase, slices: readonly Slice[]): Slice {
  const { from, to } = phase
  const own = slices.find(slice => slice.from === from && slice.to === to)
  return own ?? { from, to, start: placeOf(slices, from), end: placeOf(slices, to), cut: false }
}
