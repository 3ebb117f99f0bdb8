import type { Instant } from '../core/time.ts'
import { type Cron, CronError, type CronOptions, parseCron } from './cron/cron.ts'
import { DAY_MS } from './dates.ts'
import { readChoice, readList, readMoment, readNumber, readObject, readText, readTexts } from './fields.ts'
import { type Interval, intervalText, parseInterval } from './interval.ts'
import { localSeries } from './local-series.ts'
import { instantOfMoment, type Moment, momentText, parseTimeOfDay } from './moments.ts'
import { solarSource } from './solar-source.ts'
import { elapsedSource, momentsSource, type Source } from './source.ts'
import { type CronText, type EverySpec, type Fold, type Gap, MONTH_ENDS, SOLAR_EVENTS, type SolarSpec, type TimetableSpec } from './spec.ts'
import { TimetableError } from './timetable-error.ts'
import { wallSource } from './wall-source.ts'
import type { Zone } from './zone.ts'

/** What the times of a timetable are read with. */
export interface Reading {
  readonly zone: Zone
  readonly created: Instant
  readonly cron: CronOptions
  readonly gap: Gap | undefined
  readonly fold: Fold | undefined
}

/** One source, and where in the spec it stands. */
export type NamedSource = { readonly at: string; readonly source: Source } & (
  | { readonly is: 'cron'; readonly cron: Cron }
  | { readonly is: 'every'; readonly interval: Interval; readonly spec: EverySpec }
  | { readonly is: 'moments'; readonly moments: readonly { moment: Moment; instant: Instant | null; at: string }[] }
  | { readonly is: 'solar'; readonly spec: SolarSpec }
)

const CRONS_MAX = 100
const MOMENTS_MAX = 10_000

export function readSources(spec: TimetableSpec, reading: Reading): NamedSource[] {
  const sources: NamedSource[] = readList(spec.cron, '/cron', 'Cron expressions', CRONS_MAX).map(({ value, at }) => {
    const cron = readCron(value, at, reading.cron)
    // Counted from the time that it is asked for, as robfig has it, it would have no times of its own: here, it is counted from the schedule's creation.
    if (cron.everyMs === null) return { is: 'cron', at, cron, source: cron }
    return { is: 'cron', at, cron, source: elapsedSource(Math.floor(reading.created / 1_000) * 1_000 + cron.everyMs, cron.everyMs) }
  })
  if (spec.every !== undefined) sources.push(readEvery(spec.every, reading))
  if (spec.at !== undefined) sources.push(readMoments(spec.at, reading))
  if (spec.solar !== undefined) sources.push(readSolar(spec.solar))
  if (sources.length === 0)
    throw new TimetableError({ at: '', found: Object.keys(spec), hint: 'A timetable needs times: give "cron", "every", "at" or "solar".' })
  return sources
}

/** A cron expression of the spec, whose error says where in the spec it stands. */
export function readCron(value: unknown, at: string, options: CronOptions): Cron {
  const fields = typeof value === 'object' && value !== null ? Object.values(value) : [value]
  if (fields.length === 0 || fields.some(field => typeof field !== 'string'))
    throw new TimetableError({
      code: 'invalid-cron',
      at,
      found: value,
      hint: 'A cron expression is a text such as "0 2 * * *", or an object of its fields, each a text.',
    })
  try {
    return parseCron(value as CronText, options)
  } catch (error) {
    if (!(error instanceof CronError)) throw error
    const { code, found, hint, offset, length, message } = error
    throw new TimetableError({ code, at, found, hint, offset, length, message: `${at}: ${message}` })
  }
}

function readEvery(value: unknown, { zone, created, gap, fold }: Reading): NamedSource {
  const short = typeof value === 'string'
  const fields = short ? { every: value } : readObject(value, ['every', 'clock', 'anchor', 'at', 'monthEnd'], '/every', 'An interval')
  const interval = readInterval(fields.every, short ? '/every' : '/every/every')
  const clock = fields.clock === undefined ? null : readChoice(fields.clock, ['elapsed', 'wall'] as const, '/every/clock')
  const monthEnd = fields.monthEnd === undefined ? 'clamp' : readChoice(fields.monthEnd, MONTH_ENDS, '/every/monthEnd')
  const time = fields.at === undefined ? null : readTimeOfDay(fields.at, interval)
  if (clock === 'elapsed' && interval.months > 0)
    throw new TimetableError({ at: '/every/clock', found: clock, hint: 'Months and years have no fixed length: they are always "wall".' })
  if (clock === 'elapsed' && time !== null)
    throw new TimetableError({ at: '/every/clock', found: clock, hint: '"at" is a time of the wall clock: leave "clock" out, or write "wall".' })
  const wall = interval.months > 0 || time !== null || clock === 'wall'
  const anchor = fields.anchor === undefined ? null : readMoment(fields.anchor, '/every/anchor', 'The anchor')
  const first = anchor === null ? created : instantOfMoment(anchor, zone)!
  const spec: EverySpec = {
    every: intervalText(interval),
    clock: wall ? 'wall' : 'elapsed',
    ...(anchor === null ? {} : { anchor: momentText(anchor) }),
    ...(time === null ? {} : { at: fields.at as string }),
    ...(interval.months === 0 ? {} : { monthEnd }),
  }
  const local = zone.localOf(first)
  const begin = time === null ? local : Math.floor(local / DAY_MS) * DAY_MS + time
  const source = wall ? wallSource(localSeries(begin, interval, monthEnd), zone, gap, fold) : elapsedSource(first, interval.ms)
  // The time of day may lie before the anchor's own.
  return { is: 'every', at: '/every', interval, spec, source: time === null ? source : { next: after => source.next(Math.max(after, first - 1)) } }
}

function readTimeOfDay(value: unknown, interval: Interval): number {
  const text = readText(value, '/every/at', 'The time of day')
  const time = parseTimeOfDay(text)
  if (time === null) throw new TimetableError({ at: '/every/at', found: text, hint: 'Write HH:MM or HH:MM:SS, from 00:00 to 23:59:59.' })
  if (interval.ms % DAY_MS !== 0)
    throw new TimetableError({
      at: '/every/at',
      found: text,
      hint: `A time of day goes with whole days, weeks, months and years, not with ${intervalText(interval)}.`,
    })
  return time
}

/** An interval of the spec, with months or without. */
export function readInterval(value: unknown, at: string): Interval {
  const text = readText(value, at, 'An interval')
  const interval = parseInterval(text)
  if ('hint' in interval) throw new TimetableError({ at, found: text, ...interval })
  return interval
}

function readMoments(value: unknown, { zone, gap, fold }: Reading): NamedSource {
  const moments = readTexts(value, '/at', 'A time', MOMENTS_MAX).map(({ text, at }) => {
    const moment = readMoment(text, at, 'A time')
    return { moment, instant: instantOfMoment(moment, zone, gap, fold), at }
  })
  if (moments.length === 0) throw new TimetableError({ at: '/at', found: [], hint: 'Give one time at least, or leave "at" out.' })
  return { is: 'moments', at: '/at', moments, source: momentsSource(moments.map(({ instant }) => instant).filter(instant => instant !== null)) }
}

function readSolar(value: unknown): NamedSource {
  const fields = readObject(value, ['event', 'latitude', 'longitude'], '/solar', 'An event of the sun')
  const spec: SolarSpec = {
    event: readChoice(fields.event, SOLAR_EVENTS, '/solar/event'),
    latitude: readNumber(fields.latitude, -90, 90, '/solar/latitude', 'A latitude'),
    longitude: readNumber(fields.longitude, -180, 180, '/solar/longitude', 'A longitude'),
  }
  return { is: 'solar', at: '/solar', spec, source: solarSource(spec) }
}
