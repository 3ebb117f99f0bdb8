import type { Instant } from '../core/time.ts'
import { DAY_MS, dayText } from './dates.ts'
import { intervalText } from './interval.ts'
import { dayAt } from './moments.ts'
import type { Timetable, TimetableWarning } from './nominal.ts'
import type { NamedSource } from './read-sources.ts'
import type { Plan } from './read-spec.ts'
import { BUSINESS_DAYS } from './spec.ts'
import { pointer } from './timetable-error.ts'
import type { Zone } from './zone.ts'

/** Joined sources are compared over so many times. */
const COMPARED_MAX = 500
/** A calendar that says nothing after less than this is reported. */
const CALENDAR_AHEAD_DAYS = 366

export function warningsOf(plan: Plan, timetable: Timetable, from: Instant): TimetableWarning[] {
  return [
    ...plan.sources.flatMap(source => sourceWarnings(source, plan.zone, from)),
    ...overlaps(plan, from),
    ...calendarWarnings(plan, from),
    ...useWarnings(plan),
    ...blackoutWarnings(plan, from),
    ...silence(timetable, from),
  ]
}

function sourceWarnings(source: NamedSource, zone: Zone, from: Instant): TimetableWarning[] {
  if (source.is === 'cron') return source.cron.warnings(from).map(warning => ({ ...warning, at: source.at, message: sentence(warning.message) }))
  if (source.is === 'every') return everyWarnings(source, zone, from)
  if (source.is === 'solar') return []
  const skipped = source.moments.filter(({ instant }) => instant === null)
  const past = source.moments.filter(({ instant }) => instant !== null && instant <= from)
  const warnings: TimetableWarning[] = skipped.map(({ at }) => ({
    code: 'time-skipped',
    at,
    message: `The clock of ${zone.name} never shows this time: it is set forward over it.`,
    hint: '"gap": "shift" makes it as much later.',
  }))
  if (past.length > 0)
    warnings.push({
      code: 'time-past',
      at: past[0]!.at,
      message: past.length === 1 ? 'This time is past.' : `${past.length} times are past, this is the first.`,
    })
  return warnings
}

/** As the cron reader words them, they follow on the expression. */
function sentence(message: string): string {
  return `${message[0]?.toUpperCase() ?? ''}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`
}

function everyWarnings({ spec, interval, at }: NamedSource & { is: 'every' }, zone: Zone, from: Instant): TimetableWarning[] {
  const change = zone.nextTransition(from)
  if (spec.clock === 'elapsed' && interval.ms % DAY_MS === 0 && change !== null && change.at < from + 2 * 366 * DAY_MS)
    return [
      {
        code: 'interval-drifts',
        at,
        message: `Every ${intervalText(interval).replace(/^1 /, '')} of elapsed time is another local time from ${dayText(dayAt(zone, change.at))} on, when the clock of ${zone.name} is set.`,
        hint: 'Write "clock": "wall", or "at" with a time of day, for the same local time.',
      },
    ]
  if (spec.monthEnd === 'drift')
    return [
      {
        code: 'month-end-drifts',
        at: `${at}/monthEnd`,
        message: 'Once a month was too short, its last day is kept: after the 28th of February comes the 28th of March.',
        hint: '"clamp" goes back to the day of the anchor.',
      },
    ]
  if (spec.monthEnd === 'skip')
    return [
      {
        code: 'months-skipped',
        at: `${at}/monthEnd`,
        message: 'Months without the day of the anchor are left out.',
        hint: '"clamp" takes their last day.',
      },
    ]
  return []
}

/** The first time that two sources name. It fires once, which is right, but mostly not what was thought. */
function overlaps({ sources, zone }: Plan, from: Instant): TimetableWarning[] {
  const seen = new Map<Instant, NamedSource>()
  const warnings: TimetableWarning[] = []
  for (const source of sources) {
    let common: [Instant, NamedSource] | null = null
    let at = source.source.next(from)
    for (let count = 0; at !== null && count < COMPARED_MAX; count++) {
      const other = seen.get(at)
      if (other === undefined) seen.set(at, source)
      else common ??= [at, other]
      at = source.source.next(at)
    }
    if (common === null) continue
    const text = new Date(zone.localOf(common[0])).toISOString().slice(0, 16).replace('T', ' ')
    warnings.push({ code: 'sources-overlap', at: source.at, message: `This and ${common[1].at} both name ${text}: it fires once.` })
  }
  return warnings
}

function calendarWarnings(plan: Plan, from: Instant): TimetableWarning[] {
  const warnings: TimetableWarning[] = []
  const today = dayAt(plan.zone, from)
  const lastUsed = plan.end === null ? Number.POSITIVE_INFINITY : dayAt(plan.zone, plan.end.instant - 1)
  for (const { name, size, lastDay } of plan.calendars.values()) {
    const at = `/calendars${pointer(name)}`
    if (![...plan.only, ...plan.except, ...plan.holidays].includes(name))
      warnings.push({
        code: 'calendar-unused',
        at,
        message: `Nothing uses the calendar "${name}".`,
        hint: 'Name it in "only", "except" or "holidays".',
      })
    else if (size === 0) warnings.push({ code: 'calendar-empty', at, message: `The calendar "${name}" has no days.` })
    else if (lastDay < Math.min(today + CALENDAR_AHEAD_DAYS, lastUsed))
      warnings.push({
        code: 'calendar-ends',
        at,
        message: `The calendar "${name}" says nothing after ${dayText(lastDay)}.`,
        hint: 'Add the days of the years that follow.',
      })
  }
  return warnings
}

/** Fields that have no effect without another. */
function useWarnings(plan: Plan): TimetableWarning[] {
  const { only, except, move, holidays, weekend, spec } = plan
  const asks = move !== null || only.includes(BUSINESS_DAYS) || except.includes(BUSINESS_DAYS)
  // Holidays that are named in `except`, too, have their effect there.
  const idle = spec.holidays !== undefined && !holidays.every(name => except.includes(name) || only.includes(name))
  const unused = idle ? '/holidays' : spec.weekend !== undefined ? '/weekend' : null
  if (!asks && unused !== null)
    return [
      {
        code: 'business-days-unused',
        at: unused,
        message: 'Nothing asks for business days, so that this has no effect.',
        hint: `Add "only": "${BUSINESS_DAYS}" or a "move", or name the calendar in "except".`,
      },
    ]
  if (asks && holidays.length === 0 && weekend.length === 0)
    return [
      {
        code: 'business-days-unused',
        at: move === null ? '/only' : '/move',
        message: 'Every day is a business day: there is no weekend, and there are no holidays.',
      },
    ]
  if (weekend.length === 7)
    return [{ code: 'no-business-days', at: '/weekend', message: 'All days of the week are weekend: no day is a business day.' }]
  return []
}

function blackoutWarnings({ blackouts, zone }: Plan, from: Instant): TimetableWarning[] {
  const past = blackouts.filter(({ spec, coverage }) => 'from' in spec && coverage.nextStart(from) === null)
  return past.map(({ at, spec }) => ({
    code: 'blackout-past',
    at,
    message: `This blackout is over since ${'to' in spec ? spec.to : ''} (${zone.name}).`,
  }))
}

function silence(timetable: Timetable, from: Instant): TimetableWarning[] {
  const next = timetable.next(from)
  if (next === null) return [{ code: 'no-more-times', at: '', message: 'No time is left: this schedule never fires again.' }]
  if (timetable.nextFiring(from) !== null) return []
  const by = next.held === null ? '' : `, the first by "${next.held.by}"`
  return [
    {
      code: 'all-held',
      at: '',
      message: `All times of the next years are held${by}: nothing fires.`,
      hint: 'Look at "only", "except" and "blackouts".',
    },
  ]
}
