import { expect, test } from 'vitest'
import { groupsOf, wordsOf } from './event-words.ts'

const AT = '2026-11-28T10:00:00.000Z'
const LATER = '2026-11-28T10:00:30.000Z'
const name = (id: string): string => (id === 'w1' ? 'web-1' : id)

test.each([
  [{ is: 'started', at: AT }, 'was started'],
  [{ is: 'started', at: AT, trigger: { is: 'schedule', schedule: 'nightly', source: 'time' } }, 'was started by schedule "nightly"'],
  [{ is: 'delivered', at: AT, attempt: 2, worker: 'w1' }, 'attempt 2 went to web-1'],
  [
    { is: 'attempt_failed', at: AT, attempt: 1, why: 'failed', retryAt: LATER, failure: { type: 'Oops', message: 'no' } },
    'attempt 1 failed: Oops: no; the next is due in 30.0 s',
  ],
  [
    { is: 'attempt_failed', at: AT, attempt: 1, why: 'lost', retryAt: AT },
    'attempt 1 was lost: no result came by the end of its lease; the next is due at once',
  ],
  [{ is: 'changed', at: AT, dueAt: AT, priority: 5 }, 'was changed: due at once, priority 5'],
  [{ is: 'reported', at: AT, progress: { value: 0.5, message: 'half' } }, 'reported 50 % half'],
  [{ is: 'failed', at: AT, reason: 'attempts-exhausted' }, 'failed, since its attempts are used up'],
  [{ is: 'child_closed', at: AT, run: 'r1', state: 'completed' }, 'child closed: run r1, state completed'],
  [{ is: 'step_completed', at: AT, n: 1, name: 'charge', attempt: 2 }, 'step "charge" completed in attempt 2'],
  [
    { is: 'step_failed', at: AT, n: 1, name: 'charge', attempt: 1, retryAt: LATER, failure: { type: 'Oops', message: 'no' } },
    'step "charge" failed in attempt 1: Oops: no; the next attempt is due in 30.0 s',
  ],
  [{ is: 'timer_set', at: AT, n: 2, dueAt: LATER }, 'sleeps: wakes in 30.0 s'],
  [{ is: 'waiting', at: AT, n: 3, signal: 'approval', dueAt: LATER }, 'asked for signal "approval", which ends in 30.0 s'],
  [{ is: 'signalled', at: AT, name: 'approval' }, 'was told "approval", which is kept until it asks for it'],
  [{ is: 'signalled', at: AT, name: 'paid', ref: 2 }, 'was told "paid"'],
  [{ is: 'child_asked', at: AT, n: 4, definition: 'mail', run: '01m87bmsdafbd9vgejdgx8cfg9' }, 'asked for mail 8cfg9'],
  [{ is: 'child_closed', at: AT, n: 4, run: '01m87bmsdafbd9vgejdgx8cfg9', state: 'completed' }, '8cfg9 gave its answer: completed'],
])('%j is told as %j', (event, text) => expect(wordsOf(event, name).text).toBe(text))

test('who and why are told apart from what', () => {
  expect(wordsOf({ is: 'cancel_requested', at: AT, by: 'ana', why: 'wrong customer' }, name)).toMatchObject({ by: 'ana', why: 'wrong customer' })
  // Of an attempt, `why` is how it failed, which the sentence tells.
  expect(wordsOf({ is: 'attempt_failed', at: AT, attempt: 1, why: 'failed', retryAt: AT }, name).why).toBeNull()
})

test('reports that follow each other are one line, under the number of the first', () => {
  const events = ['started', 'delivered', 'reported', 'reported', 'completed'].map(is => ({ is, at: AT }))
  expect(groupsOf(events).map(({ number, events }) => [number, events.length])).toEqual([
    [0, 1],
    [1, 1],
    [2, 2],
    [4, 1],
  ])
})
