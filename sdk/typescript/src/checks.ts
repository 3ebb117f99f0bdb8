import { KEY_LENGTH_MAX, NAME_LENGTH_MAX, TAG_LENGTH_MAX, TAGS_MAX } from './bounds.ts'
import { DURATION_HINT, durationMs } from './duration.ts'
import { InvalidOption } from './errors.ts'

/** A value at a place of the options, and what it must be: its wire form, or `InvalidOption`. */
export type Check<Form> = (value: unknown, at: string) => Form

export const KEY_RETENTION_MS_MIN = 24 * 3_600_000

export const duration: Check<number> = (value, at) => durationMs(value) ?? refuse(value, at, DURATION_HINT)

export const positiveDuration: Check<number> = (value, at) => duration(value, at) || refuse(value, at, 'more than 0 is needed; leave it out for none')

export const keyRetention: Check<number> = (value, at) => {
  const ms = duration(value, at)
  return ms >= KEY_RETENTION_MS_MIN ? ms : refuse(value, at, 'keys are kept for 24 hours at least')
}

export function integer(minimum: number, maximum: number): Check<number> {
  return (value, at) =>
    Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum
      ? (value as number)
      : refuse(value, at, `a whole number from ${minimum} to ${maximum}`)
}

export function number(minimum: number, maximum: number): Check<number> {
  return (value, at) =>
    typeof value === 'number' && value >= minimum && value <= maximum ? value : refuse(value, at, `a number from ${minimum} to ${maximum}`)
}

export const name: Check<string> = text(NAME_LENGTH_MAX)
export const key: Check<string> = text(KEY_LENGTH_MAX)

export function oneOf<Word extends string>(...words: Word[]): Check<Word> {
  return (value, at) => (words.includes(value as Word) ? (value as Word) : refuse(value, at, `one of ${words.join(', ')}`))
}

export function listOf<Form>(check: Check<Form>): Check<Form[]> {
  return (value, at) =>
    Array.isArray(value) && value.length > 0
      ? value.map((item, index) => check(item, `${at}/${index}`))
      : refuse(value, at, 'a list with something in it')
}

export const instant: Check<string> = (value, at) => {
  const date = value instanceof Date ? value : typeof value === 'string' && ISO.test(value) ? new Date(value) : null
  if (date === null || Number.isNaN(date.getTime())) refuse(value, at, 'a Date, or ISO 8601 text with its offset such as "2026-11-24T10:00:00Z"')
  return (date as Date).toISOString()
}
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/

/** Tags and labels: names and values. */
export const words: Check<Record<string, string>> = (value, at) => {
  const entries = Object.entries(record(value, at))
  if (entries.length > TAGS_MAX) refuse(value, at, `${TAGS_MAX} at most`)
  for (const [word, said] of entries) {
    text(TAG_LENGTH_MAX)(word, `${at}/${word}`)
    if (typeof said !== 'string' || said.length > TAG_LENGTH_MAX) refuse(said, `${at}/${word}`, `a text of ${TAG_LENGTH_MAX} characters at most`)
  }
  return value as Record<string, string>
}

/** An object of which each member has its check; a member that has none is refused, with the name that was perhaps meant. */
export function members<Form>(checks: { [Member in keyof Form]-?: Check<Form[Member]> }): Check<Form> {
  return (value, at) => {
    const form: Record<string, unknown> = {}
    for (const [member, said] of Object.entries(record(value, at))) {
      if (said === undefined) continue
      const check = (checks as Record<string, Check<unknown> | undefined>)[member]
      if (check === undefined || !Object.hasOwn(checks, member))
        refuse(member, `${at}/${member}`, unknown(member, Object.keys(checks)), 'There is no such option')
      const checked = (check as Check<unknown>)(said, `${at}/${member}`)
      if (checked !== undefined) form[member] = checked
    }
    return form as Form
  }
}

export function refuse(found: unknown, at: string, hint: string, what = 'This option has a value that it cannot have'): never {
  throw new InvalidOption(`${what}: ${at} is ${shown(found)}.`, { at, found, hint })
}

export function text(longest: number): Check<string> {
  return (value, at) =>
    typeof value === 'string' && value.length > 0 && value.length <= longest && !hasControls(value)
      ? value
      : refuse(value, at, `a text of 1 to ${longest} characters without control characters`)
}

/** Of many lines, such as a file. */
export const longText: Check<string> = (value, at) =>
  typeof value === 'string' && value.length > 0 && value.isWellFormed() ? value : refuse(value, at, 'a text')

function hasControls(value: string): boolean {
  for (let index = 0; index < value.length; index++) if (value.charCodeAt(index) < 32 || value.charCodeAt(index) === 127) return true
  return !value.isWellFormed()
}

export function record(value: unknown, at: string): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse(value, at || '/', 'an object')
}

function unknown(member: string, known: string[]): string {
  const near = known.find(name => distance(name.toLowerCase(), member.toLowerCase()) <= 2)
  return near ? `did you mean "${near}"?` : `there are ${known.join(', ')}`
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 99)}…` : value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

/** Edits between two texts (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}

/** Of a stream that one writes to: those that begin with a colon are kept for results of steps (kept.ts). */
export function stream(value: string, at: string): string {
  return name(value, at).startsWith(':') ? refuse(value, at, 'a name that does not begin with a colon') : value
}
