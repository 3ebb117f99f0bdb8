import { expect, test } from 'vitest'
import type { Json } from './spec.ts'
import { type Facts, fill, onlyPlaceholder, placeholdersIn, refusalOf } from './template.ts'

const FACTS: Facts = {
  output: task => (task === 'group.list' ? { files: ['a', 'b'], text: 'one\ntwo\n' } : null),
  input: () => ({ day: 'monday' }),
  item: 'x',
  index: 0,
  run: 'r',
  nominalAt: Date.UTC(2026, 10, 25),
  interval: { start: Date.UTC(2026, 10, 24), end: Date.UTC(2026, 10, 25) },
}

test.each<[Json, Json]>([
  ['{{intervalStart | date}}', '2026-11-24'],
  ["{{ intervalEnd | format('%Y/%m') }}/{{input:day | upper}}", '2026/11/MONDAY'],
  ['{{output.group.list:files | length}}', 2],
  ['{{output.group.list:text | lines | last}}', 'two'],
  ["{{input:nobody | default('a | {b} \\'c\\'')}}", "a | {b} 'c'"],
  ['{{output.other | default(3)}}', 3],
  ['{{output.group.list:files}}', ['a', 'b']],
  ['{{ds | date}} {{ something() }}', '{{ds | date}} {{ something() }}'],
])('%j becomes %j', (template, value) => expect(fill(template, FACTS)).toEqual(value))

test('what is behind a placeholder and is no filter is a mistake, and so is one that names something more', () => {
  for (const text of ['{{input:day | shout}}', '{{input:day | default(input)}}', '{{input:day | date(1)}}'])
    expect(placeholdersIn(text)).toEqual([{ at: '', found: text, placeholder: null }])
  expect(onlyPlaceholder('{{output.a:b | first}}')).toMatchObject({ word: 'output', task: 'a', path: 'b' })
})

test('what a filter cannot take is told, and nothing is made of it', () => {
  expect(refusalOf({ at: '{{input:day | date}}' }, FACTS)).toBe(
    'invalid-template: The filter "date" takes a time such as 2026-11-24T00:00:00Z, or a date, found a text.',
  )
  expect(refusalOf({ at: '{{input:day | upper}}', plain: 'a | b' }, FACTS)).toBeNull()
})
