import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Driven } from '../../../test/support/dag-run.ts'
import { planOf } from './plan.ts'
import { rerunOf, type Selection } from './rerun.ts'
import type { DagSpec } from './spec.ts'
import type { DagInput } from './types.ts'

const FAILED: Selection = { tasks: null, downstream: false, upstream: false }
const named = (...tasks: string[]): Selection => ({ ...FAILED, tasks })

/** The run that goes on where another has ended. */
function again(old: Driven, selection: Selection, spec = old.spec): Driven {
  const plan = planOf(spec)
  const rerun = rerunOf(plan, { self: old.self, state: old.state, plan: planOf(old.spec), history: old.events }, selection)
  if ('refused' in rerun) throw new Error(rerun.refused)
  const given = (needs: typeof rerun.outputs) =>
    Object.fromEntries(needs.map(({ ref, output, run }) => [ref, output ?? (old.gave.get(run) as string)]))
  const fork: (DagInput & { is: 'start' })['fork'] = {
    version: '1',
    kept: { ...rerun.kept, outputs: given(rerun.outputs) },
    choices: given(rerun.choices),
  }
  const run = new Driven(spec, { self: `${old.self.slice(0, -1)}${old.gave.size % 10}`, fork })
  for (const [of, output] of old.gave) run.gave.set(of, output)
  return run
}

const PIPELINE: DagSpec = {
  tasks: {
    list: { job: 'list' },
    clean: { job: 'clean', map: { over: '{{output.list}}' } },
    sum: { job: 'sum', input: '{{output.clean}}' },
    tell: { job: 'tell', after: ['list'] },
  },
  output: '{{output.sum}}',
}
function failed(): Driven {
  const run = new Driven(PIPELINE)
  run.end('list', 'completed', ['a', 'b', 'c'])
  run.end('tell')
  run.end('clean#0', 'completed', 'A')
  run.end('clean#1', 'failed')
  run.end('clean#2', 'completed', 'C')
  expect(run.outcome?.state).toBe('failed')
  return run
}

describe('from what failed', () => {
  test('only the items that failed run again, and what could not run; the rest is kept and given on', () => {
    const run = again(failed(), FAILED)
    expect(run.started).toEqual(['clean#1'])
    expect(run.inputOf('clean#1')).toBe('b')
    run.end('clean#1', 'completed', 'B')
    expect(run.inputOf('sum')).toEqual(['A', 'B', 'C'])
    run.end('sum', 'completed', 'ABC')
    expect(run.outcome).toEqual({ state: 'completed', reason: null, output: '"ABC"' })
    expect(run.started).toEqual(['clean#1', 'sum'])
  })

  test('a chain of them keeps what the first of it gave', () => {
    const second = again(failed(), FAILED)
    second.end('clean#1', 'failed')
    const third = again(second, FAILED)
    third.end('clean#1', 'completed', 'B')
    expect(third.inputOf('sum')).toEqual(['A', 'B', 'C'])
    // Where each has run is known still.
    expect(new Set(Object.values(third.state.elsewhere)).size).toBe(Object.keys(third.state.elsewhere).length)
    expect(third.state.elsewhere[0]).toBe(second.state.elsewhere[0])
  })

  // Airflow, DAG.clear(only_failed=True): task instances in failed and upstream_failed; whoever ran because of the failure stays.
  test('what ran because of the failure, and what was skipped by its rule, stays', () => {
    const run = new Driven({
      tasks: {
        a: { job: 'a' },
        alarm: { job: 'alarm', after: ['a'], when: 'one_failed' },
        calm: { job: 'calm', after: ['a'], when: 'all_skipped' },
        b: { job: 'b', after: ['a'] },
      },
    })
    run.end('a', 'failed')
    run.end('alarm')
    expect(run.states).toEqual({ a: 'failed', alarm: 'success', calm: 'skipped', b: 'upstream_failed' })
    const next = again(run, FAILED)
    next.end('a')
    next.end('b')
    expect(next.started).toEqual(['a', 'b'])
    expect(next.outcome?.state).toBe('completed')
  })

  test('of a run that was cancelled what it was never come to runs again', () => {
    const run = new Driven({ tasks: { a: { job: 'a' }, b: { job: 'b', after: ['a'] }, c: { job: 'c', after: ['b'] } } })
    run.end('a')
    run.give({ is: 'cancel', command: 'x', by: null, why: null })
    run.end('b', 'cancelled')
    expect(run.outcome?.state).toBe('cancelled')
    const next = again(run, FAILED)
    next.end('b')
    next.end('c')
    expect([next.started, next.outcome?.state]).toEqual([['b', 'c'], 'completed'])
  })

  test('of a run that was terminated, too', () => {
    const run = new Driven({ tasks: { a: { job: 'a' }, b: { job: 'b', after: ['a'] } } })
    run.give({ is: 'terminate', command: 'x', by: null, why: null })
    const next = again(run, FAILED)
    next.end('a')
    expect(next.started).toEqual(['a', 'b'])
  })

  test('nothing runs again where nothing failed', () => {
    const run = new Driven({ tasks: { a: { job: 'a' } } })
    run.end('a')
    expect(() => again(run, FAILED)).toThrow('nothing of it failed')
  })
})

describe('by name', () => {
  const DIAMOND: DagSpec = {
    tasks: {
      a: { job: 'a' },
      b: { job: 'b', input: '{{output.a}}', group: 'middle' },
      c: { job: 'c', after: ['a'], group: 'middle' },
      d: { job: 'd', after: ['b', 'c'] },
    },
    groups: { middle: {} },
  }
  function done(spec = DIAMOND): Driven {
    const run = new Driven(spec)
    for (const task of ['a', 'b', 'c', 'd']) run.end(task, 'completed', task.toUpperCase())
    return run
  }

  test.each<[Partial<Selection>, string[]]>([
    [{ tasks: ['b'] }, ['b']],
    [{ tasks: ['b'], downstream: true }, ['b', 'd']],
    [{ tasks: ['b'], upstream: true }, ['a', 'b']],
    [{ tasks: ['middle'] }, ['b', 'c']],
    [{ tasks: ['a'], downstream: true }, ['a', 'b', 'c', 'd']],
  ])('%j runs %j again', (selection, runs) => {
    const run = again(done(), { ...FAILED, ...selection })
    while (run.open.size > 0) run.end([...run.open.keys()][0] as string, 'completed', 'new')
    expect(run.started).toEqual(runs)
    expect(run.outcome?.state).toBe('completed')
  })

  // Airflow, `post_clear_task_instances`: what is up and down of the tasks joins them first, then `only_failed` leaves those `failed` and `upstream_failed` (`DAG.clear`).
  test.each<[Partial<Selection>, string[]]>([
    [{ tasks: ['a'], downstream: true, onlyFailed: true }, ['b', 'd']],
    [{ tasks: ['middle'], onlyFailed: true }, ['b']],
    [{ tasks: ['d'], upstream: true, onlyFailed: true }, ['b', 'd']],
    [{ tasks: null, onlyFailed: true }, ['b', 'd']],
  ])('where b failed %j runs %j again', (selection, runs) => {
    const old = new Driven(DIAMOND)
    for (const task of ['a', 'b', 'c']) old.end(task, task === 'b' ? 'failed' : 'completed', task)
    expect(old.states.d).toBe('upstream_failed')
    const run = again(old, { ...FAILED, ...selection })
    while (run.open.size > 0) run.end([...run.open.keys()][0] as string, 'completed', 'new')
    expect(run.started).toEqual(runs)
  })

  test('where none of them failed nothing runs again', () =>
    expect(() => again(done(), { ...named('b'), onlyFailed: true })).toThrow('nothing of it failed'))

  test('it is given what the run before it gave', () => {
    expect(again(done(), named('b')).inputOf('b')).toBe('A')
  })

  test('nobody of this name', () => expect(() => again(done(), named('e'))).toThrow('there is no task or group of this id'))

  test('by a version with another task that one runs, too, and what is not there any more is gone', () => {
    const { a, b, d } = DIAMOND.tasks
    const run = again(done(), named('d'), {
      tasks: { a: a as never, b: { ...b, group: undefined } as never, d: { ...d, after: ['b'] }, e: { job: 'e', input: '{{output.d}}' } },
    })
    run.end('d', 'completed', 1)
    expect(run.inputOf('e')).toBe(1)
    run.end('e')
    expect(run.started).toEqual(['d', 'e'])
  })

  // Airflow, howto/setup-and-teardown: "If you clear a task, its setups and teardowns will be cleared."
  test('its setups and their teardowns run again with it, other work does not', () => {
    const run = new Driven({
      tasks: {
        create: { job: 'create', setup: true },
        one: { job: 'one', after: ['create'] },
        other: { job: 'other', after: ['create'] },
        remove: { job: 'remove', teardown: true, after: ['create', 'one', 'other'] },
      },
    })
    for (const task of ['create', 'one', 'other', 'remove']) run.end(task)
    const next = again(run, named('one'))
    for (const task of ['create', 'one', 'remove']) next.end(task)
    expect([next.started, next.outcome?.state]).toEqual([['create', 'one', 'remove'], 'completed'])
  })

  // Airflow, NotPreviouslySkippedDep: who was left out by a branch is skipped again when it is cleared.
  test('what a branch that is kept has left out is skipped again', () => {
    const run = new Driven({
      tasks: { pick: { job: 'pick', branch: true }, left: { job: 'left', after: ['pick'] }, right: { job: 'right', after: ['pick'] } },
    })
    run.end('pick', 'completed', 'left')
    run.end('left', 'failed')
    const told = rerunOf(planOf(run.spec), { self: run.self, state: run.state, plan: planOf(run.spec), history: run.events }, named('left', 'right'))
    // Nobody is given what it chose, so its history does not tell: it is read from its run.
    const { choices } = told as Exclude<typeof told, { refused: string }>
    expect(choices).toMatchObject([{ ref: 0, output: undefined }])
    const next = again(run, named('left', 'right'))
    next.end('left')
    expect(next.states).toEqual({ pick: 'success', left: 'success', right: 'skipped' })
    expect(next.outcome?.state).toBe('completed')
  })

  test('what nobody but a task that runs again needs is asked of who gave it; who does nothing gives it anew', () => {
    const run = new Driven({
      tasks: { a: { job: 'a' }, join: { input: ['{{output.a}}'] }, b: { job: 'b', after: ['join'] } },
    })
    run.end('a', 'completed', 1)
    run.end('b')
    const next = again(run, named('b'), {
      tasks: { a: { job: 'a' }, join: { input: ['{{output.a}}'] }, b: { job: 'b', input: '{{output.join}}' } },
    })
    expect(next.inputOf('b')).toEqual([1])
  })
})

describe('of a mapped group', () => {
  const GROUP: DagSpec = {
    groups: { g: { map: { over: '{{output.list}}' } } },
    tasks: {
      list: { job: 'list' },
      load: { job: 'load', group: 'g' },
      check: { job: 'check', group: 'g', input: ['{{item}}', '{{output.load}}'] },
      beside: { job: 'beside', group: 'g' },
      sum: { job: 'sum', input: '{{output.check}}' },
    },
  }
  const ended = (fails: readonly string[]): Driven => {
    const run = new Driven(GROUP)
    run.end('list', 'completed', ['a', 'b', 'c'])
    for (let name = [...run.open.keys()][0]; name !== undefined; name = [...run.open.keys()][0])
      run.end(name, fails.includes(name) ? 'failed' : 'completed', fails.includes(name) ? undefined : name)
    return run
  }

  test('an item that failed goes on where it did, the others stay', () => {
    const run = again(ended(['load#0', 'check#1']), FAILED)
    expect(run.started.sort()).toEqual(['check#1', 'load#0'])
    expect(run.inputOf('check#1')).toEqual(['b', 'load#1'])
    run.end('load#0', 'completed', 'new')
    expect(run.inputOf('check#0')).toEqual(['a', 'new'])
    run.end('check#0', 'completed', 0)
    run.end('check#1', 'completed', 1)
    expect(run.inputOf('sum')).toEqual([0, 1, 'check#2'])
    run.end('sum')
    expect(run.outcome?.state).toBe('completed')
  })

  test('only the items that failed of those behind what is named', () => {
    const run = again(ended(['load#0']), { ...named('load'), downstream: true, onlyFailed: true })
    run.end('load#0', 'completed', 'new')
    run.end('check#0', 'completed', 0)
    run.end('sum')
    expect([run.started, run.outcome?.state]).toEqual([['load#0', 'check#0', 'sum'], 'completed'])
  })

  test('by item: its task, and with downstream what is behind it of that item, and all outside', () => {
    const old = ended([])
    const one = again(old, { ...named('load'), items: [1] })
    expect(one.started).toEqual(['load#1'])
    one.end('load#1')
    expect(one.outcome?.state).toBe('completed')
    const chain = again(old, { ...named('load'), items: [1], downstream: true })
    chain.end('load#1', 'completed', 'L')
    expect(chain.inputOf('check#1')).toEqual(['b', 'L'])
    chain.end('check#1', 'completed', 'new')
    expect(chain.inputOf('sum')).toEqual(['check#0', 'new', 'check#2'])
    chain.end('sum')
    expect([chain.started, chain.outcome?.state]).toEqual([['load#1', 'check#1', 'sum'], 'completed'])
  })

  test('all of it, where what it is mapped over runs again', () => {
    const run = again(ended([]), { ...named('list') })
    run.end('list', 'completed', ['z'])
    expect(run.started).toEqual(['list', 'load#0', 'beside#0'])
    expect(run.inputOf('load#0')).toBe('z')
  })

  test('an item that there is not is refused, and items of what has none', () => {
    const { self, state, events: history } = ended([])
    const plan = planOf(GROUP)
    const refused = (selection: Selection) => rerunOf(plan, { self, state, plan, history }, selection)
    expect(refused({ ...named('load'), items: [3] })).toEqual({ refused: '"load" has 3 items, the first is 0', found: '3' })
    expect(refused({ ...named('sum'), items: [0] })).toMatchObject({ refused: '"sum" has no items: leave them out' })
  })

  test('what a cancel has skipped is come to', () => {
    const run = new Driven({ ...GROUP, maxActiveTasks: 1 })
    run.end('list', 'completed', ['a', 'b'])
    run.end('load#0', 'completed', 'A')
    run.give({ is: 'cancel', command: 'c', by: null, why: null })
    run.wake()
    const open = [...run.open.keys()]
    run.end(open[0] as string, 'cancelled')
    expect(run.outcome?.state).toBe('cancelled')
    const next = again(run, FAILED)
    for (let name = [...next.open.keys()][0]; name !== undefined; name = [...next.open.keys()][0]) next.end(name, 'completed', name)
    expect([next.outcome?.state, next.started.includes('load#0')]).toEqual(['completed', false])
    expect(next.states).toEqual({ list: 'success', load: 'success success', check: 'success success', beside: 'success success', sum: 'success' })
  })
})

describe('of items that wait', () => {
  const WAITS: DagSpec = {
    groups: { g: { map: { over: ['x', 'y', 'z'] } } },
    tasks: {
      ok: { group: 'g', wait: { signal: 'ok-{{item}}' } },
      ship: { job: 'ship', group: 'g', input: '{{output.ok}}' },
      sum: { job: 'sum', input: '{{output.ok}}' },
    },
  }
  const waited = (): Driven => {
    const run = new Driven(WAITS)
    run.end('ok#0', 'completed', 'X')
    run.end('ok#1', 'timed_out', undefined)
    run.end('ok#2', 'completed', 'Z')
    run.end('ship#0')
    run.end('ship#2')
    expect(run.outcome?.state).toBe('failed')
    return run
  }

  test('those that have timed out wait anew, the others are not asked for again', () => {
    const run = again(waited(), FAILED)
    expect(run.started).toEqual(['ok#1'])
    run.give({ is: 'signal', command: 'c', name: 'ok-y', payload: '"Y"', by: null })
    expect(run.told).toMatchObject([{ to: run.open.get('ok#1')?.run, input: { is: 'given', output: '"Y"' } }])
    run.end('ok#1', 'completed', 'Y')
    expect([run.inputOf('ship#1'), run.inputOf('sum')]).toEqual(['Y', ['X', 'Y', 'Z']])
  })

  test('one item alone, with its chain, and what is behind the group', () => {
    const run = again(waited(), { tasks: ['ok'], items: [2], downstream: true, upstream: false })
    expect([run.started, run.inputOf('ok#2')]).toEqual([['ok#2'], { signal: 'ok-z' }])
    run.end('ok#2', 'completed', 'ZZ')
    expect(run.started).toEqual(['ok#2', 'ship#2'])
    expect(run.inputOf('ship#2')).toBe('ZZ')
  })
})

test('whatever failed, and in whatever order: going on until nothing fails ends as a run in which nothing failed', () => {
  const dag = fc
    .array(fc.record({ after: fc.array(fc.nat(8), { maxLength: 3 }), is: fc.constantFrom('plain', 'mapped', 'inside', 'inside') }), {
      minLength: 1,
      maxLength: 9,
    })
    .map(
      (tasks): DagSpec => ({
        ...(tasks.some(({ is }) => is === 'inside') && { groups: { g: { map: { over: [1, 2, 3] } } } }),
        tasks: Object.fromEntries(
          tasks.map(({ after, is }, n) => [
            `t${n}`,
            {
              job: 'j',
              after: after.filter(other => other < n).map(other => `t${other}`),
              ...(is === 'mapped' && { map: { over: [1, 2, 3] } }),
              ...(is === 'inside' && { group: 'g' }),
            },
          ]),
        ),
      }),
    )
  fc.assert(
    fc.property(dag, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (spec, failures) => {
      const succeeded = new Map<string, number>()
      let round = 0
      const drain = (run: Driven): Driven => {
        for (let name = [...run.open.keys()][0]; name !== undefined; name = [...run.open.keys()][0]) {
          const fails = round < 3 && failures[(succeeded.size * 7 + name.length + round) % failures.length] === true
          if (!fails) succeeded.set(name, (succeeded.get(name) ?? 0) + 1)
          run.end(name, fails ? 'failed' : 'completed', fails ? undefined : name)
        }
        return run
      }
      let run = drain(new Driven(spec))
      for (; run.outcome?.state === 'failed'; run = drain(again(run, FAILED))) round++
      expect(run.outcome?.state).toBe('completed')
      // Who succeeded once is never run again.
      expect([...succeeded.values()].every(times => times === 1)).toBe(true)
      const letters = [run.state.tasks.replaceAll('m', ''), ...Object.values(run.state.mapped).map(({ items }) => items)].join('')
      expect(letters).toMatch(/^s*$/)
    }),
    { numRuns: 200 },
  )
})
