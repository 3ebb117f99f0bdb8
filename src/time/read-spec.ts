import type { Instant } from '../core/time.ts'
import { BusinessDays } from './business-days.ts'
import { unionCoverage } from './coverage.ts'
import type { CronOptions } from './cron/cron.ts'
import { RULES } from './cron/dialects.ts'
import { readChoice, readMoment, readObject, readText } from './fields.ts'
import { type Hold, Holds } from './holds.ts'
import { instantOfMoment, type Moment } from './moments.ts'
import { type Blackout, readBlackouts } from './read-blackouts.ts'
import { type Calendar, readCalendars, readNames, readWeekend } from './read-calendars.ts'
import { type NamedSource, type Reading, readSources } from './read-sources.ts'
import { BUSINESS_DAYS, type Dialect, type Fold, type Gap, MOVES, type Move, type TimetableSpec } from './spec.ts'
import { TimetableError } from './timetable-error.ts'
import { type Zone, ZoneError, zoneOf } from './zone.ts'

/** A spec that has been read: its parts, each checked and ready to be asked. */
export interface Plan {
  readonly spec: TimetableSpec
  readonly created: Instant
  readonly zone: Zone
  readonly sources: readonly NamedSource[]
  readonly start: Bound | null
  readonly end: Bound | null
  readonly calendars: ReadonlyMap<string, Calendar>
  readonly only: readonly string[]
  readonly except: readonly string[]
  readonly holidays: readonly string[]
  /** 0 for Sunday. */
  readonly weekend: readonly number[]
  readonly businessDays: BusinessDays
  readonly move: Move | null
  readonly blackouts: readonly Blackout[]
}

export interface Bound {
  readonly moment: Moment
  readonly instant: Instant
}

const KEYS: readonly (keyof TimetableSpec)[] = [
  'timezone',
  'cron',
  'dialect',
  'days',
  'gap',
  'fold',
  'every',
  'at',
  'solar',
  'start',
  'end',
  'calendars',
  'only',
  'except',
  'holidays',
  'weekend',
  'move',
  'blackouts',
]
const DIALECTS = Object.keys(RULES) as Dialect[]
const GAPS: readonly Gap[] = ['skip', 'shift', 'shift-once', 'edge', 'vixie']
const FOLDS: readonly Fold[] = ['first', 'second', 'both', 'vixie']

/** Reads a spec, which may be any JSON. @throws TimetableError */
export function readSpec(value: unknown, created: Instant): Plan {
  const spec = withoutUndefined(readObject(value, KEYS, '', 'A timetable')) as TimetableSpec
  const zone = readZone(spec.timezone)
  const optional = <T extends string>(key: 'dialect' | 'days' | 'gap' | 'fold', choices: readonly T[]): T | undefined =>
    spec[key] === undefined ? undefined : readChoice(spec[key], choices, `/${key}`)
  const [dialect, days, gap, fold] = [
    optional('dialect', DIALECTS),
    optional('days', ['or', 'and'] as const),
    optional('gap', GAPS),
    optional('fold', FOLDS),
  ]
  const cron: CronOptions = withoutUndefined({ dialect, days, gap, fold, timezone: zone.name })
  const reading: Reading = { zone, created, cron, gap, fold }
  const sources = readSources(spec, reading)
  const [start, end] = [readBound(spec.start, '/start', zone), readBound(spec.end, '/end', zone)]
  if (start && end && start.instant >= end.instant)
    throw new TimetableError({
      code: 'schedule-never-fires',
      at: '/end',
      found: spec.end,
      hint: 'The end comes after the start, or no time is between them.',
    })
  const calendars = readCalendars(spec.calendars, zone)
  const holidays = readNames(spec.holidays, '/holidays', calendars, [])
  const weekend = readWeekend(spec.weekend)
  return {
    spec,
    created,
    zone,
    sources,
    start,
    end,
    calendars,
    only: readNames(spec.only, '/only', calendars, [BUSINESS_DAYS]),
    except: readNames(spec.except, '/except', calendars, [BUSINESS_DAYS]),
    holidays,
    weekend,
    businessDays: new BusinessDays(
      zone,
      weekend,
      holidays.map(name => calendars.get(name)!.coverage),
    ),
    move: spec.move === undefined ? null : readChoice(spec.move, MOVES, '/move'),
    blackouts: readBlackouts(spec.blackouts, reading),
  }
}

/** What holds a time, once it has moved where it moves. `only` is looked at before a move, so that it is left out here if there is one. */
export function holdsOf(plan: Plan): Holds {
  const holds: Hold[] = []
  if (plan.move !== null) holds.push({ held: { is: 'excluded', by: BUSINESS_DAYS }, when: 'out', coverage: plan.businessDays })
  else if (plan.only.length > 0) holds.push(onlyOf(plan))
  for (const name of plan.except) holds.push({ held: { is: 'excluded', by: name }, when: 'in', coverage: coverageOf(plan, name) })
  for (const { name, coverage } of plan.blackouts) holds.push({ held: { is: 'blacked_out', by: name }, when: 'in', coverage })
  return new Holds(holds)
}

/** `only`, as one reason: held is what lies in none of its calendars. */
export function onlyOf(plan: Plan): Hold {
  return { held: { is: 'excluded', by: plan.only.join(', ') }, when: 'out', coverage: unionCoverage(plan.only.map(name => coverageOf(plan, name))) }
}

function coverageOf({ calendars, businessDays }: Plan, name: string): Hold['coverage'] {
  return name === BUSINESS_DAYS ? businessDays : calendars.get(name)!.coverage
}

function readZone(value: unknown): Zone {
  const name = value === undefined ? 'UTC' : readText(value, '/timezone', 'A time zone')
  try {
    return zoneOf(name)
  } catch (error) {
    if (!(error instanceof ZoneError)) throw error
    throw new TimetableError({
      code: 'invalid-timezone',
      at: '/timezone',
      found: name,
      hint: error.hint,
      offset: 0,
      length: name.length,
      message: `/timezone: ${error.message}`,
    })
  }
}

function readBound(value: unknown, at: string, zone: Zone): Bound | null {
  if (value === undefined) return null
  const moment = readMoment(value, at, at === '/start' ? 'The start' : 'The end')
  return { moment, instant: instantOfMoment(moment, zone, 'edge')! }
}

function withoutUndefined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as { [Key in keyof T]: Exclude<T[Key], undefined> }
}
