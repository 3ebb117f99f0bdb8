import { dayOfMonthStart, isoWeekOfDay, weekdayOfDay } from './civil.ts'
import type { Item } from './field.ts'
import type { DaysPlan } from './plan.ts'

/** The days of a month on which the plan fires, as bits (bit 0 is the 1st). A few dozen operations; whoever searches keeps the last answer. */
export function daysOfMonth(plan: DaysPlan, month: number): number {
  const start = dayOfMonthStart(month)
  const length = dayOfMonthStart(month + 1) - start
  const firstWeekday = weekdayOfDay(start)
  let monthDays = plan.monthDays
  for (const item of plan.monthSpecials) monthDays |= special(item, length, firstWeekday)
  // The week begins with the weekday of the 1st.
  const week = ((plan.weekdays >> firstWeekday) | (plan.weekdays << (7 - firstWeekday))) & 0b1111111
  let weekdays = week | (week << 7) | (week << 14) | (week << 21) | (week << 28)
  for (const item of plan.weekdaySpecials) weekdays |= special(item, length, firstWeekday)
  let days = (plan.either ? monthDays | weekdays : monthDays & weekdays) & (0x7fffffff >> (31 - length))
  if (plan.weeks !== null) for (let day = 0; day < length; day++) if (!plan.weeks.has(isoWeekOfDay(start + day))) days &= ~(1 << day)
  return days
}

/** The day that `L`, `15W`, `5#2` or `5L` means in a month of this length, as a bit; none if the month has no such day. */
function special(item: Item, length: number, firstWeekday: number): number {
  const day = dayOf(item, length, firstWeekday)
  if (day < 1 || day > length) return 0
  const workday = item.kind === 'near' || (item.kind === 'last' && item.workday)
  return 1 << ((workday ? nearestWorkday(day, length, firstWeekday) : day) - 1)
}

function dayOf(item: Item, length: number, firstWeekday: number): number {
  switch (item.kind) {
    case 'last':
      return length - item.before
    case 'near':
      return item.day
    case 'nth':
      return 1 + ((item.weekday - firstWeekday + 7) % 7) + (item.nth - 1) * 7
    case 'lastOf':
      return length - ((firstWeekday + length - 1 - item.weekday + 7) % 7)
    default:
      return 0
  }
}

/** Monday to Friday; a Saturday goes back to Friday and a Sunday on to Monday, unless that is another month: then two days the other way. */
function nearestWorkday(day: number, length: number, firstWeekday: number): number {
  const weekday = (firstWeekday + day - 1) % 7
  if (weekday === 6) return day > 1 ? day - 1 : day + 2
  if (weekday === 0) return day < length ? day + 1 : day - 2
  return day
}
