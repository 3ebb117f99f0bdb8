import type { Cron } from './cron.ts'
import type { Field, Item } from './field.ts'
import { list, monthName, ordinal, runs, weekdayName } from './names.ts'

/** The days of a schedule: "on the last day of the month", "every Monday in 2027". Empty for every day. */
export function daysInWords({ fields, days }: Cron): string {
  const { dayOfMonth, dayOfWeek, month, year, week } = fields
  const months = monthsInWords(month)
  const dates = dayOfMonth.values.length === 31 ? '' : datesInWords(dayOfMonth, months)
  const weekdays = dayOfWeek.values.length === 7 ? '' : weekdaysInWords(dayOfWeek, months)
  // With `or`, a field that allows every day leaves nothing for the other to say.
  const all = days === 'or' && (dates === '' || weekdays === '')
  const both = dates !== '' && weekdays !== ''
  const named = all
    ? ''
    : both
      ? days === 'or'
        ? `${dates} and ${weekdays}`
        : `${dates}, if that is ${condition(dayOfWeek, months)}`
      : dates || weekdays
  const tail =
    month.values.length === 12 || named.includes(months) ? '' : months.startsWith('each') ? months.slice('each month '.length) : `in ${months}`
  return [named, tail, week.any ? '' : `in ISO week ${runs(week.values, String)}`, yearsInWords(year)].filter(Boolean).join(' ')
}

/** What a day is of: "the month", "January and July", "each month from May to September". */
function monthsInWords({ values }: Field): string {
  if (values.length === 12) return 'the month'
  const row = values.length > 2 && values.at(-1)! - values[0]! === values.length - 1
  return row ? `each month from ${monthName(values[0]!)} to ${monthName(values.at(-1)!)}` : list(values.map(monthName))
}

function datesInWords(field: Field, months: string): string {
  const items = field.items.filter(special).map(dateInWords)
  const [only] = field.items
  // Nobody wants to read out the days of */2.
  if (field.items.length === 1 && only?.kind === 'any' && field.values.length > 3)
    return `on every ${ordinal(only.step)} day of ${months} from the ${ordinal(field.values[0]!)}`
  const plain = field.values.length === 0 ? [] : [`the ${runs(field.values, ordinal).replaceAll(' to ', ' to the ')}`]
  return `on ${list([...plain, ...items])} of ${months}`
}

function special(item: Item): boolean {
  return item.kind !== 'any' && item.kind !== 'range'
}

function dateInWords(item: Item): string {
  switch (item.kind) {
    case 'last': {
      const last =
        item.before === 0
          ? item.workday
            ? 'the last weekday'
            : 'the last day'
          : `the day ${item.before} ${item.before === 1 ? 'day' : 'days'} before the last`
      return item.workday && item.before > 0 ? `the weekday nearest to ${last}` : last
    }
    case 'near':
      return `the weekday nearest to the ${ordinal(item.day)}`
    default:
      return weekdayItem(item)
  }
}

function weekdayItem(item: Item): string {
  if (item.kind === 'nth') return `the ${ordinal(item.nth)} ${weekdayName(item.weekday)}`
  return item.kind === 'lastOf' ? `the last ${weekdayName(item.weekday)}` : ''
}

/** "every Monday", "on Mondays and Thursdays", "from Monday to Friday", "on the 2nd Friday of the month". */
function weekdaysInWords(field: Field, months: string): string {
  const items = field.items.filter(special).map(weekdayItem)
  const plain = plainWeekdays(field.values, field.items.length > 1 || items.length > 0)
  return items.length === 0 ? plain : `${plain === '' ? '' : `${plain} and `}on ${list(items)} of ${months}`
}

function plainWeekdays(values: readonly number[], inList: boolean): string {
  if (values.length === 0) return ''
  if (values.length === 1) return inList ? `on ${weekdayName(values[0]!)}s` : `every ${weekdayName(values[0]!)}`
  const row = inRow(values)
  if (row !== null) return `from ${weekdayName(row[0])} to ${weekdayName(row[1])}`
  return `on ${list(fromMonday(values).map(value => `${weekdayName(value)}s`))}`
}

/** Three or more days in a row, over the week's end too: their first and last. */
function inRow(values: readonly number[]): readonly [number, number] | null {
  const first = values.filter(value => !values.includes((value + 6) % 7))
  if (values.length < 3 || first.length !== 1) return null
  return [first[0]!, (first[0]! + values.length - 1) % 7]
}

function fromMonday(values: readonly number[]): number[] {
  return [...values].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7))
}

/** After "if that is": "a Friday", "a Monday or a Friday", "the 2nd Friday of the month". */
function condition(field: Field, months: string): string {
  const row = inRow(field.values)
  const plain =
    row !== null ? [`a day from ${weekdayName(row[0])} to ${weekdayName(row[1])}`] : fromMonday(field.values).map(value => `a ${weekdayName(value)}`)
  const items = field.items.filter(special).map(item => `${weekdayItem(item)} of ${months}`)
  return list([...plain, ...items], 'or')
}

function yearsInWords(year: Field): string {
  if (year.any) return ''
  const { values } = year
  const step = values.length > 4 ? values[1]! - values[0]! : 0
  if (step > 1 && values.every((value, index) => value === values[0]! + index * step))
    return `every ${step} years from ${values[0]} to ${values.at(-1)}`
  return values.length > 2 && values.at(-1)! - values[0]! === values.length - 1
    ? `from ${values[0]} to ${values.at(-1)}`
    : `in ${list(values.map(String))}`
}
