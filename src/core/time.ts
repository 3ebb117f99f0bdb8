import { UserError } from './errors.ts'

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** A length of time: milliseconds as a number, or a text of whole or decimal numbers with units, such as `'90s'`, `'1h 30m'`, `'7d'`. */
export type Duration = number | string

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const TERM = /\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/y
/** Longer is surely a mistake of units: 100 years. */
export const DURATION_MS_MAX = 100 * 365 * 86_400_000

/**
 * Milliseconds of a duration. Units: `ms`, `s`, `m` (minutes), `h`, `d` (24 hours), `w`.
 * @throws UserError `invalid-duration`, with `at` as its place.
 */
export function durationMs(duration: Duration, at: string): number {
  const ms = typeof duration === 'number' ? duration : parse(duration)
  if (ms === null || !Number.isFinite(ms) || ms < 0 || ms > DURATION_MS_MAX)
    throw new UserError('invalid-duration', {
      at,
      found: duration,
      hint: 'a duration is milliseconds, or a text with units ms, s, m, h, d, w such as "90s" or "1h 30m", from 0 to 100 years',
    })
  return Math.round(ms)
}

function parse(text: string): number | null {
  let ms = 0
  TERM.lastIndex = 0
  for (let term = TERM.exec(text); term; term = TERM.exec(text)) {
    ms += Number(term[1]) * (UNITS[term[2] as string] as number)
    if (TERM.lastIndex === text.length) return ms
  }
  return null
}
