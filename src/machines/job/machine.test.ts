import { describe, expect, test } from 'vitest'
import type { Context, Decision, TaskResult } from '../../core/machine.ts'
import type { RunOptions } from '../../core/options.ts'
import { job } from './machine.ts'
import type { JobEvent, JobInput, JobState } from './types.ts'

const T = 1_000_000
const failure = { type: 'Error', message: 'no' }
const COMMAND = { command: 'c1', by: 'ana', why: 'changed my mind' }

/** A run driven input by input, as its actor does. */
class Driven {
  state: JobState
  readonly events: JobEvent[] = []
  now = T
  constructor(options: Omit<RunOptions, 'delayMs'> = {}) {
    const decision = job.decide(null, { is: 'start', definition: 'mail', options, trigger: { is: 'call' } }, this.context())
    this.state = fold(null, decision) as JobState
    this.events.push(...decision.events)
  }
  give(input: JobInput, now = this.now): Decision<JobEvent> {
    this.now = now
    const decision = job.decide(this.state, input, this.context())
    this.state = fold(this.state, decision) as JobState
    this.events.push(...decision.events)
    return decision
  }
  deliver(delivery = `d${this.state.task.attempt}`, now = this.now): Decision<JobEvent> {
    return this.give(deliver(this.state.task.attempt, delivery), now)
  }
  context(): Context {
    return { self: 'r1', now: this.now, random: () => 0.5, id: () => 'id', home: () => 0 }
  }
}

const deliver = (attempt: number, delivery: string): JobInput => ({ is: 'deliver', task: 'job', attempt, delivery, worker: 'w1', version: null })
const result = (attempt: number, delivery: string, result: TaskResult): JobInput => ({
  is: 'result',
  task: 'job',
  attempt,
  delivery,
  worker: 'w1',
  result,
})
const completed: TaskResult = { is: 'completed', output: '1' }
const failed: TaskResult = { is: 'failed', failure, retry: true }
const fold = (state: JobState | null, { events }: Decision<JobEvent>) => events.reduce<JobState | null>(job.evolve, state)
const kinds = ({ events }: { events: readonly { is: string }[] }) => events.map(({ is }) => is)
const refusal = (decision: Decision<JobEvent>) => decision.replies?.map(({ reply }) => (reply.ok ? 'ok' : reply.code))

const noJitter = { jitter: 0 }

/** Runs in each phase, by name. */
type Phase = 'scheduled' | 'ready' | 'running' | 'backoff' | 'completed' | 'failed' | 'cancelled' | 'terminated'
const PHASES: Record<Phase, () => Driven> = {
  scheduled: () => new Driven({ notBefore: T + 500 }),
  ready: () => new Driven(),
  running: () => {
    const run = new Driven({ retry: noJitter })
    run.deliver('d1')
    return run
  },
  backoff: () => {
    const run = new Driven({ retry: noJitter })
    run.deliver('d1')
    run.give(result(1, 'd1', failed))
    return run
  },
  completed: () => {
    const run = PHASES.running()
    run.give(result(1, 'd1', completed))
    return run
  },
  failed: () => {
    const run = PHASES.running()
    run.give(result(1, 'd1', { is: 'failed', failure, retry: false }))
    return run
  },
  cancelled: () => {
    const run = PHASES.ready()
    run.give({ is: 'cancel', ...COMMAND })
    return run
  },
  terminated: () => {
    const run = PHASES.running()
    run.give({ is: 'terminate', ...COMMAND })
    return run
  },
}

describe('a start', () => {
  test('without a time is ready at once, in its queue, by its priority', () => {
    const decision = job.decide(
      null,
      { is: 'start', definition: 'mail', options: { queue: 'slow', priority: 5, labels: { gpu: 'a100' } }, trigger: { is: 'call' } },
      { self: 'r1', now: T, random: () => 0.5, id: () => 'id', home: () => 0 },
    )
    // Sort key: ready time − priority × one minute (E19).
    const order = {
      task: 'job',
      attempt: 1,
      queue: 'slow',
      definition: 'mail',
      labels: { gpu: 'a100' },
      sort: T - 300_000,
      atMostOnce: false,
      gate: null,
    }
    expect(decision.tasks).toEqual([order])
    expect(decision.wakeAt ?? null).toBeNull()
  })

  test.each([
    ['in the future waits for it', { notBefore: T + 1 }, 'scheduled', T + 1, false],
    ['now is ready', { notBefore: T }, 'queued', null, true],
    ['in the past is ready', { notBefore: T - 1 }, 'queued', null, true],
  ] as const)('with a time %s', (_, options, state, wakeAt, ordered) => {
    const run = new Driven(options)
    expect([job.view(run.state).state, job.pending(run.state).wakeAt, job.pending(run.state).ready.length === 1]).toEqual([state, wakeAt, ordered])
  })

  test('keeps in its event what it was started with, and nothing that has its default', () => {
    expect(new Driven().events).toEqual([{ is: 'started', at: T, definition: 'mail' }])
    const start = {
      is: 'start',
      definition: 'mail',
      options: { queue: 'slow' },
      trigger: { is: 'job', run: 'r0' },
      key: 'k',
      traceparent: '00-1',
    } as const
    expect(job.decide(null, start, new Driven().context()).events).toEqual([
      { is: 'started', at: T, definition: 'mail', options: { queue: 'slow' }, trigger: { is: 'job', run: 'r0' }, key: 'k', traceparent: '00-1' },
    ])
  })

  test('happens once, and before everything else', () => {
    const run = new Driven()
    expect(() => run.give({ is: 'start', definition: 'mail', options: {}, trigger: { is: 'call' } })).toThrow('a run starts once')
    expect(() => job.decide(null, { is: 'wake' }, run.context())).toThrow('only a start makes a run')
    expect(() => job.evolve(null, { is: 'due', at: T } as JobEvent)).toThrow('a history begins with started')
    expect(() => job.evolve(PHASES.completed().state, { is: 'due', at: T } as JobEvent)).toThrow('a closed run never changes')
  })
})

describe('a delivery', () => {
  test('of the current attempt is recorded with its worker and version', () => {
    const run = new Driven()
    const decision = run.give({ is: 'deliver', task: 'job', attempt: 1, delivery: 'd1', worker: 'w1', version: 'v7' }, T + 5)
    expect(decision.events).toEqual([{ is: 'delivered', at: T + 5, attempt: 1, delivery: 'd1', worker: 'w1', version: 'v7' }])
    expect(decision.withdraw).toEqual(['job'])
    expect(job.pending(run.state).delivered).toEqual([{ task: 'job', attempt: 1, delivery: 'd1', worker: 'w1', heartbeatMs: null }])
    expect(job.view(run.state)).toMatchObject({ state: 'running', attempt: 1, startedAt: T + 5, worker: 'w1' })
  })

  test.each<[Phase, number]>([
    ['scheduled', 1],
    ['ready', 2],
    ['running', 1],
    ['backoff', 2],
    ['backoff', 1],
    ['completed', 1],
    ['cancelled', 1],
  ])('in phase %s, of attempt %d, is superseded and changes nothing', (phase, attempt) => {
    const decision = PHASES[phase]().give(deliver(attempt, 'other'))
    expect([decision.events, refusal(decision)]).toEqual([[], ['superseded']])
  })
})

describe('a result', () => {
  test('completes the run, with the output beside the events', () => {
    const run = PHASES.running()
    const decision = run.give(result(1, 'd1', { is: 'completed', output: '{"n":1}' }), T + 9)
    expect(decision.events).toEqual([{ is: 'completed', at: T + 9, delivery: 'd1', result: 'completed' }])
    expect(decision.outcome).toEqual({ state: 'completed', reason: null, output: '{"n":1}' })
    expect(job.pending(run.state)).toEqual({ ready: [], delivered: [], wakeAt: null })
  })

  test.each<[string, TaskResult, { attempts?: number }, string[], string, string | null]>([
    ['a failure with attempts left waits for the next', failed, {}, ['attempt_failed'], 'waiting', 'back-off'],
    [
      'out of memory in the last attempt is the reason',
      { is: 'failed', failure: { type: 'OutOfMemory', message: 'full', code: 'out-of-memory' }, retry: true },
      { attempts: 1 },
      ['failed'],
      'failed',
      'out-of-memory',
    ],
    ['a failure of the last attempt fails the run', failed, { attempts: 1 }, ['failed'], 'failed', 'attempts-exhausted'],
    ['Abort fails the run whatever is left', { is: 'failed', failure, retry: false }, {}, ['failed'], 'failed', 'aborted'],
    ['given back is ready again, and counts no attempt', { is: 'returned' }, {}, ['returned'], 'queued', null],
    // E16: "never given back by a closed socket: no result by the lease's end fails it with reason `lost`".
    ['given back at most once is lost', { is: 'returned' }, { attempts: 1 }, ['failed'], 'failed', 'lost'],
    ['stopped by itself, unasked, is a failed attempt', { is: 'cancelled' }, {}, ['attempt_failed'], 'waiting', 'back-off'],
  ])('%s', (_, said, retry, events, state, reason) => {
    const run = new Driven({ retry: { ...noJitter, ...retry } })
    run.deliver('d1')
    expect(kinds(run.give(result(1, 'd1', said)))).toEqual(events)
    expect(job.view(run.state)).toMatchObject({ state, reason })
  })

  test.each<[string, TaskResult, number[]]>([
    // min(maximum, initial × factor^(n-1)): the formula of RetryPolicy.
    ["the policy's delays", failed, [1_000, 2_000, 4_000, 8_000]],
    ["the handler's own delay in place of the policy's", { is: 'failed', failure, retry: true, delayMs: 77 }, [77, 77, 77, 77]],
    ["no delay at the handler's wish", { is: 'failed', failure, retry: true, delayMs: 0 }, [0, 0, 0, 0]],
  ])('retries follow %s', (_, said, delays) => {
    const run = new Driven({ retry: noJitter })
    const seen = delays.map((_, index) => {
      const attempt = index + 1
      run.deliver(`d${attempt}`)
      const failedAt = run.now
      run.give(result(attempt, `d${attempt}`, said))
      expect(run.state.task.attempt).toBe(attempt + 1)
      const dueAt = run.state.task.since
      if (run.state.task.phase === 'backoff') {
        expect(kinds(run.give({ is: 'wake' }, dueAt - 1))).toEqual([])
        expect(kinds(run.give({ is: 'wake' }, dueAt))).toEqual(['due'])
      }
      expect(run.state.task.phase).toBe('ready')
      return dueAt - failedAt
    })
    expect(seen).toEqual(delays)
  })

  test.each<[Phase, string, number, string]>([
    ['running', 'of another delivery', 1, 'superseded'],
    ['backoff', 'of another delivery of the failed attempt', 1, 'superseded'],
    ['completed', 'of another delivery', 1, 'closed'],
    ['terminated', 'of the delivery that was running', 1, 'closed'],
    ['cancelled', 'of a delivery that never was', 1, 'closed'],
  ])('late, in phase %s, %s bounces', (phase, _, attempt, code) => {
    const run = PHASES[phase]()
    const before = run.state
    const decision = run.give(result(attempt, phase === 'terminated' ? 'd1' : 'other', completed))
    expect([decision.events, refusal(decision), run.state]).toEqual([[], [code], before])
  })

  test.each<[string, TaskResult, () => Driven]>([
    ['completed', completed, PHASES.completed],
    ['failed for good', { is: 'failed', failure, retry: false }, PHASES.failed],
    ['failed, and tried again since', failed, PHASES.backoff],
    [
      'returned, and delivered again since',
      { is: 'returned' },
      () => {
        const run = PHASES.running()
        run.give(result(1, 'd1', { is: 'returned' }))
        run.deliver('d2')
        return run
      },
    ],
    [
      'cancelled when asked',
      { is: 'cancelled' },
      () => {
        const run = PHASES.running()
        run.give({ is: 'cancel', ...COMMAND })
        run.give(result(1, 'd1', { is: 'cancelled' }))
        return run
      },
    ],
  ])('repeated after %s is accepted again: no refusal, no event (E16)', (_, said, make) => {
    const run = make()
    expect(run.give(result(1, 'd1', said))).toEqual({ events: [] })
  })

  test('other than the recorded one is not accepted from the same delivery', () => {
    const run = PHASES.failed()
    expect(refusal(run.give(result(1, 'd1', completed)))).toEqual(['closed'])
    expect(refusal(PHASES.backoff().give(result(1, 'd1', completed)))).toEqual(['superseded'])
  })
})

describe('a delivery that its owner forgot (E15, E16)', () => {
  test('is adopted with its result: any delivery of the current attempt, while none is recorded', () => {
    const run = new Driven()
    const decision = run.give(result(1, 'unrecorded', completed), T + 3)
    expect(kinds(decision)).toEqual(['delivered', 'completed'])
    expect(decision.withdraw).toEqual(['job'])
    expect(decision.outcome?.state).toBe('completed')
  })

  test('is adopted with its report, and holds the task from then on', () => {
    const run = new Driven()
    const report = { is: 'report', task: 'job', attempt: 1, delivery: 'unrecorded', worker: 'w9', checkpoint: '7' } as const
    expect(kinds(run.give(report))).toEqual(['delivered', 'reported'])
    expect(job.pending(run.state).delivered[0]).toMatchObject({ delivery: 'unrecorded', worker: 'w9' })
    expect(refusal(run.give(result(1, 'other', completed)))).toEqual(['superseded'])
  })

  test('is adopted by a mere sign of life', () => {
    const run = new Driven()
    expect(kinds(run.give({ is: 'report', task: 'job', attempt: 1, delivery: 'unrecorded', worker: 'w9' }))).toEqual(['delivered'])
  })

  test('of an earlier attempt bounces', () => {
    const run = PHASES.backoff()
    run.give({ is: 'wake' }, run.state.task.since)
    expect(refusal(run.give(result(1, 'other', completed)))).toEqual(['superseded'])
  })

  test('bounces at most once: such a delivery is recorded before it leaves, so this one never was', () => {
    const run = new Driven({ retry: { attempts: 1 } })
    expect(refusal(run.give(result(1, 'unrecorded', completed)))).toEqual(['superseded'])
  })

  test('that was given back is not adopted again', () => {
    const run = PHASES.running()
    run.give(result(1, 'd1', { is: 'returned' }))
    expect(refusal(run.give(result(1, 'd1', completed)))).toEqual(['superseded'])
  })
})

describe('at most once', () => {
  test.each<[string, JobInput]>([
    ['fails', result(1, 'd1', failed)],
    ['is lost', { is: 'lost', task: 'job', attempt: 1, delivery: 'd1' }],
    ['is silent', { is: 'silent', task: 'job', attempt: 1, delivery: 'd1' }],
    ['is given back', result(1, 'd1', { is: 'returned' })],
  ])('a delivery that %s ends the run, and no second one is ready', (_, input) => {
    const run = new Driven({ retry: { attempts: 1 } })
    expect(job.pending(run.state).ready[0]?.atMostOnce).toBe(true)
    run.deliver('d1')
    const decision = run.give(input)
    expect([decision.tasks, decision.outcome?.state]).toEqual([undefined, 'failed'])
  })

  test('a lost one says that the delivery is uncertain', () => {
    const run = new Driven({ retry: { attempts: 1 } })
    run.deliver('d1')
    expect(run.give({ is: 'lost', task: 'job', attempt: 1, delivery: 'd1' }).outcome).toMatchObject({
      state: 'failed',
      reason: 'lost',
      failure: { type: 'Lost', message: expect.stringContaining('delivery uncertain') },
    })
  })
})

describe('lost and silent', () => {
  test('a lost attempt is tried again at once, and its number counts', () => {
    const run = PHASES.running()
    const decision = run.give({ is: 'lost', task: 'job', attempt: 1, delivery: 'd1' }, T + 7)
    expect(decision.events).toMatchObject([{ is: 'attempt_failed', why: 'lost', attempt: 1, retryAt: T + 7 }])
    expect(decision.tasks).toMatchObject([{ attempt: 2, sort: T + 7 }])
  })

  test("a silent handler's attempt fails, and waits by the policy", () => {
    const run = new Driven({ retry: noJitter, timeout: { heartbeat: 200 } })
    run.deliver('d1')
    expect(job.pending(run.state).delivered[0]?.heartbeatMs).toBe(200)
    const decision = run.give({ is: 'silent', task: 'job', attempt: 1, delivery: 'd1' })
    expect(decision.events).toMatchObject([{ why: 'silent', retryAt: T + 1_000, failure: { type: 'HeartbeatTimeout' } }])
  })

  test.each<[Phase, string]>([
    ['ready', 'd1'],
    ['running', 'other'],
    ['backoff', 'd1'],
    ['completed', 'd1'],
  ])('in phase %s, delivery %s: late, so nothing happens', (phase, delivery) => {
    expect(PHASES[phase]().give({ is: 'lost', task: 'job', attempt: 1, delivery })).toEqual({ events: [] })
    expect(PHASES[phase]().give({ is: 'silent', task: 'job', attempt: 1, delivery })).toEqual({ events: [] })
  })

  test('the last attempt lost or silent fails the run with that reason', () => {
    for (const is of ['lost', 'silent'] as const) {
      const run = new Driven({ retry: { attempts: 2, ...noJitter } })
      run.deliver('d1')
      run.give({ is: 'lost', task: 'job', attempt: 1, delivery: 'd1' })
      run.deliver('d2')
      expect(run.give({ is, task: 'job', attempt: 2, delivery: 'd2' }).outcome).toMatchObject({ state: 'failed', reason: is })
    }
  })
})

describe('cancel', () => {
  test.each<[Phase, string[], string]>([
    ['scheduled', ['cancelled'], 'cancelled'],
    ['ready', ['cancelled'], 'cancelled'],
    ['backoff', ['cancelled'], 'cancelled'],
    ['running', ['cancel_requested'], 'running'],
  ])('in phase %s leads to %j', (phase, events, state) => {
    const run = PHASES[phase]()
    const decision = run.give({ is: 'cancel', ...COMMAND })
    expect(kinds(decision)).toEqual(events)
    expect(decision.events[0]).toMatchObject({ by: 'ana', why: 'changed my mind' })
    expect(job.view(run.state).state).toBe(state)
    expect(refusal(decision)).toBeUndefined()
  })

  test.each<[Phase, string[] | undefined]>([
    ['completed', ['run-closed']],
    ['failed', ['run-closed']],
    ['terminated', ['run-closed']],
    ['cancelled', undefined],
  ])('of a run that is %s: %j', (phase, refused) => {
    const decision = PHASES[phase]().give({ is: 'cancel', ...COMMAND })
    expect([decision.events, refusal(decision)]).toEqual([[], refused])
  })

  test('asked twice is asked once', () => {
    const run = PHASES.running()
    run.give({ is: 'cancel', ...COMMAND })
    expect(run.give({ is: 'cancel', ...COMMAND })).toEqual({ events: [] })
    expect(job.view(run.state)).toMatchObject({ state: 'running', reason: 'cancelling' })
  })

  test.each<[string, JobInput, string]>([
    ['it stops', result(1, 'd1', { is: 'cancelled' }), 'cancelled'],
    ['it fails', result(1, 'd1', failed), 'cancelled'],
    ['it is given back', result(1, 'd1', { is: 'returned' }), 'cancelled'],
    ['it is lost', { is: 'lost', task: 'job', attempt: 1, delivery: 'd1' }, 'cancelled'],
    ['it is silent', { is: 'silent', task: 'job', attempt: 1, delivery: 'd1' }, 'cancelled'],
    ['it completes all the same', result(1, 'd1', completed), 'completed'],
  ])('of a running handler ends the run when %s', (_, input, state) => {
    const run = PHASES.running()
    run.give({ is: 'cancel', ...COMMAND })
    const decision = run.give(input)
    expect([decision.outcome?.state, decision.tasks]).toEqual([state, undefined])
  })
})

describe('terminate', () => {
  test.each<Phase>(['scheduled', 'ready', 'running', 'backoff'])('closes a run in phase %s at once, and withdraws what is out', phase => {
    const run = PHASES[phase]()
    const out = job.pending(run.state)
    const decision = run.give({ is: 'terminate', ...COMMAND })
    expect(decision.outcome).toEqual({ state: 'terminated', reason: 'terminated' })
    expect(decision.withdraw).toEqual(out.ready.length + out.delivered.length > 0 ? ['job'] : undefined)
  })

  test.each<[Phase, string[] | undefined]>([
    ['completed', ['run-closed']],
    ['cancelled', ['run-closed']],
    ['terminated', undefined],
  ])('of a run that is %s: %j', (phase, refused) => {
    const decision = PHASES[phase]().give({ is: 'terminate', ...COMMAND })
    expect([decision.events, refusal(decision)]).toEqual([[], refused])
  })
})

describe('time alone', () => {
  const running = (options: RunOptions) => {
    const run = new Driven({ retry: noJitter, ...options })
    run.deliver('d1')
    return run
  }
  test.each<[string, () => Driven, number, string[], string, string | null]>([
    ['a scheduled run is due at its time', () => new Driven({ notBefore: T + 50 }), T + 50, ['due'], 'queued', null],
    [
      'an attempt times out, counted from its delivery',
      () => running({ timeout: { attempt: 300 } }),
      T + 300,
      ['attempt_failed'],
      'waiting',
      'back-off',
    ],
    ['the last attempt times out', () => running({ timeout: { attempt: 300 }, retry: { attempts: 1 } }), T + 300, ['failed'], 'failed', 'timed_out'],
    ['the total is over while it runs', () => running({ timeout: { total: 400 } }), T + 400, ['timed_out'], 'timed_out', 'total'],
    ['the total is over before it runs', () => new Driven({ timeout: { total: 400 } }), T + 400, ['timed_out'], 'timed_out', 'total'],
    ['no worker took it in time', () => new Driven({ timeout: { scheduleToStart: 70 } }), T + 70, ['timed_out'], 'timed_out', 'schedule-to-start'],
    ['it had not begun when it expired', () => new Driven({ expiresMs: 90 }), T + 90, ['timed_out'], 'timed_out', 'expired'],
  ])('%s', (_, make, at, events, state, reason) => {
    const run = make()
    expect(job.pending(run.state).wakeAt).toBe(at)
    expect(run.give({ is: 'wake' }, at - 1)).toEqual({ events: [] })
    expect(kinds(run.give({ is: 'wake' }, at))).toEqual(events)
    expect(job.view(run.state)).toMatchObject({ state, reason })
  })

  test('total and expiry of a delayed run count from when it is due', () => {
    expect(job.pending(new Driven({ notBefore: T + 50, timeout: { total: 400 } }).state).wakeAt).toBe(T + 50)
    const run = new Driven({ notBefore: T + 50, timeout: { total: 400 }, expiresMs: 90 })
    run.give({ is: 'wake' }, T + 50)
    expect(job.pending(run.state).wakeAt).toBe(T + 140)
    run.deliver('d1')
    expect(job.pending(run.state).wakeAt).toBe(T + 450)
  })

  test('a run that has begun does not expire, not even between attempts', () => {
    const run = running({ expiresMs: 90 })
    run.give(result(1, 'd1', failed))
    expect(job.pending(run.state).wakeAt).toBe(T + 1_000)
  })

  test('schedule-to-start counts anew for each attempt', () => {
    const run = running({ timeout: { scheduleToStart: 70 } })
    expect(job.pending(run.state).wakeAt).toBeNull()
    run.give({ is: 'lost', task: 'job', attempt: 1, delivery: 'd1' }, T + 500)
    expect(job.pending(run.state).wakeAt).toBe(T + 570)
  })

  test('a wake of a closed run does nothing', () => expect(PHASES.completed().give({ is: 'wake' }, T + 1e9)).toEqual({ events: [] }))
})

describe('a report', () => {
  test('keeps progress and checkpoint, each until the next of its kind, and the next attempt reads the checkpoint', () => {
    const run = PHASES.running()
    const report = { is: 'report', task: 'job', attempt: 1, delivery: 'd1', worker: 'w1' } as const
    run.give({ ...report, progress: { value: 0.5, message: 'half' }, checkpoint: '"a"' })
    run.give({ ...report, progress: { value: 0.6 } })
    expect(job.view(run.state)).toMatchObject({ progress: { value: 0.6 }, checkpoint: '"a"' })
    expect(run.give(report)).toEqual({ events: [] })
    run.give(result(1, 'd1', failed))
    expect(job.view(run.state).checkpoint).toBe('"a"')
  })

  test.each<[Phase, string]>([
    ['backoff', 'superseded'],
    ['completed', 'closed'],
  ])('in phase %s bounces as %s', (phase, code) => {
    expect(refusal(PHASES[phase]().give({ is: 'report', task: 'job', attempt: 1, delivery: 'd1', worker: 'w1' }))).toEqual([code])
  })
})

test('a view tells the attempts in all and what time alone will do next', () => {
  expect(job.view(new Driven({ notBefore: T + 1, retry: { attempts: 3 } }).state)).toMatchObject({ state: 'scheduled', attempts: 3, nextAt: T + 1 })
})
