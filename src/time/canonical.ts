import { WEEKDAYS } from './dates.ts'
import { momentText } from './moments.ts'
import type { NamedSource } from './read-sources.ts'
import type { Plan } from './read-spec.ts'
import type { CalendarSpec, CronText, TimetableSpec } from './spec.ts'

/**
 * The form of a spec in which it is stored and compared: fields in the order of `TimetableSpec`, lists as lists, defaults left out but the time zone, times and intervals in one spelling.
 * Read again, with the same time of creation, it is the same timetable and the same form. What depends on the time of creation is not written into it.
 */
export function canonicalSpec(plan: Plan): TimetableSpec {
  const { spec, sources } = plan
  const crons = sources.filter(source => source.is === 'cron')
  const every = sources.find(source => source.is === 'every')
  const moments = sources.find(source => source.is === 'moments')
  const solar = sources.find(source => source.is === 'solar')
  const blackouts = plan.blackouts.map(blackout => blackout.spec)
  return compact({
    timezone: plan.zone.name,
    cron: crons.map(source => cronText(spec, source)),
    dialect: spec.dialect === 'unix' ? undefined : spec.dialect,
    days: spec.days,
    gap: spec.gap,
    fold: spec.fold,
    every: every?.spec,
    at: [...new Set(moments?.moments.map(({ moment }) => momentText(moment)))].sort(),
    solar: solar?.spec,
    start: plan.start === null ? undefined : momentText(plan.start.moment),
    end: plan.end === null ? undefined : momentText(plan.end.moment),
    calendars: spec.calendars === undefined ? undefined : sortedCalendars(spec.calendars),
    only: plan.only,
    except: plan.except,
    holidays: plan.holidays,
    weekend: plan.weekend.join() === '6,0' ? undefined : plan.weekend.map(weekday => WEEKDAYS[weekday]!),
    move: spec.move,
    blackouts,
  })
}

/** A text in the cron reader's spelling; an object of fields stays one. */
function cronText(spec: TimetableSpec, { at, cron }: NamedSource & { is: 'cron' }): CronText {
  const given = Array.isArray(spec.cron) ? (spec.cron as readonly CronText[])[Number(at.slice('/cron/'.length))]! : (spec.cron as CronText)
  return typeof given === 'string' ? cron.expression : { ...given }
}

function sortedCalendars(calendars: Readonly<Record<string, CalendarSpec>>): Record<string, CalendarSpec> {
  const names = Object.keys(calendars).sort()
  return Object.fromEntries(
    names.map(name => {
      const calendar = calendars[name]!
      if ('ics' in calendar && calendar.ics !== undefined) return [name, { ics: calendar.ics }]
      const { dates } = calendar as { dates: string | readonly string[] }
      return [name, { dates: [...new Set([dates].flat().map(date => date.trim()))].sort() }]
    }),
  )
}

/** Without what is undefined or empty; an empty weekend says something. */
function compact(spec: { [Key in keyof TimetableSpec]: TimetableSpec[Key] | undefined }): TimetableSpec {
  const entries = Object.entries(spec).filter(([key, value]) => value !== undefined && (key === 'weekend' || !isEmpty(value)))
  return Object.fromEntries(entries) as TimetableSpec
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
