/** Times as the clock of a schedule's zone shows them, and back. The engine computes; this is for people's eyes and fingers. */

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** `2026-11-30 02:00`, with seconds where there are any, and with the offset where the clock shows this time twice. */
export function zonedText(at: number, zone: string): string {
  const text = clockText(at, zone)
  const isTwice = [-2, -1, -0.5, 0.5, 1, 2].some(hours => clockText(at + hours * HOUR_MS, zone) === text)
  return isTwice ? `${text} ${offsetText(offsetMs(at, zone))}` : text
}

/** `Mon 2026-11-30 02:00`. */
export function zonedDayText(at: number, zone: string): string {
  return `${WEEKDAYS[new Date(at + offsetMs(at, zone)).getUTCDay()]} ${zonedText(at, zone)}`
}
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** A stretch of times: the day is said once where it is the same. */
export function stretchText(from: number, until: number, zone: string): string {
  const [first, last] = [zonedText(from, zone), zonedText(until, zone)]
  return `${first} – ${first.slice(0, 10) === last.slice(0, 10) ? last.slice(11) : last}`
}

/**
 * The instant that somebody means: ISO 8601 with an offset, or as the zone's clock shows it, or a day. `edge`: which of two instants of the same local time, and which
 * end of a day. Null: no time.
 */
export function instantIn(text: string, zone: string, edge: 'first' | 'last'): number | null {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return orNull(Date.parse(text))
  const [, day, time, seconds = ''] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?$/.exec(text) ?? []
  if (day === undefined) return null
  const local = orNull(
    Date.parse(`${day}T${time ?? (edge === 'last' ? '23:59' : '00:00')}${seconds || (time === undefined && edge === 'last' ? ':59' : '')}Z`),
  )
  if (local === null || new Date(local).toISOString().slice(0, 10) !== day) return null
  const candidates = [local - offsetMs(local - DAY_MS, zone), local - offsetMs(local + DAY_MS, zone)]
  const shown = candidates.filter(at => at + offsetMs(at, zone) === local)
  if (shown.length === 0) return candidates[0] as number
  return edge === 'first' ? Math.min(...shown) : Math.max(...shown)
}

function orNull(ms: number): number | null {
  return Number.isNaN(ms) ? null : ms
}

function clockText(at: number, zone: string): string {
  const text = new Date(at + offsetMs(at, zone)).toISOString().replace('T', ' ')
  return text.slice(17, 19) === '00' ? text.slice(0, 16) : text.slice(0, 19)
}

function offsetText(ms: number): string {
  const minutes = Math.abs(Math.round(ms / 60_000))
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${ms < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

function offsetMs(at: number, zone: string): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** A zone that this machine does not know is shown as UTC, which the title of the column then says. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  formats.set(zone, made)
  return made
}

/** The zone, or UTC where this machine does not know it. */
export function knownZone(zone: string | undefined): string {
  try {
    formatOf(zone ?? 'UTC')
    return zone ?? 'UTC'
  } catch {
    return 'UTC'
  }
}
