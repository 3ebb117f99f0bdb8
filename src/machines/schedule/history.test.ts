import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { schedule } from './machine.ts'
import { Play, SPEC } from './playing.ts'
import { CATCHUPS, OVERLAPS, type ScheduleSpec } from './types.ts'

/** Whatever happens to a schedule, in whatever order: its ledger tells all of it (P4). */

const spec: fc.Arbitrary<ScheduleSpec> = fc.record({
  timetable: fc.oneof(
    fc.constantFrom('* * * * *', '*/7 * * * *', '0 * * * *', '30 2 * * *', '0 0 1 * *').map(cron => ({ cron, timezone: 'Europe/Berlin' })),
    fc.constantFrom('90s', '11m', '1d').map(every => ({ every })),
    fc.constant({ cron: '*/20 * * * *', calendars: { off: { dates: ['03-29'] } }, except: 'off', timezone: 'Europe/Berlin' }),
    fc.constant({ at: ['2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z'] }),
  ),
  target: fc.constant(SPEC.target),
  overlap: fc.constantFrom(...OVERLAPS),
  catchup: fc.record({ policy: fc.constantFrom(...CATCHUPS), windowMs: fc.constantFrom(null, 0, 600_000, 86_400_000) }),
  jitterMs: fc.constantFrom(0, 0, 45_000, 900_000),
})
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ is: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 30_000, 61_000, 600_000, 3_600_000, 86_400_000) }),
  },
  { weight: 3, arbitrary: fc.constant({ is: 'close' as const }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('put' as const), spec }) },
  fc.constantFrom(
    { is: 'pause' as const },
    { is: 'pause_until' as const },
    { is: 'resume' as const },
    { is: 'trigger' as const },
    { is: 'backfill' as const },
  ),
  fc.constantFrom({ is: 'refuse' as const }, { is: 'silence' as const }, { is: 'delete' as const }),
)

const histories = fc.record({ first: spec, steps: fc.array(step, { maxLength: 40 }) })

function play({ first, steps }: { first: ScheduleSpec; steps: { is: string; ms?: number; spec?: ScheduleSpec }[] }): Play {
  const play = new Play('2026-03-28T20:00:00Z')
  play.put(first)
  for (const { is, ms, spec } of steps) {
    const command = play.command()
    if (play.closed) break
    if (is === 'wait') play.at(play.now + (ms as number)).wake()
    if (is === 'close' && play.open.size > 0) play.close()
    if (is === 'put') play.put(spec as ScheduleSpec)
    if (is === 'pause') play.give({ is: 'pause', command, by: 'a', note: null, until: null, gone: false })
    if (is === 'pause_until') play.give({ is: 'pause', command, by: 'a', note: 'x', until: play.now + 5_000_000, gone: false })
    if (is === 'resume') play.give({ is: 'resume', command, by: 'a' })
    if (is === 'trigger') play.give({ is: 'trigger', command, by: 'a' })
    if (is === 'backfill') play.give({ is: 'backfill', command, by: 'a', from: play.now - 7_200_000, until: play.now - 3_600_000, maxActive: 3 })
    if (is === 'refuse') play.answerAll('unique')
    if (is === 'silence') play.asked.clear()
    if (is === 'delete') play.give({ is: 'delete', command, by: 'a' })
    if (is !== 'silence') play.answerAll()
    check(play)
  }
  return play
}

function check(play: Play): void {
  const { state } = play
  if (state === null) return
  // Numbers are dense, and what is intended is what the schedule still has in hand.
  expect([...play.ledger.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: state.next }, (_, n) => n))
  const intended = [...play.ledger.values()].filter(({ account }) => account === 'intended').map(({ n }) => n)
  expect([...state.outstanding, ...state.buffered].map(({ n }) => n).sort((a, b) => a - b)).toEqual(intended.sort((a, b) => a - b))
  // A snapshot is the state (E10).
  expect(JSON.parse(JSON.stringify(state))).toEqual(state)
}

describe('any history', () => {
  test('every nominal time is in the ledger, once, in order; each line that fired has its run', () => {
    fc.assert(
      fc.property(histories, history => {
        const played = play(history)
        if (played.state?.deletedAt === null && played.epochs.every(({ created }) => created === played.epochs[0]?.created))
          expect(played.untiled()).toBeNull()
        for (const { account, run } of played.ledger.values())
          if (account === 'fired' || account === 'recovered') expect(run).toEqual(expect.any(String))
      }),
      { numRuns: 300 },
    )
  })

  test('decisions add up to what is pending: the time to wake is the last one that was decided', () => {
    fc.assert(
      fc.property(histories, ({ first, steps }) => {
        const played = play({ first, steps })
        if (played.state === null || played.closed) return
        const { wakeAt } = schedule.pending(played.state)
        const decided = played.give({ is: 'wake' })
        // Too early: nothing happens, and nothing changes.
        if ((wakeAt === null || wakeAt > played.now) && played.state.paused === null) expect(decided.events).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('left alone it never spins: once it has seen to what is due it sleeps until later', () => {
    fc.assert(
      fc.property(histories, history => {
        const played = play(history)
        played.wake()
        const { wakeAt } = played.closed || played.state === null ? { wakeAt: null } : schedule.pending(played.state)
        expect(wakeAt === null || wakeAt > played.now).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
