/**
 * A length of time: milliseconds as a number, or a text of whole or decimal numbers with units `ms`, `s`, `m` (minutes), `h`, `d` (24 hours), `w`.
 * Examples: `1500`, `'90s'`, `'1h 30m'`, `'7d'`. From 0 to 100 years.
 */
export type Duration = number | string

/** Milliseconds of a duration, rounded; null when it is none. */
export function durationMs(duration: unknown): number | null {
  const ms = typeof duration === 'number' ? duration : typeof duration === 'string' ? parse(duration) : null
  return ms === null || !(ms >= 0 && ms <= DURATION_MS_MAX) ? null : Math.round(ms)
}

export const DURATION_HINT = 'a duration is milliseconds, or a text with units ms, s, m, h, d, w such as "90s" or "1h 30m", from 0 to 100 years'

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const TERM = /\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/y
/** Longer is surely a mistake of units: 100 years. */
const DURATION_MS_MAX = 100 * 365 * 86_400_000

function parse(text: string): number | null {
  let ms = 0
  TERM.lastIndex = 0
  for (let term = TERM.exec(text); term; term = TERM.exec(text)) {
    ms += Number(term[1]) * (UNITS[term[2] as string] as number)
    if (TERM.lastIndex === text.length) return ms
  }
  return null
}
