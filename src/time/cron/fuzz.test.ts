import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CronError, type Dialect, parseCron } from './cron.ts'
import { RULES } from './dialects.ts'

const DIALECTS = Object.keys(RULES) as Dialect[]
const KNOWN: string[] = readFileSync(new URL('./testdata/facts.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map(line => JSON.parse(line))
  .map(row => (row[0] === 'dst' ? row[2] : row[3]))
const CHARACTERS = [
  ...'0123456789*/,-?LW#@ \t{}":=()HR~_.%',
  'MON',
  'jan',
  'last',
  '2nd',
  'CRON_TZ=',
  'Europe/Berlin',
  'L-',
  '\u0000',
  '１',
  '€',
  '\u{1f570}',
]

const soup = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 40 }).map(parts => parts.join(''))
const mutated = fc
  .tuple(
    fc.constantFrom(...KNOWN),
    fc.array(fc.tuple(fc.nat({ max: 60 }), fc.constantFrom('cut', 'put', 'swap', 'double'), fc.constantFrom(...CHARACTERS)), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([text, changes]) => changes.reduce(mutate, text))
const record = fc.dictionary(
  fc.constantFrom('year', 'month', 'day', 'week', 'day_of_week', 'hour', 'minute', 'second', 'day_of_month', 'month_of_year', '__proto__', 'x'),
  fc.oneof(soup, fc.constantFrom('*', '*/2', '1', 'last', '2nd fri', 'mon-fri', ''), fc.integer(), fc.constant(null)),
  { maxKeys: 4 },
)
const dialect = fc.constantFrom(...DIALECTS)

function mutate(text: string, [at, how, character]: readonly [number, string, string]): string {
  const index = at % (text.length + 1)
  if (how === 'cut') return text.slice(0, index) + text.slice(index + 1)
  if (how === 'put') return text.slice(0, index) + character + text.slice(index)
  if (how === 'swap') return text.slice(0, index) + character + text.slice(index + 1)
  return text.slice(0, index) + text.slice(Math.max(0, index - 3))
}

/** Reads and asks; the only thing that may be thrown is a CronError whose place lies in the text. */
function survives(expression: string | Record<string, string>, options: { dialect: Dialect; timezone?: string }): void {
  let error: unknown
  try {
    const cron = parseCron(expression, options)
    for (const instant of [Date.UTC(2026, 2, 1), 0.5, -8.64e15, 8.64e15, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const next = cron.next(instant)
      const previous = cron.previous(instant)
      if (next !== null) expect(next).toBeGreaterThan(instant)
      if (previous !== null) expect(previous).toBeLessThan(instant)
    }
    expect(cron.words()).not.toMatch(/undefined|NaN|Infinity| {2}/)
    for (const { message, hint } of cron.warnings(Date.UTC(2026, 2, 1))) expect(`${message} ${hint}`).not.toMatch(/NaN|Infinity/)
    expect(parseCron(cron.expression, options).next(Date.UTC(2026, 2, 1))).toBe(cron.next(Date.UTC(2026, 2, 1)))
  } catch (thrown) {
    error = thrown
  }
  if (error === undefined) return
  if (!(error instanceof CronError)) throw error
  const text = typeof expression === 'string' ? expression : JSON.stringify(expression)
  expect(error.offset).toBeGreaterThanOrEqual(0)
  expect(error.offset + error.length, error.message).toBeLessThanOrEqual(text.length)
  expect(error.hint).not.toMatch(/undefined|NaN|Infinity/)
}

test('known expressions of any dialect, read by any dialect, with a few characters changed: an answer or a CronError', () => {
  fc.assert(
    fc.property(mutated, dialect, fc.constantFrom('UTC', 'America/New_York'), (text, dialect, timezone) => survives(text, { dialect, timezone })),
    { numRuns: 3_000 },
  )
})

test('what is counted from the time before ends where time does', () => {
  for (const expression of ['@every 4s', '@every 1h30m'])
    for (const timezone of ['UTC', 'America/New_York']) survives(expression, { dialect: 'kubernetes', timezone })
})

test('a soup of what expressions are made of: an answer or a CronError', () => {
  fc.assert(
    fc.property(soup, dialect, (text, dialect) => survives(text, { dialect })),
    { numRuns: 2_000 },
  )
})

test('any text at all: an answer or a CronError', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), dialect, (text, dialect) => survives(text, { dialect })),
    { numRuns: 1_000 },
  )
})

test('records by field, their JSON, and other values: an answer or a CronError', () => {
  fc.assert(
    fc.property(record, dialect, (fields, dialect) => {
      survives(fields as Record<string, string>, { dialect })
      survives(JSON.stringify(fields), { dialect })
    }),
    { numRuns: 1_000 },
  )
})

test.each([null, undefined, 5, true, [], ['* * * * *']])('%j is no expression', value => {
  for (const dialect of DIALECTS) expect(() => parseCron(value as never, { dialect })).toThrow(CronError)
})
