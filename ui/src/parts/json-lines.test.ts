import { expect, test } from 'vitest'
import { findJson, jsonLines } from './json-lines.ts'

const DOCUMENT = { order: { 'a/b': [1, { name: 'Ada' }], '~': null }, empty: [] }

test('a tree is the lines that are unfolded, each under its JSON pointer', () => {
  const lines = jsonLines(DOCUMENT, path => path === '/order/a~1b')
  expect(lines.map(({ path, depth, members }) => [path, depth, members])).toEqual([
    ['', 0, 2],
    ['/order', 1, 2],
    ['/order/a~1b', 2, 2],
    ['/order/~0', 2, null],
    ['/empty', 1, 0],
  ])
})

test('a search finds names and values, and what has to be unfolded to see them', () => {
  const { hits, above } = findJson(DOCUMENT, 'ada')
  expect(hits).toEqual(['/order/a~1b/1/name'])
  expect([...above]).toEqual(['/order/a~1b/1', '/order/a~1b', '/order', ''])
})
