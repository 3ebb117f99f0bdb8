import { expect, test } from 'vitest'
import type { LateText } from '../../core/late.ts'
import { checkDag } from './graph.ts'
import type { Json } from './spec.ts'
import { type Facts, fill, onlyPlaceholder, placeholdersIn, refusalOf } from './template.ts'

const FACTS: Facts = {
  output: task => (task === 'group.list' ? { files: ['a', 'b'], text: 'one\ntwo\n' } : null),
  input: () => ({ day: 'monday' }),
  callback: task => `token of ${task}`,
  item: 'x',
  index: 0,
  partition: '2026-11-29',
  assetEvents: () => [{ asset: 's3://sales', n: 3 }],
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
  [
    { of: '{{assetEvents}}', day: '{{partition | date}}' },
    { of: [{ asset: 's3://sales', n: 3 }], day: '2026-11-29' },
  ],
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

test('variables and connections stand as they are, and it is told where; what data says is never taken for one', () => {
  const late: LateText[] = []
  const facts = { ...FACTS, input: () => ({ day: '{{var.secret}}' }) }
  const template = { 'a/b': ['postgres://{{ conn.db.login }}@{{item}}/{{input:day}}'], whole: '{{var.x:y | default(3)}}', day: '{{input:day}}' }
  expect(fill(template, facts, late)).toEqual({
    'a/b': ['postgres://{{ conn.db.login }}@x/{{var.secret}}'],
    whole: '{{var.x:y | default(3)}}',
    day: '{{var.secret}}',
  })
  expect(late).toEqual([
    { at: '/a~1b/0', parts: ['postgres://', '{{ conn.db.login }}', '@x/{{var.secret}}'] },
    { at: '/whole', parts: ['', '{{var.x:y | default(3)}}', ''] },
  ])
})

test.each([
  [{ a: { job: 'j', input: ['{{conn.db}}'] } }, '/tasks/a/input/0'],
  [{ a: { job: 'j', input: ['{{conn.db.pasword}}'] } }, '/tasks/a/input/0'],
  [{ a: { job: 'j', input: ['{{conn.db.host:x}}'] } }, '/tasks/a/input/0'],
  [{ a: { job: 'j', input: '{{var}}' } }, '/tasks/a/input'],
  [{ a: { input: '{{var.x}}' } }, '/tasks/a/input'],
  [{ a: { job: 'j', map: { over: '{{var.x}}' } } }, '/tasks/a/map/over'],
  [{ a: { approval: { subject: '{{var.x}}' } } }, '/tasks/a/approval/subject'],
  [{ a: { wait: { signal: '{{var.x}}' } } }, '/tasks/a/wait/signal'],
  [{ a: { job: 'j', input: Array(101).fill('{{var.x}}') } }, '/tasks/a/input'],
])('%j is refused', (tasks, at) =>
  expect(() => checkDag('d', { tasks } as never, '')).toThrow(
    expect.objectContaining({ code: 'invalid-dag', problem: expect.objectContaining({ at }) }),
  ),
)

test('variables and connections are not mapped over by a group', () =>
  expect(() => checkDag('d', { groups: { g: { map: { over: '{{var.x}}' } } }, tasks: { a: { job: 'j', group: 'g' } } }, '')).toThrow(
    expect.objectContaining({ code: 'invalid-dag', problem: expect.objectContaining({ at: '/groups/g/map/over' }) }),
  ))
