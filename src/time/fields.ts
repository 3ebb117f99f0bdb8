import { type Moment, parseMoment } from './moments.ts'
import { pointer, TimetableError, type TimetableErrorCode } from './timetable-error.ts'
import { nearest } from './zone-names.ts'

/** Reading of plain JSON that others wrote: each answers what was asked for, or throws a TimetableError that names the place. */

export type Fields = Readonly<Record<string, unknown>>

export function readObject(value: unknown, keys: readonly string[], at: string, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TimetableError({ at, found: value, hint: `${what} is an object with ${anyOf(keys)}.` })
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue
    const near = nearest(key, keys)
    throw new TimetableError({
      at: at + pointer(key),
      found: key,
      hint: near
        ? `There is no field "${key.slice(0, 40)}"; did you mean "${near}"?`
        : `${what} has no field "${key.slice(0, 40)}", but ${anyOf(keys)}.`,
    })
  }
  return value as Fields
}

export function readText(value: unknown, at: string, what: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw new TimetableError({ at, found: value, hint: `${what} is a text${value === '' ? ', and not empty' : ''}.` })
}

/** One text or a list of them, each with its place. */
export function readTexts(value: unknown, at: string, what: string, most: number): { text: string; at: string }[] {
  return readList(value, at, what, most).map(item => ({ text: readText(item.value, item.at, what), at: item.at }))
}

/** One value or a list of them, each with its place. Absent is an empty list. */
export function readList(value: unknown, at: string, what: string, most: number): { value: unknown; at: string }[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) return [{ value, at }]
  if (value.length > most) throw new TimetableError({ at, found: value.length, hint: `${what}: ${most} at most.` })
  return value.map((item, index) => ({ value: item as unknown, at: at + pointer(index) }))
}

export function readChoice<Choice extends string>(value: unknown, choices: readonly Choice[], at: string): Choice {
  if (choices.includes(value as Choice)) return value as Choice
  const near = typeof value === 'string' ? nearest(value, choices) : null
  throw new TimetableError({ at, found: value, hint: `${near ? `Did you mean "${near}"? ` : ''}Write ${anyOf(choices)}.` })
}

export function readNumber(value: unknown, least: number, most: number, at: string, what: string): number {
  if (typeof value === 'number' && value >= least && value <= most) return value
  throw new TimetableError({ at, found: value, hint: `${what} is a number from ${least} to ${most}.` })
}

export function readMoment(value: unknown, at: string, what: string): Moment {
  const text = readText(value, at, what)
  const moment = parseMoment(text)
  if (typeof moment !== 'string') return moment
  throw new TimetableError({ at, found: text, hint: moment, offset: 0, length: text.length })
}

/** What names a calendar that is not there. */
export function unknownName(name: string, names: readonly string[], at: string): TimetableError {
  const near = nearest(name, names)
  const code: TimetableErrorCode = 'invalid-calendar'
  return new TimetableError({
    code,
    at,
    found: name,
    hint: near
      ? `There is no calendar "${name.slice(0, 40)}"; did you mean "${near}"?`
      : `There is no calendar "${name.slice(0, 40)}": define it under "calendars".`,
  })
}

function anyOf(words: readonly string[]): string {
  return words.length < 2
    ? words.map(word => `"${word}"`).join()
    : `${words
        .slice(0, -1)
        .map(word => `"${word}"`)
        .join(', ')} or "${words.at(-1)}"`
}
