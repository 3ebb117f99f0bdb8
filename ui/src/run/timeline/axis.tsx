import { usePreferences } from '../../format/preferences.ts'
import { clockTime, durationText, minuteTime, shortTime } from '../../format/time.ts'
import { type Slice, ticksOf } from './scale.ts'

/** Longer than this, what the clock showed says more than what had passed. */
const CLOCK_FROM_MS = 10 * 60_000
const DAY_MS = 86_400_000
const HALF_DAY_MS = DAY_MS / 2
const APART = { passed: 68, clock: 88, day: 112 } as const

/** Below the bar: what had passed since the start; of long runs, the time of day. */
export function Axis({ slices, width }: { slices: readonly Slice[]; width: number }) {
  const { zone } = usePreferences()
  const first = slices[0]
  const last = slices.at(-1)
  if (first === undefined || last === undefined || width === 0) return <div className="h-6" />
  // What is cut short has no ticks: how long the rest is says how fine they are.
  const total = slices.reduce((sum, slice) => sum + (slice.cut ? 0 : slice.to - slice.from), 0)
  const long = last.to - first.from >= DAY_MS
  const kind = total < CLOCK_FROM_MS && !long ? 'passed' : total < DAY_MS ? 'clock' : 'day'
  const text = (at: number): string => {
    if (kind === 'day' || (long && at - first.from >= HALF_DAY_MS)) return shortTime(at, zone)
    if (kind === 'clock') return at % 60_000 === 0 ? minuteTime(at, zone) : clockTime(at, zone)
    return at === first.from ? '0' : `+${durationText(at - first.from).replace('.0', '')}`
  }
  return (
    <div aria-hidden="true" className="relative h-6 overflow-hidden text-tiny text-soft">
      {ticksOf(slices, width, APART[kind], kind === 'passed' ? first.from : 0).map(tick => (
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
