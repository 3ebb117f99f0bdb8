import { describe, expect, test } from 'vitest'
import { slotOf } from '../../core/ids.ts'
import type { Context, Decision } from '../../core/machine.ts'
import { workflow } from './machine.ts'
import { pointOf } from './point.ts'
import {
  type Advance,
  CHILDREN_OPEN_MAX,
  ENTRIES_MAX,
  type Entry,
  SIGNALS_MAX,
  type WorkflowEvent,
  type WorkflowInput,
  type WorkflowState,
} from './types.ts'

const SELF = '01k7x9v2q7e0080w4qgxdtewvh'
const T = 1_000_000
const failure = { type: 'Error', message: 'no' }

/** A run whose worker has its task, and has seen all. */
class Driven {
  state: WorkflowState
  readonly events: WorkflowEvent[] = []
  #call = 0
  #ids = 0

  constructor() {
    const decided = workflow.decide(null, { is: 'start', definition: 'order', options: {}, trigger: { is: 'call' } }, this.#context())
    this.state = decided.events.reduce<WorkflowState | null>(workflow.evolve, null) as WorkflowState
    this.events.push(...decided.events)
    this.deliver()
  }
  give(input: WorkflowInput): Decision<WorkflowEvent> {
    const decided = workflow.decide(this.state, input, this.#context())
    this.state = decided.events.reduce<WorkflowState | null>(workflow.evolve, this.state) as WorkflowState
    this.events.push(...decided.events)
    if (decided.state !== undefined) expect(decided.state).toEqual(this.state)
    return decided
  }
  deliver(): void {
    this.#call = 0
    this.give({ is: 'deliver', task: `${this.state.turn}`, attempt: 1, delivery: `d${this.state.turn}`, worker: 'w1', version: null })
  }
  advance(entries: Entry[], more: Partial<Advance> = {}): Decision<WorkflowEvent> {
    const { turn, count } = this.state
    const said = { task: `${turn}`, attempt: 1, delivery: `d${turn}`, worker: 'w1', call: ++this.#call, upTo: count, yields: false, entries }
    return this.give({ is: 'advance', ...said, ...more })
  }
  signal(payload: string, name = 'go'): Decision<WorkflowEvent> {
    return this.give({ is: 'signal', command: `s${this.state.count}`, name, payload, by: null })
  }
  #context(): Context {
    return { self: SELF, now: T, random: () => 0.5, id: () => `id${this.#ids++}`, home: () => slotOf(SELF) }
  }
}

const kinds = ({ events }: { events: readonly { is: string }[] }) => events.map(({ is }) => is)
const refusal = (decided: Decision<WorkflowEvent>) => decided.replies?.map(({ reply }) => (reply.ok ? 'ok' : reply.code))
const timer = (n: number): Entry => ({ is: 'timer', n, forMs: 100 })
const wait = (n: number, scoped = true): Entry => ({ is: 'wait', n, signal: 'go', ...(scoped && { scoped }) })
const drop = (n: number): Entry => ({ is: 'dropped', n })
const child = (n: number, more: object = {}): Entry => ({ is: 'child', n, definition: 'mail', input: null, options: {}, detached: false, ...more })
const END: Entry = { is: 'finished', end: { is: 'continued', input: null } }
const buffered = ({ state }: Driven) => state.signals.map(({ number, payload }) => [number, payload])

describe('what was dropped', () => {
  test.each<[string, Entry]>([
    ['a timer', timer(1)],
    ['a wait', { is: 'wait', n: 1, signal: 'go', timeoutMs: 100, scoped: true }],
    ['a promise', { is: 'promise', n: 1, name: 'p', token: 't', timeoutMs: 100 }],
    ['a step that backs off', { is: 'failed', n: 1, name: 's', attempt: 1, failure, retryMs: 100 }],
  ])('is open no more, wakes nobody, and is no news: %s', (_, entry) => {
    const run = new Driven()
    expect(run.advance([entry]).wakeAt).toBe(T + 100)
    const decided = run.advance([drop(1)], { yields: true })
    expect(kinds(decided)).toEqual(['dropped', 'yielded'])
    expect(decided.wakeAt).toBeNull()
    expect(run.state.open).toEqual({})
  })

  test.each([
    [{}, ['cancel']],
    [{ parentClose: 'terminate' }, ['terminate']],
    [{ parentClose: 'abandon' }, []],
  ] as const)('a child is ended by its policy, and heard of no more: %j', (more, told) => {
    const run = new Driven()
    run.advance([child(1, more)])
    const { run: id } = run.state.open[1] as { run: string }
    const { messages = [] } = run.advance([drop(1)])
    expect(messages.map(message => (message as { input: { is: string } }).input.is)).toEqual(told)
    expect(run.give({ is: 'answered', reference: 1, run: id, closed: false, refusal: null })).toEqual({ events: [] })
    expect(run.give({ is: 'child_closed', run: id, state: 'cancelled' })).toEqual({ events: [] })
  })

  test('frees the places of children, in the call that asks for others', () => {
    const run = new Driven()
    for (let from = 0; from < CHILDREN_OPEN_MAX; from += ENTRIES_MAX)
      run.advance(Array.from({ length: ENTRIES_MAX }, (_, index) => child(from + index + 1)))
    expect(run.advance([drop(1), child(CHILDREN_OPEN_MAX + 1)]).outcome).toBeUndefined()
    expect(run.advance([child(CHILDREN_OPEN_MAX + 2)]).outcome).toMatchObject({ reason: 'too-many-open' })
  })

  test('and has ended meanwhile, or never was, is nothing', () => {
    const run = new Driven()
    run.advance([timer(1), wait(2, false)])
    run.signal('1')
    expect(run.advance([drop(2), drop(7)])).toEqual({ events: [] })
    expect(buffered(run)).toEqual([])
  })

  test('ends a step for good where the run parks those without another attempt', () => {
    const run = new Driven()
    const scope = { type: 'Cancelled', message: 'was cancelled', code: 'scope-cancelled' }
    run.state = { ...run.state, started: { ...run.state.started, options: { exhausted: 'park' } } }
    run.advance([{ is: 'failed', n: 1, name: 's', attempt: 1, failure: scope, retryMs: null }])
    expect(run.state.open).toEqual({})
  })
})

describe('a signal that a wait was given before its worker had said that it was dropped', () => {
  test('is kept again, before those that came later', () => {
    const run = new Driven()
    run.advance([wait(1)])
    const upTo = run.state.count
    run.signal('1')
    run.signal('2')
    const { events } = run.advance([drop(1)], { upTo })
    expect(events).toMatchObject([{ is: 'dropped', n: 1, signal: upTo }])
    expect(buffered(run)).toEqual([
      [upTo, '1'],
      [upTo + 1, '2'],
    ])
    expect(run.state.given).toBeUndefined()
  })

  test('goes to who has waited longest, and to nobody twice', () => {
    const run = new Driven()
    run.advance([wait(1), wait(2), wait(3, false)])
    const upTo = run.state.count
    run.signal('1')
    expect(run.advance([drop(1)], { upTo }).events).toMatchObject([
      { is: 'dropped', n: 1, signal: upTo },
      { is: 'waiting', n: 2, taken: upTo, scoped: true },
    ])
    // It was lost as well.
    expect(run.advance([drop(2)], { upTo }).events).toMatchObject([
      { is: 'dropped', n: 2, signal: upTo },
      { is: 'waiting', n: 3, taken: upTo },
    ])
    expect(run.state).toMatchObject({ open: {}, signals: [] })
    expect(run.state.given).toBeUndefined()
  })

  test('that was there when it asked is given back as well, to who asks in the same call', () => {
    const run = new Driven()
    const upTo = run.state.count
    run.signal('1')
    run.advance([wait(1)], { upTo })
    const { events } = run.advance([drop(1), { is: 'wait', n: 2, signal: 'go', taken: upTo }])
    expect(events).toMatchObject([
      { is: 'dropped', n: 1, signal: upTo },
      { is: 'waiting', n: 2, taken: upTo, known: true },
    ])
    expect(run.state).toMatchObject({ open: {}, signals: [] })
  })

  test('goes with the run that begins anew', () => {
    const run = new Driven()
    run.advance([wait(1)])
    const upTo = run.state.count
    run.signal('1')
    expect(run.advance([drop(1), END], { upTo }).events.at(-1)).toMatchObject({ is: 'continued', signals: [{ number: upTo, payload: '1' }] })
  })

  test('is the code’s for good once it has seen it and has not said otherwise, unless its call was full', () => {
    const run = new Driven()
    run.advance([wait(1)])
    run.signal('1')
    run.advance(Array.from({ length: ENTRIES_MAX }, (_, index) => timer(index + 10)))
    expect(run.state.given).toMatchObject([{ n: 1, payload: '1' }])
    run.advance([timer(2)])
    expect(run.state.given).toBeUndefined()
    expect(run.advance([drop(1)])).toEqual({ events: [] })
  })

  test('is one of those that are bounded', () => {
    const run = new Driven()
    for (let from = 0; from <= SIGNALS_MAX; from += ENTRIES_MAX)
      run.advance(Array.from({ length: ENTRIES_MAX }, (_, index) => wait(from + index + 1)))
    const upTo = run.state.count
    for (let count = 0; count < SIGNALS_MAX; count++) run.signal('1')
    expect(refusal(run.signal('1'))).toEqual(['too-many-signals'])
    run.advance([timer(5_000)], { upTo: run.state.count })
    expect(kinds(run.signal('1'))).toEqual(['signalled'])
    expect(upTo).toBeLessThan(run.state.count)
  })

  test('was never taken, for a run that goes on from a point after it', () => {
    const run = new Driven()
    run.advance([timer(1), wait(2)])
    const upTo = run.state.count
    run.signal('1')
    run.advance([drop(1), drop(2), { is: 'completed', n: 3, name: 'next', attempt: 1, output: null }], { upTo })
    const point = pointOf(SELF, run.events, 'next', false)
    expect('fork' in point && point.fork.kept).toMatchObject([{ is: 'signalled', name: 'go', payload: '1' }])
    expect('fork' in point && point.fork.kept[0]).not.toHaveProperty('n')
  })
})
