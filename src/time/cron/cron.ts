import { invariant } from '../../core/errors.ts'
import type { Instant } from '../../core/time.ts'
import { type Zone, ZoneError, zoneOf } from '../zone.ts'
import { type Dialect, type Fold, type Gap, RULES, type Rules } from './dialects.ts'
import { CronError, quoted } from './error.ts'
import { nextEvery, previousEvery } from './every.ts'
import type { Fields } from './field.ts'
import { list } from './names.ts'
import { refuseNever, refuseSwallowed } from './never.ts'
import { eitherDay, planOf } from './plan.ts'
import { policyOf } from './policy.ts'
import { readRecord } from './read-record.ts'
import { type Reading, readText } from './read-text.ts'
import { Search } from './search.ts'
import { Walk } from './walk.ts'
import { type CronWarning, warningsOf } from './warnings.ts'
import { wordsOf } from './words.ts'

export type { Dialect, Fold, Gap } from './dialects.ts'
export { CronError } from './error.ts'
export type { Field, Fields, Item } from './field.ts'
export type { CronWarning } from './warnings.ts'

export interface CronOptions {
  /** Whose rules the text follows: fields, names, numbers of weekdays, defaults of what follows. Default `unix`. */
  dialect?: Dialect
  /** IANA name (`Europe/Berlin`) or offset (`+05:30`). Default `UTC`. A `CRON_TZ=` or `TZ=` before the fields (robfig, Kubernetes) goes before it. */
  timezone?: string
  /**
   * When day of month and day of week are both restricted: a day of either (`or`), or only one of both (`and`).
   * Default by dialect; unix and vixie: `or`, but `and` when either field begins with `*` (cron(8)'s rule: a step in one narrows the other).
   */
  days?: 'or' | 'and'
  /**
   * What becomes of a local time that the clock skips (02:30, when it goes from 02:00 to 03:00).
   * `skip`: no fire. `shift`: later by what was skipped (03:30); `shift-once`: only the first that was skipped (Celery, APScheduler). `edge`: at the first instant after the gap (03:00), once for all that was skipped.
   * `vixie`: as `edge`, but as `skip` where minute or hour begins with `*` (such jobs run by elapsed time), and if the clock is set by three hours or more.
   */
  gap?: Gap
  /**
   * What becomes of a local time that comes twice. `first`, `second`: a fire at that one only. `both`: two fires.
   * `vixie`: as `first`, but as `both` where minute or hour begins with `*`, and if the clock is set by three hours or more.
   */
  fold?: Fold
}

/** A schedule by the calendar: the set of instants at which a clock's reading matches an expression. Immutable, has no state and no clock of its own. */
export interface Cron {
  /** Canonical text (for the form by field its JSON): read again with the same options it is the same schedule. */
  readonly expression: string
  readonly dialect: Dialect
  readonly timezone: string
  /** The rule for two restricted day fields that holds for this expression. */
  readonly days: 'or' | 'and'
  readonly gap: Gap
  readonly fold: Fold
  /** What was read, field by field. */
  readonly fields: Fields
  /** Of `@every 90s`: its time in ms. Such a schedule counts from the instant it is asked about, and its fields say nothing. Else null. */
  readonly everyMs: number | null
  /** The first fire strictly after, or null: never again (its years are over). */
  next(after: Instant): Instant | null
  /** The last fire strictly before, or null: none yet. */
  previous(before: Instant): Instant | null
  /** In English, such as "at 02:00 on the last day of the month". */
  words(): string
  /** What may surprise: times that DST skips or repeats (with the next date after `from`), steps that do not divide evenly, days that some months lack … */
  warnings(from: Instant): CronWarning[]
}

/**
 * Reads an expression: a text, or, for the dialects `apscheduler` and `celery`, a record by field or its JSON text.
 * @throws CronError `invalid-cron`, or `schedule-never-fires` for one that has no time at all.
 */
export function parseCron(expression: string | Readonly<Record<string, string>>, options: CronOptions = {}): Cron {
  const dialect = options.dialect ?? 'unix'
  if (!Object.hasOwn(RULES, dialect)) {
    const hint = `There are ${list(Object.keys(RULES))}.`
    throw new CronError('invalid-cron', String(expression), `there is no dialect ${quoted(String(dialect))}`, {
      offset: 0,
      length: 0,
      field: null,
      found: String(dialect),
      hint,
    })
  }
  const rules = RULES[dialect]
  const reading = read(expression, dialect)
  const zone = zoneFor(reading, options.timezone ?? 'UTC')
  return new FieldsCron(reading, zone, dialect, rules, options)
}

/** The ends of `Date`. */
const INSTANT_MAX = 8_640_000_000_000_000

class FieldsCron implements Cron {
  readonly expression: string
  readonly dialect: Dialect
  readonly timezone: string
  readonly days: 'or' | 'and'
  readonly gap: Gap
  readonly fold: Fold
  readonly fields: Fields
  readonly everyMs: number | null
  readonly #walk: Walk
  readonly #search: Search
  readonly #zone: Zone

  constructor(reading: Reading, zone: Zone, dialect: Dialect, rules: Rules, options: CronOptions) {
    this.expression = reading.expression
    this.dialect = dialect
    this.timezone = zone.name
    this.fields = reading.fields
    this.everyMs = reading.everyMs
    this.gap = options.gap ?? rules.gap
    this.fold = options.fold ?? rules.fold
    this.days = eitherDay(reading.fields, rules, options.days) ? 'or' : 'and'
    this.#zone = zone
    this.#search = new Search(planOf(reading.fields, rules, options.days))
    this.#walk = new Walk(this.#search, zone, policyOf(this))
    refuseNever(reading, this.#search, this.days, dialect)
    refuseSwallowed(reading, this, zone)
  }

  next(after: Instant): Instant | null {
    const from = bounded(after)
    const fire = this.everyMs === null ? this.#walk.next(Math.floor(from / 1_000) * 1_000 + 1_000) : nextEvery(from, this.everyMs)
    return fire === null || fire > INSTANT_MAX ? null : fire
  }

  previous(before: Instant): Instant | null {
    const from = bounded(before)
    const fire = this.everyMs === null ? this.#walk.previous(Math.ceil(from / 1_000) * 1_000 - 1_000) : previousEvery(from, this.everyMs)
    return fire === null || fire < -INSTANT_MAX ? null : fire
  }

  words(): string {
    return wordsOf(this)
  }

  warnings(from: Instant): CronWarning[] {
    return warningsOf(this, this.#search, this.#zone, from)
  }
}

function bounded(instant: Instant): Instant {
  invariant(!Number.isNaN(instant), 'an instant is a number', { instant })
  return Math.max(-INSTANT_MAX, Math.min(INSTANT_MAX, instant))
}

function read(expression: string | Readonly<Record<string, string>>, dialect: Dialect): Reading {
  if (typeof expression !== 'string') return readRecord(JSON.stringify(expression) ?? '', expression, dialect)
  if (!expression.trimStart().startsWith('{')) return readText(expression, dialect)
  let record: unknown
  try {
    record = JSON.parse(expression)
  } catch {
    throw new CronError('invalid-cron', expression, 'it begins with "{" but is not JSON', {
      offset: 0,
      length: expression.length,
      field: null,
      found: expression.slice(0, 200),
      hint: '',
    })
  }
  return readRecord(expression, record as Record<string, unknown>, dialect)
}

function zoneFor(reading: Reading, timezone: string): Zone {
  const name = reading.timezone?.name ?? timezone
  try {
    return zoneOf(name)
  } catch (error) {
    if (!(error instanceof ZoneError)) throw error
    throw new CronError('invalid-cron', reading.given, `there is no time zone ${JSON.stringify(name.slice(0, 64))}`, {
      offset: reading.timezone?.offset ?? 0,
      length: reading.timezone?.name.length ?? 0,
      field: 'time zone',
      found: name,
      hint: error.hint,
    })
  }
}
