import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TemplateError } from './error.ts'
import { EXPRESSIONS_MAX, parseTemplate, STEPS_MAX, TEMPLATE_LENGTH_MAX } from './grammar.ts'
import { intervalScope } from './interval.ts'
import { pathText, referencesIn, render, renderAll } from './render.ts'

const SCOPE = {
  ...intervalScope({ start: Date.UTC(2026, 10, 24), end: Date.UTC(2026, 10, 25), logicalDate: Date.UTC(2026, 10, 24) }),
  params: { x: 3, name: 'Ada', none: null, list: ['a', 'b', 'c'], 'with space': 1, on: true },
  tasks: { extract: { output: { path: '/data/a.csv', rows: [{ id: 1 }, { id: 2 }] } }, 'group.load-it': { output: 'done\nwell\n' } },
}
const rendered = (text: string): unknown => render(parseTemplate(text), SCOPE)
const refusal = (act: () => unknown): TemplateError => {
  try {
    act()
  } catch (error) {
    if (error instanceof TemplateError) return error
    throw error
  }
  throw new Error('it was taken')
}

test.each([
  ['plain', 'plain'],
  ['{{ params.x }}', 3],
  ['{{params.x}}', 3],
  ['x={{ params.x }}', 'x=3'],
  ['{{ params.list }}', ['a', 'b', 'c']],
  ['{{ params.list }}!', '["a","b","c"]!'],
  ['{{ params.list[0] }}{{ params.list[-1] }}{{ params.list.1 }}', 'acb'],
  ["{{ params['with space'] }}", 1],
  ['{{ params.none }}', null],
  ['{{ tasks.group.load-it:output | length }}', 10],
  ['{{ tasks.extract:output.rows.0.id }}', 1],
  ['{{ params.on }}', true],
  ['{{ tasks.extract.output.path }}', '/data/a.csv'],
  ['{{ tasks.extract.output.rows[1].id }}', 2],
  ['{{ tasks["group.load-it"].output | lines | last }}', 'well'],
  ["{{ '{{' }} and }}", '{{ and }}'],
  [String.raw`{{ 'it\'s' }}`, "it's"],
  ['{{ params.nobody | default("one") }}', 'one'],
  ['{{ params.none | default(params.x) }}', 3],
  ['{{ nothing.at.all | default(null) }}', null],
  ['{{ params.nobody | upper | default("one") }}', 'one'],
  ['{{ params.name | upper }}/{{ params.name | lower }}', 'ADA/ada'],
  ['{{ params.list | join(", ") }}', 'a, b, c'],
  ['{{ "a-b" | split("-") | first }}', 'a'],
  ['{{ params.list | length }}', 3],
  ['{{ "2.50" | number }}', 2.5],
  [`{{ '{"a":1}' | parse }}`, { a: 1 }],
  ['{{ params.list | json }}', '["a","b","c"]'],
  ['{{ -1.5 }}', -1.5],
  ['{{ true }}', true],
])('%s is %j', (text, value) => expect(rendered(text)).toEqual(value))

// Airflow, "Templates reference": the forms of ds, ts and their kin; `macros.ds_add('2015-01-01', 5)` is '2015-01-06', `ds_add('2015-01-06', -5)` '2015-01-01'.
test.each([
  ['{{ ds }}', '2026-11-24'],
  ['{{ ds_nodash }}', '20261124'],
  ['{{ ts }}', '2026-11-24T00:00:00+00:00'],
  ['{{ ts_nodash }}', '20261124T000000'],
  ['{{ ts_nodash_with_tz }}', '20261124T000000+0000'],
  ['{{ logical_date }}', '2026-11-24T00:00:00.000Z'],
  ['{{ interval.end }}', '2026-11-25T00:00:00.000Z'],
  ["{{ '2015-01-01' | add('5d') }}", '2015-01-06'],
  ["{{ '2015-01-06' | add('-5d') }}", '2015-01-01'],
  ["{{ '2015-01-06' | subtract('1h') }}", '2015-01-05T23:00:00.000Z'],
  ["{{ interval.start | format('%A %a %B %b') }}", 'Tuesday Tue November Nov'],
  ["{{ interval.start | format('%Y/%m/%d %H:%M:%S day %j of %y 100%%') }}", '2026/11/24 00:00:00 day 328 of 26 100%'],
  ['{{ interval.end | date }}', '2026-11-25'],
  ['{{ ds | time }}', '2026-11-24T00:00:00.000Z'],
  ["{{ '1970-01-02' | epoch }}", 86_400],
])('of times, %s is %j', (text, value) => expect(rendered(text)).toBe(value))

test.each([
  ['{{ ds', 'syntax', 0],
  ['{{ }}', 'syntax', 3],
  ['{{ 1 + 1 }}', 'syntax', 5],
  ['{{ ds() }}', 'syntax', 5],
  ['{{ a. }}', 'syntax', 5],
  ['{{ a[b] }}', 'syntax', 5],
  ['{{ a[1 }}', 'syntax', 7],
  ["{{ 'open }}", 'syntax', 3],
  [String.raw`{{ '\x' }}`, 'syntax', 4],
  ['{{ ds | }}', 'syntax', 8],
  ['{{ ds | date(1) }}', 'syntax', 8],
  ['{{ ds | add }}', 'syntax', 8],
  ['{{ ds | add("1d" "2d") }}', 'syntax', 17],
  ['{{ ds | eval("1") }}', 'unknown', 8],
])('%s cannot be read: %s at %d', (text, reason, offset) => {
  const { reason: why, offset: where, template } = refusal(() => parseTemplate(text))
  expect([why, where]).toEqual([reason, offset])
  expect(template).toBe(text)
})

test.each([
  ['steps', `{{ a${'.b'.repeat(STEPS_MAX)} }}`, 3 + 1 + 2 * STEPS_MAX],
  ['filters', `{{ a${' | trim'.repeat(17)} }}`, 3 + 1 + 16 * 7 + 2],
  ['expressions', '{{a}}'.repeat(EXPRESSIONS_MAX + 1), EXPRESSIONS_MAX * 5 + 2],
  ['characters', ' '.repeat(TEMPLATE_LENGTH_MAX + 1), 0],
])('too many %s are refused', (_, text, offset) => expect(refusal(() => parseTemplate(text))).toMatchObject({ reason: 'size', offset }))

test.each([
  ['{{ params.nobody }}', 'missing', 'There is no params.nobody: params has no such member.'],
  ['{{ nobody }}', 'missing', 'There is no nobody.'],
  ['{{ params.list[3] }}', 'missing', 'There is no params.list[3]: params.list has no such member.'],
  ['{{ params.none.x }}', 'missing', 'There is no params.none.x: params.none has no such member.'],
  ['{{ params.list.length }}', 'missing', 'There is no params.list.length: params.list has no such member.'],
  ['{{ params.constructor }}', 'missing', 'There is no params.constructor: params has no such member.'],
  ['{{ params.__proto__ }}', 'missing', 'There is no params.__proto__: params has no such member.'],
  ['{{ params | upper }}', 'type', 'The filter "upper" takes a text, found a map.'],
  ['{{ params.name | first }}', 'type', 'The filter "first" takes a list, found a text.'],
  ['{{ params.name | date }}', 'type', 'The filter "date" takes a time such as 2026-11-24T00:00:00Z, or a date, found a text.'],
  ['{{ ds | add("soon") }}', 'type', 'The filter "add" takes a duration such as "7d" or "-1h 30m", found a text with a text.'],
  [
    '{{ ds | format("%Q") }}',
    'type',
    'The filter "format" takes a pattern of %Y %y %m %d %H %M %S %j %A %a %B %b %F %T %%, found a text with a text.',
  ],
  ['{{ params.name | number }}', 'type', 'The filter "number" takes a number, or a text that is one, found a text.'],
])('%s has no value: %s', (text, reason, title) => expect(refusal(() => rendered(text))).toMatchObject({ reason, title }))

describe('of a whole value', () => {
  test('every text is rendered, and what has no template is the same object', () => {
    const kept = { a: [1, 'plain', null] }
    const value = { kept, path: '{{ tasks.extract.output.path }}', deep: [{ rows: '{{ tasks.extract.output.rows }}' }], '{{ ds }}': 1 }
    const found = renderAll(value, SCOPE) as typeof value
    expect(found).toEqual({ kept, path: '/data/a.csv', deep: [{ rows: [{ id: 1 }, { id: 2 }] }], '{{ ds }}': 1 })
    expect(found.kept).toBe(kept)
  })

  test('a mistake is told with its place', () => {
    const error = refusal(() => renderAll({ env: { 'a/b': ['ok', 'on {{ params.nobody }}'] } }, SCOPE, '/input'))
    expect(error).toMatchObject({
      at: '/input/env/a~1b/1',
      offset: 6,
      reason: 'missing',
      hint: '{{ params.nobody | default(null) }} does without it.',
    })
    expect(error.message).toBe(
      'There is no params.nobody: params has no such member. At /input/env/a~1b/1. In "on {{ params.nobody }}". {{ params.nobody | default(null) }} does without it.',
    )
  })

  test('its references are told, those behind a default as optional', () => {
    const value = { a: '{{ tasks.x.output | default(params.y) }}', b: ['{{ ds }}-{{ tasks["y.z"].output[0] }}'] }
    expect(referencesIn(value).map(({ path, optional, at }) => [pathText(path), optional, at])).toEqual([
      ['tasks.x.output', true, '/a'],
      ['params.y', false, '/a'],
      ['ds', false, '/b/0'],
      ['tasks["y.z"].output[0]', false, '/b/0'],
    ])
  })

  test('a value that would become too large is refused, not built', () => {
    const large = 'x'.repeat(1000)
    expect(refusal(() => render(parseTemplate('{{ a }}'.repeat(EXPRESSIONS_MAX)), { a: large + large })).reason).toBe('size')
    expect(refusal(() => render(parseTemplate('{{ a | replace("x", a) }}'), { a: large.repeat(2) })).reason).toBe('type')
  })

  test('a value that is nested too deep is refused', () => {
    let value: unknown = '{{ ds }}'
    for (let depth = 0; depth < 600; depth++) value = [value]
    expect(refusal(() => renderAll(value, SCOPE)).reason).toBe('size')
  })
})

describe('whatever the text', () => {
  const braces = fc.array(
    fc.constantFrom('{{', '}}', ' ', '|', '.', '[', ']', '(', ')', "'", '"', '\\', 'ds', 'a', '0', '-', ',', 'date', 'é', '\n'),
    { maxLength: 30 },
  )
  test('it is read or refused with a place inside it, and what is read renders or is refused', () => {
    fc.assert(
      fc.property(braces, pieces => {
        const text = pieces.join('')
        try {
          render(parseTemplate(text), SCOPE)
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError)
          expect((error as TemplateError).offset).toBeGreaterThanOrEqual(0)
          expect((error as TemplateError).offset).toBeLessThanOrEqual(text.length)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('any text in quotes is itself, any path that is written reads back, and a text without braces stays', () => {
    const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
    fc.assert(fc.property(fc.string(), text => rendered(`{{ ${quoted(text)} }}`) === text))
    fc.assert(fc.property(fc.string(), text => text.includes('{{') || render(parseTemplate(text), {}) === text))
    const step = fc.oneof(
      fc.string({ unit: 'binary' }).filter(name => !/["\\\p{Cc}\p{Cs}]/u.test(name)),
      fc.nat(999),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: STEPS_MAX - 1 }), steps => {
        const path = ['root', ...steps] as const
        // A name of digits alone is the place in a list, which reads the same of a map.
        expect(referencesIn(`{{ ${pathText(path)} }}`)[0]?.path.map(String)).toEqual(path.map(String))
      }),
    )
  })
})
