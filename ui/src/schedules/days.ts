/** Days as a zone's clock has them: not all have 24 hours. Dates are `2026-11-28`, instants milliseconds since 1970. */

const HOUR_MS = 3_600_000
const formats = new Map<string, Intl.DateTimeFormat>()

interface Local {
  date: string
  hour: number
  minute: number
  second: number
}

/** What the clock of a zone shows. */
export function localOf(at: number, zone: string): Local {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formats.set(zone, format)
  }
  const parts: Record<string, string> = {}
  for (const { type, value } of format.formatToParts(at)) parts[type] = value
  const { year = '1970', month = '01', day = '01' } = parts
  return {
    date: `${year.padStart(4, '0')}-${month}-${day}`,
    hour: Number(parts.hour),
    minute: Number(parts.minute),
    second: Number(parts.second),
  }
}

export const dateIn = (at: number, zone: string): string => localOf(at, zone).date

/** `14:02`, as the zone's clock shows it. */
export function minuteIn(at: number, zone: string): string {
  const { hour, minute, second } = localOf(at, zone)
  return `${two(hour)}:${two(minute)}${second === 0 ? '' : `:${two(second)}`}`
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 24 * HOUR_MS).toISOString().slice(0, 10)
}

/** The first instant of a day: 00:00, or what the clock shows instead where it is set forward over midnight. */
export function startOfDay(date: string, zone: string): number {
  const near = Date.parse(`${date}T00:00:00Z`) / 1_000
  // No zone is more than 14 hours from UTC.
  let [before, within] = [near - 15 * 3_600, near + 15 * 3_600]
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2)
    if (dateIn(middle * 1_000, zone) < date) before = middle
    else within = middle
  }
  return within * 1_000
}

export interface Day {
  date: string
  from: number
  /** The first instant of the next day. */
  until: number
}

export function dayOf(date: string, zone: string): Day {
  return { date, from: startOfDay(date, zone), until: startOfDay(addDays(date, 1), zone) }
}

export interface Hour {
  at: number
  /** `02`, as the clock shows it. */
  label: string
  /** The clock shows this hour a second time; or it has just left out some. */
  odd: 'doubled' | 'skipped' | null
}

/** The hours of a day in the order in which they pass. */
export function hoursOf({ from, until }: Day, zone: string): Hour[] {
  const hours: Hour[] = []
  let before: number | null = null
  for (let at = from; at < until; at += HOUR_MS) {
    const { hour, minute } = localOf(at, zone)
    const odd = before === null ? null : hour === before ? 'doubled' : hour !== before + 1 ? 'skipped' : null
    hours.push({ at, label: minute === 0 ? two(hour) : `${two(hour)}:${two(minute)}`, odd })
    before = hour
  }
  return hours
}

/** `25 hours: the clock shows 02:00 twice`, or null on a usual day. */
export function oddDay(day: Day, zone: string): string | null {
  const length = (day.until - day.from) / HOUR_MS
  if (length === 24) return null
  const odd = hoursOf(day, zone).find(hour => hour.odd !== null)
  const what =
    odd === undefined
      ? 'the clock is changed'
      : odd.odd === 'doubled'
        ? `the clock shows ${odd.label}:00 to ${odd.label}:59 twice`
        : `the clock leaves out the hour before ${odd.label}:00`
  return `${length} hours: ${what}`
}

/** Six weeks, from Monday on, around a month. */
export function weeksOf(date: string): string[][] {
  const first = `${date.slice(0, 7)}-01`
  const weekday = (new Date(`${first}T00:00:00Z`).getUTCDay() + 6) % 7
  const start = addDays(first, -weekday)
  const weeks = Array.from({ length: 6 }, (_, week) => Array.from({ length: 7 }, (_, day) => addDays(start, week * 7 + day)))
  return weeks.filter(week => week.some(day => day.slice(0, 7) === date.slice(0, 7)))
}

export function addMonths(date: string, months: number): string {
  const [year = 1970, month = 1] = date.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 10)
}

const two = (number: number): string => String(number).padStart(2, '0')

/** The instant at which the zone's clock shows `2026-11-28T14:30`; where it never does, the one as much later. Null: that is no time. */
export function instantIn(text: string, zone: string): number | null {
  const asUtc = Date.parse(`${text.trim().replace(' ', 'T')}Z`)
  if (Number.isNaN(asUtc)) return null
  let at = asUtc
  for (let turn = 0; turn < 2; turn++) at = asUtc - offsetMs(at, zone)
  return at
}

function offsetMs(at: number, zone: string): number {
  const { date, hour, minute, second } = localOf(at, zone)
  return Date.parse(`${date}T${two(hour)}:${two(minute)}:${two(second)}Z`) - Math.floor(at / 1_000) * 1_000
}

/** What a field for a local time takes: `2026-11-28T14:30`. */
export function fieldTime(at: number, zone: string): string {
  const { date, hour, minute } = localOf(at, zone)
  return `${date}T${two(hour)}:${two(minute)}`
}
