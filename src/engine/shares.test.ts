import { describe, expect, test } from 'vitest'
import { ALL_SHARDS } from '../store/store.ts'
import { SHARD_COUNTS, sharesOf, wholeShards } from './shares.ts'

const NODES = ['one', 'two', 'three'].map(name => `node-${name}`)

describe.each(SHARD_COUNTS)('of %i shards', count => {
  test.each([1, 2, 3])('each has one of %i nodes, and none has more than its room', size => {
    const nodes = NODES.slice(0, size)
    const shares = nodes.map(node => sharesOf(node, nodes, count))
    expect(shares.flat().sort((a, b) => a - b)).toEqual(ALL_SHARDS)
    for (const share of shares) {
      const whole = wholeShards(share, count)
      expect(whole.length * (ALL_SHARDS.length / count), 'shards are not torn').toBe(share.length)
      expect(whole.length).toBeLessThanOrEqual(Math.ceil(count / size))
    }
  })
})

test('of parts that are not the whole of a shard there is none', () => {
  expect(wholeShards([0, 1, 2, 3, 4, 5, 6, 12, 13, 14, 15], 64)).toEqual([0, 3])
  expect(wholeShards([7], 256)).toEqual([7])
  expect(wholeShards([], 1)).toEqual([])
})
