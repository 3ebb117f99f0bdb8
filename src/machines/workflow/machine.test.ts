import { describe, expect, test } from 'vitest'
import { slotOf } from '../../core/ids.ts'
import type { Context, Decision } from '../../core/machine.ts'
import type { RunOptions } from '../../core/options.ts'
import type { Payload, Trigger } from '../../core/run.ts'
import { workflow } from './machine.ts'
import { HOLDER_MS, RESEND_MS } from './state.ts'
import { type Advance, CHILDREN_OPEN_MAX, type Entry, SIGNALS_MAX, type WorkflowEvent, type WorkflowInput, type WorkflowState } from './types.ts'

const T = 1_000_000
const SELF = '01k7x9v2q7e0080w4qgxdtewvh'
const failure = { type: 'Error', message: 'no' }
const COMMAND = { command: 'c1', by: 'ana', why: 'changed my mind' }

/** A run driven input by input, as its actor does. */
class Driven {
  state: WorkflowState
  readonly events: WorkflowEvent[] = []
  now = T
  #call = 0
  #ids = 0
  constructor(options: Omit<RunOptions, 'delayMs'> = {}, trigger: Trigger = { is: 'call' }) {
    const decided = workflow.decide(null, { is: 'start', definition: 'order', options, trigger }, this.context())
    this.state = decided.events.reduce<WorkflowState | null>(workflow.evolve, null) as WorkflowState
    this.events.push(...decided.events)
  }
  give(input: WorkflowInput, now = this.now): Decision<WorkflowEvent> {
    this.now = now
    const before = workflow.pending(this.state)
    const decided = workflow.decide(this.state, input, this.context())
    this.state = decided.events.reduce<WorkflowState | null>(workflow.evolve, this.state) as WorkflowState
    this.events.push(...decided.events)
    // What the machine says that its events lead to is what they lead to (E10).
    if (decided.state !== undefined) expect(decided.state).toEqual(this.state)
    this.#expectAddsUp(before, decided)
    return decided
  }
  deliver(delivery = `d${this.state.turn}`, worker = 'w1'): Decision<WorkflowEvent> {
    this.#call = 0
    const { turn, task } = this.state
    return this.give({ is: 'deliver', task: `${turn}`, attempt: task?.attempt ?? 1, delivery, worker, version: null })
  }
  advance(entries: Entry[], more: Partial<Advance> = {}): Decision<WorkflowEvent> {
    const { turn, task, count } = this.state
    const delivery = task?.delivery ?? `d${turn}`
    const said = { delivery, worker: 'w1', call: ++this.#call, upTo: count, yields: true, entries }
    return this.give({ is: 'advance', task: `${turn}`, attempt: task?.attempt ?? 1, ...said, ...more })
  }
  signal(name: string, payload: Payload | null = null, command = `s${this.state.count}`): Decision<WorkflowEvent> {
    return this.give({ is: 'signal', command, name, payload, by: null })
  }
  get view() {
    return workflow.view(this.state)
  }
  context(): Context {
    return { self: SELF, now: this.now, random: () => 0.5, id: () => `id${this.#ids++}`, home: () => slotOf(SELF) }
  }
  /** Decisions are increments: they add up to what is pending, which is what recovery relies on. */
  #expectAddsUp(before: ReturnType<typeof workflow.pending>, decided: Decision<WorkflowEvent>): void {
    const after = workflow.pending(this.state)
    const kept = decided.withdraw === undefined ? (before.ready[0] ?? null) : null
    expect(after.ready[0] ?? null).toEqual(decided.tasks?.[0] ?? (this.state.closing !== null || after.ready.length === 0 ? null : kept))
    expect(after.wakeAt).toBe(decided.wakeAt === undefined ? before.wakeAt : decided.wakeAt)
  }
}

const kinds = ({ events }: { events: readonly { is: string }[] }) => events.map(({ is }) => is)
const refusal = (decided: Decision<WorkflowEvent>) => decided.replies?.map(({ reply }) => (reply.ok ? 'ok' : reply.code))
const done = (n: number, output: Payload | null = '1'): Entry => ({ is: 'completed', n, name: `s${n}`, attempt: 1, output })
const wait = (n: number, signal = 'go', timeoutMs?: number): Entry => ({ is: 'wait', n, signal, ...(timeoutMs !== undefined && { timeoutMs }) })
const timer = (n: number, forMs: number): Entry => ({ is: 'timer', n, forMs })
const child = (n: number, detached = false): Entry => ({ is: 'child', n, definition: 'mail', input: '7', options: {}, detached })
const finished = (end: (Entry & { is: 'finished' })['end']): Entry => ({ is: 'finished', end })

/** One that waits for an operation of each sort. */
function waiting(): Driven {
  const run = new Driven()
  run.deliver()
  const tried: Entry = { is: 'failed', n: 4, name: 'charge', attempt: 1, failure, retryMs: 300 }
  run.advance([wait(1), timer(2, 100), child(3), tried])
  run.give({ is: 'answered', reference: 3, run: childOf(run, 3), closed: false, refusal: null })
  return run
}
function childOf(run: Driven, n: number): string {
  const open = run.state.open[n]
  if (open?.is !== 'child') throw new Error('no child')
  return open.run
}

describe('a task says that the code is to go on', () => {
  test('from the start, until the worker yields it; then the run waits without one', () => {
    const run = new Driven()
    expect(workflow.pending(run.state).ready).toMatchObject([{ task: '1', attempt: 1, definition: 'order', queue: 'default', atMostOnce: false }])
    run.deliver()
    expect(run.view).toMatchObject({ state: 'running', worker: 'w1', startedAt: T })
    expect(kinds(run.advance([timer(1, 100)]))).toEqual(['timer_set', 'yielded'])
    expect(run.view).toMatchObject({ state: 'waiting', reason: 'sleep', nextAt: T + 100 })
    expect(workflow.pending(run.state)).toMatchObject({ ready: [], delivered: [] })
    expect(kinds(run.give({ is: 'wake' }, T + 100))).toEqual(['timer_fired'])
    expect(workflow.pending(run.state).ready).toMatchObject([{ task: '2', attempt: 1 }])
  })

  test.each<[string, Entry[], boolean]>([
    ['a result of a step', [done(1)], false],
    ['a step that may begin', [{ is: 'begun', n: 1, name: 'once' }], false],
    ['a step that failed for good', [{ is: 'failed', n: 1, name: 's', attempt: 1, failure, retryMs: null }], false],
    ['a step that is tried again later', [{ is: 'failed', n: 1, name: 's', attempt: 1, failure, retryMs: 5 }], true],
    ['nothing but waits', [wait(1), timer(2, 5)], true],
    ['a child', [child(1)], true],
  ])('a worker that has not heard of all that its code may go on with keeps it: %s', (_, entries, yielded) => {
    const run = new Driven()
    run.deliver()
    expect(kinds(run.advance(entries)).includes('yielded')).toBe(yielded)
    expect(run.state.task === null).toBe(yielded)
  })

  test('so does one that a signal or a cancel has overtaken', () => {
    const run = new Driven()
    run.deliver()
    run.advance([wait(1)], { yields: false })
    const { count } = run.state
    run.signal('go')
    expect(kinds(run.advance([], { upTo: count }))).toEqual([])
    expect(run.state.task?.phase).toBe('running')
    expect(kinds(run.advance([timer(2, 1)]))).toEqual(['timer_set', 'yielded'])
  })

  test('a call that is repeated changes nothing, also after the next', () => {
    const run = new Driven()
    run.deliver()
    run.advance([done(1)], { call: 1, yields: false })
    run.advance([done(2), timer(3, 5)], { call: 2 })
    for (const call of [1, 2]) expect(run.advance([done(1)], { call, task: '1', delivery: 'd1' })).toEqual({ events: [] })
    run.give({ is: 'wake' }, T + 5)
    run.deliver()
    expect(run.advance([done(1)], { call: 2, task: '1', delivery: 'd1' })).toEqual({ events: [] })
  })

  test('nobody advances a run but who has its task, and nobody who has seen more than there is', () => {
    const run = new Driven()
    run.deliver()
    expect(refusal(run.advance([done(1)], { delivery: 'other' }))).toEqual(['superseded'])
    expect(refusal(run.advance([done(1)], { task: '2' }))).toEqual(['superseded'])
    expect(refusal(run.advance([done(1)], { upTo: 99 }))).toEqual(['superseded'])
    run.give({ is: 'lost', task: '1', attempt: 1, delivery: 'd1' })
    expect(refusal(run.advance([done(1)], { attempt: 1, delivery: 'd1' }))).toEqual(['superseded'])
    run.give({ is: 'terminate', ...COMMAND })
    expect(refusal(run.advance([done(1)], { delivery: 'd1' }))).toEqual(['closed'])
  })

  test('a delivery that its owner forgot is adopted when its worker speaks', () => {
    const run = new Driven()
    expect(kinds(run.advance([done(1)], { delivery: 'd9' }))).toEqual(['delivered', 'step_completed'])
    expect(run.state.task?.delivery).toBe('d9')
  })

  test('lost or given back, it is ready at once, and for anybody', () => {
    for (const [is, events] of [
      ['lost', ['attempt_failed']],
      ['returned', ['returned']],
    ] as const) {
      const run = waiting()
      run.give({ is: 'wake' }, T + 100)
      run.deliver()
      const end = { task: '2', attempt: 1, delivery: 'd2' }
      const decided = run.give(is === 'lost' ? { is, ...end } : { is: 'result', ...end, worker: 'w1', result: { is } })
      expect(kinds(decided)).toEqual(events)
      expect(workflow.pending(run.state).ready).toMatchObject([{ labels: null }])
      expect(workflow.journal?.(run.state, 'w1')).toBe(0)
    }
  })

  test('code that kills its workers waits longer and longer for the next', () => {
    const run = new Driven()
    const waits: number[] = []
    for (let attempt = 1; attempt <= 8; attempt++) {
      run.deliver(`d${attempt}`)
      run.give({ is: 'lost', task: '1', attempt, delivery: `d${attempt}` })
      const due = run.view.dueAt
      waits.push(due === null ? 0 : due - run.now)
      if (due !== null) run.give({ is: 'wake' }, due)
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 32_000, 60_000, 60_000])
    expect(run.view).toMatchObject({ state: 'queued', failure: { type: 'Lost' } })
  })

  test.each([{ is: 'completed', output: '1' }, { is: 'snoozed', delayMs: 1 }, { is: 'cancelled' }, { is: 'failed', failure, retry: false }] as const)(
    'nothing but its journal ends it: a result %j is tried again',
    result => {
      const run = new Driven()
      run.deliver()
      const decided = run.give({ is: 'result', task: '1', attempt: 1, delivery: 'd1', worker: 'w1', result })
      expect(kinds(decided)).toEqual(['attempt_failed'])
      expect(decided.outcome).toBeUndefined()
    },
  )

  test('code that does not fit pauses the run, which is tried again later and by a word', () => {
    const run = new Driven()
    run.deliver()
    const diverged = { type: 'Diverged', message: 'Step 1 was a, the code asks for b.', code: 'diverged' }
    run.give({ is: 'result', task: '1', attempt: 1, delivery: 'd1', worker: 'w1', result: { is: 'failed', failure: diverged, retry: false } })
    expect(run.view).toMatchObject({ state: 'paused', reason: 'diverged', failure: diverged, dueAt: T + 1_000 })
    expect(kinds(run.give({ is: 'resume', ...COMMAND }))).toEqual(['resumed'])
    expect(run.view.state).toBe('queued')
    expect(refusal(run.give({ is: 'resume', ...COMMAND, command: 'c2' }))).toEqual(['not-stuck'])
  })
})

describe('a run that is live on a worker waits for that worker', () => {
  test('for a while, with what it has not heard of yet; then anybody may have it, from the beginning', () => {
    const run = waiting()
    const { count } = run.state
    run.signal('go')
    expect(workflow.pending(run.state)).toMatchObject({ ready: [{ labels: { ':worker': 'w1' } }], wakeAt: T + 100 })
    expect(workflow.journal?.(run.state, 'w1')).toBe(count - 1)
    expect(workflow.journal?.(run.state, 'w2')).toBe(0)
    run.give({ is: 'wake' }, T + 300)
    const decided = run.give({ is: 'wake' }, T + HOLDER_MS)
    expect(kinds(decided)).toEqual(['unbound'])
    expect(decided).toMatchObject({ withdraw: ['2'], tasks: [{ task: '2', labels: null }] })
  })

  test('beside the labels that it asks for itself', () => {
    const run = new Driven({ labels: { gpu: 'a100' } })
    run.deliver()
    run.advance([wait(1)])
    run.signal('go')
    expect(workflow.pending(run.state).ready).toMatchObject([{ labels: { gpu: 'a100', ':worker': 'w1' } }])
    expect(run.view.options.labels).toEqual({ gpu: 'a100' })
  })
})

describe('what it waits for', () => {
  test.each<[string, (run: Driven) => Decision<WorkflowEvent>, string]>([
    ['a timer', run => run.give({ is: 'wake' }, T + 100), 'timer_fired'],
    ['a back-off', run => run.give({ is: 'wake' }, T + 100) && run.give({ is: 'wake' }, T + 300), 'retry_due'],
    ['a signal', run => run.signal('go', '1'), 'signalled'],
    [
      'a child',
      run => run.give({ is: 'child_closed', run: childOf(run, 3), state: 'completed', outcome: { state: 'completed', reason: null, output: '14' } }),
      'child_closed',
    ],
    ['a refusal', run => run.give({ is: 'answered', reference: 5, run: null, closed: false, refusal: 'unknown-definition' }), 'child_refused'],
  ])('brings its task back: %s', (what, act, is) => {
    const run = waiting()
    if (what === 'a refusal') {
      run.signal('go')
      run.deliver()
      run.advance([child(5)])
    }
    const decided = act(run)
    expect(kinds(decided)).toEqual([is])
    expect(run.state.task).not.toBeNull()
  })

  test('a wait with a time that is over', () => {
    const run = new Driven()
    run.deliver()
    run.advance([wait(1, 'go', 50), wait(2, 'go', 60)])
    run.signal('go', '1')
    expect(run.events.at(-1)).toMatchObject({ is: 'signalled', n: 1 })
    expect(kinds(run.give({ is: 'wake' }, T + 60))).toEqual(['wait_timed_out'])
    expect(run.state.open).toEqual({})
  })

  test('signals before anybody waits are kept in their order, and taken by their name', () => {
    const run = new Driven()
    run.signal('a', '1')
    run.signal('b', '2')
    run.signal('a', '3')
    run.deliver()
    const { events } = run.advance([wait(1, 'b'), wait(2, 'a')])
    expect(events.map(({ taken }) => taken)).toEqual([2, 1])
    expect(run.state.signals).toEqual([{ number: 3, name: 'a', payload: '3' }])
  })

  test('a signal that is repeated is taken once, and remembered for a day', () => {
    const run = waiting()
    run.signal('go', '1', 'same')
    expect(run.signal('go', '1', 'same')).toEqual({ events: [] })
    run.now = T + 25 * 3_600_000
    run.signal('other', null, 'later')
    expect(kinds(run.signal('go', '1', 'same'))).toEqual(['signalled'])
  })

  test('signals that nobody takes are bounded', () => {
    const run = new Driven()
    for (let count = 0; count < SIGNALS_MAX; count++) run.signal('go')
    expect(refusal(run.signal('go'))).toEqual(['too-many-signals'])
    const large = new Driven()
    large.signal('go', `"${'x'.repeat(600_000)}"`)
    expect(refusal(large.signal('go', '1'))).toEqual(['too-many-signals'])
  })

  const tick = (payload: Payload | null = null, name = 'go') => ({ name, payload })
  const many = (signals: { name: string; payload: Payload | null }[], command = 'm1'): WorkflowInput => ({
    is: 'signals',
    command,
    signals,
    by: null,
  })
  const taken = (decided: Decision<WorkflowEvent>) => decided.replies?.map(({ reply }) => (reply.ok ? reply.value : reply.code))

  test('several at once go to who waits, one each, and the others are kept in their order', () => {
    const run = new Driven()
    run.deliver()
    run.advance([wait(1), wait(2, 'b'), wait(3)])
    const decided = run.give(many([tick('1'), tick('2'), tick('3'), tick('4', 'b'), tick('5')]))
    expect(decided.events.map(({ n, payload }) => [n, payload])).toEqual([
      [1, '1'],
      [3, '2'],
      [undefined, '3'],
      [2, '4'],
      [undefined, '5'],
    ])
    expect(taken(decided)).toEqual(['5'])
    expect(run.state.signals.map(({ payload }) => payload)).toEqual(['3', '5'])
  })

  test('of several, as many of the first are kept as there is room for; a repeat changes nothing and answers the same', () => {
    const run = new Driven()
    run.give(many(Array.from({ length: SIGNALS_MAX - 2 }, () => tick())))
    const three = many([tick('1'), tick('2'), tick('3')], 'm2')
    expect(taken(run.give(three))).toEqual(['2'])
    expect(taken(run.give(many([tick('4')], 'm3')))).toEqual(['too-many-signals'])
    expect(run.give(three)).toEqual({ events: [], replies: [{ command: 'm2', reply: { ok: true, value: '2' } }] })
    expect(run.state.commands).toHaveLength(2)
    expect(run.state.signals).toHaveLength(SIGNALS_MAX)
  })

  test('code that has gone on with one that it knew of says which, and learns nothing from it', () => {
    const run = new Driven()
    run.give(many([tick('1'), tick('2'), tick('3', 'b')]))
    run.deliver()
    const { events } = run.advance([
      { is: 'wait', n: 1, signal: 'b', taken: 3 },
      { is: 'wait', n: 2, signal: 'go', taken: 1 },
    ])
    expect(events).toMatchObject([{ is: 'waiting', taken: 3, known: true }, { is: 'waiting', taken: 1, known: true }, { is: 'yielded' }])
    expect(run.state).toMatchObject({ signals: [{ number: 2, payload: '2' }], open: {}, task: null })
  })

  test.each([
    ['none of that number is there', [{ is: 'wait', n: 1, signal: 'go', taken: 7 }]],
    ['it has another name', [{ is: 'wait', n: 1, signal: 'other', taken: 1 }]],
    ['it is taken twice', [1, 2].map(n => ({ is: 'wait', n, signal: 'go', taken: 1 }))],
  ] satisfies [string, Entry[]][])('code that has gone on with a signal is given up where %s', (_, entries) => {
    const run = new Driven()
    run.signal('go', '1')
    run.deliver()
    expect(refusal(run.advance(entries as Entry[]))).toEqual(['superseded'])
  })
})

describe('children', () => {
  test('are born in the slot of their parent, under an id that is always the same, and asked for until they are answered', () => {
    const run = new Driven()
    run.deliver()
    const { messages } = run.advance([child(1)])
    expect(messages).toMatchObject([
      { is: 'start', reference: 1, again: false, order: { definition: 'mail', input: '7', trigger: { is: 'workflow', run: SELF, n: 1 } } },
    ])
    const again = run.give({ is: 'wake' }, T + RESEND_MS)
    expect(again.messages).toMatchObject([{ is: 'start', again: true, run: childOf(run, 1) }])
    run.give({ is: 'answered', reference: 1, run: childOf(run, 1), closed: false, refusal: null })
    expect(workflow.pending(run.state).wakeAt).toBeNull()
  })

  test.each<[string, (run: Driven) => Decision<WorkflowEvent>]>([
    ['cancelled', run => run.give({ is: 'cancel', ...COMMAND })],
    ['terminated', run => run.give({ is: 'terminate', ...COMMAND })],
    ['out of time', run => run.give({ is: 'wake' }, T + 5_000)],
    ['finished', run => run.advance([finished({ is: 'completed', output: null })])],
    ['begun anew', run => run.advance([finished({ is: 'continued', input: null })])],
  ])('that it waits for are asked to stop when it is %s, detached ones go on', (_, act) => {
    const run = new Driven({ timeout: { total: 5_000 } })
    run.deliver()
    run.advance([child(1), child(2, true)], { yields: false })
    run.give({ is: 'answered', reference: 1, run: childOf(run, 1), closed: false, refusal: null })
    const awaited = childOf(run, 1)
    expect(act(run).messages?.filter(({ is }) => is === 'tell')).toMatchObject([{ to: awaited, input: { is: 'cancel' } }])
  })

  test('more than can be told of its end fail it instead', () => {
    const run = new Driven()
    run.deliver()
    for (let from = 0; from < CHILDREN_OPEN_MAX; from += 500)
      run.advance(
        Array.from({ length: 500 }, (_, index) => child(from + index + 1)),
        { yields: false },
      )
    const { outcome, messages } = run.advance([child(CHILDREN_OPEN_MAX + 1)])
    expect(outcome).toMatchObject({ state: 'failed', reason: 'too-many-open' })
    expect(messages).toHaveLength(CHILDREN_OPEN_MAX)
  })
})

describe('the end', () => {
  test.each<[(Entry & { is: 'finished' })['end'], object]>([
    [
      { is: 'completed', output: '7' },
      { state: 'completed', reason: null, output: '7' },
    ],
    [
      { is: 'failed', reason: 'aborted', failure },
      { state: 'failed', reason: 'aborted', failure },
    ],
    [{ is: 'cancelled' }, { state: 'cancelled', reason: 'cancelled' }],
  ])('is what the code says: %j', (end, outcome) => {
    const run = new Driven()
    run.deliver()
    expect(run.advance([done(1), finished(end), done(2)]).outcome).toEqual(outcome)
    expect(workflow.pending(run.state)).toEqual({ ready: [], delivered: [], wakeAt: null })
    expect(run.advance([finished(end)], { call: 1, delivery: 'd1' })).toEqual({ events: [] })
    expect(refusal(run.signal('go'))).toEqual(['run-closed'])
  })

  test('a signal that was taken and is sent again, since its answer was lost, is known when the run has closed meanwhile (E9)', () => {
    const run = new Driven()
    run.deliver()
    run.signal('go', '1', 'once')
    run.advance([finished({ is: 'completed', output: null })])
    expect([run.state.closing?.is, run.signal('go', '1', 'once')]).toEqual(['completed', { events: [] }])
    expect(refusal(run.signal('go', '1', 'another'))).toEqual(['run-closed'])
  })

  test('continued: the same run from its beginning, with another input, and the signals that nobody took', () => {
    const run = waiting()
    run.signal('kept', '1')
    run.give({ is: 'wake' }, T + 100)
    run.deliver()
    const { count } = run.state
    run.advance([finished({ is: 'continued', input: '2' })])
    expect(run.events.at(-1)).toMatchObject({ is: 'continued', input: '2', signals: [{ name: 'kept', payload: '1' }] })
    expect(run.state).toMatchObject({ base: count, open: {}, closing: null, input: '2' })
    expect(run.view).toMatchObject({ state: 'queued', input: '2' })
    expect(workflow.journal?.(run.state, 'w1')).toBe(count)
    expect(workflow.journal?.(run.state, 'w2')).toBe(count)
    expect(run.give({ is: 'child_closed', run: 'gone', state: 'completed' })).toEqual({ events: [] })
  })

  test('how far it has come is said when it completes, what it said before it began anew where it says nothing since, and not where it fails', () => {
    const trigger = { is: 'schedule', schedule: 'hourly', id: 's', n: 1, nominalAt: T, source: 'time', watermark: '7' } as Trigger
    const marked = (...ends: (Entry & { is: 'finished' })['end'][]) => {
      const run = new Driven({}, trigger)
      return ends.map(end => {
        run.deliver()
        return run.advance([finished(end)])
      })
    }
    const completed = { is: 'completed', output: null } as const
    const anew = { is: 'continued', input: null } as const
    expect(marked({ ...completed, watermark: '8' }).at(-1)?.outcome).toEqual({ state: 'completed', reason: null, watermark: '8' })
    expect(marked(completed).at(-1)?.outcome).toEqual({ state: 'completed', reason: null })
    const [begun, , ended] = marked({ ...anew, watermark: '8' }, anew, completed)
    expect(begun?.events[0]).toMatchObject({ is: 'continued', watermark: '7', said: '8' })
    expect(ended?.outcome?.watermark).toBe('8')
    expect(marked({ ...anew, watermark: '8' }, { ...completed, watermark: 'null' }).at(-1)?.outcome?.watermark).toBe('null')
    expect(marked({ ...anew, watermark: '8' }, { is: 'failed', reason: 'threw', failure }).at(-1)?.outcome?.watermark).toBeUndefined()
  })

  test('one that is asked to stop does not begin anew', () => {
    const run = waiting()
    run.give({ is: 'cancel', ...COMMAND })
    run.deliver()
    expect(run.advance([finished({ is: 'continued', input: null })]).outcome).toMatchObject({ state: 'cancelled' })
  })

  test('a cancel before anything has begun is the end; later it is for the code to say', () => {
    expect(new Driven().give({ is: 'cancel', ...COMMAND }).outcome).toMatchObject({ state: 'cancelled' })
    const run = waiting()
    expect(run.give({ is: 'cancel', ...COMMAND }).outcome).toBeUndefined()
    expect(run.view).toMatchObject({ state: 'queued', reason: 'cancelling' })
    expect(run.give({ is: 'cancel', ...COMMAND, command: 'c2' })).toEqual({ events: [] })
  })

  test('its own time', () => {
    expect(new Driven({ expiresMs: 5 }).give({ is: 'wake' }, T + 5).outcome).toEqual({ state: 'timed_out', reason: 'expired' })
    expect(new Driven({ timeout: { total: 7 } }).give({ is: 'wake' }, T + 7).outcome).toEqual({ state: 'timed_out', reason: 'total' })
  })
})

test('what is open is all that its state keeps: a step more costs no more than the one before', () => {
  const run = new Driven()
  run.deliver()
  for (let n = 1; n <= 100; n++) run.advance([done(n)])
  const before = JSON.stringify(run.state).length
  for (let n = 101; n <= 1_000; n++) run.advance([done(n)])
  expect(JSON.stringify(run.state).length).toBeLessThan(before + 20)
})

describe('what the code asks for ahead of what is accepted', () => {
  const asked = (run: Driven, more: Partial<Advance> = {}) => kinds(run.advance([done(1), wait(2)], { ahead: 1, ...more }))

  test('counts with it, and the run waits', () => {
    const run = new Driven()
    run.deliver()
    expect(asked(run)).toEqual(['step_completed', 'waiting', 'yielded'])
  })

  test.each<[string, (run: Driven) => void]>([
    ['a timer fired', run => run.give({ is: 'wake' }, T + 100)],
    ['somebody cancelled', run => run.give({ is: 'cancel', ...COMMAND })],
  ])('does not count where %s meanwhile, and the worker keeps the task', (_, happens) => {
    const run = new Driven()
    run.deliver()
    run.advance([timer(3, 100)], { yields: false })
    const upTo = run.state.count
    happens(run)
    expect(asked(run, { upTo })).toEqual(['step_completed'])
    expect(run.state.task).not.toBeNull()
  })

  test('counts where something has happened that the code does not hear of', () => {
    const run = new Driven()
    run.deliver()
    const upTo = run.state.count
    run.signal('go', '1')
    expect(asked(run, { upTo, yields: false })).toEqual(['step_completed', 'waiting'])
    expect(run.state.signals).toEqual([])
  })

  test('ends the run, or does not, and a repeat changes nothing', () => {
    const finished: Entry = { is: 'finished', end: { is: 'completed', output: null } }
    const run = new Driven()
    run.deliver()
    const upTo = run.state.count
    run.give({ is: 'cancel', ...COMMAND })
    const call = { upTo, call: 1, ahead: 1 }
    expect(kinds(run.advance([done(1), finished], call))).toEqual(['step_completed'])
    expect(kinds(run.advance([done(1), finished], call))).toEqual([])
    expect(run.state.closing).toBeNull()
  })
})
