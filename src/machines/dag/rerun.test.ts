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

test('whatever failed, and in whatever order: going on until nothing fails ends as a run in which nothing failed', () => {
  const dag = fc.array(fc.record({ after: fc.array(fc.nat(8), { maxLength: 3 }), mapped: fc.boolean() }), { minLength: 1, maxLength: 9 }).map(
    (tasks): DagSpec => ({
      tasks: Object.fromEntries(
        tasks.map(({ after, mapped }, n) => [
          `t${n}`,
          {
            job: 'j',
            after: after.filter(other => other < n).map(other => `t${other}`),
            ...(mapped ? { map: { over: [1, 2, 3] } } : {}),
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
