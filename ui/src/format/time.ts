/** Instants and durations as people read them. Instants come from the API as ISO 8601 text in UTC. */

const formats = new Map<string, Intl.DateTimeFormat>()
function format(name: string, options: Intl.DateTimeFormatOptions, zone: string | null): Intl.DateTimeFormat {
  const key = `${name} ${zone}`
  let known = formats.get(key)
  if (known === undefined) {
    known = new Intl.DateTimeFormat(undefined, { ...options, ...(zone !== null && { timeZone: zone }) })
    formats.set(key, known)
  }
  return known
}

/** `28 Nov 2026, 14:02:07`: to the second, in the zone. */
export function absoluteTime(at: string | number, zone: string | null): string {
  return format('absolute', { dateStyle: 'medium', timeStyle: 'medium' }, zone).format(new Date(at))
}

/** With milliseconds and the zone's name: for what one hovers over. */
export function exactTime(at: string | number, zone: string | null): string {
  const options: Intl.DateTimeFormatOptions = {
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    timeZoneName: 'short',
  }
  return format('exact', options, zone).format(new Date(at))
}

/** `14:02:07`: where the day is clear. */
export function clockTime(at: string | number, zone: string | null): string {
  return format('clock', { timeStyle: 'medium' }, zone).format(new Date(at))
}

/** `14:02:07.123`: of log lines, which follow each other closely. */
export function preciseTime(at: string | number, zone: string | null): string {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' } as const
  return format('precise', options, zone).format(new Date(at))
}

/** `14:02`. */
export function minuteTime(at: string | number, zone: string | null): string {
  return format('minute', { timeStyle: 'short' }, zone).format(new Date(at))
}

/** `Nov 28, 14:02`. */
export function shortTime(at: string | number, zone: string | null): string {
  return format('short', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }, zone).format(new Date(at))
}

/** `Nov 28`. */
export function dayText(at: string | number, zone: string | null): string {
  return format('day', { month: 'short', day: 'numeric' }, zone).format(new Date(at))
}

const STEPS = [
  [60, 'second', 1],
  [3_600, 'minute', 60],
  [86_400, 'hour', 3_600],
  [30 * 86_400, 'day', 86_400],
  [365 * 86_400, 'month', 30 * 86_400],
  [Number.POSITIVE_INFINITY, 'year', 365 * 86_400],
] as const
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'always', style: 'narrow' })

/** `5m ago`, `in 2h`. What lies within the last second is `now`. */
export function relativeTime(at: string | number, now: number): string {
  const seconds = Math.round((new Date(at).getTime() - now) / 1_000)
  if (Math.abs(seconds) < 1) return 'now'
  const [, unit, size] = STEPS.find(([below]) => Math.abs(seconds) < below) ?? STEPS[5]
  return relative.format(Math.trunc(seconds / size), unit)
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** `340 ms`, `4.2 s`, `3m 20s`, `1h 4m`, `2d 3h`: two units at most. */
export function durationText(ms: number): string {
  const size = Math.max(0, ms)
  if (size < 1_000) return `${Math.round(size)} ms`
  if (size < 60_000) return `${(Math.floor(size / 100) / 10).toFixed(1)} s`
  const index = UNITS.findIndex(([, unit]) => size >= unit)
  const [name, unit] = UNITS[index] ?? UNITS[3]
  const [lesser, lesserUnit] = UNITS[index + 1] ?? UNITS[3]
  const rest = Math.floor((size % unit) / lesserUnit)
  return `${Math.floor(size / unit)}${name}${rest > 0 ? ` ${rest}${lesser}` : ''}`
}

export function browserZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}
