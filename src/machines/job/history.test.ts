import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Context, Decision, Pending, RunChange, TaskResult } from '../../core/machine.ts'
import type { RunOptions } from '../../core/options.ts'
import { isClosed, type RunState } from '../../core/run.ts'
import { job } from './machine.ts'
import type { JobEvent, JobInput, JobState } from './types.ts'

/** What may come at a run, in any order: of a delivery that is recorded (0), was (1, 2), or never was (3); of the attempt under way, or another. */
type When = { ms: number; random: number }
type Which = { delivery: number; late: number }
type Step =
  | (When & { is: 'wake' | 'cancel' | 'terminate' | 'resume' })
  | (When & { is: 'change'; change: RunChange })
  | (When & Which & { is: 'deliver' | 'lost' | 'silent' | 'report' })
  | (When & Which & { is: 'result'; result: TaskResult })

interface Applied {
  input: JobInput
  before: JobState | null
  decision: Decision<JobEvent>
  after: JobState
  now: number
}

const failure = { type: 'Error', message: 'no' }
const small = () => fc.constantFrom(0, 1, 3, 10, 50)

const options = (): fc.Arbitrary<Omit<RunOptions, 'delayMs'>> =>
  fc
    .record(
      {
        priority: fc.integer({ min: -100, max: 100 }),
        notBefore: fc.constantFrom(0, 1_000, 1_005, 1_050),
        retry: fc.record(
          {
            attempts: fc.constantFrom(1, 2, 3, 30),
            initialMs: small(),
            factor: fc.constantFrom(1, 2),
            maximumMs: fc.constant(20),
            jitter: fc.constantFrom(0, 0.5, 1),
          },
          { requiredKeys: ['attempts'] },
        ),
        timeout: fc.record({ attempt: small(), total: small(), scheduleToStart: small(), heartbeat: small() }, { requiredKeys: [] }),
        expiresMs: small(),
        exhausted: fc.constantFrom('fail' as const, 'park' as const),
      },
      { requiredKeys: [] },
    )
    .map(drawn => drawn as Omit<RunOptions, 'delayMs'>)

const MISFITS = [
  { version: 'v1', why: 'other code' },
  { version: 'v2', why: 'other code still' },
]

const result = (): fc.Arbitrary<TaskResult> =>
  fc.oneof(
    fc.record({ is: fc.constant('completed' as const), output: fc.constantFrom(null, '1') }),
    fc.constantFrom<TaskResult>({ is: 'returned' }, { is: 'cancelled' }, { is: 'failed', failure, retry: true }),
    fc.constantFrom<TaskResult>({ is: 'failed', failure, retry: true, delayMs: 7 }, { is: 'failed', failure, retry: false }),
    fc.constantFrom<TaskResult>({ is: 'snoozed', delayMs: 0 }, { is: 'snoozed', delayMs: 5 }),
    fc.record({ is: fc.constant('snoozed' as const), delayMs: fc.constant(5), misfit: fc.constantFrom(...MISFITS) }),
  )

const change = (): fc.Arbitrary<RunChange> =>
  fc
    .record(
      {
        due: fc.constantFrom('now' as const, 1_000, 1_030, 1_200),
        priority: fc.constantFrom(0, 5),
        queue: fc.constantFrom('a', 'b'),
        input: fc.constantFrom(null, '2'),
        options: fc.constantFrom({ retry: { attempts: 2 } }, { exhausted: 'park' as const, timeout: { total: 50 } }),
      },
      { requiredKeys: [] },
    )
    .map(drawn => drawn as RunChange)

const step = (): fc.Arbitrary<Step> => {
  const when = { ms: small(), random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }) }
  const which = { delivery: fc.constantFrom(0, 0, 0, 1, 2, 3), late: fc.constantFrom(0, 0, 0, 0, 1) }
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ is: fc.constant('deliver' as const), ...when, ...which }) },
    { weight: 4, arbitrary: fc.record({ is: fc.constant('result' as const), result: result(), ...when, ...which }) },
    { weight: 3, arbitrary: fc.record({ is: fc.constant('wake' as const), ...when }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constantFrom('lost' as const, 'silent' as const, 'report' as const), ...when, ...which }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('cancel' as const, 'terminate' as const), ...when }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('resume' as const), ...when }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('change' as const), change: change(), ...when }) },
  )
}

const histories = (): fc.Arbitrary<Applied[]> =>
  fc.tuple(options(), fc.array(step(), { maxLength: 40 })).map(([options, steps]) => play(options, steps))

function play(options: Omit<RunOptions, 'delayMs'>, steps: readonly Step[]): Applied[] {
  let now = 1_000
  let state: JobState | null = null
  const applied: Applied[] = []
  const give = (input: JobInput, random: number): void => {
    const context: Context = { self: 'r1', now, random: () => random, id: () => 'id', home: () => 0 }
    const before = state
    const frozen = structuredClone(before)
    const decision = job.decide(before, input, context)
    state = decision.events.reduce<JobState | null>(job.evolve, before)
    expect(before).toEqual(frozen) // decide and evolve change nothing in place
    applied.push({ input, before, decision, after: state as JobState, now })
  }
  give({ is: 'start', definition: 'mail', options, trigger: { is: 'call' } }, 0)
  const deliveries: string[] = []
  for (const step of steps) {
    now += step.ms
    const { task } = state as unknown as JobState
    if (step.is === 'wake') give({ is: 'wake' }, step.random)
    else if (step.is === 'change') give({ is: 'change', command: `c${applied.length}`, by: null, why: null, change: step.change }, step.random)
    else if (!('delivery' in step)) give({ is: step.is, command: `c${applied.length}`, by: null, why: null }, step.random)
    else {
      const attempt = Math.max(1, task.attempt - step.late)
      const known = step.delivery === 3 ? undefined : deliveries[deliveries.length - 1 - step.delivery]
      const delivery = step.is === 'deliver' || known === undefined ? `d${applied.length}` : known
      const ref = { task: 'job', attempt, delivery }
      if (step.is === 'deliver') deliveries.push(delivery)
      if (step.is === 'deliver') give({ is: 'deliver', ...ref, worker: 'w', version: null }, step.random)
      else if (step.is === 'result') give({ is: 'result', ...ref, worker: 'w', result: step.result }, step.random)
      else if (step.is === 'report') give({ is: 'report', ...ref, worker: 'w', progress: { value: 0.5 } }, step.random)
      else give({ is: step.is, ...ref }, step.random)
    }
  }
  return applied
}

const property = (name: string, holds: (history: Applied[]) => void): void =>
  test(name, () =>
    fc.assert(
      fc.property(histories(), history => holds(history)),
      { numRuns: 400 },
    ),
  )

const eventsOf = (history: readonly Applied[]): JobEvent[] => history.flatMap(({ decision }) => decision.events)

describe('whatever comes, and in whatever order', () => {
  property('a run ends at most once, and its outcome is told with its last event', history => {
    const closings = eventsOf(history).filter(({ is }) => isClosed(is as RunState))
    expect(closings.length).toBeLessThanOrEqual(1)
    if (closings.length === 1) expect(eventsOf(history).at(-1)).toBe(closings[0])
    expect(history.filter(({ decision }) => decision.outcome !== undefined).map(({ decision }) => decision.outcome?.state)).toEqual(
      closings.map(({ is }) => is),
    )
  })

  property('a closed run takes nothing more: no event, no task, no timer', history => {
    for (const { before, decision } of history) {
      if (before === null || before.closing === null) continue
      expect({ ...decision, replies: [] }).toEqual({ events: [], replies: [] })
    }
  })

  property('attempt numbers never restart, and grow by one for each failed attempt and each resume (E15)', history => {
    for (const { before, after, decision } of history) {
      const grown = decision.events.filter(({ is }) => is === 'attempt_failed' || is === 'resumed').length
      if (before !== null) expect(after.task.attempt).toBe(before.task.attempt + grown)
      // Fewer attempts than were made already: a change of the options asked for that.
      if (grown > 0) expect(after.task.attempt).toBeLessThanOrEqual(job.view(after).attempts)
    }
  })

  property('decisions add up to what is pending: orders, withdrawals, wakeAt (machine.ts)', history => {
    let ready: Pending['ready'] = []
    let wakeAt: number | null = null
    for (const { decision, after } of history) {
      if (decision.withdraw !== undefined) ready = ready.filter(({ task }) => !decision.withdraw?.includes(task))
      if (decision.tasks !== undefined) ready = [...ready, ...decision.tasks]
      if (decision.wakeAt !== undefined) wakeAt = decision.wakeAt
      if (decision.outcome !== undefined) {
        expect([ready, wakeAt]).toEqual([[], null])
        wakeAt = null
      }
      const pending = job.pending(after)
      expect({ ready, wakeAt }).toEqual({ ready: pending.ready, wakeAt: pending.wakeAt })
      expect(pending.ready.length + pending.delivered.length).toBeLessThanOrEqual(1)
    }
  })

  property('the events alone give the state, also through their text (E10)', history => {
    const events = JSON.parse(JSON.stringify(eventsOf(history))) as JobEvent[]
    const state = events.reduce<JobState | null>(job.evolve, null)
    expect(JSON.parse(JSON.stringify(state))).toEqual(JSON.parse(JSON.stringify(history.at(-1)?.after)))
    expect(job.view(state as JobState)).toEqual(job.view(history.at(-1)?.after as JobState))
  })

  property('at most once, no task is ready after a delivery, and none is delivered twice, unless a person resumes it (E16)', history => {
    fc.pre(history.every(({ after }) => after.policy.retry.attempts === 1))
    let delivered = false
    for (const { decision, after } of history) {
      if (decision.events.some(({ is }) => is === 'resumed')) delivered = false
      const deliveries = decision.events.filter(({ is }) => is === 'delivered').length
      expect(deliveries).toBeLessThanOrEqual(delivered ? 0 : 1)
      delivered ||= deliveries > 0
      if (delivered) expect([job.pending(after).ready, decision.tasks]).toEqual([[], undefined])
    }
  })

  property('a result is accepted of one delivery an attempt at most', history => {
    const ended = new Map<number, string>()
    for (const { before, input, decision } of history) {
      if (input.is !== 'result' || decision.events.length === 0) continue
      if (input.result.is === 'returned' || input.result.is === 'snoozed') continue
      const attempt = (before as JobState).task.attempt
      expect(ended.get(attempt)).toBeUndefined()
      ended.set(attempt, input.delivery)
    }
  })

  property('an accepted result is accepted when it is repeated at once: no event, no refusal (E16)', history => {
    for (const { input, decision, after, now } of history) {
      if (input.is !== 'result' || decision.replies !== undefined) continue
      expect(job.decide(after, input, { self: 'r1', now, random: () => 0, id: () => 'id', home: () => 0 })).toEqual({ events: [] })
    }
  })

  property('a refusal changes nothing, and an input without effect says nothing', history => {
    for (const { decision } of history) {
      if (decision.replies !== undefined || decision.events.length === 0) expect({ ...decision, replies: [] }).toEqual({ events: [], replies: [] })
    }
  })

  property('a retry is due by its policy: never earlier than now, never later than the longest delay', history => {
    for (const { decision, now, after } of history)
      for (const event of decision.events) {
        if (event.is !== 'attempt_failed') continue
        const { initialMs, factor, maximumMs, jitter } = after.policy.retry
        const attempt = (event.attempt as number) - (after.task.spent ?? 0)
        const longest = Math.max(7, Math.ceil(Math.min(maximumMs, initialMs * factor ** (attempt - 1)) * (1 + jitter)))
        expect(event.retryAt as number).toBeGreaterThanOrEqual(now)
        expect(event.retryAt as number).toBeLessThanOrEqual(now + longest)
        if (event.why === 'lost') expect(event.retryAt).toBe(now)
      }
  })

  property('what is asleep has a time to wake at, and waking then changes something', history => {
    const { after } = history.at(-1) as Applied
    const { wakeAt } = job.pending(after)
    if (['scheduled', 'backoff', 'snoozed'].includes(after.task.phase)) expect(wakeAt).not.toBeNull()
    if (wakeAt === null) return
    const { now } = history.at(-1) as Applied
    const woken = job.decide(after, { is: 'wake' }, { self: 'r1', now: Math.max(now, wakeAt), random: () => 0, id: () => 'id', home: () => 0 })
    expect(woken.events.length).toBeGreaterThan(0)
  })

  property('a parked run holds nothing, waits for nothing but its total time-out, and goes on by a resume alone', history => {
    for (const { before, input, after } of history) {
      if (after.task.phase === 'parked') {
        expect(job.pending(after)).toEqual({ ready: [], delivered: [], wakeAt: after.totalAt })
        expect(job.view(after)).toMatchObject({ state: 'paused', reason: 'parked' })
      }
      if (before?.task.phase === 'parked' && !['parked', 'ended'].includes(after.task.phase)) expect(input.is).toBe('resume')
    }
  })

  property('a resume and a change that are repeated do nothing further (E9)', history => {
    for (const { input, decision, after, now } of history) {
      if ((input.is !== 'resume' && input.is !== 'change') || decision.replies !== undefined) continue
      expect(job.decide(after, input, { self: 'r1', now, random: () => 0, id: () => 'id', home: () => 0 })).toEqual({ events: [] })
    }
  })

  property('nothing is changed of what is delivered or closed', history => {
    for (const { before, decision } of history)
      if (before !== null && ['running', 'ended'].includes(before.task.phase)) expect(decision.events.some(({ is }) => is === 'changed')).toBe(false)
  })

  property('when it began is told once', history => {
    for (const { before, after } of history)
      if (before !== null && before.task.startedAt !== null) expect(after.task.startedAt).toBe(before.task.startedAt)
  })

  property('events never step back in time', history => {
    const times = eventsOf(history).map(({ at }) => at)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })
})
