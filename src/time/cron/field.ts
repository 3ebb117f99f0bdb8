import type { FieldName, Rules } from './dialects.ts'

/**
 * One member of a field's list. Days of the week are counted from Sunday as 0, whatever the dialect.
 * - `any`: `*`, or `?`; with a step, each that the step hits
 * - `range`: `from` to `to` in steps; a single value is a range of one. `to < from` goes over the end. `open`: written `5/15`.
 * - `last`: the last day of the month less `before` days; `workday`: the nearest Monday to Friday
 * - `near`: the Monday to Friday nearest to a day, in its month
 * - `nth`: the nth such weekday of the month
 * - `lastOf`: the last such weekday of the month
 */
export type Item =
  | { readonly kind: 'any'; readonly step: number }
  | { readonly kind: 'range'; readonly from: number; readonly to: number; readonly step: number; readonly open?: true }
  | { readonly kind: 'last'; readonly before: number; readonly workday: boolean }
  | { readonly kind: 'near'; readonly day: number }
  | { readonly kind: 'nth'; readonly weekday: number; readonly nth: number }
  | { readonly kind: 'lastOf'; readonly weekday: number }

/** One field of an expression, as it was read. */
export interface Field {
  readonly name: FieldName
  /** As written, in capitals; `*` where the expression leaves it out. */
  readonly text: string
  /** Where it begins in the expression; -1 where the expression leaves it out. */
  readonly offset: number
  readonly items: readonly Item[]
  /** What `any` and `range` items name, in order, each once. Weekdays: 0 to 6 from Sunday. */
  readonly values: readonly number[]
  /** `*` or `?` alone: the field says nothing. */
  readonly any: boolean
  /** Begins with `*` or `?`: cron(8) treats such fields in its own way (days, DST). */
  readonly star: boolean
}

export type Fields = Readonly<Record<FieldName, Field>>

/** Numbers that a field may hold. For weekdays as the dialect counts them. */
export interface Bounds {
  readonly min: number
  readonly max: number
  /** The ends of `*`, and the end of an open step. They differ from the others where two numbers mean Sunday. */
  readonly anyMin: number
  readonly anyMax: number
}

export const LABELS: Readonly<Record<FieldName, string>> = {
  second: 'second',
  minute: 'minute',
  hour: 'hour',
  dayOfMonth: 'day of month',
  month: 'month',
  dayOfWeek: 'day of week',
  year: 'year',
  week: 'week',
}

export function boundsOf(name: FieldName, rules: Rules): Bounds {
  if (name === 'dayOfWeek') return rules.weekday
  const [min, max] = { second: [0, 59], minute: [0, 59], hour: [0, 23], dayOfMonth: [1, 31], month: [1, 12], week: [1, 53], year: rules.years }[
    name
  ] as [number, number]
  return { min, max, anyMin: min, anyMax: max }
}

/** A weekday of the dialect, counted from Sunday as 0. */
export function weekdayOf(value: number, rules: Rules): number {
  return (value - rules.weekday.sunday + 7) % 7
}

/** The field that an expression leaves out: `*`, or 0 for seconds. */
export function absent(name: FieldName, rules: Rules, value?: number): Field {
  const items: Item[] = value === undefined ? [{ kind: 'any', step: 1 }] : [{ kind: 'range', from: value, to: value, step: 1 }]
  const text = value === undefined ? '*' : String(value)
  return { name, text, offset: -1, items, values: valuesOf(items, name, rules), any: value === undefined, star: value === undefined }
}

/** The values of `any` and `range` items. Ranges of weekdays are still in the dialect's numbers here; the values are not. */
export function valuesOf(items: readonly Item[], name: FieldName, rules: Rules): number[] {
  const { anyMin, anyMax } = boundsOf(name, rules)
  const values = new Set<number>()
  for (const item of items) {
    if (item.kind !== 'any' && item.kind !== 'range') continue
    const from = item.kind === 'any' ? anyMin : item.from
    const to = item.kind === 'any' ? anyMax : item.to
    const size = anyMax - anyMin + 1
    // Over the end: 22-4 is 22 to 28, of which 24 is 0 again.
    const end = to < from ? to + size : to
    for (let value = from; value <= end; value += item.step) {
      const within = to < from && value > anyMax ? value - size : value
      values.add(name === 'dayOfWeek' ? weekdayOf(within, rules) : within)
    }
  }
  return [...values].sort((a, b) => a - b)
}
