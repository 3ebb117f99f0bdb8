import type { Instant } from '../../core/time.ts'
import type { Zone } from '../zone.ts'
import type { Cron } from './cron.ts'
import { type Dialect, RULES } from './dialects.ts'
import { CronError } from './error.ts'
import { type Field, LABELS } from './field.ts'
import { list, MONTH_DAYS_MAX, monthName, ordinal, weekdayName } from './names.ts'
import type { Reading } from './read-text.ts'
import type { Search } from './search.ts'

/** Refuses an expression that no date matches, and says why. The calendar repeats after 400 years, so this is certain. */
export function refuseNever(reading: Reading, search: Search, days: 'or' | 'and', dialect: Dialect): void {
  if (reading.everyMs !== null || search.next(0) !== Number.POSITIVE_INFINITY) return
  const { dayOfMonth, month, dayOfWeek, year, week } = reading.fields
  const least = leastDay(dayOfMonth)
  const longest = Math.max(...month.values.map(each => MONTH_DAYS_MAX[each - 1]!))
  if (days === 'and' && least > longest) {
    const months = month.values.map(monthName)
    const what = months.length === 1 ? `${months[0]} has no ${ordinal(least)} day` : `neither ${list(months, 'nor')} has a ${ordinal(least)} day`
    throw never(reading, dayOfMonth, what, lastDayHint(reading, dialect))
  }
  if (days === 'and' && least === 29 && month.values.length === 1 && month.values[0] === 2 && !year.values.some(isLeap))
    throw never(reading, year, `there is no 29 February in ${years(year)}`, lastDayHint(reading, dialect))
  if (!week.any)
    throw never(
      reading,
      week,
      `none of its days lies in week ${list(week.values.map(String), 'or')}`,
      'Weeks are those of ISO 8601: they begin on Monday, week 1 has the first Thursday of January.',
    )
  if (dayOfWeek.items.some(item => item.kind === 'nth' && item.nth === 5))
    throw never(
      reading,
      dayOfWeek,
      `no such month has a 5th ${list(dayOfWeek.items.map(item => (item.kind === 'nth' ? weekdayName(item.weekday) : '')).filter(Boolean), 'or')}`,
      'The last one of a month is "nL", such as "5L" for Friday.',
    )
  throw never(reading, dayOfWeek, 'no date is on both the day of month and the day of week', 'With days "or" it fires on a day of either.')
}

/** The earliest day of the month that a field names, or 0 where that depends on the weekday. */
function leastDay({ items, values }: Field): number {
  const days = items.map(item =>
    item.kind === 'near' ? item.day : item.kind === 'last' ? item.before + 1 : item.kind === 'nth' || item.kind === 'lastOf' ? 0 : 99,
  )
  return Math.min(...values, ...days)
}

/** Rules of zones are those that hold now; this is about when this was written. What fired only before it never fires again. */
const NOW_RULES: Instant = Date.UTC(2026, 0, 1)
/** Only what is asked for in at most this many months a year can lie in gaps alone, and DST begins in the first hours of a day. */
const MONTHS_MAX = 2
const GAP_HOURS = [23, 0, 1, 2, 3]

/** Refuses an expression all of whose times are skipped by DST. Looks at few expressions only, since it has to read the zone. */
export function refuseSwallowed(reading: Reading, cron: Cron, zone: Zone): void {
  const { hour, month, year } = cron.fields
  if (cron.gap !== 'skip' && cron.gap !== 'vixie') return
  if (cron.everyMs !== null || month.values.length > MONTHS_MAX || !hour.values.every(value => GAP_HOURS.includes(value))) return
  if (zone.stretchAt(NOW_RULES).until === Number.POSITIVE_INFINITY) return
  const from = year.any ? NOW_RULES : Math.max(Date.UTC(year.values[0]!, 0, 1) - 86_400_000, 0)
  if (cron.next(from) !== null) return
  throw never(reading, hour, `each of its times is in the hour that ${zone.name} skips when DST begins`, 'Choose another hour, or gap "shift".')
}

function lastDayHint({ fields, expression }: Reading, dialect: Dialect): string {
  if (dialect === 'apscheduler') return 'Last day of the month: day "last".'
  if (fields.dayOfMonth.offset < 0 || expression.startsWith('{')) return ''
  if (['kubernetes', 'robfig', 'vixie', 'celery'].includes(dialect)) return 'The last day of a month can be said in the unix dialect: "L".'
  const words = expression.split(' ')
  const at = RULES[dialect].layouts.find(layout => layout.length === words.length)?.indexOf('dayOfMonth') ?? -1
  if (at < 0) return ''
  // Whoever names the 31st of one month may have meant the end of any; a list of months was meant as it is.
  const each = fields.month.values.length === 1 && fields.year.any
  const last = words.with(at, 'L').with(at + 1, each ? '*' : fields.month.text)
  return `Last day of ${fields.year.any ? 'the month' : list(fields.month.values.map(monthName), 'or')}: "${last.join(' ')}".`
}

function years({ values }: Field): string {
  return values.length > 4 ? `${values[0]} to ${values.at(-1)}` : list(values.map(String), 'or')
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

function never(reading: Reading, field: Field, what: string, hint: string): CronError {
  const { given } = reading
  if (field.offset < 0)
    return new CronError('schedule-never-fires', given, what, { offset: 0, length: given.length, field: null, found: field.text, hint })
  // As it was written: the field's own text has lost its leading zeros.
  const length = given.trimStart().startsWith('{') ? field.text.length : /^[^\s)]*/.exec(given.slice(field.offset))![0].length
  const found = given.slice(field.offset, field.offset + length)
  return new CronError('schedule-never-fires', given, what, { offset: field.offset, length, field: LABELS[field.name], found, hint })
}
