import { durationMs } from '../time.ts'

/** A JSON value. */
export type Value = unknown

export interface Filter {
  /** How many values in brackets: least, most. */
  takes: readonly [number, number]
  /** @throws WrongType. */
  apply(value: Value, ...given: Value[]): Value
}

/** The value is none that the filter takes; the message says what it takes. */
export class WrongType extends Error {}

/** Characters of a text that a filter or a template gives: what is larger goes by reference. */
export const TEXT_LENGTH_MAX = 1024 * 1024

/**
 * Every filter. `default(other)` gives the other where the value is missing or null; it alone sees what is missing (render.ts).
 * Times are ISO 8601 in UTC, or a date (YYYY-MM-DD), which stays one under `add`.
 */
export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['default', { takes: [1, 1], apply: (value, other) => value ?? other }],
  ['text', { takes: [0, 0], apply: textOf }],
  ['json', { takes: [0, 0], apply: value => JSON.stringify(value) }],
  ['parse', { takes: [0, 0], apply: parsed }],
  ['number', { takes: [0, 0], apply: numberOf }],
  ['upper', { takes: [0, 0], apply: value => text(value).toUpperCase() }],
  ['lower', { takes: [0, 0], apply: value => text(value).toLowerCase() }],
  ['trim', { takes: [0, 0], apply: value => text(value).trim() }],
  ['replace', { takes: [2, 2], apply: (value, from, to) => replaced(text(value), text(from), text(to)) }],
  ['split', { takes: [1, 1], apply: (value, by) => text(value).split(text(by)) }],
  ['join', { takes: [0, 1], apply: (value, by = '') => list(value).map(textOf).join(text(by)) }],
  [
    'lines',
    {
      takes: [0, 0],
      apply: value =>
        text(value)
          .split(/\r?\n/)
          .filter(line => line !== ''),
    },
  ],
  ['length', { takes: [0, 0], apply: lengthOf }],
  ['first', { takes: [0, 0], apply: value => list(value)[0] ?? null }],
  ['last', { takes: [0, 0], apply: value => list(value).at(-1) ?? null }],
  ['date', { takes: [0, 0], apply: value => new Date(instant(value)).toISOString().slice(0, 10) }],
  ['time', { takes: [0, 0], apply: value => new Date(instant(value)).toISOString() }],
  ['epoch', { takes: [0, 0], apply: value => Math.floor(instant(value) / 1000) }],
  ['format', { takes: [1, 1], apply: (value, pattern) => formatted(instant(value), text(pattern)) }],
  ['add', { takes: [1, 1], apply: (value, duration) => added(value, text(duration), 1) }],
  ['subtract', { takes: [1, 1], apply: (value, duration) => added(value, text(duration), -1) }],
])

/** How a value stands inside a text: a text as it is, all else as JSON. */
export function textOf(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function text(value: Value): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw new WrongType('a text')
}

function list(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  throw new WrongType('a list')
}

function lengthOf(value: Value): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  if (typeof value === 'object' && value !== null) return Object.keys(value).length
  throw new WrongType('a text, a list or a map')
}

function numberOf(value: Value): number {
  const number = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  if (Number.isFinite(number)) return number
  throw new WrongType('a number, or a text that is one')
}

function parsed(value: Value): Value {
  try {
    return JSON.parse(text(value))
  } catch {
    throw new WrongType('a text that is JSON')
  }
}

function replaced(whole: string, from: string, to: string): string {
  if (from === '') throw new WrongType('a text to look for that is not empty')
  const found = whole.split(from)
  if (whole.length + (found.length - 1) * (to.length - from.length) > TEXT_LENGTH_MAX) throw new WrongType('what gives no larger text')
  return found.join(to)
}

const DATE = /^\d{4}-\d\d-\d\d$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/

/** Milliseconds since 1970. */
function instant(value: Value): number {
  const ms = typeof value === 'string' && (DATE.test(value) || TIME.test(value)) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw new WrongType('a time such as 2026-11-24T00:00:00Z, or a date')
  return ms
}

function added(value: Value, duration: string, sign: 1 | -1): string {
  const ms = instant(value) + sign * lengthMs(duration)
  if (Math.abs(ms) > INSTANT_MAX) throw new WrongType('a time that is not so far away')
  const iso = new Date(ms).toISOString()
  return DATE.test(value as string) && iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso
}
/** The end of the year 9999: later ones are written otherwise. */
const INSTANT_MAX = 253_402_300_799_999

function lengthMs(duration: string): number {
  const negative = duration.startsWith('-')
  try {
    return (negative ? -1 : 1) * durationMs(negative ? duration.slice(1) : duration, '')
  } catch {
    throw new WrongType('a duration such as "7d" or "-1h 30m"')
  }
}

/** As strftime has them, in UTC. */
const SIGNS: Readonly<Record<string, (iso: string, ms: number) => string>> = {
  Y: iso => iso.slice(0, 4),
  y: iso => iso.slice(2, 4),
  m: iso => iso.slice(5, 7),
  d: iso => iso.slice(8, 10),
  H: iso => iso.slice(11, 13),
  M: iso => iso.slice(14, 16),
  S: iso => iso.slice(17, 19),
  j: (iso, ms) => String(Math.floor((ms - Date.parse(`${iso.slice(0, 4)}-01-01`)) / 86_400_000) + 1).padStart(3, '0'),
  A: (_, ms) => DAYS[new Date(ms).getUTCDay()] as string,
  a: (_, ms) => (DAYS[new Date(ms).getUTCDay()] as string).slice(0, 3),
  B: iso => MONTHS[Number(iso.slice(5, 7)) - 1] as string,
  b: iso => (MONTHS[Number(iso.slice(5, 7)) - 1] as string).slice(0, 3),
  F: iso => iso.slice(0, 10),
  T: iso => iso.slice(11, 19),
  '%': () => '%',
}

const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const MONTHS = 'January February March April May June July August September October November December'.split(' ')

function formatted(ms: number, pattern: string): string {
  const iso = new Date(ms).toISOString()
  return pattern.replace(/%(.?)/gs, (_, sign: string) => {
    const write = SIGNS[sign]
    if (!write)
      throw new WrongType(
        `a pattern of ${Object.keys(SIGNS)
          .map(known => `%${known}`)
          .join(' ')}`,
      )
    return write(iso, ms)
  })
}
