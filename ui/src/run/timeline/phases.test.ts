import { describe, expect, test } from 'vitest'
import type { HistoryEvent } from '../../api/client.ts'
import { attemptsOf, courseOf, type Phase, withHold } from './phases.ts'

const BEGIN = Date.parse('2026-11-28T10:00:00.000Z')
const at = (seconds: number): string => new Date(BEGIN + seconds * 1_000).toISOString()
const event = (is: string, seconds: number, facts: object = {}): HistoryEvent => ({ is, at: at(seconds), ...facts })
const OPEN = { kind: 'job', createdAt: at(0), closedAt: null, nextAt: null, state: 'running', reason: null } as const
const CLOSED = { ...OPEN, closedAt: at(99), state: 'completed' } as const

/** `queued 0-2`, with a `+` where it goes on and a `?` where it is still to come. */
const told = (events: readonly HistoryEvent[], run: Parameters<typeof courseOf>[1], now = 100): string[] =>
  courseOf(events, run, BEGIN + now * 1_000).phases.map(shown)
const shown = (phase: Phase): string =>
  `${phase.kind}${phase.kind === 'running' ? ` #${phase.attempt} ${phase.result}` : ''} ${(phase.from - BEGIN) / 1_000}-${(phase.to - BEGIN) / 1_000}${phase.open ? '+' : ''}${phase.ahead ? '?' : ''}`

const STARTED = event('started', 0)
const first = event('delivered', 2, { attempt: 1, worker: 'w1' })

describe('what a run did with its time', () => {
  test.each([
    ['in line', [STARTED], { ...OPEN, state: 'queued' }, ['queued 0-100+']],
    ['done', [STARTED, first, event('completed', 5)], CLOSED, ['queued 0-2', 'running #1 completed 2-5']],
    [
      'tried again',
      [
        STARTED,
        first,
        event('attempt_failed', 5, { attempt: 1, why: 'timed_out', retryAt: at(15) }),
        event('due', 15),
        event('delivered', 16, { attempt: 2 }),
        event('failed', 20),
      ],
      CLOSED,
      ['queued 0-2', 'running #1 timed_out 2-5', 'backoff 5-15', 'queued 15-16', 'running #2 failed 16-20'],
    ],
    [
      'in back-off, and when it ends',
      [STARTED, first, event('attempt_failed', 90, { attempt: 1, why: 'failed', retryAt: at(130) })],
      { ...OPEN, state: 'waiting', reason: 'back-off', nextAt: at(130) },
      ['queued 0-2', 'running #1 failed 2-90', 'backoff 90-100+', 'backoff 100-130?'],
    ],
    [
      'not yet due',
      [event('started', 0, { options: { notBefore: BEGIN + 500_000 } })],
      { ...OPEN, state: 'scheduled', nextAt: at(500) },
      ['due 0-100+', 'due 100-500?'],
    ],
    [
      'given back, and the same attempt again',
      [STARTED, first, event('returned', 4), event('delivered', 6, { attempt: 1 }), event('completed', 7)],
      CLOSED,
      ['queued 0-2', 'running #1 returned 2-4', 'queued 4-6', 'running #1 completed 6-7'],
    ],
    [
      'parked, and resumed',
      [STARTED, first, event('parked', 5), event('resumed', 50, { by: 'ana' }), event('delivered', 51, { attempt: 2 })],
      OPEN,
      ['queued 0-2', 'running #1 failed 2-5', 'parked 5-50', 'queued 50-51', 'running #2 null 51-100+'],
    ],
    [
      'snoozed',
      [STARTED, first, event('snoozed', 5), event('due', 60)],
      { ...OPEN, state: 'queued' },
      ['queued 0-2', 'running #1 snoozed 2-5', 'snoozed 5-60', 'queued 60-100+'],
    ],
    ['cancelled while it waited', [STARTED, event('cancelled', 9)], { ...CLOSED, state: 'cancelled' }, ['queued 0-9']],
    [
      'a workflow, which waits for what it asked for',
      [
        STARTED,
        first,
        event('yielded', 3),
        event('signalled', 5, { name: 'early' }),
        event('timer_fired', 9, { n: 1 }),
        event('delivered', 10, { attempt: 1 }),
        event('completed', 12),
      ],
      { ...CLOSED, kind: 'workflow' },
      ['queued 0-2', 'running #1 yielded 2-3', 'waiting 3-9', 'queued 9-10', 'running #1 completed 10-12'],
    ],
    [
      'a workflow that begins anew, and is told something while it runs',
      [STARTED, first, event('signalled', 3, { n: 1 }), event('continued', 5), event('delivered', 6, { attempt: 1 })],
      { ...OPEN, kind: 'workflow' },
      ['queued 0-2', 'running #1 yielded 2-5', 'queued 5-6', 'running #1 null 6-100+'],
    ],
    ['stuck', [STARTED], { ...OPEN, state: 'paused', reason: 'stuck' }, ['stuck 0-100+']],
  ] as const)('%s', (_, events, run, phases) => expect(told(events, run)).toEqual(phases))

  test('a cancellation and a change are moments, with who and why', () => {
    const { moments } = courseOf(
      [STARTED, event('changed', 1, { by: 'ana' }), first, event('cancel_requested', 3, { by: 'bo', why: 'too late' })],
      OPEN,
      BEGIN + 9_000,
    )
    expect(moments.map(({ text }) => text)).toEqual(['changed by ana', 'asked to stop by bo: too late'])
  })

  test('a pause holds what waits from the moment it began', () => {
    const { phases } = courseOf([STARTED], { ...OPEN, state: 'queued' }, BEGIN + 100_000)
    const reason = { code: 'paused', text: 'queue "a" is paused', since: at(40) }
    const held = withHold(phases, { run: 'r', state: 'queued', since: at(0), reasons: [reason], clear: [] })
    expect(held.map(({ kind, from, to }) => [kind, (from - BEGIN) / 1_000, (to - BEGIN) / 1_000])).toEqual([
      ['queued', 0, 40],
      ['held', 40, 100],
    ])
  })

  test('each attempt has the waits before it', () => {
    const events = [
      STARTED,
      first,
      event('attempt_failed', 5, { attempt: 1, why: 'failed', retryAt: at(9) }),
      event('due', 9),
      event('delivered', 9, { attempt: 2 }),
    ]
    const attempts = attemptsOf(courseOf(events, OPEN, BEGIN + 20_000).phases)
    expect(attempts.map(({ attempt, phases, running }) => [attempt, phases.length, running?.result])).toEqual([
      [1, 2, 'failed'],
      [2, 2, null],
    ])
  })

  test.each([
    [
      'before a worker has it',
      [event('delivered', 50, { attempt: 1 }), event('completed', 60)],
      CLOSED,
      ['earlier 0-50', 'running #1 completed 50-60'],
    ],
    [
      'while a worker has it',
      [event('step_completed', 40, { n: 90 }), event('yielded', 41)],
      OPEN,
      ['earlier 0-40', 'running #1 yielded 40-41', 'waiting 41-100+'],
    ],
    ['while it waits', [event('signalled', 30, { n: 7 })], OPEN, ['earlier 0-30', 'queued 30-100+']],
  ] as const)('of a long history that is known from %s on, what was before is told as that', (_, events, run, phases) => {
    expect(courseOf(events, run, BEGIN + 100_000, false).phases.map(shown)).toEqual(phases)
  })
})
