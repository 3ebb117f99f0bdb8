import type { Instant } from '../../core/time.ts'
import type { Zone } from '../zone.ts'
import type { Cron } from './cron.ts'
import { RULES } from './dialects.ts'
import type { Field } from './field.ts'
import { LABELS } from './field.ts'
import { list, MONTH_DAYS_MAX, monthName, ordinal } from './names.ts'
import type { Search } from './search.ts'
import { dstWarnings } from './warnings-dst.ts'

/** Something about a schedule that is right but may not be what was meant. Codes are stable; docs/cron.md explains each. */
export interface CronWarning {
  code: 'dst-skipped' | 'dst-repeated' | 'uneven-step' | 'single-step' | 'short-months' | 'both-days' | 'every-second' | 'top-of-hour' | 'last-fire'
  message: string
  hint?: string
}

/** The more surprising first. `from`: fires from here on are looked at. */
export function warningsOf(cron: Cron, search: Search, zone: Zone, from: Instant): CronWarning[] {
  if (cron.everyMs !== null) return []
  return [
    ...lastFire(cron, from),
    ...dstWarnings(cron, search, zone, from),
    ...bothDays(cron),
    ...shortMonths(cron),
    ...steps(cron),
    ...everySecond(cron),
    ...topOfHour(cron),
  ]
}

function lastFire(cron: Cron, from: Instant): CronWarning[] {
  if (cron.fields.year.any || cron.next(from) !== null) return []
  return [
    {
      code: 'last-fire',
      message: `it never fires again: its last year is ${cron.fields.year.values.at(-1)}`,
      hint: 'Leave the year out, or write "*".',
    },
  ]
}

function bothDays(cron: Cron): CronWarning[] {
  const { dayOfMonth, dayOfWeek } = cron.fields
  if (dayOfMonth.any || dayOfWeek.any) return []
  const or = cron.days === 'or'
  const why =
    !or && (cron.dialect === 'unix' || cron.dialect === 'vixie') && (dayOfMonth.star || dayOfWeek.star) ? ', since one of them begins with "*"' : ''
  return [
    {
      code: 'both-days',
      message: `day of month and day of week are both restricted: it fires on a day that fits ${or ? 'either (OR)' : 'both (AND)'}${why}`,
      hint: `Set days to "${or ? 'and' : 'or'}" if ${or ? 'both must fit' : 'one is enough'}, or to "${cron.days}" to say that this is meant.`,
    },
  ]
}

function shortMonths(cron: Cron): CronWarning[] {
  const { dayOfMonth, month } = cron.fields
  // A day that a list names besides others, or beside weekdays, is not the whole schedule.
  if (cron.days === 'or' || dayOfMonth.items.some(item => item.kind === 'any' || (item.kind === 'range' && item.from !== item.to))) return []
  const days = [
    ...dayOfMonth.values,
    ...dayOfMonth.items.flatMap(item => (item.kind === 'near' ? [item.day] : item.kind === 'last' && item.before >= 28 ? [item.before + 1] : [])),
  ]
  const day = Math.max(0, ...days)
  const lacking = month.values.filter(each => MONTH_DAYS_MAX[each - 1]! < day)
  const leap = day === 29 && month.values.includes(2)
  if (lacking.length === 0 && !leap) return []
  const when = leap
    ? 'February has a 29th day in leap years only'
    : `${list(lacking.map(monthName))} ${lacking.length === 1 ? 'has' : 'have'} no ${ordinal(day)} day`
  const last = cron.dialect === 'apscheduler' ? 'last' : RULES[cron.dialect].specials.includes('L') ? 'L' : null
  return [
    {
      code: 'short-months',
      message: `it does not fire in every month it names: ${when}`,
      ...(last !== null && { hint: `The last day of each month is "${last}".` }),
    },
  ]
}

/** How many values `*` of a field has, where a step could divide them. */
const SIZES = { second: 60, minute: 60, hour: 24, month: 12, dayOfWeek: 7 } as const
const WHOLES = { second: 'minute', minute: 'hour', hour: 'day', month: 'year', dayOfWeek: 'week' } as const

function steps(cron: Cron): CronWarning[] {
  const warnings: CronWarning[] = []
  for (const name of ['second', 'minute', 'hour', 'month', 'dayOfWeek'] as const) {
    const step = anyStep(cron.fields[name])
    if (step === null) continue
    const size = SIZES[name]
    const { values } = cron.fields[name]
    if (values.length === 1)
      warnings.push({
        code: 'single-step',
        message: `a step of ${step} in the ${LABELS[name]} fires once in each ${WHOLES[name]}, at ${values[0]}`,
        hint: `Write "${values[0]}", or use an interval for a fixed time between runs.`,
      })
    else if (size % step !== 0)
      warnings.push({
        code: 'uneven-step',
        message: `"*/${step}" in the ${LABELS[name]} is not every ${step} ${name === 'dayOfWeek' ? 'day' : name}s: it begins anew in each ${WHOLES[name]}, where the last step is ${size - (values.length - 1) * step} long`,
        hint: `Steps that divide ${size} are even; else use an interval.`,
      })
  }
  const days = anyStep(cron.fields.dayOfMonth)
  if (days !== null)
    warnings.push({
      code: 'uneven-step',
      message: `"*/${days}" in the day of month is not every ${days} days: it begins anew on the 1st of each month${days === 2 ? ', so that the 31st and the 1st follow each other' : ''}`,
      hint: `For every ${days} days use an interval.`,
    })
  return warnings
}

/** The step of a field that is one stepped star, or null. */
function anyStep({ items: [item, ...more] }: Field): number | null {
  return item?.kind === 'any' && item.step > 1 && more.length === 0 ? item.step : null
}

function everySecond({ fields }: Cron): CronWarning[] {
  const count = fields.second.values.length
  if (count < 30) return []
  return [
    {
      code: 'every-second',
      message: `it fires ${count === 60 ? 'each second' : `${count} times`} of every minute that fits`,
      hint: 'Write 0 as the first field for once a minute.',
    },
  ]
}

function topOfHour({ fields }: Cron): CronWarning[] {
  const { second, minute } = fields
  if (minute.values.length > 1 || minute.values[0] !== 0 || second.values.length > 1 || second.values[0] !== 0) return []
  return [{ code: 'top-of-hour', message: 'it fires exactly on the hour, when most other schedules do', hint: 'Another minute spreads the load.' }]
}
