import { nearest } from '../zone-names.ts'
import type { Dialect, FieldName } from './dialects.ts'
import { RULES } from './dialects.ts'
import { CronError, quoted } from './error.ts'
import { readEvery } from './every.ts'
import { absent, type Field, type Fields, LABELS } from './field.ts'
import { list } from './names.ts'
import { readField } from './read-field.ts'

/** What an expression says, before it is a schedule. */
export interface Reading {
  /** Canonical: reads as the same schedule in the same dialect. */
  readonly expression: string
  /** As it was given, for messages. */
  readonly given: string
  readonly fields: Fields
  /** From a `CRON_TZ=` prefix, with its place. */
  readonly timezone: { readonly name: string; readonly offset: number } | null
  /** `@every`: the time between fires; the fields say nothing then. */
  readonly everyMs: number | null
}

/** Longer is surely no expression: a full list of each field is less than 700 characters. */
const EXPRESSION_LENGTH_MAX = 2_000

export const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const FIELD_NAMES: readonly FieldName[] = ['second', 'minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek', 'year', 'week']

/** Reads the text form of an expression: an optional zone (robfig, Kubernetes), then a macro or fields between blanks. */
export function readText(given: string, dialect: Dialect): Reading {
  const rules = RULES[dialect]
  if (given.length > EXPRESSION_LENGTH_MAX) throw whole(given, 'it is too long', `An expression has at most ${EXPRESSION_LENGTH_MAX} characters.`)
  let body = given
  let start = 0
  const wrapped = dialect === 'aws' ? /^\s*cron\(([^()]*)\)\s*$/i.exec(given) : null
  if (wrapped !== null) {
    start = given.indexOf('(') + 1
    body = wrapped[1]!
  }
  const prefix = /^\s*(?:CRON_TZ|TZ)=(\S*)(?=\s|$)/.exec(body)
  if (prefix !== null && !rules.every)
    throw new CronError('invalid-cron', given, `the ${dialect} dialect has no time zone in the expression`, {
      offset: start,
      length: prefix[0].length,
      field: null,
      found: prefix[0].trim(),
      hint: 'Give the zone beside it, as "timezone".',
    })
  const timezone = prefix === null ? null : { name: prefix[1]!, offset: prefix[0].length - prefix[1]!.length }
  if (prefix !== null) {
    start += prefix[0].length
    body = body.slice(prefix[0].length)
  }
  const words = [...body.matchAll(/[^\s]+/g)].map(match => ({ text: match[0], offset: start + match.index }))
  if (words[0]?.text.startsWith('@')) return { ...readMacro(given, body.trim(), words[0].offset, dialect), timezone }
  const layout = rules.layouts.find(names => names.length === words.length)
  if (layout === undefined) throw whole(given, countOf(words.length, dialect), countHint(words, dialect))
  const written = layout.map((name, index) => readField({ expression: given, name, ...words[index]!, rules, dialect }))
  if (rules.oneDayField) requireOneDayField(written, given, dialect)
  return { given, expression: written.map(field => field.text).join(' '), fields: complete(written, dialect), timezone, everyMs: null }
}

/** The fields that were written, and for those that were not: second 0, any year, any week. */
export function complete(written: readonly Field[], dialect: Dialect): Fields {
  const rules = RULES[dialect]
  const entries = FIELD_NAMES.map(name => [
    name,
    written.find(field => field.name === name) ?? absent(name, rules, name === 'second' ? 0 : undefined),
  ])
  return Object.fromEntries(entries) as Fields
}

function readMacro(given: string, text: string, offset: number, dialect: Dialect): Omit<Reading, 'timezone'> {
  const rules = RULES[dialect]
  const macro = text.toLowerCase()
  const at = { offset, length: text.length, field: null, found: text }
  if (/^@every(\s|$)/.test(macro)) {
    if (!rules.every)
      throw new CronError('invalid-cron', given, `the ${dialect} dialect does not know "@every"`, {
        ...at,
        hint: 'For a fixed time between runs use an interval.',
      })
    const everyMs = readEvery(given, text.slice('@every'.length), offset + '@every'.length)
    return { given, expression: `@every ${text.slice('@every'.length).trim()}`, fields: complete([], dialect), everyMs }
  }
  const meaning = MACROS[macro]
  if (!rules.macros)
    throw new CronError('invalid-cron', given, `the ${dialect} dialect has no macros, found ${quoted(text)}`, {
      ...at,
      hint: meaning ? `In fields: "${inFields(meaning, dialect)}".` : 'Write its fields.',
    })
  if (meaning === undefined) {
    const near = nearest(macro, Object.keys(MACROS))
    const hint =
      macro === '@reboot'
        ? 'It is no time; start the job from what starts the machine.'
        : near
          ? `Did you mean "${near}"?`
          : `There are ${Object.keys(MACROS).join(', ')}.`
    throw new CronError('invalid-cron', given, `${quoted(text)} is no macro`, { ...at, hint })
  }
  const names: readonly FieldName[] = ['minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek']
  const fields = meaning
    .split(' ')
    .map((word, index) => readField({ expression: given, name: names[index]!, text: word, offset, rules: RULES.unix, dialect: 'unix' }))
  return { given, expression: macro, fields: complete(fields, dialect), everyMs: null }
}

function inFields(meaning: string, dialect: Dialect): string {
  if (!RULES[dialect].oneDayField) return meaning
  const [minute, hour, day, month, weekday] = meaning.split(' ')
  const quartz = `${minute} ${hour} ${weekday === '*' ? day : '?'} ${month} ${weekday === '*' ? '?' : '1'}`
  return dialect === 'aws' ? `${quartz} *` : `0 ${quartz}`
}

function requireOneDayField(fields: readonly Field[], given: string, dialect: Dialect): void {
  const days = fields.find(field => field.name === 'dayOfMonth')!
  const weekdays = fields.find(field => field.name === 'dayOfWeek')!
  if ((days.text === '?') !== (weekdays.text === '?')) return
  const both = days.text === '?'
  throw new CronError('invalid-cron', given, both ? `both day fields are "?"` : `one of the two day fields must be "?" in the ${dialect} dialect`, {
    offset: weekdays.offset,
    length: weekdays.text.length,
    field: LABELS.dayOfWeek,
    found: weekdays.text,
    hint: both ? 'Write "*" in one of them for each day.' : days.any ? 'Write "?" for the day of month.' : 'Write "?" for the day of week.',
  })
}

function countOf(count: number, dialect: Dialect): string {
  const counts = RULES[dialect].layouts.map(layout => layout.length)
  return `the ${dialect} dialect has ${list(counts.map(String), 'or')} fields, found ${count}`
}

function countHint(words: readonly { text: string }[], dialect: Dialect): string {
  const rules = RULES[dialect]
  const fields = rules.layouts.map(layout => layout.map(name => LABELS[name]).join(', '))
  const tail = words.length === 0 ? 'Every day at 02:00 is "0 2 * * *" in the unix dialect.' : ''
  if (words.length === 7 && dialect !== 'unix')
    return `The fields are: ${fields.join('; or ')}. Seconds and a year are known to the unix and quartz dialects.`
  if (words.length === 6 && rules.layouts[0]!.length === 5)
    return `The fields are: ${fields.join('; or ')}. Seconds are known to the unix, quartz, spring and robfig dialects; a user name does not belong here.`
  return `The fields are: ${fields.join('; or ')}.${tail ? ` ${tail}` : ''}`
}

function whole(given: string, what: string, hint: string): CronError {
  return new CronError('invalid-cron', given, what, { offset: 0, length: given.length, field: null, found: given.slice(0, 200), hint })
}
