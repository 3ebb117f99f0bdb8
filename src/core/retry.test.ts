import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RETRY_DEFAULT, type RetryPolicy, retryDelayMs } from './retry.ts'

const policy = (changes: Partial<RetryPolicy> = {}): RetryPolicy => ({ ...RETRY_DEFAULT, jitter: 0, ...changes })
const middle = () => 0.5

describe('the delay before attempt n+1 is min(maximumMs, initialMs × factor^(n-1))', () => {
  test.each([
    // Computed by hand from the formula in the docstring, without jitter.
    [1, {}, 1_000],
    [2, {}, 2_000],
    [3, {}, 4_000],
    [9, {}, 256_000],
    [1, { initialMs: 250, factor: 3 }, 250],
    [4, { initialMs: 250, factor: 3 }, 6_750],
    [5, { factor: 1 }, 1_000],
    [12, { attempts: 100 }, 2_048_000],
    [13, { attempts: 100 }, 3_600_000], // 4,096 s, which an hour caps
    [3, { maximumMs: 3_000 }, 3_000],
    [3, { factor: 1.5 }, 2_250],
    [1, { initialMs: 0 }, 0],
  ])('after attempt %d with %j: %d ms', (attempt, changes, delayMs) => expect(retryDelayMs(policy(changes), attempt, middle)).toBe(delayMs))

  test.each([
    [1, { attempts: 1 }],
    [10, {}],
    [11, {}],
  ])('attempt %d of %j was the last', (attempt, changes) => expect(retryDelayMs(policy(changes), attempt, middle)).toBeNull())

  test.each<[Partial<RetryPolicy>]>([[{}], [{ initialMs: 0 }], [{ factor: 1_000 }], [{ maximumMs: 0 }]])(
    'attempt 1,100 of %j is beyond a double, and its delay stays finite',
    changes => {
      const delayMs = retryDelayMs(policy({ attempts: 2_000, ...changes }), 1_100, middle) as number
      expect(Number.isFinite(delayMs)).toBe(true)
      expect(delayMs).toBe(Math.min(changes.initialMs ?? Number.POSITIVE_INFINITY, changes.maximumMs ?? 3_600_000))
    },
  )
})

test('jitter spreads a delay d uniformly in [d × (1 - jitter), d × (1 + jitter)], in whole milliseconds', () => {
  fc.assert(
    fc.property(
      fc.record({
        attempts: fc.constant(2_000),
        initialMs: fc.integer({ min: 0, max: 10_000_000 }),
        factor: fc.double({ min: 1, max: 1_000, noNaN: true }),
        maximumMs: fc.integer({ min: 0, max: 10_000_000 }),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.integer({ min: 1, max: 1_999 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (policy, attempt, random) => {
        const d = retryDelayMs({ ...policy, jitter: 0 }, attempt, middle) as number
        const delayMs = retryDelayMs(policy, attempt, () => random) as number
        expect(Number.isInteger(delayMs)).toBe(true)
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(d * (1 - policy.jitter)) - 1)
        expect(delayMs).toBeLessThanOrEqual(Math.ceil(d * (1 + policy.jitter)) + 1)
      },
    ),
  )
  const ends = policy({ jitter: 0.1 })
  expect([0, 0.25, 0.5, 0.75].map(random => retryDelayMs(ends, 1, () => random))).toEqual([900, 950, 1_000, 1_050])
})
