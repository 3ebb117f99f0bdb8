import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { isScalar, parseDocument, Scalar, stringify } from 'yaml'
import { Refusal } from '../../server/refusal.ts'
import type { Within } from './item.ts'
import { offsetWithin } from './places.ts'
import { readYaml } from './read-yaml.ts'

const directory = mkdtempSync(join(tmpdir(), 'mainspring-yaml-'))
afterAll(() => rmSync(directory, { recursive: true }))
writeFileSync(join(directory, 'de.ics'), 'BEGIN:VCALENDAR\nEND:VCALENDAR\n')

const read = (text: string, shown = 'a.yaml') => readYaml({ shown, path: join(directory, shown), directory, text, format: 'yaml' })
const place = (text: string, pointer: string, within?: Within) => read(text).at(-1)!.placeOf(pointer, within)
function mistake(text: string): string {
  try {
    read(text)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.message
  }
  return 'none'
}

test('maps by name become what the API takes, over several documents, anchors and merge keys included', () => {
  const text = `
x-berlin: &berlin { timezone: Europe/Berlin, overlap: allow }
schedules:
  nightly: { <<: *berlin, cron: 0 2 L * *, target: report, overlap: skip, input: { n: 12345678901234567890, m: 1.5 } }
queues:
  images: { paused: { note: CDN } }
  mails:
---
$schema: ./apply.json
definitions:
  resize: { options: { retry: { attempts: 5 } } }
queues:
---
`
  const items = read(text)
  expect(items.map(({ kind, name, place }) => [kind, name, place])).toEqual([
    ['schedules', 'nightly', 'a.yaml:4:3'],
    ['queues', 'images', 'a.yaml:6:3'],
    ['queues', 'mails', 'a.yaml:7:3'],
    ['definitions', 'resize', 'a.yaml:11:3'],
  ])
  expect(JSON.stringify(items.map(({ value }) => value))).toBe(
    '[{"timezone":"Europe/Berlin","overlap":"skip","cron":"0 2 L * *","target":"report","input":{"n":12345678901234567890,"m":1.5}},{"paused":{"note":"CDN"}},{},{"options":{"retry":{"attempts":5}}}]',
  )
})

test('JSON is YAML, tabs or none', () => {
  const [item] = read('{\n\t"schedules": {\n\t\t"a": { "cron": "0 2 * *", "target": "x" }\n\t}\n}\n')
  expect([item!.value, item!.placeOf('/cron', { offset: 2 })]).toEqual([{ cron: '0 2 * *', target: 'x' }, 'a.yaml:3:21'])
})

describe('a place', () => {
  const item = (body: string): string => `schedules:\n  a:\n${body.replace(/^/gm, '    ')}`
  test.each<[what: string, body: string, pointer: string, within: Within | undefined, place: string]>([
    ['of a value', 'cron: 0 2 31 2 *', '/cron', undefined, '3:11'],
    ['within a plain text', 'cron: 0 2 31 2 *', '/cron', { offset: 4 }, '3:15'],
    ['within quotes', 'cron: "0 2 31 2 *"', '/cron', { offset: 4 }, '3:16'],
    ['at the first character within quotes', "cron: '0 2 31 2 *'", '/cron', { offset: 0 }, '3:12'],
    ['behind an escape', 'cron: "\\u0030\\x20\\t 2 *"', '/cron', { offset: 4 }, '3:25'],
    ['behind a doubled quote', "cron: 'a''b c'", '/cron', { offset: 4 }, '3:17'],
    ['in a folded plain text', 'cron: 0 2\n  31 2\n  *', '/cron', { offset: 4 }, '4:7'],
    ['in folded quotes', 'cron: "0 2\n\n  31 \\\n  2 *"', '/cron', { offset: 7 }, '6:7'],
    ['in a block', 'cron: |-\n  0 2\n  31 2 *', '/cron', { offset: 7 }, '5:10'],
    ['in a folded block', 'cron: >\n  0 2\n  31 2 *\n', '/cron', { offset: 4 }, '5:7'],
    ['behind a surrogate pair', 'cron: "\\U0001F600 x"', '/cron', { offset: 3 }, '3:23'],
    ['beyond the end', 'cron: 0 2', '/cron', { offset: 99 }, '3:14'],
    ['of an item of a list', 'cron:\n  - 0 2 * * *\n  - 0 3 * *', '/cron/1', undefined, '5:9'],
    ['of a single value that is meant as a list', 'cron: 0 2 * *', '/cron/0', undefined, '3:5'],
    ['of an empty text', 'cron: ""', '/cron', { offset: 0 }, '3:12'],
    ['of something deep', 'input: { a/b: [1, { c: 2 }] }', '/input/a~1b/1/c', undefined, '3:28'],
    ['of a field whose name is wrong', 'crn: 0 2 * * *', '/crn', { isName: true }, '3:5'],
    ['of what is missing', 'cron: 0 2 * * *', '/target', undefined, '2:3'],
    ['of what is missing inside', 'options: { retry: {} }', '/options/retry/attempts', undefined, '3:16'],
    ['of the whole', 'cron: 0 2 * * *', '', undefined, '3:5'],
    ['of a line of a calendar in the file', 'calendars:\n  de:\n    ics: |\n      BEGIN:VCALENDAR\n      X', '/calendars/de/ics', { line: 2 }, '7:1'],
  ])('%s', (_, body, pointer, within, expected) => expect(place(item(body), pointer, within)).toBe(`a.yaml:${expected}`))

  test('behind an alias is where the anchor is, and of a merged key where it was merged from', () => {
    const text = 'x-a: &a { cron: 0 2 * * }\nschedules:\n  a: *a\n  b: { <<: [*a], target: x }\n'
    expect(read(text).map(({ placeOf }) => placeOf('/cron', { offset: 4 }))).toEqual(['a.yaml:1:21', 'a.yaml:1:21'])
  })
})

test('a calendar may be a file beside the file', () => {
  const [item] = read('schedules: { a: { calendars: { de: { file: de.ics }, us: { dates: [07-04] } } } }', 'sub/a.yaml')
  expect(item!.value.calendars).toEqual({ de: { ics: 'BEGIN:VCALENDAR\nEND:VCALENDAR\n' }, us: { dates: ['07-04'] } })
  expect(item!.placeOf('/calendars/de/ics', { line: 2 })).toBe('sub/de.ics:2')
  expect(item!.placeOf('/calendars/de/ics')).toBe('sub/a.yaml:1:36')
  expect(item!.placeOf('/calendars/us/dates/0')).toBe('sub/a.yaml:1:68')
})

test.each([
  ['schedules:\n  a:\n    cron: */5 * * * *', /^a\.yaml:3:11: This is not valid YAML: .* Put it in quotes: "\*\/5 \* \* \* \*" \[invalid-yaml\]$/],
  ['schedules:\n  a:\n    cron: @daily', /^a\.yaml:3:11: .* Put it in quotes: "@daily" \[invalid-yaml\]$/],
  ['schedules:\n  a: [', /^a\.yaml:2:\d+: This is not valid YAML: .*\. \[invalid-yaml\]$/],
  ['schedules: {}\nschedules: {}', /^a\.yaml:2:1: This is not valid YAML: Map keys must be unique\. \[invalid-yaml\]$/],
  ['schedules: { a: !env X }', /^a\.yaml:1:\d+: This is not valid YAML: Unresolved tag: !env\. /],
  ['scheduls: {}', /^a\.yaml:1:1: There is nothing called "scheduls" here\. Did you mean "schedules"\? \[invalid-file\]$/],
  ['cron: x', /^a\.yaml:1:1: There is nothing called "cron" here\. A file has dags, schedules, queues, definitions, limits, and x-… for anchors\. /],
  ['- a', /^a\.yaml:1:1: Expected "dags:"/],
  ['just words', /^a\.yaml:1:1: Expected "dags:"/],
  ['schedules: [a]', /^a\.yaml:1:12: Expected the names of schedules, and below each what it is\. schedules: \{ nightly: /],
  ['schedules:\n  a:', /^a\.yaml:2:3: schedule "a" is empty\. /],
  ['queues:\n  a: true', /^a\.yaml:2:6: queue "a" is no map\. queues: \{ images: /],
  ['schedules:\n  a: { name: b }', /^a\.yaml:2:8: schedule "a" has its name already\. /],
  ['schedules:\n  a: { calendars: { de: { file: none.ics } } }', /^a\.yaml:2:33: There is no file "none\.ics"\. .* \[file-missing\]$/],
  [
    'schedules:\n  a: { calendars: { de: { file: de.ics, ics: x } } }',
    /^a\.yaml:2:33: A calendar is \{ file \}, \{ ics \} or \{ dates \}: one of them\./,
  ],
  ['schedules:\n  a: { input: .nan }', /^a\.yaml:2:6: JSON has no number NaN, and neither has a schedule\./],
  ['schedules:\n  a: &a { input: *a }', /^a\.yaml:2:9: An alias leads back to where it stands/],
])('%j is refused where it is wrong', (text, message) => expect(mistake(text)).toMatch(message))

test.each(['', '# nothing\n', '---\n...\n', 'schedules:\n', '{}'])('%j says nothing', text => expect(read(text)).toEqual([]))

describe('any text at all', () => {
  const piece = fc.constantFrom('a', 'b c', ' ', '  ', '\n', '\t', '"', "'", '\\', '#', ': ', '- ', '😀', 'é', '0 2 * *', '%', '\u0085')
  const value = fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join(''))

  test('written in any style is found again, character by character', () => {
    const styles = [Scalar.PLAIN, Scalar.QUOTE_DOUBLE, Scalar.QUOTE_SINGLE, Scalar.BLOCK_LITERAL, Scalar.BLOCK_FOLDED] as const
    fc.assert(
      fc.property(value, value, fc.constantFrom(...styles), fc.constantFrom(0, 10, 80), (before, after, type, lineWidth) => {
        const text = `${before}X${after}`
        const scalar = new Scalar(text)
        scalar.type = type
        const source = stringify({ schedules: { a: { cron: scalar } } }, { lineWidth, minContentWidth: 0 })
        const document = parseDocument(source)
        const node = document.getIn(['schedules', 'a', 'cron'], true)
        if (!isScalar(node) || node.value !== text) return // the library itself reads another text
        expect(source[offsetWithin(source, node, before.length)]).toBe('X')
      }),
      { numRuns: 3_000 },
    )
  })

  test('is read or refused with a place in it', () => {
    const structure = fc.constantFrom(
      'schedules:',
      'queues:',
      '\n',
      '\n  ',
      '\n    ',
      'a',
      ': ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ', ',
      '*a',
      '&a ',
      '<<: ',
      '"',
      '|',
      '>',
      '!x ',
      '---\n',
      '1',
      'null',
      'x-b: ',
      '\t',
      '# c',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(structure, { maxLength: 30 }).map(parts => parts.join('')),
        ),
        text => {
          const lines = text.split('\n').length
          const lineIn = (place: string): number => Number(/:(\d+):\d+$/.exec(place)?.[1])
          try {
            for (const item of read(text)) expect(lineIn(item.placeOf('/cron/0', { offset: 3 }))).toBeLessThanOrEqual(lines)
          } catch (error) {
            if (!(error instanceof Refusal)) throw error
            expect(lineIn(error.facts.place!)).toBeLessThanOrEqual(lines)
          }
        },
      ),
      { numRuns: 3_000 },
    )
  })
})
