import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Phase, PhaseKind } from './phases.ts'
import { placeOf, slicesOf, ticksOf } from './scale.ts'

const DAY = 86_400_000
const WIDTH = 1_000

/** Phases one after the other, by their kinds and lengths. */
function phasesOf(lengths: readonly (readonly [PhaseKind, number])[]): Phase[] {
  let from = 0
  return lengths.map(([kind, length]) => {
    const phase = { kind, from, to: from + length, open: false, ahead: false, attempt: 1, worker: null, version: null, result: null, failure: null }
    from += length
    return phase
  })
}
const kinds = fc.constantFrom<PhaseKind>('due', 'queued', 'running', 'backoff', 'parked')
const histories = fc.array(fc.tuple(kinds, fc.integer({ min: 0, max: 30 * DAY })), { minLength: 1, maxLength: 120 }).map(phasesOf)

describe('one axis', () => {
  test('a wait of days leaves room for seconds of work, and is cut; to scale it is not', () => {
    const phases = phasesOf([
      ['due', 3 * DAY],
      ['running', 4_000],
    ])
    const [wait, work] = slicesOf(phases, WIDTH, false)
    expect(wait).toMatchObject({ cut: true, start: 0 })
    expect((work?.end ?? 0) - (work?.start ?? 0)).toBeGreaterThan(0.8)
    const [long, short] = slicesOf(phases, WIDTH, true)
    expect(long?.cut).toBe(false)
    expect(((short?.end ?? 0) - (short?.start ?? 0)) * WIDTH).toBeCloseTo(5, 0)
  })

  test('work is never cut, however long', () => {
    const slices = slicesOf(
      phasesOf([
        ['queued', 10],
        ['running', DAY],
      ]),
      WIDTH,
      false,
    )
    expect(slices.some(({ cut }) => cut)).toBe(false)
  })

  test('it is filled without a gap, in order, and each phase can be seen', () => {
    fc.assert(
      fc.property(histories, fc.boolean(), (phases, toScale) => {
        const slices = slicesOf(phases, WIDTH, toScale)
        expect(slices[0]?.start).toBe(0)
        expect(slices.at(-1)?.end).toBeCloseTo(1, 6)
        for (const [index, slice] of slices.entries()) {
          expect(slice.end).toBeGreaterThan(slice.start)
          if (index > 0) expect(slice.start).toBe(slices[index - 1]?.end)
          expect(placeOf(slices, slice.to)).toBeGreaterThanOrEqual(placeOf(slices, slice.from))
        }
      }),
    )
  })

  test('ticks do not touch each other', () => {
    fc.assert(
      fc.property(histories, fc.boolean(), (phases, toScale) => {
        const places = ticksOf(slicesOf(phases, WIDTH, toScale), WIDTH, 80, 0).map(({ place }) => place * WIDTH)
        for (const [index, place] of places.entries()) if (index > 0) expect(place - (places[index - 1] as number)).toBeGreaterThanOrEqual(79)
      }),
    )
  })
})
