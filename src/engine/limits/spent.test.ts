import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Spent } from './spent.ts'

interface Step {
  waitMs: number
  tokens: number
}

const rate = () => fc.record({ max: fc.integer({ min: 1, max: 6 }), everyMs: fc.constantFrom(1, 64, 100, 1_000, 60_000) })
const steps = (): fc.Arbitrary<Step[]> =>
  fc.array(fc.record({ waitMs: fc.constantFrom(0, 1, 2, 7, 100, 999, 1_000, 30_000), tokens: fc.integer({ min: 1, max: 3 }) }), { maxLength: 60 })

/** Spends whenever it may; answers what was spent, and when. */
function play(steps: readonly Step[], max: number, everyMs: number): { at: number; tokens: number }[] {
  const spent = new Spent()
  const done: { at: number; tokens: number }[] = []
  let now = 1_000_000.25
  for (const { waitMs, tokens } of steps) {
    now += waitMs
    if (spent.freeAt(now, tokens, max, everyMs) !== null) continue
    spent.spend(now, tokens, everyMs)
    done.push({ at: now, tokens })
  }
  return done
}

describe('what is spent of a rate (E18)', () => {
  test('is never more than the rate in any window, wherever it begins', () => {
    fc.assert(
      fc.property(rate(), steps(), ({ max, everyMs }, steps) => {
        const done = play(steps, max, everyMs)
        for (const { at: from } of done) {
          const inside = done.filter(({ at }) => at >= from && at < from + everyMs)
          expect(inside.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(max)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('a token is there again one window after it was spent, and a 64th of the window (1 ms at least) later at most', () => {
    fc.assert(
      fc.property(rate(), steps(), ({ max, everyMs }, steps) => {
        const spent = new Spent()
        const done: { at: number; tokens: number }[] = []
        let now = 1_000_000
        for (const { waitMs, tokens } of steps) {
          now += waitMs
          const late = Math.max(1, everyMs / 64)
          const recent = done.filter(({ at }) => at > now - everyMs - late).reduce((sum, { tokens }) => sum + tokens, 0)
          const free = spent.freeAt(now, tokens, max, everyMs) === null
          // A log without parts would let it pass even so much earlier: then this one does, too.
          if (recent + tokens <= max) expect(free).toBe(true)
          if (!free) continue
          spent.spend(now, tokens, everyMs)
          done.push({ at: now, tokens })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('`freeAt` tells a time at which it is free, and at which it was not before', () => {
    fc.assert(
      fc.property(rate(), steps(), fc.integer({ min: 1, max: 6 }), ({ max, everyMs }, steps, tokens) => {
        const spent = new Spent()
        let now = 1_000_000
        for (const { waitMs } of steps) {
          now += waitMs
          if (spent.freeAt(now, 1, max, everyMs) === null) spent.spend(now, 1, everyMs)
        }
        const at = spent.freeAt(now, tokens, max, everyMs)
        if (at === null) return
        expect(at).toBeGreaterThan(now)
        if (tokens > max) expect(at).toBe(Number.POSITIVE_INFINITY)
        else {
          expect(Spent.fromText(spent.toText(), now).freeAt(at - 0.01, tokens, max, everyMs)).not.toBeNull()
          expect(spent.freeAt(at, tokens, max, everyMs)).toBeNull()
        }
      }),
    )
  })

  test('a rate of 0 lets nothing pass, ever', () => {
    expect(new Spent().freeAt(1_000, 1, 0, 100)).toBe(Number.POSITIVE_INFINITY)
  })

  test('its log is bounded by the parts of a window, however many tokens there are', () => {
    const spent = new Spent()
    for (let now = 0; now < 10_000; now++) {
      spent.used(now, 1_000)
      spent.spend(now, 1, 1_000)
    }
    expect((JSON.parse(spent.toText()) as [number[]])[0].length).toBeLessThanOrEqual(66)
  })

  test('a pause that a target asked for holds all tokens back, and passes', () => {
    const spent = new Spent()
    spent.hold(1_000, 3_000)
    spent.hold(1_000, 2_000)
    expect(spent.freeAt(2_500, 1, 5, 100)).toBe(3_000)
    expect(spent.isIdle(2_500, 100)).toBe(false)
    expect(spent.freeAt(3_000, 1, 5, 100)).toBeNull()
    expect(spent.isIdle(3_000, 100)).toBe(true)
  })

  test('as text it is the same', () => {
    const spent = new Spent()
    spent.spend(1_000, 2, 100)
    spent.spend(1_050, 1, 100)
    spent.hold(1_050, 1_060)
    const again = Spent.fromText(spent.toText(), 1_055)
    expect(again.toText()).toBe(spent.toText())
    expect(again.used(1_055, 100)).toBe(3)
    expect(again.freeAt(1_055, 1, 3, 100)).toBe(1_100)
  })

  test('read by a clock that was set back, it lasts no longer than its window (E20)', () => {
    const spent = new Spent()
    spent.spend(3_600_900, 1, 1_000)
    spent.spend(3_601_000, 1, 1_000)
    spent.hold(3_601_000, 3_603_000)
    const again = Spent.fromText(spent.toText(), 1_000)
    expect(again.freeAt(1_000, 1, 2, 1_000)).toBe(3_000)
    expect(again.used(1_899, 1_000)).toBe(2)
    expect(again.used(1_900, 1_000)).toBe(1)
    expect(again.used(2_000, 1_000)).toBe(0)
  })
})
