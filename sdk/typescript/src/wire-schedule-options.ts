import * as check from './checks.ts'
import { durationMs } from './duration.ts'
import { InvalidOption } from './errors.ts'
import type { ScheduleOptions } from './schedule.ts'
import type { Blackout, Calendar, CronText, Every, Solar } from './timetable.ts'
import type { WireCatchup, WireScheduleOptions, WireScheduleSpec } from './wire.ts'
import { runOptions } from './wire-options.ts'

/** A schedule's options as they are sent. @throws InvalidOption */
export function scheduleOptions(options: ScheduleOptions): Omit<WireScheduleSpec, 'target' | 'input'> {
  const checked = OPTIONS(options, '') as Record<string, unknown>
  if (checked.assets === undefined && SOURCES.every(source => checked[source] === undefined))
    throw new InvalidOption('This schedule never fires: it has no times.', { at: '/cron', hint: 'give one of cron, every, at, solar, or assets' })
  const runs: Record<string, unknown> = {}
  for (const name of Object.keys(runOptions)) {
    if (checked[name] !== undefined) runs[name] = checked[name]
    delete checked[name]
  }
  return { ...checked, ...(Object.keys(runs).length > 0 && { options: runs as WireScheduleOptions }) }
}

const SOURCES = ['cron', 'every', 'at', 'solar']
const JITTER_MS_MAX = 86_400_000

const text = check.text(1_000)
const oneOrList =
  <Form>(one: check.Check<Form>): check.Check<Form | Form[]> =>
  (value, at) =>
    Array.isArray(value) ? check.listOf(one)(value, at) : one(value, at)
const either =
  <A, B>(isFirst: (value: unknown) => boolean, first: check.Check<A>, second: check.Check<B>): check.Check<A | B> =>
  (value, at) =>
    isFirst(value) ? first(value, at) : second(value, at)
const isText = (value: unknown) => typeof value === 'string'

const timezone: check.Check<string> = (value, at) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text(value, at) }) && (value as string)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return check.refuse(value, at, 'an IANA time zone such as "Europe/Berlin", or a fixed offset such as "+05:30"')
  }
}

/** A Date is an instant; a text may be local, which only the timetable's zone can tell. */
const moment: check.Check<string> = (value, at) => (value instanceof Date ? check.instant(value, at) : text(value, at))

const cronFields: check.Check<Record<string, string>> = (value, at) => {
  if (typeof value !== 'object' || value === null) check.refuse(value, at, 'a cron expression such as "0 2 * * *", or its fields by name')
  return Object.fromEntries(Object.entries(value as object).map(([name, field]) => [name, text(field, `${at}/${name}`)]))
}
const cron: check.Check<CronText> = either(isText, text, cronFields)

const every = check.members<Every>({
  every: text,
  clock: check.oneOf('elapsed', 'wall'),
  anchor: moment,
  at: text,
  monthEnd: check.oneOf('skip', 'clamp', 'drift'),
} as never)

const solar = check.members<Solar>({
  event: check.oneOf(
    'dawn_astronomical',
    'dawn_nautical',
    'dawn_civil',
    'sunrise',
    'solar_noon',
    'sunset',
    'dusk_civil',
    'dusk_nautical',
    'dusk_astronomical',
  ),
  latitude: check.number(-90, 90),
  longitude: check.number(-180, 180),
})

const calendar: check.Check<Calendar> = check.members<{ dates?: string[]; ics?: string }>({
  dates: check.listOf(text),
  ics: check.longText,
} as never) as check.Check<Calendar>
const calendars: check.Check<Record<string, Calendar>> = (value, at) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) check.refuse(value, at, 'calendars by name')
  return Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, calendar(one, `${at}/${name}`)]))
}

const blackout = check.members<{ from?: string; to?: string; cron?: CronText; for?: string; note?: string }>({
  from: moment,
  to: moment,
  cron,
  for: text,
  note: check.text(2_000),
} as never) as check.Check<Blackout>

const policy = check.oneOf('all', 'latest', 'none')
const catchupMembers = check.members<{ policy: 'all' | 'latest' | 'none'; window?: number | null }>({
  policy,
  window: (value: unknown, at: string) => (value === null ? null : check.duration(value, at)),
} as never)
const catchup: check.Check<WireCatchup> = (value, at) => {
  if (typeof value === 'object' && value !== null) {
    const members = catchupMembers(value, at)
    return members.policy === undefined ? check.refuse(undefined, `${at}/policy`, 'one of all, latest, none') : members
  }
  if (isText(value) && durationMs(value) === null) {
    if (['all', 'latest', 'none'].includes(value as string)) return value as string
    return check.refuse(value, at, '"all", "latest", "none", or a duration such as "6h"')
  }
  return check.duration(value, at)
}

/** What is wrong within, the server says. */
const assets: check.Check<unknown> = (value, at) =>
  typeof value === 'string' || (typeof value === 'object' && value !== null)
    ? value
    : check.refuse(value, at, 'the name of an asset, a list, { all: [...] } or { any: [...] }')

const jitter: check.Check<number> = (value, at) => {
  const ms = check.duration(value, at)
  return ms <= JITTER_MS_MAX ? ms : check.refuse(value, at, 'a day at most')
}

const OPTIONS = check.members<Omit<WireScheduleSpec, 'target' | 'input' | 'options'> & WireScheduleOptions>({
  timezone,
  cron: oneOrList(cron),
  dialect: check.oneOf('unix', 'vixie', 'kubernetes', 'robfig', 'quartz', 'spring', 'croniter', 'apscheduler', 'celery', 'aws'),
  days: check.oneOf('or', 'and'),
  gap: check.oneOf('skip', 'shift', 'shift-once', 'edge', 'vixie'),
  fold: check.oneOf('first', 'second', 'both', 'vixie'),
  every: either(isText, text, every),
  at: oneOrList(moment),
  solar,
  start: moment,
  end: moment,
  calendars,
  only: oneOrList(text),
  except: oneOrList(text),
  holidays: oneOrList(text),
  weekend: (value: unknown, at: string) => (Array.isArray(value) && value.length === 0 ? [] : check.listOf(text)(value, at)),
  move: check.oneOf('next-business-day', 'previous-business-day', 'nearest-business-day'),
  blackouts: check.listOf(blackout),
  description: check.text(2_000),
  overlap: check.oneOf('skip', 'allow', 'buffer_one', 'buffer_all', 'cancel_other', 'terminate_other'),
  catchup,
  jitter,
  assets,
  ...runOptions,
} as never)
