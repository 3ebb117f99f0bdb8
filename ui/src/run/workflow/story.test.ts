import { describe, expect, test } from 'vitest'
import type { HistoryEvent } from '../../api/client.ts'
import { storyOf } from './story.ts'

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString()
const event = (seconds: number, is: string, facts: object = {}): HistoryEvent => ({ is, at: at(seconds), ...facts }) as HistoryEvent
const short = (events: HistoryEvent[]) =>
  storyOf(events).map(({ n, kind, name, askedAt, answeredAt, outcome }) => [
    n,
    kind,
    name,
    Date.parse(askedAt) / 1_000 - Date.parse(at(0)) / 1_000,
    answeredAt === null ? null : (Date.parse(answeredAt) - Date.parse(at(0))) / 1_000,
    outcome,
  ])
const failure = { type: 'Error', message: 'no' }

describe("a workflow's story", () => {
  test('a step was asked for when the code went on last, also through its attempts', () => {
    const events = [
      event(0, 'started'),
      event(1, 'delivered', { attempt: 1 }),
      event(3, 'step_completed', { n: 1, name: 'reserve', attempt: 1 }),
      event(5, 'step_failed', { n: 2, name: 'charge', attempt: 1, failure, retryAt: at(9) }),
      event(9, 'retry_due', { n: 2 }),
      event(10, 'step_completed', { n: 2, name: 'charge', attempt: 2 }),
    ]
    expect(short(events)).toEqual([
      [1, 'step', 'reserve', 0, 3, 'completed'],
      [2, 'step', 'charge', 3, 10, 'completed'],
    ])
    expect(storyOf(events)[1]).toMatchObject({ attempts: 2, failure: null })
  })

  test.each<[string, HistoryEvent[], unknown[]]>([
    [
      'signal that somebody sent',
      [event(1, 'waiting', { n: 1, signal: 'go' }), event(4, 'signalled', { n: 1, name: 'go', by: 'ana' })],
      [1, 'signal', 'go', 1, 4, 'completed'],
    ],
    ['signal that was there', [event(1, 'waiting', { n: 1, signal: 'go', taken: 0 })], [1, 'signal', 'go', 1, 1, 'completed']],
    [
      'signal that did not come',
      [event(1, 'waiting', { n: 1, signal: 'go' }), event(9, 'wait_timed_out', { n: 1 })],
      [1, 'signal', 'go', 1, 9, 'timed_out'],
    ],
    ['signal that it waits for', [event(1, 'waiting', { n: 1, signal: 'go' })], [1, 'signal', 'go', 1, null, 'open']],
    ['sleep', [event(1, 'timer_set', { n: 1 }), event(9, 'timer_fired', { n: 1 })], [1, 'sleep', '', 1, 9, 'completed']],
    [
      'promise that was broken',
      [event(1, 'promise_made', { n: 1, name: 'hook' }), event(2, 'promise_settled', { n: 1, failure })],
      [1, 'promise', 'hook', 1, 2, 'failed'],
    ],
    [
      'child that failed',
      [
        event(1, 'child_asked', { n: 1, definition: 'mail', run: 'r' }),
        event(2, 'child_started', { n: 1 }),
        event(3, 'child_closed', { n: 1, run: 'r', state: 'failed', failure }),
      ],
      [1, 'child', 'mail', 1, 3, 'failed'],
    ],
    [
      'child that was refused',
      [event(1, 'child_asked', { n: 1, definition: 'mail', run: 'r' }), event(2, 'child_refused', { n: 1, code: 'key-conflict' })],
      [1, 'child', 'mail', 1, 2, 'failed'],
    ],
    ['sleep that nobody waits for any more', [event(1, 'timer_set', { n: 1 }), event(3, 'dropped', { n: 1 })], [1, 'sleep', '', 1, 3, 'dropped']],
    [
      'signal that came too late for who waited, and is given back',
      [
        event(1, 'waiting', { n: 1, signal: 'go', scoped: true }),
        event(2, 'signalled', { n: 1, name: 'go' }),
        event(3, 'dropped', { n: 1, signal: 2 }),
      ],
      [1, 'signal', 'go', 1, 3, 'dropped'],
    ],
    [
      'step that was asked to stop, since nobody waits for it any more',
      [event(4, 'step_failed', { n: 1, name: 'a', attempt: 1, failure: { ...failure, code: 'scope-cancelled' } })],
      [1, 'step', 'a', 0, 4, 'dropped'],
    ],
    ['update', [event(2, 'update_accepted', { name: 'add' }), event(5, 'update_answered', { update: 1 })], [1, 'update', 'add', 2, 5, 'completed']],
    ['step that is parked', [event(2, 'step_failed', { n: 1, name: 'a', attempt: 3, failure, parked: true })], [1, 'step', 'a', 0, null, 'open']],
  ])('%s', (_, events, expected) => expect(short([event(0, 'started'), ...events])).toEqual([expected]))

  test('begins where the code did last', () => {
    const events = [event(0, 'started'), event(1, 'step_completed', { n: 1, name: 'old', attempt: 1 }), event(2, 'continued')]
    expect(short([...events, event(3, 'step_completed', { n: 1, name: 'new', attempt: 1 })])).toEqual([[1, 'step', 'new', 2, 3, 'completed']])
  })

  test('of the newest events alone tells what was asked for among them, and finds an update by the number of its event', () => {
    const events = [
      event(1, 'timer_fired', { n: 40 }),
      event(2, 'update_answered', { update: 96 }),
      event(3, 'step_completed', { n: 41, name: 'charge', attempt: 1 }),
      event(4, 'update_accepted', { name: 'add' }),
      event(6, 'update_answered', { update: 103 }),
    ]
    expect(storyOf(events, 100).map(({ n, kind, name, outcome }) => [n, kind, name, outcome])).toEqual([
      [41, 'step', 'charge', 'completed'],
      [103, 'update', 'add', 'completed'],
    ])
  })
})
