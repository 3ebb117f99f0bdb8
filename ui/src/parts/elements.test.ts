import { expect, test } from 'vitest'
import { elementsFor } from './elements.ts'

const BEFORE = new Map([
  ['a', 1],
  ['b', 2],
  ['c', 3],
])

test.each([
  ['rows that stay keep theirs, and new ones get others', ['x', 'a', 'b'], null, [4, 1, 2]],
  ['where none stays, they are drawn in the elements of those before, in order', ['x', 'y', 'z'], null, [1, 2, 3]],
  ['more than before get others', ['v', 'x', 'y', 'z'], null, [1, 2, 3, 4]],
  ['not in the one that has the focus', ['x', 'y', 'z'], 'a', [2, 3, 4]],
  ['nor in the last one, when it has the focus', ['x', 'y', 'z'], 'c', [1, 2, 4]],
])('%s', (_, rows, focused, elements) => expect([...elementsFor(rows, BEFORE, focused).values()]).toEqual(elements))

test('no two rows are ever drawn in the same', () => {
  let elements = BEFORE as ReadonlyMap<string, number>
  for (const rows of [['d'], ['d', 'e', 'f'], ['g', 'h', 'i', 'j'], ['j', 'k'], ['l', 'm', 'n']]) {
    elements = elementsFor(rows, elements, 'h')
    expect(new Set(elements.values()).size).toBe(rows.length)
  }
})
