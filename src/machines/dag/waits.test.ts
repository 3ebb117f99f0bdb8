import { describe, expect, test } from 'vitest'
import { Driven, SELF } from '../../../test/support/dag-run.ts'
import type { Payload } from '../../core/run.ts'
import { checkDag } from './graph.ts'
import { dag } from './machine.ts'
import type { DagSpec, DagWait } from './spec.ts'
import { SIGNALS_MAX } from './waits.ts'

const waiting = (wait: DagWait, more: DagSpec['tasks'] = {}): DagSpec => ({
  tasks: { before: { job: 'before' }, paid: { after: ['before'], wait }, ship: { job: 'ship', input: '{{output.paid}}' }, ...more },
})
const signal = (run: Driven, name: string, payload: Payload | null = null, command = `c-${name}-${payload}`) =>
  run.give({ is: 'signal', command, name, payload, by: 'ana' })
const settle = (run: Driven, token: string, output: Payload | null, command: string, failure?: { type: string; message: string; code: string }) =>
  run.give({ is: 'settle', command, token, output, by: null, ...(failure && { failure }) })
const given = (run: Driven) => run.told.filter(({ input }) => input.is === 'given').map(({ to, input }) => [to, input])
const refusal = (decided: ReturnType<Driven['give']>) => {
  const reply = decided.replies?.[0]?.reply
  return reply?.ok === false ? reply.code : null
}

describe('a task that waits', () => {
  test('is a run of its own kind, with what it waits for filled in', () => {
    const run = new Driven(waiting({ signal: 'paid-{{output.before:order}}', timeoutMs: 1_000, default: { late: '{{run}}' } }))
    run.end('before', 'completed', { order: 7 })
    expect(run.open.get('paid')?.order).toMatchObject({ definition: 'sales.paid', kind: 'wait', options: {} })
    expect(run.inputOf('paid')).toEqual({ signal: 'paid-7', timeoutMs: 1_000, default: { late: SELF } })
  })

  test('for a time waits from the end of the interval on, for another run by the time of its own, unless it says another', () => {
    const spec: DagSpec = {
      tasks: {
        a: { wait: { plusMs: 1_000 } },
        b: { wait: { until: '2026-03-01', plusMs: 1_000 } },
        c: { wait: { dag: 'sold' } },
        d: { wait: { dag: 'sold', for: '{{intervalStart}}' } },
      },
    }
    const run = new Driven(spec, {
      trigger: {
        is: 'schedule',
        schedule: 's',
        id: 's',
        n: 0,
        nominalAt: Date.UTC(2026, 0, 2),
        source: 'time',
        intervalStart: Date.UTC(2026, 0, 1),
      } as never,
    })
    expect(['a', 'b', 'c', 'd'].map(name => run.inputOf(name))).toEqual([
      { until: '2026-01-02T00:00:00.000Z', plusMs: 1_000 },
      { until: '2026-03-01', plusMs: 1_000 },
      { dag: 'sold', for: '2026-01-02T00:00:00.000Z' },
      { dag: 'sold', for: '2026-01-01T00:00:00.000Z' },
    ])
  })

  test('takes no slot, and needs none', () => {
    const run = new Driven({
      maxActiveTasks: 1,
      tasks: { a: { job: 'a' }, b: { job: 'b' }, go: { wait: { signal: 'go' } }, on: { wait: { signal: 'on' } } },
    })
    expect(run.states).toEqual({ a: 'r', b: 'q', go: 'r', on: 'r' })
    run.end('a')
    run.end('b')
    expect(dag.view(run.state)).toMatchObject({ state: 'waiting', reason: 'wait' })
  })
})

describe('a signal', () => {
  test('goes to the task that waits for it, whose output it is', () => {
    const run = new Driven(waiting({ signal: 'paid' }))
    run.end('before')
    const { run: child } = run.open.get('paid') as { run: string }
    signal(run, 'paid', '{"sum":3}')
    expect(given(run)).toEqual([[child, { is: 'given', output: '{"sum":3}' }]])
    run.end('paid', 'completed', { sum: 3 })
    expect(run.inputOf('ship')).toEqual({ sum: 3 })
  })

  test('that comes before its task begins is kept, and given once', () => {
    const run = new Driven(waiting({ signal: 'paid' }, { again: { after: ['paid'], wait: { signal: 'paid' } } }))
    signal(run, 'paid', '1')
    expect(given(run)).toEqual([])
    run.end('before')
    expect(given(run)).toMatchObject([[run.open.get('paid')?.run, { output: '1' }]])
    run.end('paid', 'completed', 1)
    expect(given(run)).toHaveLength(1)
    expect(run.state.signals).toEqual([])
  })

  test('goes to one task: of several that wait, the one that has waited longest', () => {
    const run = new Driven({ tasks: { a: { wait: { signal: 'go' } }, b: { wait: { signal: 'go' } }, c: { job: 'c' } } })
    for (const payload of ['1', '2', '3']) signal(run, 'go', payload)
    expect(given(run)).toEqual(['a', 'b'].map((name, n) => [run.open.get(name)?.run, { is: 'given', output: `${n + 1}` }]))
    expect(run.state.signals).toMatchObject([{ payload: '3' }])
  })

  test('of a command that is repeated counts once', () => {
    const run = new Driven({ tasks: { a: { wait: { signal: 'go' } }, b: { wait: { signal: 'go' } } } })
    signal(run, 'go', null, 'c1')
    expect(signal(run, 'go', null, 'c1').events).toEqual([])
    expect(given(run)).toHaveLength(1)
  })

  test('of a mapped task has a name of its own for each item', () => {
    const run = new Driven({ tasks: { each: { map: { over: ['x', 'y'] }, wait: { signal: 'ok-{{item}}' } } } })
    signal(run, 'ok-y', '"fine"')
    expect(given(run)).toEqual([[run.open.get('each#1')?.run, { is: 'given', output: '"fine"' }]])
  })

  test('that nobody can wait for, too many that wait, and one for a closed run are refused', () => {
    const run = new Driven(waiting({ signal: 'paid' }))
    expect(refusal(signal(run, 'payed'))).toBe('unknown-signal')
    for (let count = 0; count < SIGNALS_MAX; count++) signal(run, 'paid', null, `c${count}`)
    expect(refusal(signal(run, 'paid'))).toBe('too-many-signals')
    run.give({ is: 'terminate', command: 't', by: null, why: null })
    expect(refusal(signal(run, 'paid', null, 'late'))).toBe('run-closed')
    expect(run.state.signals).toEqual([])
  })

  test('is not given to a task that a person has marked, nor to one that has timed out', () => {
    const run = new Driven({ tasks: { a: { wait: { signal: 'go' } }, b: { wait: { signal: 'go' } }, z: { job: 'z' } } })
    run.give({ is: 'mark', command: 'm', by: null, why: null, n: 0, as: 'success', output: '"by hand"' })
    expect(run.cancelled).toEqual([run.open.get('a')?.run])
    run.end('b', 'timed_out', undefined)
    signal(run, 'go', '1')
    expect(given(run)).toEqual([])
    expect(run.states).toEqual({ a: 'success', b: 'failed', z: 'r' })
  })
})

describe('a callback', () => {
  const spec = waiting({ callback: true }, { ask: { job: 'ask', input: { url: 'https://us.example/{{callback.paid}}' } } })
  const token = `${SELF}.secret1`

  test('has a token that another task hands out, from the beginning', () => {
    const run = new Driven(spec)
    expect(run.inputOf('ask')).toEqual({ url: `https://us.example/${token}` })
    expect(token.startsWith(`${SELF}.`)).toBe(true)
  })

  test.each(['before', 'after'])('is settled once, %s its task begins; the second hears so', when => {
    const run = new Driven(spec)
    if (when === 'after') run.end('before')
    expect(refusal(settle(run, token, '{"ok":true}', 'c1'))).toBeNull()
    if (when === 'before') run.end('before')
    expect(given(run)).toEqual([[run.open.get('paid')?.run, { is: 'given', output: '{"ok":true}' }]])
    expect(settle(run, token, '{"ok":true}', 'c1')).toEqual({ events: [] })
    expect(refusal(settle(run, token, '2', 'c2'))).toBe('promise-not-found')
    run.end('paid', 'completed', { ok: true })
    expect(refusal(settle(run, token, '2', 'c3'))).toBe('promise-not-found')
    expect(given(run)).toHaveLength(1)
  })

  test('may be a failure, and another token is none', () => {
    const run = new Driven(spec)
    run.end('before')
    expect(refusal(settle(run, `${SELF}.guess`, '1', 'c0'))).toBe('promise-not-found')
    const failure = { type: 'Rejected', message: 'no money', code: 'rejected' }
    settle(run, token, null, 'c1', failure)
    expect(given(run)).toMatchObject([[run.open.get('paid')?.run, { failure }]])
  })
})

describe('what is refused', () => {
  const at = (wait: DagWait, more: object = {}) => {
    try {
      checkDag('sales', { tasks: { w: { wait, ...more } } }, '')
      return null
    } catch (error) {
      return (error as { problem: { at: string } }).problem.at
    }
  }
  test.each<[DagWait, string | null, object?]>([
    [{}, '/tasks/w/wait'],
    [{ signal: 'a', callback: true }, '/tasks/w/wait/callback'],
    [{ until: '2026-03-01', plusMs: 1 }, null],
    [{ dag: 'a', plusMs: 1 }, '/tasks/w/wait/dag'],
    [{ signal: 'a', tasks: ['b'] }, '/tasks/w/wait/tasks'],
    [{ until: '2026-02-30' }, '/tasks/w/wait/until'],
    [{ until: 'tomorrow' }, '/tasks/w/wait/until'],
    [{ dag: 'a', for: 'yesterday' }, '/tasks/w/wait/for'],
    [{ dag: '{{input}}' }, '/tasks/w/wait/dag'],
    [{ dag: 'a', tasks: [] }, '/tasks/w/wait/tasks'],
    [{ run: '{{input:run}}', states: ['success', 'failed'] }, null],
    [{ run: '7kq2m' }, '/tasks/w/wait/run'],
    [{ run: '{{input}}', dag: 'a' }, '/tasks/w/wait/run'],
    [{ run: '{{input}}', plusMs: 1 }, '/tasks/w/wait/run'],
    [{ run: '{{input}}', tasks: ['a'] }, '/tasks/w/wait/tasks'],
    [{ signal: 'a', states: ['failed'] }, '/tasks/w/wait/states'],
    [{ run: '{{output.gone}}' }, '/tasks/w/wait/run'],
    [{ dag: 'a', failStates: ['success'] }, '/tasks/w/wait/failStates'],
    [{ dag: 'a', failStates: ['failed'], skipStates: ['failed'] }, '/tasks/w/wait/skipStates'],
    [{ signal: 'a', default: 1 }, '/tasks/w/wait/default'],
    [{ signal: 'a', timeoutMs: 1, default: 1, onTimeout: 'skip' }, '/tasks/w/wait/onTimeout'],
    [{ signal: 'a' }, '/tasks/w/wait', { job: 'j' }],
    [{ signal: 'a' }, '/tasks/w/wait', { input: 1 }],
    [{ callback: true }, '/tasks/w/wait/callback', { map: { over: [1] } }],
    [{ signal: '{{callback.w}}' }, '/tasks/w/wait/signal'],
    [{ signal: '{{output.gone}}' }, '/tasks/w/wait/signal'],
  ])('%j at %s', (wait, place, more) => expect(at(wait, more)).toBe(place))
})
