import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { durationMs } from './duration.ts'
import { newId } from './ids.ts'
import { Seen } from './worker/seen.ts'

test('an id has 26 characters, sorts by its time, and is another each time', () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => newId(1_700_000_000_000 + index))
  for (const id of ids) expect(id).toMatch(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/)
  expect([...ids].sort()).toEqual(ids)
  expect(new Set(Array.from({ length: 1_000 }, () => newId(1)))).toHaveProperty('size', 1_000)
})

test.each([
  [1_500.4, 1_500],
  ['90s', 90_000],
  ['1h 30m', 5_400_000],
  ['1.5d', 129_600_000],
  ['0ms', 0],
  ['', null],
  ['10', null],
  ['10 minutes', null],
  ['5m ', null],
  [-1, null],
  [Number.NaN, null],
  [Number.POSITIVE_INFINITY, null],
  ['101000w', null],
  [null, null],
  [new Date(), null],
])('the duration %o is %o ms', (duration, ms) => expect(durationMs(duration)).toBe(ms))

test('a delivery is remembered for 20,000 others, and memory is bounded', () => {
  const seen = new Seen()
  expect(seen.add('first')).toBe(true)
  for (let number = 0; number < 20_000; number++) seen.add(`d${number}`)
  expect(seen.add('first')).toBe(false)
  for (let number = 0; number < 40_000; number++) seen.add(`e${number}`)
  expect(seen.add('first')).toBe(true)
})

test('a timer of a month does not fire at once', async () => {
  let fired = false
  const cancel = systemClock.after(40 * 86_400_000, () => {
    fired = true
  })
  await new Promise(resolve => systemClock.after(5, () => resolve(null)))
  cancel()
  expect(fired).toBe(false)
})
