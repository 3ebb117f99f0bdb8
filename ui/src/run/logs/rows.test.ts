import { expect, test } from 'vitest'
import { hitsOf, piecesOf, rowsOf } from './rows.ts'
import type { Line } from './store.ts'

const line = (number: number, attempt: number, level: Line['level'], plain: string): Line => ({
  name: `d${attempt}.${number}`,
  number,
  attempt,
  level,
  plain,
  message: plain,
  at: '2026-11-28T10:00:00.000Z',
  time: 0,
  delivery: `d${attempt}`,
  n: number,
})
const LINES = [line(1, 1, 'info', 'begins'), line(2, 1, 'error', 'Broken'), line(3, 2, 'info', 'begins again'), line(4, 2, 'info', 'ends')]
const shown = (rows: ReturnType<typeof rowsOf>) => rows.map(row => ('head' in row ? `#${row.attempt}` : row.number))

test.each([
  [{ attempt: undefined, levels: undefined }, ['#1', 1, 2, '#2', 3, 4]],
  [{ attempt: 2, levels: undefined }, ['#2', 3, 4]],
  [{ attempt: undefined, levels: ['error'] as const }, ['#1', 2]],
  [{ attempt: 2, levels: ['error'] as const }, []],
])('%j shows %j', (filter, rows) => expect(shown(rowsOf(LINES, filter))).toEqual(rows))

test('a search finds whatever the case, and never a head', () => {
  const rows = rowsOf(LINES, { attempt: undefined, levels: undefined })
  expect(hitsOf(rows, 'BEGINS')).toEqual([1, 4])
  expect(hitsOf(rows, '')).toEqual([])
})

test.each([
  [['a b a'], 'a', ['[a]', ' b ', '[a]']],
  [['aaa'], 'aa', ['[aa]', 'a']],
  [['none'], 'x', ['none']],
  [['slow pa', 'ge ', '9'], 'page', ['slow ', '[pa]', '[ge]', ' ', '9']],
  [['all'], '', ['all']],
])('%j is cut at %j', (texts, sought, pieces) => {
  const parts = texts.map(text => ({ text, className: '' }))
  expect(piecesOf(parts, sought).map(({ text, found }) => (found ? `[${text}]` : text))).toEqual(pieces)
})
