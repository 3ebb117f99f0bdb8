import fc from 'fast-check'
import { expect, test } from 'vitest'
import { localSeries } from './local-series.ts'
import type { Fold, Gap } from './spec.ts'
import { wallSource } from './wall-source.ts'
import { type Zone, zoneOf } from './zone.ts'

const HOUR = 3_600_000

/** Changes of the clock of all sorts: an hour, half an hour, two hours, over midnight, a day left out, and the offset of local mean time. */
const changes: [string, string][] = [
  ['Europe/Berlin', '2027-03-28T01:00Z'],
  ['Europe/Berlin', '2027-10-31T01:00Z'],
  ['Australia/Lord_Howe', '2027-04-03T15:00Z'],
  ['Australia/Lord_Howe', '2027-10-02T15:30Z'],
  ['Antarctica/Troll', '2027-03-28T01:00Z'],
  ['Antarctica/Troll', '2027-10-31T01:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00Z'],
  ['America/St_Johns', '2007-11-04T02:31Z'],
  ['Pacific/Apia', '2011-12-30T10:00Z'],
  ['Africa/Cairo', '2027-04-29T22:00Z'],
]

/** What a reading stands for, one at a time and by the zone's own answer. */
function instantsOf(local: number, zone: Zone, gap: Gap, fold: Fold, skippedBefore: boolean): number[] {
  const shown = zone.instantsOf(local)
  if (shown.length > 1) return fold === 'both' ? shown : [fold === 'second' ? shown.at(-1)! : shown[0]!]
  if (shown.length === 1) return shown
  const transition = zone.nextTransition(local - 40 * HOUR)!
  if (gap === 'skip' || (gap === 'shift-once' && skippedBefore)) return []
  return [gap === 'shift' || gap === 'shift-once' ? local - transition.before : transition.at]
}

test('a series has the instants of each reading, sorted, each once', () => {
  const steps = fc.constantFrom(7 * 60_000, 30 * 60_000, 45 * 60_000, HOUR, 5 * HOUR, 24 * HOUR)
  const policies = fc.tuple(
    fc.constantFrom<Gap>('skip', 'shift', 'shift-once', 'edge', 'vixie'),
    fc.constantFrom<Fold>('first', 'second', 'both', 'vixie'),
  )
  fc.assert(
    fc.property(fc.constantFrom(...changes), steps, policies, fc.integer({ min: 0, max: 40 * HOUR }), ([name, change], step, [gap, fold], shift) => {
      const zone = zoneOf(name)
      const anchor = Date.parse(change) - 90 * HOUR + shift
      const [after, until] = [Date.parse(change) - 36 * HOUR, Date.parse(change) + 36 * HOUR]
      const source = wallSource(localSeries(anchor, { months: 0, ms: step }, 'clamp'), zone, gap, fold)
      const found: number[] = []
      for (let at = source.next(after); at !== null && at <= until; at = source.next(at)) found.push(at)
      const expected: number[] = []
      let skipped = false
      for (let local = anchor; local < until + 40 * HOUR; local += step) {
        expected.push(...instantsOf(local, zone, gap, fold, skipped))
        skipped = zone.instantsOf(local).length === 0
      }
      expect(found).toEqual([...new Set(expected)].filter(at => at > after && at <= until).sort((a, b) => a - b))
    }),
    { numRuns: 1_000 },
  )
})
