import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RunState } from '../core/run.ts'
import type { RunFilter } from '../store/store.ts'
import { countRuns, type Steps } from './tally.ts'

const NOW = Date.parse('2026-11-29T12:00:00Z')
const STEPS: Steps = { from: NOW - 86_400_000, stepMs: 600_000 }
const ALL = { namespace: 'default', createdAfter: STEPS.from }

interface Run {
  at: number
  state: RunState
}

/** A store of these runs, newest first, and what it was asked to count. */
function storeOf(runs: readonly Run[]) {
  const newest = [...runs].sort((a, b) => b.at - a.at)
  const asked: { limit: number; width: number }[] = []
  return {
    asked,
    runsDepth: async () => newest[0]?.at ?? null,
    async runCounts({ createdAfter = Number.NEGATIVE_INFINITY, createdBefore = Number.POSITIVE_INFINITY }: RunFilter, steps: Steps, limit: number) {
      asked.push({ limit, width: createdBefore - createdAfter })
      const found = newest.filter(({ at }) => at >= createdAfter && at < createdBefore).slice(0, limit)
      const counts = found.map(({ at, state }) => ({ step: Math.floor((at - steps.from) / steps.stepMs), state, count: 1 }))
      return { counts, through: found.length < limit ? null : (found.at(-1)?.at ?? null) }
    },
  }
}

const run = fc.record({ at: fc.integer({ min: STEPS.from, max: NOW }), state: fc.constantFrom<RunState>('completed', 'failed', 'running') })
/** As many at once as one call starts, and spread over the day. */
const burst = fc.tuple(run, fc.integer({ min: 1, max: 15_000 })).map(([first, count]) => Array.from({ length: count }, () => first))
const spread = fc
  .tuple(fc.integer({ min: 1, max: 1_000 }), run)
  .map(([stepMs, { state }]) => Array.from({ length: 12_000 }, (_, n) => ({ at: NOW - n * stepMs, state })))
const day = fc
  .array(
    fc.oneof(
      run.map(one => [one]),
      burst,
      spread,
    ),
    { maxLength: 4 },
  )
  .map(parts => parts.flat().filter(({ at }) => at >= STEPS.from))

test('slices count what one count of all does, each no more than 10,000 runs unless they are of one millisecond', async () => {
  await fc.assert(
    fc.asyncProperty(day, async runs => {
      const store = storeOf(runs)
      const { counts, through } = await countRuns(store, ALL, STEPS, 200_000)
      const expected = new Map<string, number>()
      for (const { at, state } of runs) {
        const key = `${Math.floor((at - STEPS.from) / STEPS.stepMs)} ${state}`
        expected.set(key, (expected.get(key) ?? 0) + 1)
      }
      expect(new Map(counts.map(({ step, state, count }) => [`${step} ${state}`, count]))).toEqual(expected)
      expect(through).toBeNull()
      expect(store.asked.filter(({ limit, width }) => limit > 10_000 && width > 1)).toEqual([])
    }),
    { numRuns: 30 },
  )
})

test('the newest alone are counted, and it says how far down that was', async () => {
  const store = storeOf(Array.from({ length: 50_000 }, (_, n) => ({ at: NOW - n * 100, state: 'completed' })))
  const { counts, through } = await countRuns(store, ALL, STEPS, 25_000)
  expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(25_000)
  expect(through).toBe(NOW - 24_999 * 100)
})

test('years without a run are few questions', async () => {
  const store = storeOf([
    { at: NOW, state: 'failed' },
    { at: Date.parse('2020-01-02T00:00:00Z'), state: 'completed' },
  ])
  const { counts } = await countRuns(store, { namespace: 'default', createdAfter: Date.parse('2020-01-01T00:00:00Z') }, STEPS, 200_000)
  expect(counts).toHaveLength(2)
  expect(store.asked.length).toBeLessThan(20)
})

test('nobody counts on for a client who has gone', async () => {
  const store = storeOf(Array.from({ length: 50_000 }, (_, n) => ({ at: NOW - n * 100, state: 'completed' })))
  const gone = new AbortController()
  const read = {
    ...store,
    runCounts: (...asked: Parameters<typeof store.runCounts>) => {
      if (store.asked.length === 2) gone.abort()
      return store.runCounts(...asked)
    },
  }
  const { through } = await countRuns(read, ALL, STEPS, 200_000, gone.signal)
  expect(through).toBeGreaterThan(STEPS.from)
  expect(store.asked).toHaveLength(3)
})
