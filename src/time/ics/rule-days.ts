import { type Day, dateOf, dayOf, daysInMonth, isLeap, weekdayOf, YEAR_MAX } from '../dates.ts'
import type { Rule } from './rule.ts'

/** The days of a rule that begins on `first`. */
export interface RuleDays {
  /** Those in [from, until), in order. `first` is among them, also where the rule does not name it. */
  between(from: Day, until: Day): Day[]
}

/** A stretch of days in which BYSETPOS counts: a year, month, week or day. */
interface Period {
  from: Day
  until: Day
}

/** Periods that are looked through for the days of a rule with COUNT: 273 years, if they are days. */
const COUNTED_PERIODS_MAX = 100_000

/** Without COUNT any year is computed by itself; with it, from `first` on, once. */
export function ruleDays(rule: Rule, first: Day): RuleDays {
  const filter = withDefaults(rule, first)
  const counted: Day[] = [first]
  let countedPeriods = 0
  const countTo = (until: Day, count: number): void => {
    while (counted.length < count && countedPeriods < COUNTED_PERIODS_MAX) {
      const period = periodAt(rule, first, countedPeriods)
      if (period === null || period.from >= until) return
      for (const day of daysOf(filter, period)) if (day > first && counted.length < count) counted.push(day)
      countedPeriods++
    }
  }
  return {
    between(from, until) {
      if (rule.count !== null) {
        countTo(until, rule.count)
        return counted.filter(day => day >= from && day < until)
      }
      const days = first >= from && first < until ? [first] : []
      for (let index = periodOf(rule, first, Math.max(first, from)); ; index++) {
        const period = periodAt(rule, first, index)
        if (period === null || period.from >= until) return days
        for (const day of daysOf(filter, period)) if (day > first && day >= from && day < until) days.push(day)
      }
    },
  }
}

/** What a rule leaves open is as in DTSTART (section 3.3.10): the day of the month, the month, the weekday. */
function withDefaults(rule: Rule, first: Day): Rule {
  const { month, day } = dateOf(first)
  const weekday = [{ nth: 0, weekday: weekdayOf(first) }]
  if (rule.monthDays.length > 0 || rule.yearDays.length > 0 || rule.weekdays.length > 0) return rule
  if (rule.weeks.length > 0) return { ...rule, weekdays: weekday }
  if (rule.frequency === 'YEARLY') return { ...rule, months: rule.months.length > 0 ? rule.months : [month], monthDays: [day] }
  if (rule.frequency === 'MONTHLY') return { ...rule, monthDays: [day] }
  return rule.frequency === 'WEEKLY' ? { ...rule, weekdays: weekday } : rule
}

/** The number of the period that holds `day`, or of the last one before it. */
function periodOf({ frequency, interval, weekStart }: Rule, first: Day, day: Day): number {
  const [a, b] = [dateOf(first), dateOf(day)]
  if (frequency === 'YEARLY') return Math.floor((b.year - a.year) / interval)
  if (frequency === 'MONTHLY') return Math.floor((b.year * 12 + b.month - a.year * 12 - a.month) / interval)
  if (frequency === 'WEEKLY') return Math.floor((startOfWeek(day, weekStart) - startOfWeek(first, weekStart)) / 7 / interval)
  return Math.floor((day - first) / interval)
}

/** The period of a number, or null past the year 9999. */
function periodAt({ frequency, interval, weekStart }: Rule, first: Day, index: number): Period | null {
  const { year, month } = dateOf(first)
  const period = (from: Day, length: number): Period | null => (from >= dayOf(YEAR_MAX + 1, 1, 1) ? null : { from, until: from + length })
  if (frequency === 'YEARLY') {
    const at = year + index * interval
    return at > YEAR_MAX ? null : period(dayOf(at, 1, 1), isLeap(at) ? 366 : 365)
  }
  if (frequency === 'MONTHLY') {
    const at = year * 12 + month - 1 + index * interval
    const [atYear, atMonth] = [Math.floor(at / 12), (at % 12) + 1]
    return atYear > YEAR_MAX ? null : period(dayOf(atYear, atMonth, 1), daysInMonth(atYear, atMonth))
  }
  if (frequency === 'WEEKLY') return period(startOfWeek(first, weekStart) + 7 * index * interval, 7)
  return period(first + index * interval, 1)
}

function daysOf(rule: Rule, { from, until }: Period): Day[] {
  const days: Day[] = []
  for (let day = from; day < until; day++) {
    if (rule.months.length > 0) {
      const { year, month } = dateOf(day)
      if (!rule.months.includes(month)) {
        day = dayOf(year, month, daysInMonth(year, month)) // Over the rest of the month.
        continue
      }
    }
    if (matches(rule, day)) days.push(day)
  }
  if (rule.positions.length === 0) return days
  const chosen = rule.positions.map(position => days[position > 0 ? position - 1 : days.length + position])
  return [...new Set(chosen)].filter(day => day !== undefined).sort((a, b) => a - b)
}

/** Each BY part narrows; within one, any value will do. BYMONTH has been looked at. */
function matches(rule: Rule, day: Day): boolean {
  const { year, month, day: dayOfMonth } = dateOf(day)
  if (rule.monthDays.length > 0 && !has(rule.monthDays, dayOfMonth, daysInMonth(year, month))) return false
  const yearDay = day - dayOf(year, 1, 1) + 1
  const yearLength = isLeap(year) ? 366 : 365
  if (rule.yearDays.length > 0 && !has(rule.yearDays, yearDay, yearLength)) return false
  if (rule.weeks.length > 0 && !inWeeks(rule, day)) return false
  if (rule.weekdays.length === 0) return true
  // 2MO is the second of the month if the rule is about months, else of the year; in a week or a day it is any (section 3.3.10 allows no number there).
  const ofMonth = rule.frequency === 'MONTHLY' || (rule.frequency === 'YEARLY' && rule.months.length > 0)
  const numbered = rule.frequency === 'MONTHLY' || (rule.frequency === 'YEARLY' && rule.weeks.length === 0)
  const [index, length] = ofMonth ? [dayOfMonth, daysInMonth(year, month)] : [yearDay, yearLength]
  return rule.weekdays.some(({ nth, weekday }) => {
    if (weekday !== weekdayOf(day)) return false
    if (nth === 0 || !numbered) return true
    return nth > 0 ? Math.ceil(index / 7) === nth : Math.ceil((length - index + 1) / 7) === -nth
  })
}

/** `number` is of 1 to `length`; negative values count from the end. */
function has(values: readonly number[], number: number, length: number): boolean {
  return values.includes(number) || values.includes(number - length - 1)
}

/** Weeks are numbered as in ISO 8601: the first has four days or more in its year. */
function inWeeks({ weeks, weekStart }: Rule, day: Day): boolean {
  const start = startOfWeek(day, weekStart)
  const year = dateOf(start + 3).year
  const first = firstWeek(year, weekStart)
  return has(weeks, (start - first) / 7 + 1, (firstWeek(year + 1, weekStart) - first) / 7)
}

function firstWeek(year: number, weekStart: number): Day {
  return startOfWeek(dayOf(year, 1, 4), weekStart)
}

function startOfWeek(day: Day, weekStart: number): Day {
  return day - ((weekdayOf(day) - weekStart + 7) % 7)
}
