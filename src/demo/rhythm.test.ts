import { expect, test } from 'vitest'
import { rhythm } from './rhythm.ts'

const DAY_MS = 86_400_000
const at = (hours: number): number => 20_000 * DAY_MS + hours * 3_600_000

test.each([
  ['at its busiest in the evening', 19, 1],
  ['asleep before dawn', 3, 0.06],
  ['between two hours in between', 18.5, 0.985],
  ['at midnight as at the end of the day before', 24, 0.2],
])('a shop is %s', (_, hours, share) => expect(rhythm(at(hours))).toBeCloseTo(share, 5))

test('no minute of a day is without customers, and none has more than all of them', () => {
  for (let minute = 0; minute < 1_440; minute++) {
    const share = rhythm(at(minute / 60))
    expect(share, `minute ${minute}`).toBeGreaterThan(0)
    expect(share, `minute ${minute}`).toBeLessThanOrEqual(1)
  }
})
