import { describe, expect, test } from 'vitest'
import type { RunId } from '../../core/ids.ts'
import { type From, type NoPoint, type Point, pointOf, promisedAnew } from './point.ts'
import type { WorkflowEvent } from './types.ts'

const SELF = '01k7x9v2q7e0080w4qgxdtewvh'
const failure = { type: 'Error', message: 'no' }
let at = 0
const event = (is: string, facts: object = {}): WorkflowEvent => ({ is, at: at++, ...facts }) as WorkflowEvent
const done = (n: number, name: string) => event('step_completed', { n, name, attempt: 1, output: String(n), call: 1 })
const failed = (n: number, name: string, more: object = {}) => event('step_failed', { n, name, attempt: 1, failure, ...more })
const delivered = () => event('delivered', { attempt: 1, delivery: 'd', worker: 'w' })

const point = (history: WorkflowEvent[], from: From, later = false) => pointOf(SELF, history, from, later) as Point
const kept = (history: WorkflowEvent[], from: From, later = false) => point(history, from, later).fork.kept.map(({ is, n, name }) => [is, n ?? name])
const refused = (history: WorkflowEvent[], from: From) => pointOf(SELF, history, from, false) as NoPoint

const order = () => [
  event('started'),
  delivered(),
  done(1, 'reserve'),
  done(2, 'charge'),
  event('yielded', { call: 2 }),
  failed(3, 'ship', { retryAt: 9 }),
  event('retry_due', { n: 3 }),
  failed(3, 'ship'),
  done(4, 'refund'),
  event('failed', { reason: 'threw' }),
]

describe('the point from which a new run goes on', () => {
  // DBOS, fork_workflow: "starting from a specific step … the results of earlier steps are copied". Temporal, reset: "history up to the reset point is kept".
  test.each<[From, unknown]>([
    ['charge', [['step_completed', 1]]],
    [2, [['step_completed', 1]]],
    ['reserve', []],
    [
      'ship',
      [
        ['step_completed', 1],
        ['step_completed', 2],
      ],
    ],
    [
      null,
      [
        ['step_completed', 1],
        ['step_completed', 2],
      ],
    ],
  ])('%j keeps the results before it', (from, expected) => expect(kept(order(), from)).toEqual(expected))

  test('what the worker that had it said of it is left out', () =>
    expect(point(order(), 'ship').fork.kept.every(({ call }) => call === undefined)).toBe(true))

  test('without a step that failed it is the last one', () => expect(point(order().slice(0, 4), null)).toMatchObject({ n: 2, name: 'charge' }))

  test('what was under way is asked for again; what had ended by then is kept, in its order', () => {
    const history = [
      event('started'),
      event('timer_set', { n: 1, dueAt: 5 }),
      event('child_asked', { n: 2, definition: 'mail', run: 'c' }),
      event('child_asked', { n: 3, definition: 'sms', run: 'd' }),
      event('child_closed', { n: 3, run: 'd', state: 'completed' }),
      done(5, 'fast'),
      event('timer_fired', { n: 1 }),
      done(4, 'slow'),
    ]
    expect(kept(history, 'slow')).toEqual([
      ['timer_set', 1],
      ['child_asked', 3],
      ['child_closed', 3],
      ['step_completed', 5],
      ['timer_fired', 1],
    ])
    expect(kept(history, 'fast')).toEqual([
      ['child_asked', 3],
      ['child_closed', 3],
    ])
  })

  test('a promise that is open stays made, for the code has gone on with its token; in the new run the token leads there, and all its time is left', () => {
    const [old, fresh] = ['0'.repeat(26), '1'.repeat(26)] as [RunId, RunId]
    const history = [
      event('started'),
      event('promise_made', { n: 1, name: 'settled', token: `${old}.a`, at: 10 }),
      event('promise_settled', { n: 1, output: '1' }),
      event('promise_made', { n: 2, name: 'open', token: `${old}.b`, at: 10, dueAt: 110 }),
      event('step_completed', { n: 3, name: 'mail' }),
      event('step_failed', { n: 4, name: 'ship' }),
    ]
    const { kept } = point(history, 'ship').fork
    expect(kept.map(({ is, n }) => [is, n])).toEqual([
      ['promise_made', 1],
      ['promise_settled', 1],
      ['promise_made', 2],
      ['step_completed', 3],
    ])
    expect(promisedAnew(fresh, kept, 5_000).flatMap(({ token, dueAt }) => (token === undefined ? [] : [[token, dueAt]]))).toEqual([
      [`${old}.a`, undefined],
      [`${fresh}.b`, 5_100],
    ])
  })

  test('so does one that was dropped: what the code did with its token is kept', () => {
    const history = [
      event('started'),
      event('promise_made', { n: 1, name: 'lost', token: `${SELF}.a` }),
      done(2, 'mail'),
      event('dropped', { n: 1 }),
      failed(3, 'ship'),
    ]
    expect(kept(history, 'ship')).toEqual([
      ['promise_made', 1],
      ['step_completed', 2],
    ])
  })

  test('a signal that was taken is taken by its number in the new history', () => {
    const history = [
      event('started'),
      delivered(),
      event('signalled', { name: 'go', payload: '1', command: 'a' }),
      event('waiting', { n: 1, signal: 'go', taken: 2 }),
      done(2, 'next'),
    ]
    expect(point(history, 'next').fork.kept).toMatchObject([
      { is: 'signalled', name: 'go' },
      { is: 'waiting', n: 1, taken: 1 },
    ])
  })

  test('after a new beginning it is a point since then, with the signals that nobody had taken', () => {
    const history = [
      event('started'),
      done(1, 'old'),
      event('continued', { input: '2', signals: [{ number: 7, name: 'go', payload: null }], call: 1 }),
      event('waiting', { n: 1, signal: 'go', taken: 7 }),
      done(2, 'new'),
    ]
    expect(kept(history, 'new')).toEqual([
      ['signalled', 'go'],
      ['waiting', 1],
    ])
    expect(point(history, 'new').fork).toMatchObject({ seed: `${SELF}:2`, kept: [{}, { taken: 1 }] })
    expect(refused(history, 'old').refused).toBe('unknown-step')
  })

  // Temporal, reset: signals after the reset point are reapplied by default.
  test('a reset keeps later signals for who waits for them, a fork does not', () => {
    const history = [event('started'), done(1, 'a'), event('signalled', { name: 'go', n: 2, command: 'x', payload: '5' }), done(3, 'b')]
    expect(kept(history, 'a', true)).toEqual([['signalled', 'go']])
    expect(kept(history, 'a')).toEqual([])
  })

  test('a fork of a fork has the random numbers and the first time of the first', () => {
    const history = [event('started', { seed: 'first', beganAt: -5 }), done(1, 'a')]
    expect(point(history, 'a').fork).toMatchObject({ seed: 'first', beganAt: -5 })
  })

  test('changes that were taken stay taken', () => {
    expect(kept([event('started'), event('patched', { id: 'p' }), done(1, 'a')], 'a')).toEqual([['patched', undefined]])
  })
})

describe('there is no such point', () => {
  test.each<[string, WorkflowEvent[], From, RegExp]>([
    ['no step of this name', order(), 'pay', /there are 1 \(reserve\), 2 \(charge\), 3 \(ship\), 4 \(refund\)/],
    ['several of this name', [event('started'), done(1, 'a'), done(2, 'a')], 'a', /several are called so: name one by its number 1 \(a\), 2 \(a\)/],
    ['nothing has happened', [event('started'), delivered()], null, /start it again/],
    ['it was asked to stop before', [event('started'), done(1, 'a'), event('cancel_requested'), done(2, 'b')], 'b', /choose one before that/],
  ])('%s', (_, history, from, hint) => expect(refused(history, from).hint).toMatch(hint))

  test('so much cannot go with a new run', () => {
    const history = [event('started'), ...Array.from({ length: 10_001 }, (_, index) => done(index + 1, `s${index}`)), done(20_000, 'last')]
    expect(refused(history, 'last').refused).toBe('history-too-long')
  })
})
