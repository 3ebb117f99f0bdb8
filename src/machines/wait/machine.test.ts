import { describe, expect, test } from 'vitest'
import { newId } from '../../core/ids.ts'
import type { Context } from '../../core/machine.ts'
import type { ClosedState, Outcome, Trigger } from '../../core/run.ts'
import { wait } from './machine.ts'
import { instantOf } from './times.ts'
import type { Awaited, Standing, WaitEvent, WaitInput, WaitState } from './types.ts'

const T = Date.UTC(2026, 2, 1, 9)

const OF_DAG = { is: 'dag', run: newId(T, () => 0.5), task: 'w', n: 0, nominalAt: T } as unknown as Trigger

class Driven {
  state: WaitState | null = null
  now = T
  outcome: Outcome | null = null
  readonly told: { is: string }[] = []

  constructor(awaited: Awaited) {
    this.give({ is: 'start', definition: 'sales.w', options: {}, trigger: OF_DAG, input: JSON.stringify(awaited) })
    this.wake()
  }
  give(input: WaitInput): void {
    const context = { self: 'w', now: this.now, timeline: (definition: string) => `timeline of ${definition}` } as unknown as Context
    const before = this.state === null ? null : wait.pending(this.state).wakeAt
    const { events, state, wakeAt, outcome, messages = [] } = wait.decide(this.state, input, context)
    this.state = events.reduce<WaitState | null>((folded, event) => wait.evolve(folded, event as WaitEvent), this.state)
    if (state !== undefined) expect(this.state).toEqual(state)
    expect(wait.pending(this.state as WaitState).wakeAt).toBe(wakeAt === undefined ? before : wakeAt)
    if (outcome !== undefined) {
      expect(this.outcome).toBeNull()
      this.outcome = outcome
    }
    for (const message of messages) if (message.is !== 'start') this.told.push(message.is === 'tell' ? message.input : message)
  }
  wake(): void {
    const due = (): number | null => wait.pending(this.state as WaitState).wakeAt
    for (let at = due(); at !== null && at <= this.now; at = due()) this.give({ is: 'wake' })
  }
  pass(ms: number): this {
    this.now += ms
    this.wake()
    return this
  }
  standing(n: number, standing: Partial<Standing>): this {
    this.give({ is: 'standing', n, standing: { run: 'r1', state: null, tasks: {}, ...standing } })
    return this
  }
}

describe('a time', () => {
  // Airflow: DateTimeSensor waits until target_time; TimeDeltaSensor until the end of the data interval and delta.
  test('is waited for by one timer', () => {
    const run = new Driven({ until: '2026-03-01T10:00:00+01:00', plusMs: 60_000 })
    expect(run.pass(59_999).outcome).toBeNull()
    expect(run.pass(1).outcome).toEqual({ state: 'completed', reason: 'time', output: '"2026-03-01T09:01:00.000Z"' })
  })

  test('that has passed is not waited for', () => expect(new Driven({ until: '2026-02-28' }).outcome).toMatchObject({ state: 'completed' }))

  test('that is none fails', () => expect(new Driven({ until: 'soon' }).outcome).toMatchObject({ state: 'failed', reason: 'invalid-wait' }))

  test.each([
    ['2026-03-01', Date.UTC(2026, 2, 1)],
    ['2026-03-01T09:30', Date.UTC(2026, 2, 1, 9, 30)],
    ['2026-03-01 09:30:15.250+00:00', Date.UTC(2026, 2, 1, 9, 30, 15, 250)],
    ['2026-03-01T09:30:00.123456-05:00', Date.UTC(2026, 2, 1, 14, 30, 0, 123)],
    ['2026-02-29', null],
    ['2028-02-29', Date.UTC(2028, 1, 29)],
    ['2026-03-01T25:00', null],
    ['9:30', null],
  ])('%s is %s', (text, instant) => expect(instantOf(text)).toBe(instant))
})

describe('what its DAG gives it', () => {
  test('ends it, with what came', () => {
    const run = new Driven({ signal: 'go' })
    run.give({ is: 'given', output: '{"a":1}' })
    expect(run.outcome).toEqual({ state: 'completed', reason: 'signal', output: '{"a":1}' })
    run.give({ is: 'given', output: '2' })
  })

  test('may be a failure', () => {
    const run = new Driven({ callback: true })
    run.give({ is: 'given', output: 'null', failure: { type: 'Rejected', message: 'no', code: 'rejected' } })
    expect(run.outcome).toMatchObject({ state: 'failed', reason: 'rejected', failure: { message: 'no' } })
  })
})

// Airflow: a sensor's `timeout` fails it, with `soft_fail` it is skipped.
test.each<[Partial<Awaited>, object]>([
  [{}, { state: 'timed_out', reason: 'timeout' }],
  [{ onTimeout: 'skip' }, { state: 'failed', reason: 'timeout', failure: { code: 'skipped' } }],
  [{ default: { none: true } }, { state: 'completed', reason: 'default', output: '{"none":true}' }],
])('at its time-out, with %j', (more, outcome) => {
  const run = new Driven({ signal: 'go', timeoutMs: 5_000, ...more })
  expect(run.pass(4_999).outcome).toBeNull()
  expect(run.pass(1).outcome).toMatchObject(outcome)
})

describe('a run of another DAG', () => {
  const OTHER: Awaited = { dag: 'sold', for: '2026-03-01T00:00:00Z', earlierMs: 3_600_000 }

  test('is asked for once, by its time, and what is told is confirmed', () => {
    const run = new Driven(OTHER)
    expect(run.told).toEqual([{ is: 'await', run: 'w', for: Date.UTC(2026, 1, 28, 23), tasks: [] }])
    run.standing(1, {}).standing(1, {})
    expect(run.told.slice(1)).toEqual([1, 1].map(n => ({ is: 'heard', run: 'w', n })))
    run.standing(2, { state: 'completed' })
    expect(run.outcome).toEqual({
      state: 'completed',
      reason: 'run',
      output: JSON.stringify({ run: 'r1', nominalTime: '2026-02-28T23:00:00.000Z', states: 'success' }),
    })
    expect(run.told.at(-1)).toEqual({ is: 'unawait', run: 'w' })
  })

  // Airflow 3.1, ExternalTaskSensor: allowed_states (default success), failed_states (default none), skipped_states; several ids: all allowed, or any failed or skipped.
  const T1 = { tasks: ['a', 'b'] } as const
  test.each<[string, Partial<Awaited>, Partial<Standing>, string | null]>([
    ['an open run is waited for', {}, {}, null],
    ['one that failed is waited on with', {}, { state: 'failed' }, null],
    ['unless that is allowed', { states: ['success', 'failed'] }, { state: 'cancelled' }, 'completed'],
    ['or fails the wait', { failStates: ['failed'] }, { state: 'timed_out' }, 'failed awaited-failed'],
    ['or skips it', { skipStates: ['failed'] }, { state: 'failed' }, 'failed skipped'],
    ['all tasks are to have ended so', T1, { tasks: { a: 'success', b: null } }, null],
    ['before their run has', T1, { tasks: { a: 'success', b: 'success' } }, 'completed'],
    ['one that is skipped is not success', T1, { state: 'completed', tasks: { a: 'success', b: 'skipped' } }, null],
    ['any that failed', { ...T1, failStates: ['failed', 'upstream_failed'] }, { tasks: { a: null, b: 'upstream_failed' } }, 'failed awaited-failed'],
    [
      'failed goes before skipped',
      { ...T1, failStates: ['failed'], skipStates: ['skipped'] },
      { tasks: { a: 'skipped', b: 'failed' } },
      'failed awaited-failed',
    ],
    ['any that is skipped', { ...T1, skipStates: ['skipped'] }, { tasks: { a: null, b: 'skipped' } }, 'failed skipped'],
    ['a task that it has not', T1, { tasks: { a: 'success', b: 'unknown' } }, 'failed unknown-task'],
  ])('%s', (_, more, standing, ends) => {
    const { outcome } = new Driven({ ...OTHER, ...more }).standing(1, standing)
    expect(outcome === null ? null : [outcome.state, outcome.failure?.code].filter(Boolean).join(' ')).toBe(ends)
  })

  test('that is told late, once it has ended, is told to be quiet', () => {
    const run = new Driven(OTHER)
    run.give({ is: 'cancel', command: 'c', by: null, why: null })
    expect(run.outcome).toMatchObject({ state: 'cancelled' })
    run.standing(3, { state: 'completed' })
    expect(run.told.slice(1)).toEqual([1, 2].map(() => ({ is: 'unawait', run: 'w' })))
  })
})

describe('a run by its id', () => {
  const RUN = newId(T, () => 0.25)
  const closes = (state: ClosedState): WaitInput => ({ is: 'watched_run', run: RUN, found: { definition: 'index', kind: 'job', state } })

  test('is watched, and ends it with its own end', () => {
    const run = new Driven({ run: RUN })
    expect(run.told).toEqual([{ is: 'watch', run: RUN }])
    expect(run.outcome).toBeNull()
    run.give(closes('completed'))
    expect(run.outcome).toEqual({
      state: 'completed',
      reason: 'run',
      output: JSON.stringify({ run: RUN, definition: 'index', state: 'completed' }),
    })
    run.give(closes('completed'))
    expect(run.told).toHaveLength(1)
  })

  // Airflow 3.1, TriggerDagRunOperator: `allowed_states` (default success) and `failed_states` (default failed) of a run that has closed for good.
  test.each<[Partial<Awaited>, ClosedState, string]>([
    [{}, 'completed', 'completed'],
    [{}, 'failed', 'failed awaited-failed'],
    [{}, 'timed_out', 'failed awaited-failed'],
    [{}, 'terminated', 'failed awaited-failed'],
    [{ states: ['success', 'failed'] }, 'cancelled', 'completed'],
    [{ states: ['failed'] }, 'completed', 'failed awaited-failed'],
    [{ skipStates: ['failed'] }, 'failed', 'failed skipped'],
    [{ failStates: ['failed'] }, 'failed', 'failed awaited-failed'],
  ])('with %j, as %s: %s', (more, state, ends) => {
    const run = new Driven({ run: RUN, ...more })
    run.give(closes(state))
    expect([run.outcome?.state, run.outcome?.failure?.code].filter(Boolean).join(' ')).toBe(ends)
    expect(run.told).toHaveLength(1)
  })

  test.each<[string, Partial<Awaited> & { run: string }, WaitInput | null, string]>([
    ['is not there', { run: RUN }, { is: 'watched_run', run: RUN, found: null }, 'run-not-found'],
    [
      'has too many that wait',
      { run: RUN },
      { is: 'watched_run', run: RUN, found: null, refused: { code: 'too-many-waits', why: 'too many' } },
      'too-many-waits',
    ],
    ['has no such id', { run: '7kq2m' }, null, 'invalid-wait'],
    ['is no text', { run: { id: RUN } as unknown as string }, null, 'invalid-wait'],
    ['is its own DAG', { run: (OF_DAG as { run: string }).run }, null, 'invalid-wait'],
  ])('that %s fails it', (_, awaited, told, code) => {
    const run = new Driven(awaited)
    if (told !== null) run.give(told)
    expect(run.outcome).toMatchObject({ state: 'failed', reason: code, failure: { code } })
  })

  test('is watched no more once it has ended otherwise', () => {
    const run = new Driven({ run: RUN, timeoutMs: 5_000 })
    run.pass(5_000)
    expect(run.outcome).toMatchObject({ state: 'timed_out' })
    expect(run.told).toEqual([
      { is: 'watch', run: RUN },
      { is: 'watch', run: RUN, over: true },
    ])
    run.give(closes('completed'))
  })
})
