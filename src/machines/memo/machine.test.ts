import { describe, expect, test } from 'vitest'
import type { Context, Message } from '../../core/machine.ts'
import { memo } from './machine.ts'
import { ENTRIES_LENGTH_MAX, ENTRIES_MAX, ENTRY_LENGTH_MAX, type MemoEvent, type MemoInput, type MemoState } from './types.ts'

class Play {
  state: MemoState | null = null
  now = 1_000
  /** The last answer: by whom what was found is, or null. */
  hit: unknown
  reply: unknown

  give(input: MemoInput): this {
    const context: Context = { self: 'memo', name: 'sales.load', now: this.now, random: () => 0.5, id: () => 'id', home: () => 0 }
    const decision = memo.decide(this.state, input, context)
    for (const event of decision.events) this.state = memo.evolve(this.state, JSON.parse(JSON.stringify(event)) as MemoEvent)
    for (const message of decision.messages ?? []) this.hit = (message as Message & { is: 'tell'; input: { hit: unknown } }).input.hit
    this.reply = decision.replies?.[0]?.reply
    return this
  }
  look(key: string, ttlMs?: number): unknown {
    this.give({ is: 'look', run: 'r', ref: 3, key, ...(ttlMs !== undefined && { ttlMs }) })
    return this.hit
  }
  keep(key: string, run: string, output = `"${run}"`): this {
    return this.give({ is: 'keep', key, run, output })
  }
}

test('what was kept under a key is found under it, and a later one replaces it', () => {
  const play = new Play()
  expect(play.look('a')).toBeNull()
  expect(play.keep('a', 'r1').keep('b', 'r2').look('a')).toEqual({ at: 1_000, run: 'r1', output: '"r1"' })
  play.now = 2_000
  expect(play.keep('a', 'r3').look('a')).toEqual({ at: 2_000, run: 'r3', output: '"r3"' })
  expect(play.state?.entries.map(({ run }) => run)).toEqual(['r2', 'r3'])
})

// Argo Workflows, memoization: `maxAge` is looked at when the cache is read; a hit that is older is a miss.
test.each([
  [undefined, true],
  [1_001, true],
  [1_000, false],
  [1, false],
])('a second later, with a ttl of %j ms, it is found: %j', (ttlMs, isFound) => {
  const play = new Play().keep('a', 'r1')
  play.now += 1_000
  expect(play.look('a', ttlMs) !== null).toBe(isFound)
})

describe('its bounds', () => {
  test('the oldest go first, by number and by length; one that is too long is not kept', () => {
    const play = new Play()
    for (let n = 0; n <= ENTRIES_MAX; n++) play.keep(`k${n}`, `r${n}`)
    expect([play.state?.entries.length, play.look('k0'), play.look('k1') !== null]).toEqual([ENTRIES_MAX, null, true])
    const large = 'x'.repeat(ENTRY_LENGTH_MAX - 10)
    for (let n = 0; n < 5; n++) play.keep(`large${n}`, 'r', large)
    expect(play.state?.length).toBeLessThanOrEqual(ENTRIES_LENGTH_MAX)
    expect([0, 1, 2, 3, 4].map(n => play.look(`large${n}`) !== null)).toEqual([false, true, true, true, true])
    expect(play.keep('larger', 'r', `${large}${large}`).look('larger')).toBeNull()
  })

  test('its length is that of what it has', () => {
    const play = new Play().keep('a', 'r1', '12').keep('bb', 'r1', '123').keep('a', 'r2', '1')
    expect(play.state?.length).toBe('a1bb123'.length)
  })
})

test('it is thrown away, whole or one key, and says how much that was', () => {
  const play = new Play()
  const forget = (key?: string): unknown => {
    play.give({ is: 'forget', command: 'c', by: 'ana', ...(key !== undefined && { key }) })
    return play.reply
  }
  const gone = (forgotten: number) => ({ ok: true, value: JSON.stringify({ forgotten }) })
  expect(forget()).toEqual(gone(0))
  play.keep('a', 'r1').keep('b', 'r1').keep('c', 'r1')
  expect([forget('b'), forget('b'), play.look('b'), play.look('a') !== null]).toEqual([gone(1), gone(0), null, true])
  expect([forget(), play.look('a'), play.state?.length]).toEqual([gone(2), null, 0])
})
