import { describe, expect, test } from 'vitest'
import type { Context, Decision, RunChange, TaskResult } from '../../core/machine.ts'
import type { RunOptions } from '../../core/options.ts'
import { job } from './machine.ts'
import type { JobEvent, JobInput, JobState } from './types.ts'

/** Parked, snoozed and changed runs: what a person may do to one that does not run. */

const T = 1_000_000
const failure = { type: 'TypeError', message: 'no' }
const WHO = { by: 'ana', why: 'mended' }

function play(options: Omit<RunOptions, 'delayMs'>, ...inputs: (JobInput & { at?: number })[]): { state: JobState; last: Decision<JobEvent> } {
  const give = (state: JobState | null, input: JobInput, now: number) => {
    const context: Context = { self: 'r1', now, random: () => 0.5, id: () => 'id', home: () => 0 }
    const last = job.decide(state, input, context)
    return { state: last.events.reduce<JobState | null>(job.evolve, state) as JobState, last }
  }
  let played = give(null, { is: 'start', definition: 'mail', options: { retry: { jitter: 0 }, ...options }, trigger: { is: 'call' } }, T)
  for (const { at = T, ...input } of inputs) played = give(played.state, input as JobInput, at)
  return played
}
const deliver = (attempt: number): JobInput => ({ is: 'deliver', task: 'job', attempt, delivery: `d${attempt}`, worker: 'w1', version: null })
const answer = (attempt: number, result: TaskResult): JobInput => ({
  is: 'result',
  task: 'job',
  attempt,
  delivery: `d${attempt}`,
  worker: 'w1',
  result,
})
const fails = (attempt: number, retry = true): JobInput => answer(attempt, { is: 'failed', failure, retry })
const resume = (command = 'c1'): JobInput => ({ is: 'resume', command, ...WHO })
const change = (change: RunChange, command = 'c1'): JobInput => ({ is: 'change', command, ...WHO, change })
const refusals = ({ replies }: Decision<JobEvent>) => replies?.map(({ reply }) => (reply.ok ? 'ok' : reply.code))
const kinds = ({ events }: Decision<JobEvent>) => events.map(({ is }) => is)

const PARK = { exhausted: 'park', retry: { attempts: 1, jitter: 0 } } as const
const parked = (options: Omit<RunOptions, 'delayMs'> = {}) => play({ ...PARK, ...options }, deliver(1), fails(1))

describe('a run that parks', () => {
  test.each<[string, JobInput, string]>([
    ['its attempts are used up', fails(1), 'attempts-exhausted'],
    ['its handler says that no retry helps', fails(1, false), 'aborted'],
    ['its worker is lost', { is: 'lost', task: 'job', attempt: 1, delivery: 'd1' }, 'lost'],
    ['its handler is silent', { is: 'silent', task: 'job', attempt: 1, delivery: 'd1' }, 'silent'],
  ])('waits for a person once %s', (_, input, reason) => {
    const { state, last } = play(PARK, deliver(1), input)
    expect(last.events).toMatchObject([{ is: 'parked', reason, delivery: 'd1' }])
    expect(last.outcome).toBeUndefined()
    expect(job.view(state)).toMatchObject({ state: 'paused', reason: 'parked', attempt: 1, attempts: 1 })
    expect(job.view(state).failure).not.toBeNull()
    expect(job.pending(state)).toEqual({ ready: [], delivered: [], wakeAt: null })
  })

  test('parks as well when its last attempt takes too long', () => {
    const { state, last } = play({ ...PARK, timeout: { attempt: 300 } }, deliver(1), { is: 'wake', at: T + 300 })
    expect(last.events).toMatchObject([{ is: 'parked', reason: 'timed_out' }])
    expect(job.view(state).failure?.type).toBe('AttemptTimeout')
  })

  test.each<[string, JobInput & { at?: number }, object]>([
    ['cancelled', { is: 'cancel', command: 'c', by: null, why: null }, { state: 'cancelled', reason: 'cancelled' }],
    ['terminated', { is: 'terminate', command: 'c', by: null, why: null }, { state: 'terminated', reason: 'terminated' }],
    ['over its total time', { is: 'wake', at: T + 900 }, { state: 'timed_out', reason: 'total' }],
  ])('is closed when it is %s', (_, input, outcome) => {
    expect(play({ ...PARK, timeout: { total: 900 } }, deliver(1), fails(1), input).last.outcome).toMatchObject(outcome)
  })

  test('is cancelled, not parked, when its handler was asked to stop', () => {
    const { last } = play(PARK, deliver(1), { is: 'cancel', command: 'c', by: null, why: null }, fails(1))
    expect(last.outcome?.state).toBe('cancelled')
  })

  test('does not park when no worker took it in time, or when it expired', () => {
    expect(play({ ...PARK, timeout: { scheduleToStart: 5 } }, { is: 'wake', at: T + 5 }).last.outcome?.reason).toBe('schedule-to-start')
    expect(play({ ...PARK, expiresMs: 5 }, { is: 'wake', at: T + 5 }).last.outcome?.reason).toBe('expired')
  })

  test('takes the repeat of the result that parked it, and no other', () => {
    expect(play(PARK, deliver(1), fails(1), fails(1)).last).toEqual({ events: [] })
    expect(refusals(play(PARK, deliver(1), fails(1), answer(1, { is: 'completed', output: null })).last)).toEqual(['superseded'])
  })
})

describe('resume', () => {
  test('of a parked run makes the next attempt ready, and keeps when it began', () => {
    const { state, last } = play(PARK, deliver(1), fails(1), { ...resume(), at: T + 50 })
    expect(last.events).toEqual([{ is: 'resumed', at: T + 50, command: 'c1', ...WHO }])
    expect(last.tasks).toMatchObject([{ attempt: 2, sort: T + 50, atMostOnce: true }])
    expect(job.view(state)).toMatchObject({ state: 'queued', attempt: 2, attempts: 2, startedAt: T, resumed: true })
  })

  test('gives all attempts again: of 3, the next that parks it is number 6', () => {
    const options = { exhausted: 'park' as const, retry: { attempts: 3, initialMs: 0, jitter: 0 } }
    const first = [1, 2, 3].flatMap(attempt => [deliver(attempt), fails(attempt)])
    const again = [4, 5].flatMap(attempt => [deliver(attempt), fails(attempt)])
    expect(job.view(play(options, ...first).state)).toMatchObject({ reason: 'parked', attempt: 3, attempts: 3 })
    expect(job.view(play(options, ...first, resume(), ...again).state)).toMatchObject({ state: 'queued', attempt: 6, attempts: 6 })
    expect(job.view(play(options, ...first, resume(), ...again, deliver(6), fails(6)).state)).toMatchObject({ reason: 'parked', attempt: 6 })
  })

  test('backs off from the resume on as after a first failure', () => {
    const options = { exhausted: 'park' as const, retry: { attempts: 2, initialMs: 100, factor: 10, jitter: 0 } }
    const twice = [deliver(1), fails(1), { is: 'wake' as const, at: T + 100 }, deliver(2), fails(2)]
    expect(play(options, ...twice, resume(), deliver(3), fails(3)).last.events).toMatchObject([{ retryAt: T + 100 }])
  })

  test.each<[string, JobInput[], string[]]>([
    ['queued', [], ['not-stuck']],
    ['running', [deliver(1)], ['not-stuck']],
    ['closed', [deliver(1), answer(1, { is: 'completed', output: null })], ['run-closed']],
  ])('of a run that is %s: %j', (_, before, codes) => {
    const { last } = play(PARK, ...before, resume())
    expect([last.events, refusals(last)]).toEqual([[], codes])
  })

  test('that is repeated does nothing further, also once the run is parked again or closed', () => {
    expect(play(PARK, deliver(1), fails(1), resume(), deliver(2), fails(2), resume()).last).toEqual({ events: [] })
    expect(play(PARK, deliver(1), fails(1), resume(), deliver(2), answer(2, { is: 'completed', output: null }), resume()).last).toEqual({
      events: [],
    })
    expect(kinds(play(PARK, deliver(1), fails(1), resume(), deliver(2), fails(2), resume('c2')).last)).toEqual(['resumed'])
  })
})

describe('a change', () => {
  test.each<[string, JobInput[]]>([
    ['scheduled', [change({ due: T + 500 }, 'c0')]],
    ['queued', []],
    ['waiting in back-off', [deliver(1), fails(1)]],
    ['waiting, snoozed', [deliver(1), answer(1, { is: 'snoozed', delayMs: 40 })]],
  ])('moves a run that is %s to another queue, priority and input, and is told', (_, before) => {
    const { state, last } = play({ queue: 'a', priority: 1 }, ...before, change({ queue: 'b', priority: 5, input: '2' }))
    expect(last.events).toEqual([{ is: 'changed', at: T, command: 'c1', ...WHO, queue: 'b', priority: 5, input: '2' }])
    expect(job.view(state)).toMatchObject({ input: '2', options: { queue: 'b', priority: 5 } })
    const { tasks, state: due } = { tasks: last.tasks, state: play({}, ...before, change({ due: 'now', queue: 'b' })).state }
    expect(job.pending(due).ready).toMatchObject([{ queue: 'b', sort: T }])
    if (before.length === 0) expect([tasks, last.withdraw]).toMatchObject([[{ queue: 'b', sort: T - 5 * 60_000 }], ['job']])
  })

  test.each<[string, JobInput[], RunChange, string]>([
    ['running', [deliver(1)], { priority: 1 }, 'run-begun'],
    ['closed', [deliver(1), answer(1, { is: 'completed', output: null })], { priority: 1 }, 'run-closed'],
    ['parked, to a time', [deliver(1), fails(1)], { due: 'now' }, 'run-begun'],
  ])('of a run that is %s is refused', (_, before, changed, code) => {
    const { last } = play(PARK, ...before, change(changed))
    expect([last.events, refusals(last)]).toEqual([[], [code]])
  })

  test.each<[string, JobInput[], RunChange['due'], object, number | null]>([
    ['a scheduled run now', [change({ due: T + 500 }, 'c0')], 'now', { state: 'queued' }, null],
    ['a scheduled run later', [change({ due: T + 500 }, 'c0')], T + 900, { state: 'scheduled', dueAt: T + 900 }, T + 900],
    ['a queued run later', [], T + 70, { state: 'scheduled', dueAt: T + 70 }, T + 70],
    ['a time that is over', [change({ due: T + 500 }, 'c0')], T - 1, { state: 'queued' }, null],
    ['back-off to now', [deliver(1), fails(1)], 'now', { state: 'queued', attempt: 2 }, null],
    ['back-off to later', [deliver(1), fails(1)], T + 9_000, { state: 'waiting', reason: 'back-off', dueAt: T + 9_000 }, T + 9_000],
    ['a snooze to now', [deliver(1), answer(1, { is: 'snoozed', delayMs: 40 })], 'now', { state: 'queued', attempt: 1 }, null],
  ])('of when it is due: %s', (_, before, due, view, wakeAt) => {
    const { state } = play({}, ...before, change({ due: due as number }))
    expect(job.view(state)).toMatchObject(view)
    expect(job.pending(state).wakeAt).toBe(wakeAt)
  })

  test('of when it is due moves what is counted from there, as long as it has not begun', () => {
    const options = { timeout: { total: 100 }, expiresMs: 50 }
    expect(job.pending(play(options, change({ due: T + 10 })).state).wakeAt).toBe(T + 10)
    const due = play(options, change({ due: T + 10 }), { is: 'wake', at: T + 10 }).state
    expect(job.pending(due).wakeAt).toBe(T + 60)
    expect([due.totalAt, due.expiresAt]).toEqual([T + 110, T + 60])
    const begun = play(options, deliver(1), answer(1, { is: 'snoozed', delayMs: 5 }), change({ due: T + 40 })).state
    expect(begun.totalAt).toBe(T + 100)
  })

  test('leaves a queued run its place in line unless that is what changes', () => {
    expect(play({}, { ...change({ input: '2' }), at: T + 90 }).last.tasks).toMatchObject([{ sort: T }])
    expect(play({}, { ...change({ due: 'now' }), at: T + 90 }).last.tasks).toMatchObject([{ sort: T }])
  })

  test('of the input lets nobody adopt a delivery of the old one (E16); the next delivery counts again', () => {
    expect(kinds(play({}, answer(1, { is: 'completed', output: null })).last)).toContain('completed')
    expect(refusals(play({}, change({ input: '2' }), answer(1, { is: 'completed', output: null })).last)).toEqual(['superseded'])
    expect(play({}, change({ input: '2' }), deliver(1), answer(1, { is: 'completed', output: null })).last.outcome?.state).toBe('completed')
  })

  test('of all options keeps the tags, which lists are made of, and takes the rest', () => {
    const { state } = play({ tags: { team: 'a' }, retry: { attempts: 3 } }, change({ options: { priority: 9, tags: { team: 'b' } } }))
    expect(job.view(state)).toMatchObject({ attempts: 10, options: { priority: 9, tags: { team: 'a' } } })
  })

  test('that is repeated does nothing further', () => {
    expect(play({}, change({ priority: 5 }), deliver(1), change({ priority: 5 })).last).toEqual({ events: [] })
  })

  test('of a parked run is what it is resumed with', () => {
    expect(job.view(play(PARK, deliver(1), fails(1), change({ input: '2' }), resume('c2')).state)).toMatchObject({ input: '2', state: 'queued' })
  })
})

describe('a snooze', () => {
  test('calls the handler again with the same attempt, after its delay', () => {
    const { state, last } = play({}, deliver(1), answer(1, { is: 'snoozed', delayMs: 40 }))
    expect(last.events).toEqual([{ is: 'snoozed', at: T, delivery: 'd1', dueAt: T + 40 }])
    expect(last.wakeAt).toBe(T + 40)
    expect(job.view(state)).toMatchObject({ state: 'waiting', reason: 'snoozed', attempt: 1, dueAt: T + 40, failure: null })
    const woken = play({}, deliver(1), answer(1, { is: 'snoozed', delayMs: 40 }), { is: 'wake', at: T + 40 })
    expect(woken.last.tasks).toMatchObject([{ attempt: 1, sort: T + 40 }])
  })

  test('that is repeated is accepted, and of a delivery before it nothing else is', () => {
    const snoozed = answer(1, { is: 'snoozed', delayMs: 40 })
    expect(play({}, deliver(1), snoozed, snoozed).last).toEqual({ events: [] })
    expect(refusals(play({}, deliver(1), snoozed, answer(1, { is: 'completed', output: null })).last)).toEqual(['superseded'])
  })

  test('of a run that is delivered once at most fails it: it is never delivered again', () => {
    expect(play({ retry: { attempts: 1 } }, deliver(1), answer(1, { is: 'snoozed', delayMs: 40 })).last.outcome).toMatchObject({
      state: 'failed',
      failure: { type: 'Snoozed' },
    })
  })

  test('of a handler that was asked to stop ends the run as cancelled', () => {
    const { last } = play({}, deliver(1), { is: 'cancel', command: 'c', by: null, why: null }, answer(1, { is: 'snoozed', delayMs: 40 }))
    expect(last.outcome).toEqual({ state: 'cancelled', reason: 'cancelled' })
  })
})

test('the memory of commands is bounded', () => {
  const changes = Array.from({ length: 50 }, (_, index) => change({ priority: index }, `c${index}`))
  const { commands } = play({}, ...changes).state
  expect(commands).toHaveLength(20)
  expect(commands?.at(-1)).toBe('c49')
})

test('parking and going on leave no trace in a run that fails', () => {
  expect(parked({ exhausted: 'fail' }).last.outcome).toMatchObject({ state: 'failed', reason: 'attempts-exhausted' })
})

describe('a queued step whose workflow some code does not fit', () => {
  const unfit = (version: string, why = 'other code'): TaskResult => ({ is: 'snoozed', delayMs: 1_500, misfit: { version, why } })
  /** The same attempt, given again. */
  const again = (delivery: string): JobInput => ({ ...deliver(1), delivery }) as JobInput
  const says = (delivery: string, result: TaskResult): JobInput => ({ ...answer(1, result), delivery }) as JobInput

  test('is ready at once, for every other version, and counts no attempt', () => {
    const { state, last } = play({ labels: { gpu: 'a100' } }, deliver(1), answer(1, unfit('v2')))
    expect(kinds(last)).toEqual(['snoozed', 'due'])
    expect(last.tasks).toMatchObject([{ attempt: 1, labels: { gpu: 'a100', ':other-version': '["v2"]' } }])
    expect(last.withdraw).toEqual(['job'])
    expect(job.view(state)).toMatchObject({ state: 'queued', attempt: 1, options: { labels: { gpu: 'a100' } } })
    expect(job.pending(state)).toMatchObject({ ready: last.tasks, wakeAt: T + 60_000 })
  })

  test('keeps from each that has said so, and its answer may be repeated', () => {
    const { state } = play({}, deliver(1), answer(1, unfit('v2')), again('e'), says('e', unfit('v3')))
    expect(job.pending(state).ready).toMatchObject([{ labels: { ':other-version': '["v2","v3"]' } }])
    const repeated = play({}, deliver(1), answer(1, unfit('v2')), again('e'), says('e', unfit('v3')), says('e', unfit('v3')))
    expect(kinds(repeated.last)).toEqual([])
    expect(refusals(repeated.last)).toBeUndefined()
  })

  test('is offered to all again after a minute, in its place in line', () => {
    const before = play({}, deliver(1), answer(1, unfit('v2')), { is: 'wake', at: T + 59_999 } as JobInput & { at: number })
    expect(kinds(before.last)).toEqual([])
    const { state, last } = play({}, deliver(1), answer(1, unfit('v2')), { is: 'wake', at: T + 60_000 } as JobInput & { at: number })
    expect(last.events).toEqual([{ is: 'due', at: T + 60_000, anew: true }])
    expect(last).toMatchObject({ withdraw: ['job'], tasks: [{ labels: null, sort: T }], wakeAt: null })
    expect(job.pending(state).wakeAt).toBeNull()
  })

  test('is offered to all again when a person says so, once', () => {
    const { state, last } = play({}, deliver(1), answer(1, unfit('v2')), resume())
    expect(last.events).toEqual([{ is: 'due', at: T, anew: true, command: 'c1', ...WHO }])
    expect(job.pending(state).ready).toMatchObject([{ attempt: 1, labels: null }])
    expect(kinds(play({}, deliver(1), answer(1, unfit('v2')), resume(), resume()).last)).toEqual([])
    expect(refusals(play({}, deliver(1), answer(1, unfit('v2')), resume(), resume('c2')).last)).toEqual(['not-stuck'])
  })

  test('with many misfits is snoozed like any other, so that no list grows without end', () => {
    const all = Array.from({ length: 10 }, (_, n) => [again(`e${n}`), says(`e${n}`, unfit(`v${n}`))]).flat()
    const { state, last } = play({}, ...all, again('last'), says('last', unfit('v10')))
    expect(last.events).toEqual([{ is: 'snoozed', at: T, delivery: 'last', dueAt: T + 1_500 }])
    expect(state.misfits).toHaveLength(10)
  })

  test('fails where it is delivered at most once, and says why', () => {
    const { last } = play({ retry: { attempts: 1 } }, deliver(1), answer(1, unfit('v2')))
    expect(last.events).toMatchObject([{ is: 'failed', failure: { type: 'Diverged', code: 'diverged' } }])
  })

  test('that is asked to stop stops', () => {
    const stop = { is: 'cancel', command: 'x', ...WHO } as JobInput
    expect(play({}, deliver(1), stop, answer(1, unfit('v2'))).last.events).toMatchObject([{ is: 'cancelled' }])
  })

  test('parked later on, begins with all versions again', () => {
    const { state } = play(PARK, deliver(1), fails(1))
    expect(state.misfits).toBeUndefined()
    const two = { ...PARK, retry: { attempts: 2, initialMs: 0, jitter: 0 } }
    const parked = play(two, deliver(1), answer(1, unfit('v2')), again('e'), says('e', { is: 'failed', failure, retry: false }))
    expect(parked.state.misfits).toEqual(['v2'])
    expect(
      job.pending(play(two, deliver(1), answer(1, unfit('v2')), again('e'), says('e', { is: 'failed', failure, retry: false }), resume()).state)
        .ready,
    ).toMatchObject([{ attempt: 2, labels: null }])
  })
})
