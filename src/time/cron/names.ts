/** Names of months and days, and the small words that sentences about them need. */
export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const
export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

/** The longest that each month gets, from January on. */
export const MONTH_DAYS_MAX = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** 1 is January. */
export function monthName(month: number): string {
  return MONTHS[month - 1]!
}

/** 0 is Sunday. */
export function weekdayName(weekday: number): string {
  return WEEKDAYS[weekday]!
}

/** 1st, 2nd, 3rd, 4th, 11th, 21st … */
export function ordinal(number: number): string {
  const teen = number % 100 >= 11 && number % 100 <= 13
  return `${number}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th')}`
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[], joiner = 'and'): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} ${joiner} ${words.at(-1)}`
}

/** "1, 3 and 5 to 9": three or more in a row are a range. */
export function runs(values: readonly number[], name: (value: number) => string): string {
  const words: string[] = []
  for (let index = 0; index < values.length; ) {
    let end = index
    while (end + 1 < values.length && values[end + 1] === values[end]! + 1) end++
    if (end - index >= 2) words.push(`${name(values[index]!)} to ${name(values[end]!)}`)
    else for (let each = index; each <= end; each++) words.push(name(values[each]!))
    index = end + 1
  }
  return list(words)
}

/** The number that a name stands for: three letters, or all of them where `full`; any case. Months from 1, days from Sunday as 0. */
export function numberOfName(text: string, of: 'month' | 'weekday', full: boolean): number | null {
  const names = of === 'month' ? MONTHS : WEEKDAYS
  const upper = text.toUpperCase()
  const index = names.findIndex(name => name.slice(0, 3).toUpperCase() === upper || (full && name.toUpperCase() === upper))
  return index < 0 ? null : index + (of === 'month' ? 1 : 0)
}
