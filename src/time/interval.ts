import { DAY_MS } from './dates.ts'

/** A length of time with a calendar's part: so many months, then so many ms. */
export interface Interval {
  readonly months: number
  readonly ms: number
}

/** Shorter is a loop, not a schedule. */
export const INTERVAL_MS_MIN = 1_000
/** Longer is surely a mistake of units. */
const YEARS_MAX = 100

const MS: Readonly<Record<string, number>> = {}
const MONTHS: Readonly<Record<string, number>> = {}
for (const [names, ms] of [
  ['ms millisecond milliseconds', 1],
  ['s sec secs second seconds', 1_000],
  ['m min mins minute minutes', 60_000],
  ['h hr hrs hour hours', 3_600_000],
  ['d day days', DAY_MS],
  ['w wk wks week weeks', 7 * DAY_MS],
] as const)
  for (const name of names.split(' ')) (MS as Record<string, number>)[name] = ms
for (const [names, months] of [
  ['mo mon month months', 1],
  ['quarter quarters', 3],
  ['y yr yrs year years', 12],
] as const)
  for (const name of names.split(' ')) (MONTHS as Record<string, number>)[name] = months

const TERM = /\s*(?:and\s|,)?\s*(\d{1,12}(?:\.\d{1,9})?)\s*([a-z]+)/iy
const ISO = /^P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?$/
const HINT = 'Write whole numbers with units, such as "15m", "90s", "6h", "1d", "2w", "1 month", "1 year 10 days".'

export interface IntervalFault {
  hint: string
  offset: number
  length: number
}

/** Reads `15m`, `1h 30m`, `1 month 2 days`, `P1M2D`; units of one letter in lower case only, since `M` is a month to some and a minute to others. */
export function parseInterval(text: string): Interval | IntervalFault {
  const whole = { offset: 0, length: text.length }
  const read = text.startsWith('P') ? parseIso(text) : parseTerms(text)
  if ('hint' in read) return read
  if (read.months === 0 && read.ms < INTERVAL_MS_MIN) return { ...whole, hint: 'An interval is one second at least.' }
  if (read.months > YEARS_MAX * 12 || read.ms > YEARS_MAX * 366 * DAY_MS) return { ...whole, hint: `An interval is ${YEARS_MAX} years at most.` }
  return read
}

function parseIso(text: string): Interval | IntervalFault {
  const match = ISO.exec(text)
  if (!match || /[PT]$/.test(text))
    return { hint: 'This is not an ISO 8601 duration such as "P1M", "P2W" or "PT15M".', offset: 0, length: text.length }
  const [years, months, weeks, days, hours, minutes, seconds] = match.slice(1).map(part => Number(part ?? 0))
  return { months: years! * 12 + months!, ms: (weeks! * 7 + days!) * DAY_MS + hours! * 3_600_000 + minutes! * 60_000 + seconds! * 1_000 }
}

function parseTerms(text: string): Interval | IntervalFault {
  let months = 0
  let ms = 0
  let offset = 0
  const end = text.trimEnd().length
  while (offset < end) {
    TERM.lastIndex = offset
    const term = TERM.exec(text)
    if (!term) return { hint: HINT, offset, length: Math.max(1, end - offset) }
    const written = term[2]!
    const unit = written.length === 1 ? written : written.toLowerCase()
    const at = { offset: TERM.lastIndex - written.length, length: written.length }
    const number = Number(term[1])
    if (Object.hasOwn(MONTHS, unit)) {
      if (!Number.isInteger(number)) return { hint: `There are no parts of a ${unit}. ${HINT}`, ...at }
      months += number * MONTHS[unit]!
    } else if (Object.hasOwn(MS, unit)) ms += Math.round(number * MS[unit]!)
    else return { hint: unknownUnit(written), ...at }
    offset = TERM.lastIndex
  }
  return { months, ms }
}

function unknownUnit(written: string): string {
  if (written === 'M') return '"M" may be minutes or months: write "m" or "month".'
  if (written.length === 1 && Object.hasOwn(MS, written.toLowerCase())) return `Write "${written.toLowerCase()}".`
  return `There is no unit "${written}". ${HINT}`
}

const UNITS = [
  ['week', 7 * DAY_MS],
  ['day', DAY_MS],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
  ['millisecond', 1],
] as const

/** `15 minutes`, `1 year 1 month 10 days`: in the largest units, weeks only where nothing is left over. `parseInterval` reads it. */
export function intervalText(interval: Interval): string {
  const terms: string[] = []
  const add = (count: number, unit: string): number => (count > 0 ? terms.push(`${count} ${unit}${count === 1 ? '' : 's'}`) : 0)
  add(Math.floor(interval.months / 12), 'year')
  add(interval.months % 12, 'month')
  let rest = interval.ms
  for (const [unit, ms] of UNITS) {
    if (unit === 'week' && rest % ms !== 0) continue
    add(Math.floor(rest / ms), unit)
    rest %= ms
  }
  return terms.join(' ')
}
