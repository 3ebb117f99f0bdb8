import { describe, expect, test } from 'vitest'
import { Driven } from '../../../test/support/dag-run.ts'
import type { UserError } from '../../core/errors.ts'
import { checkDag } from './graph.ts'
import { planOf } from './plan.ts'
import type { DagSpec, DagTask, DagWait } from './spec.ts'

/** A mapped group in which each item waits after its own load, and one behind it. */
const spec = (wait: DagWait, more: Partial<DagSpec> = {}, group: DagSpec['groups'] = { g: { map: { over: '{{output.list}}' } } }): DagSpec => ({
  groups: group,
  tasks: {
    list: { job: 'list' },
    load: { job: 'load', group: 'g' },
    ok: { group: 'g', after: ['load'], wait },
    ship: { job: 'ship', group: 'g', input: '{{output.ok}}' },
    sum: { job: 'sum', input: '{{output.ok}}' },
  },
  ...more,
})
const listed = (wait: DagWait, items: string[] = ['x', 'y'], more: Partial<DagSpec> = {}): Driven => {
  const run = new Driven(spec(wait, more))
  run.end('list', 'completed', items)
  return run
}
const signal = (run: Driven, name: string, payload: string) => run.give({ is: 'signal', command: `${name} ${payload}`, name, payload, by: null })
const given = (run: Driven) => run.told.filter(({ input }) => input.is === 'given').map(({ to, input }) => [to, input])
const problemOf = (spec: DagSpec) => {
  try {
    checkDag('sales', spec, '')
  } catch (error) {
    return (error as UserError).problem
  }
  return null
}

describe('a task that waits in a mapped group', () => {
  test('waits for each item by itself, from when that item comes to it, for a signal of its own name', () => {
    const run = listed({ signal: 'ok-{{item}}-{{output.load:id}}' })
    run.end('load#1', 'completed', { id: 7 })
    expect(run.inputOf('ok#1')).toEqual({ signal: 'ok-y-7' })
    expect(run.states).toMatchObject({ load: 'r success', ok: '. r', ship: '. .', sum: '.' })
    const { run: child } = run.open.get('ok#1') as { run: string }
    signal(run, 'ok-y-7', '"Y"')
    expect(given(run)).toEqual([[child, { is: 'given', output: '"Y"' }]])
    run.end('ok#1', 'completed', 'Y')
    expect(run.inputOf('ship#1')).toBe('Y')
    expect(run.state.waits).toEqual([])
  })

  test('is given what came before its item came to it, once; all are told outside as a list', () => {
    const run = listed({ signal: 'ok-{{item}}' })
    signal(run, 'ok-y', '2')
    signal(run, 'ok-x', '1')
    expect(given(run)).toEqual([])
    run.end('load#0')
    expect(given(run)).toEqual([[run.open.get('ok#0')?.run, { is: 'given', output: '1' }]])
    run.end('load#1')
    expect(given(run).slice(1)).toEqual([[run.open.get('ok#1')?.run, { is: 'given', output: '2' }]])
    expect(run.state.signals).toEqual([])
    for (const n of [0, 1]) run.end(`ok#${n}`, 'completed', n + 1)
    for (const n of [0, 1]) run.end(`ship#${n}`)
    expect(run.inputOf('sum')).toEqual([1, 2])
  })

  test('for a time, or the run of another DAG, of its item', () => {
    const times = listed({ until: '{{item}}' }, ['2026-03-01', '2026-03-02'])
    for (const n of [0, 1]) times.end(`load#${n}`)
    expect([times.inputOf('ok#0'), times.inputOf('ok#1')]).toEqual([{ until: '2026-03-01' }, { until: '2026-03-02' }])
    const runs = listed({ dag: 'sold', for: '{{item}}', tasks: ['load.{{index}}'] }, ['2026-03-01', '2026-03-02'])
    runs.end('load#1')
    expect(runs.inputOf('ok#1')).toEqual({ dag: 'sold', for: '2026-03-02', tasks: ['load.1'] })
  })

  test('that is skipped or has timed out ends so for its item alone', () => {
    const run = listed({ signal: 'ok-{{item}}', timeoutMs: 1_000 }, ['x', 'y', 'z'])
    for (const n of [0, 1, 2]) run.end(`load#${n}`)
    run.end('ok#0', 'timed_out', undefined)
    run.end('ok#1', 'failed', undefined, 'skipped')
    expect(run.states).toMatchObject({ ok: 'failed skipped r', ship: 'upstream_failed skipped .' })
  })

  test('takes no slot: with one slot all items come to wait', () => {
    const run = listed({ signal: 'ok-{{item}}' }, ['x', 'y', 'z'], { maxActiveTasks: 1 })
    for (const n of [0, 1, 2]) run.end(`load#${n}`)
    expect(run.states).toMatchObject({ load: 'success success success', ok: 'r r r' })
  })

  test('counts where the group says how many items may be under way', () => {
    const run = new Driven(spec({ signal: 'ok-{{item}}' }, {}, { g: { map: { over: ['x', 'y'], concurrency: 1 } } }))
    run.end('load#0')
    expect(run.states).toMatchObject({ load: 'success q', ok: 'r .' })
    signal(run, 'ok-x', '1')
    run.end('ok#0')
    run.end('ship#0')
    expect(run.states).toMatchObject({ load: 'success r' })
  })

  test('a person marks it for one item; what it waited for is not given to it any more', () => {
    const run = listed({ signal: 'go' })
    for (const n of [0, 1]) run.end(`load#${n}`)
    const runs = [0, 1].map(n => run.open.get(`ok#${n}`)?.run)
    run.give({
      is: 'mark',
      command: 'm',
      by: null,
      why: null,
      n: planOf(run.spec).numbers.get('ok') as number,
      item: 0,
      as: 'success',
      output: '"by hand"',
    })
    run.wake()
    expect(run.cancelled).toEqual([runs[0]])
    expect(run.inputOf('ship#0')).toBe('by hand')
    signal(run, 'go', '1')
    expect(given(run)).toEqual([[runs[1], { is: 'given', output: '1' }]])
  })

  test('is told to stop with its run, item by item, and then waits for nothing', () => {
    const run = listed({ signal: 'ok-{{item}}' })
    run.end('load#0')
    const open = [run.open.get('ok#0')?.run, run.open.get('load#1')?.run]
    run.give({ is: 'cancel', command: 'c', by: null, why: null })
    expect(run.cancelled.toSorted()).toEqual(open.toSorted())
    run.end('ok#0', 'cancelled', undefined)
    run.end('load#1', 'cancelled', undefined)
    expect([run.outcome?.state, run.state.waits]).toEqual(['cancelled', []])
  })
})

test('a mapped task that waits takes no slot: all its items wait with one, as many at once as it says', () => {
  const run = new Driven({ maxActiveTasks: 1, tasks: { each: { map: { over: [1, 2, 3] }, wait: { signal: 'go' } } } })
  expect(run.states).toEqual({ each: 'r r r' })
  const two = new Driven({
    maxActiveTasks: 1,
    tasks: { beside: { job: 'j' }, each: { map: { over: [1, 2, 3], concurrency: 2 }, wait: { signal: 'go' } } },
  })
  expect(two.states).toEqual({ beside: 'r', each: 'r r q' })
})

test('a callback of a mapped task, or in a mapped group, is refused: it would have one token for all items', () => {
  const hint = 'what runs once for each item has no one token: wait for a signal whose name has its {{item}}'
  expect(problemOf(spec({ callback: true }))).toMatchObject({ at: '/tasks/ok/wait/callback', hint })
  const outer: DagSpec = { groups: { out: { map: { over: [1] } }, in: { group: 'out' } }, tasks: { w: { group: 'in', wait: { callback: true } } } }
  expect(problemOf(outer)).toMatchObject({ at: '/tasks/w/wait/callback', hint })
  const beside: Record<string, DagTask> = { paid: { wait: { callback: true } }, ask: { job: 'ask', group: 'g', input: '{{callback.paid}}' } }
  expect(problemOf({ groups: { g: { map: { over: [1] } } }, tasks: beside })).toBeNull()
})

test('a token that is handed out makes nobody wait for the task that it is of', () => {
  const run = new Driven({ tasks: { ask: { job: 'ask', input: '{{callback.paid}}' }, paid: { after: ['ask'], wait: { callback: true } } } })
  expect(run.states).toEqual({ ask: 'r', paid: '.' })
})
