import { describe, expect, test } from 'vitest'
import { overlapsOf, paceOf, type Start, waitsOf } from './waits.ts'

const starts = (...of: [at: number, ms?: number, weight?: number][]): Start[] => of.map(([at, ms = 10, weight = 1]) => ({ at, ms, weight }))

describe('so many at a time', () => {
  test.each([
    ['none wait where there is room', starts([0], [0], [20]), 2, { waiting: 0, longestMs: 0, never: 0 }],
    ['the second waits for the first to end', starts([0], [4]), 1, { waiting: 1, longestMs: 6, never: 0 }],
    ['each waits for those before it', starts([0], [0], [0]), 1, { waiting: 2, longestMs: 20, never: 0 }],
    ['what ends at that time makes room', starts([0], [10]), 1, { waiting: 0, longestMs: 0, never: 0 }],
    ['a heavy one waits until so much is free', starts([0, 10], [0, 30], [5, 10, 2]), 2, { waiting: 1, longestMs: 25, never: 0 }],
    ['nobody goes past one that waits', starts([0, 10], [1, 10, 2], [2, 1]), 2, { waiting: 2, longestMs: 18, never: 0 }],
    ['one that is larger than the limit never begins', starts([0, 10, 3], [0]), 2, { waiting: 0, longestMs: 0, never: 1 }],
    ['nothing passes a limit of none', starts([0], [5]), 0, { waiting: 0, longestMs: 0, never: 2 }],
    ['two of five begin at once, two later, and one last', starts([0], [0], [0], [0], [0]), 2, { waiting: 3, longestMs: 20, never: 0 }],
    ['in whatever order they are given', starts([4], [0]), 1, { waiting: 1, longestMs: 6, never: 0 }],
  ])('%s', (_, given, units, expected) => expect(waitsOf(given, units)).toEqual(expected))
})

describe('so many in a window', () => {
  test.each([
    ['those that fit begin at once', starts([0], [50]), 2, { waiting: 0, longestMs: 0, never: 0, most: 2 }],
    ['the third waits until the first has left', starts([0], [40], [60]), 2, { waiting: 1, longestMs: 40, never: 0, most: 3 }],
    ['windows follow one another', starts([0], [0], [0]), 1, { waiting: 2, longestMs: 200, never: 0, most: 3 }],
    ['one at the end of the window is in the next', starts([0], [100]), 1, { waiting: 0, longestMs: 0, never: 0, most: 1 }],
    ['tokens count by their weight', starts([0, 0, 2], [10, 0, 2]), 3, { waiting: 1, longestMs: 90, never: 0, most: 4 }],
    ['one that is larger than the rate never begins', starts([0, 0, 5]), 3, { waiting: 0, longestMs: 0, never: 1, most: 5 }],
  ])('%s', (_, given, tokens, expected) => expect(paceOf(given, tokens, 100)).toEqual(expected))
})

test('its own times overlap while the run before is open', () => {
  expect(overlapsOf([0, 60, 120, 180], 90)).toBe(2)
  expect(overlapsOf([0, 60, 120], 60)).toBe(0)
})
