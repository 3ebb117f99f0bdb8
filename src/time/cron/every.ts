import type { Instant } from '../../core/time.ts'
import { CronError, quoted } from './error.ts'

/** Go's time.ParseDuration, without a sign. */
const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const TERM = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y
const SECOND_MS = 1_000
/** As `DURATION_MS_MAX` of the core: longer is a mistake of units. */
const EVERY_MS_MAX = 100 * 365 * 86_400_000

/**
 * The time of `@every 1h30m`, in ms: whole seconds, as robfig's ConstantDelaySchedule has it.
 * A time of less than a second, which robfig raises to one, is refused: it is never what was meant.
 */
export function readEvery(given: string, text: string, offset: number): number {
  const trimmed = text.trim()
  let ms = 0
  TERM.lastIndex = 0
  for (let term = TERM.exec(trimmed); term; term = TERM.exec(trimmed)) {
    ms += Number(term[1]) * UNITS[term[2]!]!
    if (TERM.lastIndex < trimmed.length) continue
    const seconds = Math.floor(Math.round(ms * 1e6) / 1e9)
    if (seconds >= 1 && ms <= EVERY_MS_MAX) return seconds * SECOND_MS
    break
  }
  const at = { offset: offset + text.length - text.trimStart().length, length: trimmed.length, field: null, found: trimmed }
  throw new CronError('invalid-cron', given, `"@every" needs a time from 1 second to 100 years, found ${quoted(trimmed)}`, {
    ...at,
    hint: 'Such as "@every 1h30m" or "@every 90s".',
  })
}

/** robfig counts from the whole second of the time it is asked for, so this schedule has no times of its own. */
export function nextEvery(after: Instant, everyMs: number): Instant {
  return Math.floor(after / SECOND_MS) * SECOND_MS + everyMs
}

export function previousEvery(before: Instant, everyMs: number): Instant {
  return Math.ceil(before / SECOND_MS) * SECOND_MS - everyMs
}
