import { usePreferences } from '../../format/preferences.ts'
import { clockTime, durationText, shortTime } from '../../format/time.ts'
import { type Slice, ticksOf } from './scale.ts'

/** Longer than this, what the clock showed says more than what had passed. */
const CLOCK_FROM_MS = 10 * 60_000
const DAY_MS = 86_400_000
const APART = { passed: 64, clock: 84, day: 108 } as const

/** Below the bar: what had passed since the start; of long runs, the time of day. */
export function Axis({ slices, width }: { slices: readonly Slice[]; width: number }) {
  const { zone } = usePreferences()
  const first = slices[0]
  const last = slices.at(-1)
  if (first === undefined || last === undefined || width === 0) return <div className="h-6" />
  const total = last.to - first.from
  const kind = total < CLOCK_FROM_MS ? 'passed' : total < DAY_MS ? 'clock' : 'day'
  const text = (at: number): string =>
    kind === 'day'
      ? shortTime(at, zone)
      : kind === 'clock' || at === first.from
        ? clockTime(at, zone)
        : `+${durationText(at - first.from).replace('.0', '')}`
  return (
    <div aria-hidden="true" className="relative h-6 overflow-hidden text-tiny text-soft">
      {ticksOf(slices, width, APART[kind]).map(tick => (
        <span
          key={tick.at}
          className="numeric absolute top-0 border-l border-line pl-1 leading-5 whitespace-nowrap"
          style={{ left: `${tick.place * 100}%` }}
        >
          {text(tick.at)}
        </span>
      ))}
    </div>
  )
}
