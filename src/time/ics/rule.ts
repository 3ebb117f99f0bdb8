import { WEEKDAYS } from '../dates.ts'
import { IcsError } from './error.ts'
import { type IcsTime, parseTime } from './values.ts'

export type Frequency = 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY'

/** An RRULE (RFC 5545, section 3.3.10), of days: the time of day is that of DTSTART. */
export interface Rule {
  readonly frequency: Frequency
  readonly interval: number
  readonly count: number | null
  readonly until: IcsTime | null
  /** 0 is Sunday. */
  readonly weekStart: number
  readonly months: readonly number[]
  readonly weeks: readonly number[]
  readonly yearDays: readonly number[]
  readonly monthDays: readonly number[]
  /** `nth` 0: each one; 2: the second; −1: the last of the month or year. */
  readonly weekdays: readonly { readonly nth: number; readonly weekday: number }[]
  readonly positions: readonly number[]
}

const FREQUENCIES: readonly string[] = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY']
/** More is a rule without an end, and would be counted through from the first. */
const COUNT_MAX = 10_000
const PARTS = ['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'WKST', 'BYMONTH', 'BYWEEKNO', 'BYYEARDAY', 'BYMONTHDAY', 'BYDAY', 'BYSETPOS']
const WEEKDAY = /^([+-]?\d{1,2})?(SU|MO|TU|WE|TH|FR|SA)$/

export function parseRule(text: string, line: number): Rule {
  const parts = new Map<string, string>()
  for (const part of text.trim().replace(/;$/, '').toUpperCase().split(';')) {
    const [name, value, ...more] = part.split('=')
    if (!name || !value || more.length > 0) throw new IcsError(line, part, 'A part of an RRULE is written NAME=VALUE, such as FREQ=YEARLY.')
    if (/^BY(HOUR|MINUTE|SECOND)$/.test(name))
      throw new IcsError(line, part, `Calendars know days: ${name} is not read. Write an event for each time.`)
    if (!PARTS.includes(name)) {
      if (name.startsWith('X-')) continue
      throw new IcsError(line, part, `An RRULE has no part ${name.slice(0, 20)}.`)
    }
    if (parts.has(name)) throw new IcsError(line, part, `${name} stands twice.`)
    parts.set(name, value)
  }
  const frequency = parts.get('FREQ') ?? ''
  if (!FREQUENCIES.includes(frequency))
    throw new IcsError(line, text, 'FREQ is DAILY, WEEKLY, MONTHLY or YEARLY; calendars know days, so HOURLY and the like are not read.')
  const numbers = (name: string, least: number, most: number, signed: boolean): number[] =>
    (parts.get(name)?.split(',') ?? []).map(item => {
      const value = /^[+-]?\d{1,9}$/.test(item) ? Number(item) : Number.NaN
      const size = signed ? Math.abs(value) : value
      if (!(size >= least && size <= most))
        throw new IcsError(
          line,
          `${name}=${item}`,
          `${name} is a number from ${signed ? `-${most}` : least} to ${most}${signed ? ', and not 0' : ''}.`,
        )
      return value
    })
  const one = (name: string, most: number): number | null => numbers(name, 1, most, false)[0] ?? null
  const until = parts.get('UNTIL')
  const weekStart = parts.get('WKST') ?? 'MO'
  if (!WEEKDAY.test(weekStart) || weekStart.length > 2) throw new IcsError(line, `WKST=${weekStart}`, 'WKST is one of SU, MO, TU, WE, TH, FR, SA.')
  return {
    frequency: frequency as Frequency,
    interval: one('INTERVAL', 100_000) ?? 1,
    count: one('COUNT', COUNT_MAX),
    until: until === undefined ? null : parseTime(until, null, line),
    weekStart: weekdayOfText(weekStart),
    months: numbers('BYMONTH', 1, 12, false),
    weeks: numbers('BYWEEKNO', 1, 53, true),
    yearDays: numbers('BYYEARDAY', 1, 366, true),
    monthDays: numbers('BYMONTHDAY', 1, 31, true),
    weekdays: (parts.get('BYDAY')?.split(',') ?? []).map(item => {
      const match = WEEKDAY.exec(item)
      if (!match || Number(match[1] ?? 1) === 0)
        throw new IcsError(line, `BYDAY=${item}`, 'BYDAY lists weekdays such as MO, 1MO (the first) or -1FR (the last).')
      return { nth: Number(match[1] ?? 0), weekday: weekdayOfText(match[2]!) }
    }),
    positions: numbers('BYSETPOS', 1, 366, true),
  }
}

function weekdayOfText(text: string): number {
  return WEEKDAYS.findIndex(weekday => weekday.startsWith(text.toLowerCase()))
}
