import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { MONTH_ENDS, type TimetableSpec } from './spec.ts'
import { timetable } from './timetable.ts'

const PAGE = readFileSync(new URL('../../docs/timetables.md', import.meta.url), 'utf8')
const CREATED = Date.parse('2026-11-25T10:00:00Z')
const blocks = [...PAGE.matchAll(/```yaml\n(.*?)```(?:\n```text\n(.*?)```)?/gs)].map(match => ({
  line: PAGE.slice(0, match.index).split('\n').length,
  yaml: match[1]!,
  prints: match[2],
}))

test.each(blocks)('docs/timetables.md:$line is a timetable, and has the times that are shown', ({ yaml, prints }) => {
  const spec = parse(yaml) as TimetableSpec
  const times = timetable(spec, CREATED)
  expect(times.nextFiring(CREATED)).not.toBeNull()
  if (prints === undefined) return
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: spec.timezone ?? 'UTC', dateStyle: 'short', timeStyle: 'short' })
  const lines = prints.trimEnd().split('\n')
  const shown = times.between(CREATED, Number.POSITIVE_INFINITY, lines.length).map(({ at, held, movedFrom }) => {
    const note = held ? `   held: ${held.is} by "${held.by}"` : movedFrom === undefined ? '' : `   moved from ${clock.format(movedFrom)}`
    return `${clock.format(at)}${note}`
  })
  expect(shown).toEqual(lines)
})

test('the table of month ends is true', () => {
  const rows = [...PAGE.matchAll(/^\| `(skip|clamp|drift)`.*?\| (\d.*) \|$/gm)]
  expect(rows.map(row => row[1])).toEqual(MONTH_ENDS)
  for (const [, monthEnd, days] of rows) {
    const times = timetable({ every: { every: '1 month', anchor: '2026-12-31', monthEnd: monthEnd as 'skip' } }, CREATED).between(
      Date.parse('2026-12-31'),
      Number.POSITIVE_INFINITY,
      4,
    )
    expect(days!.split(' · ')).toEqual(
      times.map(({ at }) => new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(at)),
    )
  }
})

test('every field, code of an error and code of a warning is told', () => {
  const source = ['spec.ts', 'warnings.ts', 'timetable-error.ts'].map(file => readFileSync(new URL(file, import.meta.url), 'utf8'))
  const fields = [...source[0]!.matchAll(/^ {2}(\w+)\??: /gm)].map(match => match[1]!)
  const codes = [...source[1]!.matchAll(/code: '([a-z-]+)'/g), ...source[2]!.matchAll(/'([a-z]+-[a-z-]+)'/g)].map(match => match[1]!)
  expect(codes.length).toBeGreaterThan(15)
  expect([...fields, ...codes].filter(word => !PAGE.includes(word))).toEqual([])
})
