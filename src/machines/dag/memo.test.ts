import { describe, expect, test } from 'vitest'
import { Driven } from '../../../test/support/dag-run.ts'
import type { LookedInput } from '../memo/types.ts'
import { checkDag } from './graph.ts'
import { planOf } from './plan.ts'
import { rerunOf } from './rerun.ts'
import type { DagSpec, DagTask } from './spec.ts'
import { RESEND_MS } from './state.ts'

const SPEC: DagSpec = {
  tasks: {
    list: { job: 'list' },
    clean: { job: 'clean', input: '{{output.list}}', cache: { key: 'v1-{{input:day}}', ttlMs: 1_000 } },
    sum: { job: 'sum', input: '{{output.clean}}' },
  },
  output: '{{output.sum}}',
}
const looks = (run: Driven) => run.told.filter(({ input }) => input.is === 'look') as unknown as { to: string; input: { ref: number; key: string } }[]
const keeps = (run: Driven) => run.told.filter(({ input }) => input.is === 'keep').map(({ input }) => input)
const answer = (run: Driven, hit: LookedInput['hit'], ref = looks(run).at(-1)?.input.ref as number) => {
  run.give({ is: 'looked', ref, hit })
  run.wake()
}
function looking(spec = SPEC): Driven {
  const run = new Driven(spec, { input: '{"day":"monday"}' })
  run.end('list', 'completed', [1])
  return run
}

describe('a task whose results are kept', () => {
  test('asks before it runs, by its key; there being nothing, it runs, and what it gives is kept', () => {
    const run = looking()
    expect(looks(run)).toEqual([
      {
        ...{ is: 'tell', to: 'memo clean', creates: { kind: 'memo', name: 'sales.clean' } },
        input: { is: 'look', run: run.self, ref: 0 + planOf(SPEC).numbers.get('clean')!, key: 'v1-monday', ttlMs: 1_000 },
      },
    ])
    expect([run.started, run.states]).toEqual([['list'], { list: 'success', clean: 'a', sum: '.' }])
    answer(run, null)
    answer(run, null)
    expect(run.started).toEqual(['list', 'clean'])
    expect(run.inputOf('clean')).toEqual([1])
    const { run: child } = run.open.get('clean') as { run: string }
    run.end('clean', 'completed', 'A')
    expect(keeps(run)).toEqual([{ is: 'keep', key: 'v1-monday', run: child, output: '"A"' }])
    expect([run.inputOf('sum'), run.state.memos]).toEqual(['A', {}])
  })

  test('does not run where there is: what was given then is its output, and it is that run that gave it', () => {
    const run = looking()
    answer(run, { at: 5, run: 'other', output: '"A"' })
    expect([run.started, run.inputOf('sum')]).toEqual([['list', 'sum'], 'A'])
    const ref = planOf(SPEC).numbers.get('clean') as number
    expect(run.events.find(({ is, ref: one }) => is === 'ended' && one === ref)).toMatchObject({ as: 'success', run: 'other', cachedAt: 5 })
    expect([run.state.hits, run.state.elsewhere[ref], run.state.active]).toEqual([[ref], 'other', 1])
    run.end('sum', 'completed', 'S')
    expect([run.outcome?.output, keeps(run)]).toEqual(['"S"', []])
  })

  test.each(['failed', 'timed_out', 'cancelled'] as const)('that has %s is not kept', state => {
    const run = looking()
    answer(run, null)
    run.end('clean', state)
    expect(keeps(run)).toEqual([])
  })

  test('nor is one that skipped itself, or that a person has marked', () => {
    const skipped = looking()
    answer(skipped, null)
    skipped.end('clean', 'failed', null, 'skipped')
    const marked = looking()
    marked.give({ is: 'mark', command: 'm', by: null, why: null, n: planOf(SPEC).numbers.get('clean') as number, as: 'success', output: '"M"' })
    answer(marked, { at: 5, run: 'other', output: '"A"' })
    expect([skipped, marked].map(run => [run.states.clean, keeps(run).length, run.state.memos])).toEqual([
      ['skipped', 0, {}],
      ['success', 0, {}],
    ])
    expect(marked.inputOf('sum')).toBe('M')
  })

  test('asks again where nobody answered, and starts again what was answered', () => {
    const run = looking()
    run.answers = false
    run.now += RESEND_MS
    run.wake()
    expect([looks(run).length, run.started]).toEqual([2, ['list']])
    answer(run, null)
    run.now += RESEND_MS
    run.wake()
    expect([looks(run).length, run.started]).toEqual([2, ['list', 'clean', 'clean']])
  })

  test('does not begin once its run is asked to stop, and is run by a rerun of what failed', () => {
    const run = looking()
    run.give({ is: 'cancel', command: 'c', by: null, why: null })
    answer(run, null)
    expect([run.started, run.states.clean, run.outcome?.state]).toEqual([['list'], 'failed', 'cancelled'])
    const plan = planOf(SPEC)
    const selection = { tasks: null, downstream: false, upstream: false }
    expect(rerunOf(plan, { self: run.self, state: run.state, plan, history: run.events }, selection)).toMatchObject({ first: { name: 'clean' } })
  })

  test('of what it is mapped over each item has its own key: by default its input', () => {
    const run = new Driven({ tasks: { each: { job: 'each', map: { over: ['a', 'b', 'x'.repeat(300)] }, input: { file: '{{item}}' }, cache: {} } } })
    expect(looks(run).map(({ input }) => input.key)).toEqual(['{"file":"a"}', '{"file":"b"}', `sha256:digest of ${'{"file":""}'.length + 300}`])
    for (const { input } of looks(run)) answer(run, input.ref === 1 ? { at: 5, run: 'other', output: '1' } : null, input.ref)
    expect([run.started, run.states.each]).toEqual([['each#0', 'each#2'], 'r success r'])
  })

  test('that a branch is chooses by what it gave then', () => {
    const run = new Driven({
      tasks: {
        way: { job: 'way', branch: true, cache: { key: 'k' } },
        left: { job: 'left', after: ['way'] },
        right: { job: 'right', after: ['way'] },
      },
    })
    answer(run, { at: 5, run: 'other', output: '"left"' })
    expect(run.states).toMatchObject({ way: 'success', left: 'r', right: 'skipped' })
  })

  test('whose key cannot be made fails', () => {
    const run = new Driven({ tasks: { a: { job: 'a', cache: { key: '{{input | date}}' } } } }, { input: '"soon"' })
    expect([run.states.a, run.outcome?.failure?.message]).toEqual(['failed', expect.stringContaining('invalid-template')])
  })
})

// Prefect: `refresh_cache` runs a task and replaces what is kept. Who clears a task here has seen what it gave, and wants it done again.
test('a rerun does not ask: it runs what it runs again, and what that gives replaces what is kept', () => {
  const old = looking()
  answer(old, { at: 5, run: 'other', output: '"A"' })
  old.end('sum', 'failed')
  const plan = planOf(SPEC)
  const selection = { tasks: ['clean'], downstream: true, upstream: false }
  const rerun = rerunOf(plan, { self: old.self, state: old.state, plan, history: old.events }, selection)
  if ('refused' in rerun) throw new Error(rerun.refused)
  const outputs = Object.fromEntries(rerun.outputs.map(({ ref, output }) => [ref, output as string]))
  const run = new Driven(SPEC, { input: '{"day":"monday"}', fork: { version: '1', kept: { ...rerun.kept, outputs }, choices: {} } })
  expect([looks(run), run.started]).toEqual([[], ['clean']])
  run.end('clean', 'completed', 'B')
  expect(keeps(run)).toMatchObject([{ key: 'v1-monday', output: '"B"' }])
})

test('a rerun behind a result that was kept is given it', () => {
  const old = looking()
  answer(old, { at: 5, run: 'other', output: '"A"' })
  old.end('sum', 'failed')
  const plan = planOf(SPEC)
  const selection = { tasks: null, downstream: false, upstream: false }
  const rerun = rerunOf(plan, { self: old.self, state: old.state, plan, history: old.events }, selection)
  expect(rerun).toMatchObject({ outputs: [{ output: '"A"', run: 'other' }], kept: { runs: { [plan.numbers.get('clean') as number]: 'other' } } })
})

const task = (more: DagTask): DagSpec => ({ tasks: { a: { job: 'a' }, b: more } })
test.each<[DagSpec, string, string]>([
  [task({ cache: {} }), '/tasks/b/cache', 'a task without a job'],
  [task({ job: 'b', setup: true, cache: {} }), '/tasks/b/cache', 'a setup'],
  [task({ job: 'b', cache: { key: '{{item}}' } }), '/tasks/b/cache/key', 'item'],
  [task({ job: 'b', cache: { key: ['{{output.c}}'] } }), '/tasks/b/cache/key/0', 'no task of this id'],
  [task({ job: 'b', cache: { key: '{{var.day}}' } }), '/tasks/b/cache/key', 'looked up later'],
])('%j is refused at %s', (spec, at, hint) => {
  expect(() => checkDag('sales', spec, '')).toThrow(
    expect.objectContaining({ problem: expect.objectContaining({ at, hint: expect.stringContaining(hint) }) }),
  )
})

test('it waits for those whose outputs its key names', () => {
  expect(planOf(task({ job: 'b', cache: { key: '{{output.a:etag}}' } })).upstream).toEqual([[], [0]])
})
