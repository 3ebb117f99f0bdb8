import { nearest } from '../zone-names.ts'
import { type Dialect, type FieldName, RULES } from './dialects.ts'
import { CronError, quoted } from './error.ts'
import { absent, type Field, type Item, LABELS, valuesOf } from './field.ts'
import { numberOfName } from './names.ts'
import { fault, readField, type Source } from './read-field.ts'
import { complete, type Reading } from './read-text.ts'

/** The names of fields in each system, most significant first; APScheduler's order decides what a missing one means. */
const NAMES = {
  apscheduler: {
    year: 'year',
    month: 'month',
    day: 'dayOfMonth',
    week: 'week',
    day_of_week: 'dayOfWeek',
    hour: 'hour',
    minute: 'minute',
    second: 'second',
  },
  celery: { minute: 'minute', hour: 'hour', day_of_week: 'dayOfWeek', day_of_month: 'dayOfMonth', month_of_year: 'month' },
} as const satisfies Partial<Record<Dialect, Record<string, FieldName>>>

/** APScheduler's CronTrigger: what is finer than the finest field given is at its least. A week or a day of the week has no least. */
const LEAST: Partial<Record<FieldName, number>> = { month: 1, dayOfMonth: 1, hour: 0, minute: 0, second: 0 }

/**
 * Reads the form by field: `{ day: '2nd fri', hour: '3' }` (APScheduler), `{ minute: '0', hour: '2,14' }` (Celery's crontab()).
 * Missing fields: in APScheduler those coarser than the finest given are `*`, finer ones at their least; in Celery `*`.
 */
export function readRecord(given: string, record: Readonly<Record<string, unknown>>, dialect: Dialect): Reading {
  const whole = { offset: 0, length: given.length, field: null, found: given.slice(0, 200) }
  if (dialect !== 'apscheduler' && dialect !== 'celery')
    throw new CronError('invalid-cron', given, `the ${dialect} dialect has no form by field`, {
      ...whole,
      hint: 'It is for the apscheduler and celery dialects.',
    })
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw new CronError('invalid-cron', given, 'an expression is a text or an object by field', {
      ...whole,
      hint: 'Such as { "hour": "2", "minute": "30" }.',
    })
  const names: Readonly<Record<string, FieldName>> = NAMES[dialect]
  const rules = RULES[dialect]
  for (const key of Object.keys(record)) if (!Object.hasOwn(names, key)) throw unknownField(given, key, Object.keys(names))
  const present = Object.entries(names).filter(([key]) => record[key] !== undefined && record[key] !== null)
  if (present.length === 0 && dialect === 'apscheduler')
    throw new CronError('invalid-cron', given, 'no field is given', { ...whole, hint: `The fields are ${Object.keys(names).join(', ')}.` })
  const finest = present.at(-1)?.[0]
  let finer = false
  const fields: Field[] = []
  const texts: Record<string, string> = {}
  for (const [key, name] of Object.entries(names)) {
    const value = record[key]
    if (value !== undefined && value !== null) {
      const source = sourceOf(given, key, name, value, dialect)
      const field = dialect === 'apscheduler' ? readApscheduler(source) : readField(source)
      fields.push(field)
      texts[key] = dialect === 'apscheduler' ? field.text.toLowerCase() : field.text
    } else fields.push(absent(name, rules, dialect === 'apscheduler' && finer ? LEAST[name] : undefined))
    if (key === finest) finer = true
  }
  return { given, expression: JSON.stringify(texts), fields: complete(fields, dialect), timezone: null, everyMs: null }
}

function sourceOf(given: string, key: string, name: FieldName, value: unknown, dialect: Dialect): Source {
  const text = typeof value === 'number' ? String(value) : value
  const rules = RULES[dialect]
  const keyAt = given.indexOf(`"${key}"`)
  const offset = given.indexOf(typeof value === 'string' ? '"' : String(value), keyAt + key.length + 2) + (typeof value === 'string' ? 1 : 0)
  const source = { expression: given, name, text: '', offset, rules, dialect }
  if (typeof text !== 'string' || text.length > 500)
    throw fault(source, `the ${LABELS[name]} must be a text of at most 500 characters or a number`, '')
  return { ...source, text }
}

/** APScheduler's own expressions of days (`last`, `2nd fri`, `last sun`), else as other dialects have them. Blanks around commas do not count. */
function readApscheduler(source: Source): Field {
  const text = source.text.trim().replace(/ *, */g, ',')
  if (source.name !== 'dayOfMonth' || !/[a-z]/i.test(text)) return readField({ ...source, text })
  const items: Item[] = []
  for (const part of text.split(',')) {
    const position = /^(1st|2nd|3rd|4th|5th|last) +([a-z]{3})$/i.exec(part)
    const weekday = position === null ? null : numberOfName(position[2]!, 'weekday', false)
    if (/^last$/i.test(part)) items.push({ kind: 'last', before: 0, workday: false })
    else if (weekday === null) items.push(...dayItems({ ...source, text: part }))
    else items.push(/^last/i.test(part) ? { kind: 'lastOf', weekday } : { kind: 'nth', weekday, nth: Number(part[0]) })
  }
  return {
    ...absent('dayOfMonth', source.rules),
    text: text.replace(/ +/g, ' ').toUpperCase(),
    offset: source.offset,
    items,
    values: valuesOf(items, 'dayOfMonth', source.rules),
    any: false,
    star: false,
  }
}

function dayItems(part: Source): readonly Item[] {
  if (/[a-z]/i.test(part.text))
    throw fault(part, `${quoted(part.text)} is no day of month`, 'Days are 1 to 31, "last", "2nd fri" (1st to 5th) or "last fri".')
  return readField(part).items
}

function unknownField(given: string, key: string, names: readonly string[]): CronError {
  const near = nearest(key, names)
  const hint = near === null ? `The fields are ${names.join(', ')}.` : `Did you mean "${near}"?`
  return new CronError('invalid-cron', given, `there is no field ${quoted(key)}`, {
    offset: Math.max(0, given.indexOf(`"${key}"`)),
    length: key.length + 2,
    field: null,
    found: key,
    hint,
  })
}
