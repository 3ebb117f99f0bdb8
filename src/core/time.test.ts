import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UserError } from './errors.ts'
import { DURATION_MS_MAX, durationMs } from './time.ts'

test.each([
  // The docstring of Duration: milliseconds as a number, or whole or decimal numbers with units.
  [0, 0],
  [1, 1],
  [1_500, 1_500],
  [1.5, 2],
  ['0s', 0],
  ['250ms', 250],
  ['90s', 90_000],
  ['1m', 60_000],
  ['1h 30m', 5_400_000],
  ['1h30m', 5_400_000],
  ['  1h', 3_600_000],
  ['1 h', 3_600_000],
  ['1.5h', 5_400_000],
  ['0.5ms', 1],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  ['1w 1d 1h 1m 1s 1ms', 694_861_001],
  ['36500d', DURATION_MS_MAX],
])('%j is %d ms', (duration, ms) => expect(durationMs(duration, '/delay')).toBe(ms))

test.each([
  [''],
  [' '],
  ['5'],
  ['s'],
  ['-5s'],
  ['+5s'],
  ['5 s '],
  ['5s!'],
  ['5min'],
  ['5 minutes'],
  ['1e3s'],
  ['1.s'],
  ['.5s'],
  ['1,5s'],
  ['1h and 30m'],
  ['P1D'],
  ['5S'],
  ['٣s'],
  ['36501d'],
  [`${'9'.repeat(400)}w`],
  [-1],
  [Number.NaN],
  [Number.POSITIVE_INFINITY],
  [DURATION_MS_MAX + 1],
])('%j is not a duration: a clear error that says where and what was found', duration => {
  const found = caught(() => durationMs(duration, '/timeout/total'))
  expect(found.problem).toMatchObject({ code: 'invalid-duration', status: 400, at: '/timeout/total', found: duration })
  expect(found.problem.hint).toContain('"1h 30m"')
})

test('whatever text comes, the answer is whole milliseconds within the bound or `invalid-duration`, and it comes soon', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[\d.smhdw ]{0,200}$/))
  fc.assert(
    fc.property(text, duration => {
      try {
        const ms = durationMs(duration, '/delay')
        expect(Number.isInteger(ms) && ms >= 0 && ms <= DURATION_MS_MAX).toBe(true)
      } catch (error) {
        expect((error as UserError).code).toBe('invalid-duration')
      }
    }),
  )
})

function caught(call: () => unknown): UserError {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return error as UserError
  }
  throw new Error('nothing was thrown')
}
