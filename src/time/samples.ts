import type { Instant } from '../core/time.ts'
import { DAY_MS } from './dates.ts'
import { HOLIDAYS_ICS, MAINTENANCE_ICS } from './ics/samples.ts'
import { MOVES, SOLAR_EVENTS, type TimetableSpec } from './spec.ts'

/**
 * Timetables of all kinds for properties, made from numbers (this room uses no package, so the numbers come from the tests, which shrink them).
 * Few zones and dates, so that rules, changes of the clock, holidays and blackouts meet often. The first choice is the plainest.
 */

export const CREATED: Instant = Date.parse('2026-11-25T10:03:27Z')
/** How many numbers a sample uses at most. */
export const NUMBERS = 64

export type SourceSpec = Pick<TimetableSpec, 'cron' | 'every' | 'at' | 'solar'>

const CHANGES = ['2026-03-29T01:00Z', '2026-10-25T01:00Z', '2027-03-14T07:00Z', '2026-12-24T23:00Z', '2026-04-02T22:00Z', '2028-02-29T00:00Z']
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo', 'Asia/Kathmandu']
const CRONS = ['0 2 * * *', '30 2 * * *', '*/20 * * * *', '15 0 L * *', '0 12 * * 1-5', '0 0 1,15 * *', '0 3 * * 0', '59 23 31 12 *', '0 */7 * * *']
const CALENDARS = {
  fixed: { dates: ['12-25', '12-26', '01-01', '2026-12-24', '2027-03-29'] },
  holidays: { ics: HOLIDAYS_ICS },
  hours: { ics: MAINTENANCE_ICS },
  none: { dates: [] },
}

/** Around changes of the clock, ends of months and years, holidays, or anywhere in three years. */
export function sampleInstant(numbers: readonly number[]): Instant {
  const take = taker(numbers)
  const anywhere = Date.UTC(2026, 0, 1) + take.number(3 * 366 * DAY_MS)
  return take.maybe(() => Date.parse(take.one(CHANGES)) - DAY_MS + take.number(2 * DAY_MS)) ?? anywhere
}

/** One source, as a part of a spec. */
export function sampleSource(numbers: readonly number[]): SourceSpec {
  return source(taker(numbers))
}

export function sampleSpec(numbers: readonly number[]): TimetableSpec {
  const take = taker(numbers)
  const fields: { [Key in keyof TimetableSpec]: TimetableSpec[Key] | undefined } = {
    ...source(take),
    ...take.maybe(() => source(take)),
    timezone: take.maybe(() => take.one(ZONES)),
    gap: take.maybe(() => take.one(['skip', 'shift', 'shift-once', 'edge', 'vixie'])),
    fold: take.maybe(() => take.one(['first', 'second', 'both', 'vixie'])),
    only: take.maybe(() => take.maybe(() => names(take)) ?? ['business-days']),
    except: take.maybe(() => names(take)),
    holidays: take.maybe(() => names(take)),
    weekend: take.maybe(() => take.one([['sun'], [], ['fri', 'sat'], ['mon', 'tue', 'wed', 'thu', 'fri']])),
    move: take.maybe(() => take.one(MOVES)),
    start: take.maybe(() => moment(take)),
    blackouts: take.maybe(() => [blackout(take), ...[take.maybe(() => blackout(take))].filter(each => each !== undefined)]),
    calendars: CALENDARS,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as TimetableSpec
}

function source(take: Taker): SourceSpec {
  const kind = take.one(['cron', 'every', 'at', 'solar'] as const)
  if (kind === 'cron') return { cron: take.one(CRONS) }
  if (kind === 'at') return { at: [moment(take), moment(take), moment(take)] }
  if (kind === 'solar')
    return { solar: { event: take.one(SOLAR_EVENTS), latitude: take.one([52.5, 0, -78]), longitude: take.one([13.4, 0, -179.9]) } }
  const anchor = take.maybe(() => ({ anchor: moment(take) }))
  const form = take.one(['text', 'clock', 'calendar'] as const)
  if (form === 'text') return { every: take.one(['37m', '6h', '1d', '2w', '1 month', '1 month 2 days', '1 year']) }
  if (form === 'clock') return { every: { every: take.one(['40m', '6h', '1d', '10 days']), clock: take.one(['elapsed', 'wall']), ...anchor } }
  const at = take.maybe(() => ({ at: take.one(['02:30', '00:00', '23:59:59']) }))
  return {
    every: { every: take.one(['1 month', '3 months', '1 week', '1 month 1 day']), monthEnd: take.one(['clamp', 'skip', 'drift']), ...at, ...anchor },
  }
}

function moment(take: Taker): string {
  return `${day(take)}${take.one(['', 'T02:30', 'T00:00:00Z', 'T12:00:00+05:30', 'T23:59:59'])}`
}

function day(take: Taker): string {
  return new Date(Date.UTC(2026, 6, 1) + take.number(900) * DAY_MS).toISOString().slice(0, 10)
}

function names(take: Taker): string[] {
  const known = Object.keys(CALENDARS)
  return [...new Set([take.one(known), take.one(known)])]
}

function blackout(take: Taker): NonNullable<TimetableSpec['blackouts']>[number] {
  if (take.one([true, false])) return { cron: take.one(CRONS), for: take.one(['1h', '26h', '20m', '3 days']) }
  const from = day(take)
  return { from, to: new Date(Date.parse(from) + (1 + take.number(40)) * 43_200_000).toISOString() }
}

interface Taker {
  /** Below `most`. */
  number(most: number): number
  one<const T>(choices: readonly T[]): T
  maybe<T>(make: () => T): T | undefined
}

/** Takes one number after the other; 0 where there are no more. */
function taker(numbers: readonly number[]): Taker {
  let index = 0
  const number = (most: number): number => (numbers[index++] ?? 0) % most
  return {
    number,
    one: choices => choices[number(choices.length)]!,
    maybe: make => (number(2) === 0 ? undefined : make()),
  }
}
