import { expect, test } from 'vitest'
import type { Batch } from '../api/work.ts'
import { nestedBelow, partsOf } from './words.ts'

const batch = (id: string, parent: string | null = null): Batch => ({ id, parent, jobs: null, bulk: null, backfill: null }) as Batch

test('batches within another stand right below it, and alone where it is not there', () => {
  const newestFirst = [batch('inner', 'mid'), batch('mid', 'outer'), batch('lost', 'gone'), batch('outer'), batch('old')]
  expect(nestedBelow(newestFirst).map(({ id }) => id)).toEqual(['lost', 'outer', 'mid', 'inner', 'old'])
})

test('what an operation has left is what matched and is neither done nor skipped nor refused', () => {
  const bulk = { operation: 'retry', matched: 10, done: 4, skipped: 1, refused: 2 } as NonNullable<Batch['bulk']>
  expect(partsOf({ ...batch('b'), bulk }).map(({ word, count }) => [word, count])).toEqual([
    ['done', 4],
    ['refused', 2],
    ['skipped', 1],
    ['to come', 3],
  ])
})

test('what a backfill has to come is what was neither started nor skipped nor refused', () => {
  const jobs = { total: 5, open: 2, completed: 2, failed: 1, cancelled: 0, sealed: false } as NonNullable<Batch['jobs']>
  const backfill = { total: 12, skipped: 3, refused: 1 } as NonNullable<Batch['backfill']>
  const parts = partsOf({ ...batch('b'), jobs, backfill })
  expect(Object.fromEntries(parts.map(({ word, count }) => [word, count]))).toEqual({
    completed: 2,
    failed: 1,
    cancelled: 0,
    refused: 1,
    skipped: 3,
    open: 2,
    'to come': 3,
  })
  expect(new Set(parts.map(({ state }) => state)).size).toBe(parts.length)
})
