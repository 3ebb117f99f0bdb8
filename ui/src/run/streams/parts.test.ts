import { expect, test } from 'vitest'
import type { Chunk } from '../../api/client.ts'
import { partsOf, standing } from './parts.ts'

const chunk = (n: number, value: unknown, more: Partial<Chunk> = {}): Chunk => ({
  n,
  at: '2026-01-01T00:00:00Z',
  step: 's',
  attempt: 1,
  value: value as never,
  ...more,
})

test('text of one writer is one text, and any other value stands for itself', () => {
  const chunks = [chunk(0, 'a'), chunk(1, 'b'), chunk(2, { k: 1 }), chunk(3, 'c'), chunk(4, 'd', { step: null }), chunk(5, 'e', { attempt: 2 })]
  expect(partsOf(chunks).map(({ n, text, value }) => [n, text ?? value])).toEqual([
    [0, 'ab'],
    [2, { k: 1 }],
    [3, 'c'],
    [4, 'd'],
    [5, 'e'],
  ])
})

test('what an attempt has written that begins again is gone, that of others stands; the last ones are kept', () => {
  const before = [chunk(0, 'code', { step: null }), chunk(1, 'half')]
  const kept = standing(before, [chunk(2, 'anew', { attempt: 2, restarted: true }), chunk(3, 'on', { attempt: 2 })], 9)
  expect(kept.map(({ n }) => n)).toEqual([0, 2, 3])
  expect(standing(kept, [chunk(4, 'x')], 2).map(({ n }) => n)).toEqual([3, 4])
})
