import { describe, expect, test } from 'vitest'
import { RateLimited, Snooze, snoozeOf } from './snooze.ts'

const NOW = Date.UTC(1994, 10, 6, 8, 49, 7)

describe('when a target may be tried again', () => {
  test.each([
    // RFC 9110, 10.2.3: seconds, or one of the three forms of an HTTP-date (5.6.7).
    ['120', 120_000],
    ['0', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 30_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 30_000],
    ['Sun Nov  6 08:49:37 1994', 30_000],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
    // and what our own durations are
    ['30s', 30_000],
    [1_500, 1_500],
    [new Date(NOW + 5_000), 5_000],
    [null, 60_000],
    [undefined, 60_000],
  ])('%s', (retryAfter, delayMs) => expect(snoozeOf(new RateLimited({ retryAfter }), NOW)).toEqual({ delayMs, slow: true }))

  test.each(['soon', '', '-5', '1.5', 'Sun', new Date(Number.NaN), Number.NaN])('%s is refused', retryAfter =>
    expect(() => new RateLimited({ retryAfter })).toThrow(expect.objectContaining({ code: 'invalid-option', at: '/retryAfter' })),
  )
})

test('a snooze has a length', () => {
  expect(snoozeOf(new Snooze('10m'), NOW)).toEqual({ delayMs: 600_000 })
  expect(() => new Snooze('soon')).toThrow(expect.objectContaining({ code: 'invalid-option', at: '/delay' }))
})

test('only what is thrown itself snoozes', () => {
  expect(snoozeOf(new Error('wrapped', { cause: new Snooze('1m') }), NOW)).toBeNull()
  expect(snoozeOf(new AggregateError([new RateLimited()]), NOW)).toBeNull()
})
