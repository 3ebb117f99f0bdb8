import { useState } from 'react'
import { useNow } from '../format/clock.ts'
import { usePreferences } from '../format/preferences.ts'
import { absoluteTime, clockTime, durationText, exactTime, relativeTime, shortTime } from '../format/time.ts'
import { Hint } from './hint.tsx'

export interface TimeProps {
  /** ISO 8601, as the API answers; null shows a dash. */
  at: string | null
  /** relative ticks; the exact instant is always one hover away. Default relative. */
  as?: 'relative' | 'absolute' | 'clock' | 'short'
}

/** An instant in the zone that was chosen. */
export function Time({ at, as = 'relative' }: TimeProps) {
  const { zone } = usePreferences()
  // Lists have hundreds of these and new ones each moment; a hint is made for the one that is pointed at.
  const [pointedAt, setPointedAt] = useState(false)
  if (at === null) return <span className="text-soft">–</span>
  const time = (
    <time dateTime={at} className="numeric whitespace-nowrap" onPointerEnter={() => setPointedAt(true)}>
      {as === 'relative' ? (
        <Relative at={at} />
      ) : as === 'absolute' ? (
        absoluteTime(at, zone)
      ) : as === 'short' ? (
        shortTime(at, zone)
      ) : (
        clockTime(at, zone)
      )}
    </time>
  )
  return pointedAt ? <Hint text={exactTime(at, zone)}>{time}</Hint> : time
}

function Relative({ at }: { at: string }) {
  return relativeTime(at, useNow())
}

export interface DurationProps {
  /** Milliseconds; or the ends of a span, of which `to: null` goes on and ticks. */
  ms?: number
  from?: string | null
  to?: string | null
}

/** How long something took, or takes so far. */
export function Duration({ ms, from, to }: DurationProps) {
  if (ms !== undefined) return <span className="numeric whitespace-nowrap">{durationText(ms)}</span>
  if (!from) return <span className="text-soft">–</span>
  if (to) return <span className="numeric whitespace-nowrap">{durationText(Date.parse(to) - Date.parse(from))}</span>
  return <Elapsed from={from} />
}

function Elapsed({ from }: { from: string }) {
  return <span className="numeric whitespace-nowrap">{durationText(useNow() - Date.parse(from))}</span>
}
