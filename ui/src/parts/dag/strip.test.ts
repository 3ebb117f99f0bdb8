import { expect, test } from 'vitest'
import { piecesOf } from './strip.tsx'

test('few items have a piece each, of many those that stand alike have one', () => {
  expect(piecesOf('ssf')).toEqual([
    { from: 0, size: 1, letter: 's' },
    { from: 1, size: 1, letter: 's' },
    { from: 2, size: 1, letter: 'f' },
  ])
  expect(piecesOf(`${'s'.repeat(150)}f${'.'.repeat(49)}`)).toEqual([
    { from: 0, size: 150, letter: 's' },
    { from: 150, size: 1, letter: 'f' },
    { from: 151, size: 49, letter: '.' },
  ])
})

test('a failed item among 10,000 is seen', () => {
  const pieces = piecesOf(`${'sk'.repeat(2_500)}f${'sk'.repeat(2_499)}s`)
  expect(pieces.length).toBeLessThanOrEqual(600)
  expect(pieces.filter(({ letter }) => letter === 'f')).toHaveLength(1)
  expect(pieces.reduce((sum, { size }) => sum + size, 0)).toBe(10_000)
})
