import type { Instant } from '../../core/time.ts'
import { type Zone, zoneOf } from '../../time/zone.ts'

export const PARTITION_EVERY = ['hour', 'day', 'week', 'month'] as const
/** Keys of one asset. */
export const KEYS_MAX = 1_000

/**
 * How an asset is cut. `start`: the local date (YYYY-MM-DD) from which on there are partitions. Weeks begin on Mondays.
 *
 * Keys: `2026-11-29T14:00+01:00` (an hour), `2026-11-29` (a day, or the Monday of a week), `2026-11` (a month), or one of `keys`.
 */
export type PartitionSpec = TimePartitions | { keys: readonly string[] }
export interface TimePartitions {
  every: (typeof PARTITION_EVERY)[number]
  start: string
  timezone: string
}

export interface Partition {
  key: string
  start: number
  /** The start of the next one. */
  end: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** The first of January 1970 was a Thursday. */
const MONDAY = 4

/** The partition of time that an instant is in; null: there is none, or it is before the first. */
export function partitionAt(spec: PartitionSpec, instant: Instant): Partition | null {
  if ('keys' in spec) return null
  const zone = zoneOf(spec.timezone)
  const start = startOf(spec.every, instant, zone)
  if (start < firstOf(spec)) return null
  return { key: keyOf(spec.every, start, zone), start, end: endOf(spec.every, start, zone) }
}

/** The partition of this key; null: the asset has none of it. */
export function partitionOf(spec: PartitionSpec, key: string): Partition | null {
  if ('keys' in spec) {
    const place = spec.keys.indexOf(key)
    return place < 0 ? null : { key, start: place, end: place + 1 }
  }
  const instant = instantOf(spec, key)
  const found = instant === null ? null : partitionAt(spec, instant)
  return found?.key === key ? found : null
}

/** Partitions of time from an instant's on, up to the one that another is in. */
export function* partitionsFrom(spec: PartitionSpec, from: Instant, until: Instant): Generator<Partition> {
  if ('keys' in spec) return
  for (let one = partitionAt(spec, Math.max(from, firstOf(spec))); one !== null && one.start <= until; one = partitionAt(spec, one.end)) yield one
}

/** When the first begins. */
export function firstOf(spec: TimePartitions): Instant {
  const zone = zoneOf(spec.timezone)
  return startOf(spec.every, instantAt(zone, Date.parse(`${spec.start}T00:00:00Z`)), zone)
}

/** An example of what its keys look like. */
export function sampleKey(spec: PartitionSpec): string {
  return 'keys' in spec ? (spec.keys[0] as string) : (partitionAt(spec, firstOf(spec))?.key as string)
}

function instantOf(spec: TimePartitions, key: string): Instant | null {
  const [form, text] = spec.every === 'hour' ? [HOUR, key] : spec.every === 'month' ? [MONTH, `${key}-01T00:00:00Z`] : [DAY, `${key}T00:00:00Z`]
  const read = form.test(key) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(read)) return null
  return spec.every === 'hour' ? read : instantAt(zoneOf(spec.timezone), read)
}
const HOUR = /^\d{4}-\d\d-\d\dT\d\d:\d\d[+-]\d\d:\d\d$/
const DAY = /^\d{4}-\d\d-\d\d$/
const MONTH = /^\d{4}-\d\d$/

function startOf(every: string, instant: Instant, zone: Zone): Instant {
  const local = zone.localOf(instant)
  // An hour that the clock shows twice is two partitions.
  if (every === 'hour') return instant - modulo(local, HOUR_MS)
  return instantAt(zone, localStart(every, local))
}

function localStart(every: string, local: number): number {
  const day = local - modulo(local, DAY_MS)
  if (every === 'day') return day
  if (every === 'week') return day - modulo(day / DAY_MS - MONDAY, 7) * DAY_MS
  const date = new Date(local)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
}

function endOf(every: string, start: Instant, zone: Zone): Instant {
  if (every === 'hour') return startOf(every, start + HOUR_MS, zone)
  const local = localStart(every, zone.localOf(start))
  if (every !== 'month') return instantAt(zone, local + (every === 'week' ? 7 : 1) * DAY_MS)
  const date = new Date(local)
  return instantAt(zone, Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1))
}

/** A midnight that the clock leaves out is the moment at which it is set. */
function instantAt(zone: Zone, local: number): Instant {
  const [first] = zone.instantsOf(local)
  return first ?? zone.nextTransition(local - zone.offsetAt(local - DAY_MS) - DAY_MS / 2)?.at ?? local
}

function keyOf(every: string, start: Instant, zone: Zone): string {
  // The day of a midnight that was left out is that of the moment after it.
  const text = new Date(zone.localOf(start)).toISOString()
  if (every === 'month') return text.slice(0, 7)
  if (every !== 'hour') return text.slice(0, 10)
  const minutes = Math.round(Math.abs(zone.offsetAt(start)) / 60_000)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${text.slice(0, 16)}${zone.offsetAt(start) < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}

/** What is wrong with it; null: nothing. */
export function partitionProblem(spec: PartitionSpec): { field: string; found: string; hint: string } | null {
  if ('keys' in spec) {
    const twice = spec.keys.find((key, place) => spec.keys.indexOf(key) < place)
    return twice === undefined ? null : { field: 'keys', found: twice, hint: 'each key is there once' }
  }
  const { start, timezone } = spec
  try {
    zoneOf(timezone)
  } catch (error) {
    return { field: 'timezone', found: timezone, hint: (error as Error).message }
  }
  const read = DAY.test(start) ? Date.parse(`${start}T00:00:00Z`) : Number.NaN
  const isDate = !Number.isNaN(read) && new Date(read).toISOString().startsWith(start)
  return isDate ? null : { field: 'start', found: start, hint: 'a date such as "2026-01-01"' }
}
