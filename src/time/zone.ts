import type { Instant } from '../core/time.ts'
import { nearestZoneName, properZoneName } from './zone-names.ts'
import { intlFormat, type ZoneYear, zoneYear } from './zone-years.ts'

/** A wall clock's reading: the milliseconds that `Date.UTC` gives for the shown year, month, day and time. */
export type Local = number

/** The clock is set: until `at` it is `before` ahead of UTC, from `at` on `after` (both in ms). Forward (`after > before`) skips local times, backward repeats them. */
export interface Transition {
  readonly at: Instant
  readonly before: number
  readonly after: number
}

/**
 * A time of one offset: `[from, until)`. `before` and `after` are the offsets on its other sides.
 * Where they equal `offset` the clock was not set: a stretch may be cut anywhere that is more than a day from a change.
 */
export interface Stretch {
  readonly from: Instant
  readonly until: Instant
  readonly before: number
  readonly offset: number
  readonly after: number
}

/** A time zone. Years are read from `Intl` when they are first asked for, and kept. */
export interface Zone {
  /** As people know it: `Europe/Berlin` also for `europe/berlin`. */
  readonly name: string
  /** Local time minus UTC, in ms: 3,600,000 for Berlin in winter. */
  offsetAt(instant: Instant): number
  localOf(instant: Instant): Local
  /** The instants at which the clock shows `local`, in order: none in a gap, two in a fold, else one. */
  instantsOf(local: Local): Instant[]
  stretchAt(instant: Instant): Stretch
  /** The first change of the clock strictly after `after`, or null if there is none until `HORIZON` or, beyond it, within two years. */
  nextTransition(after: Instant): Transition | null
  /** The last change of the clock at or before `instant`, or null if there is none since 1970 or, before that, within two years. */
  lastTransition(instant: Instant): Transition | null
}

/** Rules that differ from year to year are tabulated no further (Morocco's, the longest, end in 2087): later years are all alike. */
export const HORIZON: Instant = Date.UTC(2100, 0, 1)
const YEAR_MS = 366 * 86_400_000
/** `Date` ends 275,760 years from here, either way; what lies beyond has the offset of the end. */
const INSTANT_MAX = 8_640_000_000_000_000 - 2 * YEAR_MS
/** No clock was ever further from UTC than this, nor set by more than a day. */
const OFFSET_MS_MAX = 16 * 3_600_000
/** Bounds the cache: there are 600 names, but any number of offsets such as `+01:07`. */
const ZONES_MAX = 2_000

const zones = new Map<string, Zone>()

/**
 * The zone of an IANA name (`Europe/Berlin`, `UTC`) or a fixed offset (`+05:30`), in any letter case.
 * @throws ZoneError for a name that `Intl` does not know; it names the nearest.
 */
export function zoneOf(name: string): Zone {
  const key = name.toLowerCase()
  let zone = zones.get(key)
  if (zone === undefined) {
    zone = readZone(name)
    if (zones.size >= ZONES_MAX) zones.clear()
    zones.set(key, zone)
  }
  return zone
}

export class ZoneError extends Error {
  override readonly name = 'ZoneError'
  readonly code = 'unknown-time-zone'
  readonly found: string
  readonly hint: string
  constructor(found: string) {
    const near = nearestZoneName(found)
    const hint = near === null ? 'Use an IANA name such as "Europe/Berlin", "America/New_York" or "UTC".' : `Did you mean "${near}"?`
    super(`There is no time zone ${JSON.stringify(found.slice(0, 64))}. ${hint}`)
    this.found = found
    this.hint = hint
  }
}

function readZone(name: string): Zone {
  let format: Intl.DateTimeFormat
  try {
    format = intlFormat(name)
  } catch {
    throw new ZoneError(name)
  }
  const resolved = format.resolvedOptions().timeZone
  return new IntlZone(properZoneName(name, resolved), format, resolved === 'UTC' || /^[+-]|^Etc\//.test(resolved))
}

class IntlZone implements Zone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat
  readonly #years = new Map<number, ZoneYear>()
  readonly #fixed: boolean
  /** The one that was asked for last: successive questions are mostly about the same. */
  #stretch: Stretch

  constructor(name: string, format: Intl.DateTimeFormat, fixed: boolean) {
    this.name = name
    this.#format = format
    this.#fixed = fixed
    const offset = fixed ? this.#year(1970).offsets[0]! : 0
    this.#stretch = { from: fixed ? Number.NEGATIVE_INFINITY : 0, until: fixed ? Number.POSITIVE_INFINITY : 0, before: offset, offset, after: offset }
  }

  offsetAt(instant: Instant): number {
    return this.stretchAt(instant).offset
  }

  localOf(instant: Instant): Local {
    return instant + this.stretchAt(instant).offset
  }

  stretchAt(instant: Instant): Stretch {
    if (instant < this.#stretch.from || instant >= this.#stretch.until) this.#stretch = this.#find(instant)
    return this.#stretch
  }

  instantsOf(local: Local): Instant[] {
    const instants: Instant[] = []
    for (let at = local - OFFSET_MS_MAX; at <= local + OFFSET_MS_MAX; ) {
      const { from, until, offset } = this.stretchAt(at)
      const instant = local - offset
      if (instant >= from && instant < until && instant !== instants.at(-1)) instants.push(instant)
      at = until
    }
    return instants
  }

  nextTransition(after: Instant): Transition | null {
    if (this.#fixed) return null
    const last = yearOf(Math.max(HORIZON, after + 2 * YEAR_MS))
    for (let year = yearOf(after); year <= last; year++) {
      const { times, offsets } = this.#year(year)
      for (let index = 0; index < times.length; index++)
        if (times[index]! > after) return { at: times[index]!, before: offsets[index]!, after: offsets[index + 1]! }
    }
    return null
  }

  lastTransition(instant: Instant): Transition | null {
    if (this.#fixed) return null
    const first = yearOf(Math.min(0, instant - 2 * YEAR_MS))
    for (let year = yearOf(instant); year >= first; year--) {
      const { times, offsets } = this.#year(year)
      for (let index = times.length - 1; index >= 0; index--)
        if (times[index]! <= instant) return { at: times[index]!, before: offsets[index]!, after: offsets[index + 1]! }
    }
    return null
  }

  #find(instant: Instant): Stretch {
    const year = this.#year(yearOf(instant))
    const { times, offsets } = year
    let index = 0
    while (index < times.length && times[index]! <= instant) index++
    return {
      from: index > 0 ? times[index - 1]! : instant < year.from ? Number.NEGATIVE_INFINITY : year.from,
      until: index < times.length ? times[index]! : instant >= year.until ? Number.POSITIVE_INFINITY : year.until,
      before: offsets[Math.max(0, index - 1)]!,
      offset: offsets[index]!,
      after: offsets[Math.min(times.length, index + 1)]!,
    }
  }

  #year(year: number): ZoneYear {
    return zoneYear(this.#format, this.#years, year)
  }
}

function yearOf(instant: Instant): number {
  return new Date(Math.max(-INSTANT_MAX, Math.min(INSTANT_MAX, instant))).getUTCFullYear()
}
