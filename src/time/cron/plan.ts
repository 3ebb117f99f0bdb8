import type { Rules } from './dialects.ts'
import type { Field, Fields, Item } from './field.ts'

/**
 * An expression made ready for searching: tables and masks of small integers, nothing to interpret.
 * A table answers "the first value from here on" (or "the last up to here") by one look; `NONE` is past the end.
 */
export interface Plan {
  readonly hours: Steps
  readonly minutes: Steps
  readonly seconds: Steps
  /** Bit 0 is January. */
  readonly months: number
  /** Years in order, or null for any. */
  readonly years: readonly number[] | null
  readonly days: DaysPlan
}

export interface Steps {
  /** `next[v]`: the first value ≥ v, or NONE; one longer than the field, so that `next[v + 1]` may always be asked. */
  readonly next: Uint8Array
  /** `previous[v]`: the last value ≤ v, or NONE. */
  readonly previous: Uint8Array
  readonly first: number
  readonly last: number
}

export interface DaysPlan {
  /** Days of the month that are plain numbers: bit 0 is the 1st. */
  readonly monthDays: number
  /** `L`, `L-n`, `LW`, `nW`. */
  readonly monthSpecials: readonly Item[]
  /** Plain weekdays: bit 0 is Sunday. */
  readonly weekdays: number
  /** `n#k`, `nL`. */
  readonly weekdaySpecials: readonly Item[]
  /** Either field's days; else only the days of both. */
  readonly either: boolean
  /** ISO weeks, or null for any. */
  readonly weeks: ReadonlySet<number> | null
}

export const NONE = 255

export function planOf(fields: Fields, rules: Rules, days: 'or' | 'and' | undefined): Plan {
  return {
    hours: steps(fields.hour.values, 24),
    minutes: steps(fields.minute.values, 60),
    seconds: steps(fields.second.values, 60),
    months: mask(fields.month.values, 1),
    years: fields.year.any ? null : fields.year.values,
    days: {
      monthDays: mask(fields.dayOfMonth.values, 1),
      monthSpecials: specials(fields.dayOfMonth),
      weekdays: mask(fields.dayOfWeek.values, 0),
      weekdaySpecials: specials(fields.dayOfWeek),
      either: eitherDay(fields, rules, days),
      weeks: fields.week.any ? null : new Set(fields.week.values),
    },
  }
}

/** True when a day of either field will do: both say something, and the rule is `or`. A field that says nothing would else allow every day. */
export function eitherDay({ dayOfMonth, dayOfWeek }: Fields, rules: Rules, days: 'or' | 'and' | undefined): boolean {
  if (dayOfMonth.any || dayOfWeek.any) return false
  const rule = days ?? rules.days
  return rule === 'or' || (rule === 'vixie' && !dayOfMonth.star && !dayOfWeek.star)
}

function specials(field: Field): readonly Item[] {
  return field.items.filter(item => item.kind !== 'any' && item.kind !== 'range')
}

function mask(values: readonly number[], first: number): number {
  let bits = 0
  for (const value of values) bits |= 1 << (value - first)
  return bits
}

function steps(values: readonly number[], size: number): Steps {
  const next = new Uint8Array(size + 1).fill(NONE)
  const previous = new Uint8Array(size).fill(NONE)
  for (let value = size - 1, known: number = NONE; value >= 0; value--) {
    if (values.includes(value)) known = value
    next[value] = known
  }
  for (let value = 0, known: number = NONE; value < size; value++) {
    if (values.includes(value)) known = value
    previous[value] = known
  }
  return { next, previous, first: values[0]!, last: values.at(-1)! }
}
