/** Dates of the proleptic Gregorian calendar as numbers of days since 1970-01-01; a `Local` is such a day times `DAY_MS`, plus the time of day. */
export type Day = number

export const DAY_MS = 86_400_000
export const HOUR_MS = 3_600_000
/** RFC 3339 writes four digits, and so do we. */
export const YEAR_MIN = 1
export const YEAR_MAX = 9_999

/** In the order of `weekdayOf`. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** `month` from 1. Days beyond the month count on: the 31st of February is the 3rd of March. After Howard Hinnant, "chrono-compatible low-level date algorithms". */
export function dayOf(year: number, month: number, day: number): Day {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

/** A day's year, month (from 1) and day of the month. */
export function dateOf(day: Day): { year: number; month: number; day: number } {
  const z = day + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 }
}

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : MONTH_LENGTHS[month - 1]!
}

/** 0 is Sunday. */
export function weekdayOf(day: Day): number {
  return (((day + 4) % 7) + 7) % 7
}

/** `YYYY-MM-DD`. */
export function dayText(day: Day): string {
  const { year, month, day: dayOfMonth } = dateOf(day)
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(dayOfMonth)}`
}

/** `HH:MM`, with seconds and milliseconds if there are any. */
export function timeOfDayText(ms: number): string {
  const text = `${two(Math.floor(ms / HOUR_MS))}:${two(Math.floor(ms / 60_000) % 60)}`
  const seconds = Math.floor(ms / 1_000) % 60
  if (ms % 1_000 !== 0) return `${text}:${two(seconds)}.${String(ms % 1_000).padStart(3, '0')}`
  return seconds === 0 ? text : `${text}:${two(seconds)}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
