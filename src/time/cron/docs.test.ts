import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Dialect, type Fold, type Gap, parseCron } from './cron.ts'
import { RULES } from './dialects.ts'
import { MACROS } from './read-text.ts'

/** The tables of docs/cron.md say what the code does. */
const PAGE = readFileSync(new URL('../../../docs/cron.md', import.meta.url), 'utf8')
const TABLES = PAGE.split(/\n\n+/)
  .filter(block => block.startsWith('|'))
  .map(block => block.split('\n').map(line => line.slice(2, -2).split(' | ')))

const [language, dialects, gaps, folds] = TABLES as [string[][], string[][], string[][], string[][]]

test.each(dialects.slice(2))('%s has the fields, the Sunday and the defaults of its row', (name, fields, sunday, days, gap, fold) => {
  const rules = RULES[name!.replaceAll('`', '') as Dialect]
  expect(rules.layouts.map(layout => layout.length)).toEqual([...fields!.matchAll(/\d/g)].map(match => Number(match[0])))
  expect(rules.weekday.sunday).toBe(Number(/\d/.exec(sunday!)![0]))
  expect(days).toBe(
    rules.oneDayField ? 'one must be `?`' : { or: 'either', and: 'both', vixie: 'either, but both if one begins with `*`' }[rules.days],
  )
  expect([gap, fold]).toEqual([`\`${rules.gap}\``, `\`${rules.fold}\``])
})

test('each dialect has a row', () =>
  expect(
    dialects
      .slice(2)
      .map(([name]) => name!.replaceAll('`', ''))
      .sort(),
  ).toEqual(Object.keys(RULES).sort()))

test('each macro is there with its meaning', () => {
  for (const [name, meaning] of Object.entries(MACROS))
    expect(language.flat().join()).toContain(name.startsWith('@ann') || name === '@midnight' ? name : meaning)
})

test.each(gaps.slice(2))('%s through a gap', (expression, ...cells) => {
  const policies = gaps[0]!.slice(1).map(cell => cell.replaceAll('`', '') as Gap)
  expect(policies.map(gap => fires(expression!, { gap }, '2026-03-29T01:00:00Z', '2026-03-29T02:00:00Z'))).toEqual(cells)
})

test.each(folds.slice(2))('%s through a fold', (expression, ...cells) => {
  const policies = folds[0]!.slice(1).map(cell => cell.replaceAll('`', '') as Fold)
  expect(policies.map(fold => fires(expression!, { fold }, '2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z'))).toEqual(cells)
})

function fires(expression: string, policy: { gap?: Gap; fold?: Fold }, from: string, until: string): string {
  const cron = parseCron(expression.replaceAll('`', ''), { timezone: 'Europe/Berlin', ...policy })
  const found: string[] = []
  for (let at = cron.next(Date.parse(from) - 1); at !== null && at < Date.parse(until); at = cron.next(at)) {
    const offset = at >= Date.parse('2026-03-29T01:00:00Z') && at < Date.parse('2026-10-25T01:00:00Z') ? 2 : 1
    found.push(`${new Date(at + offset * 3_600_000).toISOString().slice(11, 16)}+0${offset}`)
  }
  return found.join(' ') || '—'
}
