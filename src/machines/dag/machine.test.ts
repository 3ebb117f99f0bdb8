import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Driven, type Start, T } from '../../../test/support/dag-run.ts'
import type { ClosedState } from '../../core/run.ts'
import { dag } from './machine.ts'
import { planOf } from './plan.ts'
import type { DagSpec, DagTask, Json, TriggerRule } from './spec.ts'
import { RESEND_MS, revive } from './state.ts'
import type { DagState } from './types.ts'

const chain = (...ids: string[]): Record<string, DagTask> =>
  Object.fromEntries(ids.map((id, n) => [id, { job: id, ...(n > 0 && { after: [ids[n - 1] as string] }) }]))

describe('a run of a DAG', () => {
  test('costs what is right behind what has ended: a failure goes down a chain of 2,000 in one event', () => {
    const run = new Driven({ tasks: chain(...Array.from({ length: 2_000 }, (_, n) => `t${n}`)) })
    run.end('t0', 'failed')
    expect(run.events.map(({ is }) => is)).toEqual(['started', 'due', 'judged', 'asked', 'begun', 'ended', 'judged', 'failed'])
  })

  test('starts a task when what it waits for has ended, hands outputs on as they were written, and ends with the last', () => {
    const run = new Driven({
      tasks: {
        list: { job: 'list' },
        sum: { job: 'sum', input: '{{output.list}}' },
        tell: { job: 'tell', input: { n: '{{output.sum:total}}', text: 'sum of {{output.list:0}}' } },
      },
      output: '{{output.sum:total}}',
    })
    expect(run.started).toEqual(['list'])
    run.end('list', 'completed', [1, 2])
    expect(run.inputOf('sum')).toEqual([1, 2])
    run.end('sum', 'completed', { total: 3 })
    expect(run.inputOf('tell')).toEqual({ n: 3, text: 'sum of 1' })
    run.end('tell')
    expect(run.outcome).toEqual({ state: 'completed', reason: null, output: '3' })
    expect(run.states).toEqual({ list: 'success', sum: 'success', tell: 'success' })
  })

  test('a value that a filter cannot take fails the task that is given it, of a mapped one the whole, of the output the run', () => {
    const run = new Driven({
      tasks: {
        first: { job: 'first' },
        plain: { job: 'plain', input: '{{output.first | upper}}' },
        mapped: { job: 'mapped', map: { over: ['2026-11-24', 'soon'] }, after: ['first'], input: '{{item | date}}' },
        none: { input: '{{output.first | number}}' },
        after: { job: 'after', after: ['plain', 'mapped', 'none'], when: 'all_done', input: "{{output.first | default('x')}}" },
      },
      output: '{{output.first | number}}',
    })
    run.end('first', 'completed', [1])
    expect(run.states).toEqual({ first: 'success', plain: 'failed', mapped: 'failed', none: 'failed', after: 'r' })
    expect(run.inputOf('after')).toEqual([1])
    run.end('after')
    expect(run.outcome).toMatchObject({ state: 'failed', failure: { code: 'invalid-template', message: expect.stringContaining('a number') } })
  })

  test('an output is kept for as long as somebody may need it', () => {
    const run = new Driven({
      tasks: {
        a: { job: 'a' },
        b: { job: 'b', input: '{{output.a}}' },
        c: { job: 'c', after: ['b'], input: '{{output.a}}' },
        d: { job: 'd', after: ['c'] },
      },
    })
    run.end('a', 'completed', 'x'.repeat(100))
    run.end('b', 'completed', 'not needed')
    expect(run.state.outputsLength).toBe(0)
    expect(run.inputOf('c')).toBe('x'.repeat(100))
    expect(run.state.outputs.values()).toEqual([])
  })

  test('what fails skips nothing and fails what follows; the run fails by its last tasks', () => {
    const run = new Driven({ tasks: { ...chain('a', 'b', 'c'), clean: { job: 'clean', after: ['b'], when: 'all_done' } } })
    run.end('a', 'failed')
    expect(run.states).toEqual({ a: 'failed', b: 'upstream_failed', c: 'upstream_failed', clean: 'r' })
    run.end('clean')
    expect(run.outcome).toMatchObject({ state: 'failed', reason: 'tasks-failed', failure: { message: expect.stringMatching(/^c failed/) } })
  })

  test('a handler may say that there is nothing to do', () => {
    const run = new Driven({ tasks: { ...chain('a', 'b'), c: { job: 'c', after: ['b'], when: 'none_failed' } } })
    run.end('a', 'failed', undefined, 'skipped')
    expect(run.states).toEqual({ a: 'skipped', b: 'skipped', c: 'r' })
    run.end('c')
    expect(run.outcome?.state).toBe('completed')
  })

  test.each<[string, Json, Record<string, string>]>([
    ['one', 'left', { left: 'r', right: 'skipped', below: '.', join: '.' }],
    ['several', ['left', 'right'], { left: 'r', right: 'r', below: '.', join: '.' }],
    ['none', null, { left: 'skipped', right: 'skipped', below: 'skipped', join: 'r' }],
    ['a group', 'g', { left: 'skipped', right: 'r', below: 'skipped', join: '.' }],
    ['one that is also behind the other, as in Airflow', 'direct', { left: 'skipped', right: 'skipped', below: 'skipped', join: '.', direct: 'r' }],
  ])('a branch goes on with %s', (_, output, expected) => {
    const run = new Driven({
      tasks: {
        branch: { job: 'b', branch: true },
        left: { job: 'l', after: ['branch'] },
        right: { job: 'r', after: ['branch'], group: 'g' },
        direct: { job: 'd', after: ['branch', 'left'], when: 'none_failed' },
        below: { job: 'x', after: ['left'] },
        join: { job: 'j', after: ['below', 'right', 'direct'], when: 'none_failed' },
      },
      groups: { g: {} },
    })
    run.end('branch', 'completed', output)
    expect(run.states).toMatchObject(expected)
  })

  test.each<['all' | 'direct', Json, Record<string, string>]>([
    ['all', false, { b: 'skipped', c: 'skipped', d: 'skipped', t: 'r' }],
    ['all', [], { b: 'skipped', c: 'skipped', d: 'skipped', t: 'r' }],
    ['direct', 0, { b: 'skipped', c: 'skipped', d: 'r', t: '.' }],
    ['all', 'x', { b: 'r', c: '.', d: '.', t: '.' }],
  ])('a short circuit (%s) of %j', (shortCircuit, output, expected) => {
    const run = new Driven({
      tasks: {
        s: { setup: true },
        a: { job: 'a', shortCircuit, after: ['s'] },
        b: { job: 'b', after: ['a'] },
        c: { job: 'c', after: ['b'] },
        d: { job: 'd', after: ['c'], when: 'all_done' },
        t: { job: 't', teardown: true, after: ['s', 'd'] },
      },
    })
    run.end('a', 'completed', output)
    expect(run.states).toMatchObject(expected)
  })

  test('a teardown runs however the work ended, and its failure is not the run’s unless it says so', () => {
    for (const failsRun of [false, true]) {
      const run = new Driven({
        tasks: {
          s: { job: 's', setup: true },
          w: { job: 'w', after: ['s'] },
          t: { job: 't', teardown: true, after: ['s', 'w'], ...(failsRun && { failsRun }) },
        },
      })
      run.end('s')
      run.end('w')
      run.end('t', 'failed')
      expect(run.outcome?.state).toBe(failsRun ? 'failed' : 'completed')
    }
  })

  test('a setup further up that is torn down further on must have succeeded', () => {
    const run = new Driven({
      tasks: {
        s: { job: 's', setup: true },
        a: { job: 'a', after: ['s'] },
        b: { job: 'b', after: ['a'], when: 'all_done' },
        t: { job: 't', teardown: true, after: ['s', 'b'] },
      },
    })
    run.end('s', 'failed')
    expect(run.states).toEqual({ s: 'failed', a: 'upstream_failed', b: 'upstream_failed', t: 'upstream_failed' })
  })

  test('at most so many at once, and of a mapped task so many items', () => {
    const run = new Driven({
      maxActiveTasks: 3,
      tasks: { a: { job: 'a', map: { over: [1, 2, 3, 4], concurrency: 2 } }, b: { job: 'b' }, c: { job: 'c' } },
    })
    expect(run.started).toEqual(['b', 'c', 'a#0'])
    run.end('b')
    expect(run.started.slice(3)).toEqual(['a#1'])
    run.end('c')
    expect(run.started).toHaveLength(4)
    run.end('a#0')
    expect(run.started.slice(4)).toEqual(['a#2'])
  })

  test('a run whose start is refused has failed, with the reason', () => {
    const other = new Driven({ tasks: chain('a', 'b') })
    other.answers = false
    other.end('a')
    const asked = other.open.get('b') as Start
    other.give({ is: 'answered', reference: asked.reference, run: null, closed: false, refusal: 'unknown-definition' })
    expect(other.outcome).toMatchObject({ state: 'failed' })
    expect(other.events.at(-2)).toMatchObject({ is: 'ended', task: 'b', reason: 'unknown-definition' })
  })

  test('a start that is not answered is sent again, with the same run and input', () => {
    const run = new Driven({ tasks: { a: { job: 'a' }, b: { job: 'b', input: '{{output.a}}' } } })
    run.answers = false
    run.end('a', 'completed', 7)
    const first = run.open.get('b') as Start
    run.now += RESEND_MS
    run.wake()
    const again = run.open.get('b') as Start
    expect(again).toEqual({ ...first, again: true })
    run.end('b')
    expect(run.outcome?.state).toBe('completed')
  })

  test.each(['terminate', 'cancel'] as const)('%s: what runs is told, what waits does not begin', how => {
    const run = new Driven({ maxActiveTasks: 1, tasks: { a: { job: 'a' }, b: { job: 'b' }, t: { job: 't', teardown: true, after: ['a', 'b'] } } })
    run.give({ is: how, command: 'c', by: 'ana', why: null })
    expect(run.cancelled).toEqual([(run.open.get('a') as Start).run])
    if (how === 'cancel') {
      expect(run.outcome).toBeNull()
      run.end('a', 'cancelled')
      expect(run.states).toEqual({ a: 'failed', b: 'skipped', t: 'r' })
      run.end('t')
      expect(run.outcome).toMatchObject({ state: 'cancelled' })
    } else {
      expect(run.outcome).toMatchObject({ state: 'terminated' })
      expect(run.states).toEqual({ a: 'failed', b: 'removed', t: 'removed' })
    }
  })

  test('times out as a whole, and begins no sooner than it is due', () => {
    const run = new Driven({ tasks: chain('a') }, { options: { notBefore: T + 1_000, timeout: { total: 5_000 } } })
    expect(run.started).toEqual([])
    expect(dag.view(run.state)).toMatchObject({ state: 'scheduled', dueAt: T + 1_000 })
    run.now = T + 1_000
    run.wake()
    expect(run.started).toEqual(['a'])
    run.now = T + 6_000
    run.wake()
    expect(run.outcome).toEqual({ state: 'timed_out', reason: 'total' })
    expect(run.cancelled).toHaveLength(1)
  })
})

describe('a mapped task', () => {
  const over = (map: DagTask['map'], more: Partial<DagTask> = {}) =>
    new Driven({
      tasks: { list: { job: 'list' }, each: { job: 'each', ...(map && { map }), ...more }, sum: { job: 'sum', input: '{{output.each}}' } },
    })

  test('has an item for each of what another gave, and its output is the list of theirs, in their order', () => {
    const run = over({ over: '{{output.list}}' }, { input: { at: '{{index}}', file: '{{item:name}}' } })
    run.end('list', 'completed', [{ name: 'x' }, { name: 'y' }, { name: 'z' }])
    expect(run.inputOf('each#1')).toEqual({ at: 1, file: 'y' })
    run.end('each#2', 'completed', 'Z')
    run.end('each#0', 'completed', 'X')
    run.end('each#1', 'completed', 'Y')
    expect(run.inputOf('sum')).toEqual(['X', 'Y', 'Z'])
  })

  test.each<[string, DagTask['map'], Json]>([
    [
      'zip: item by item, as long as the shortest',
      { zip: { a: '{{output.list}}', b: [10, 20, 30] } },
      [
        { a: 1, b: 10 },
        { a: 2, b: 20 },
      ],
    ],
    [
      'cross: each with each',
      { cross: { a: '{{output.list}}', b: ['x', 'y'] } },
      [
        { a: 1, b: 'x' },
        { a: 1, b: 'y' },
        { a: 2, b: 'x' },
        { a: 2, b: 'y' },
      ],
    ],
  ])('%s', (_, map, expected) => {
    const run = over(map)
    run.end('list', 'completed', [1, 2])
    expect((expected as Json[]).map((_, n) => run.inputOf(`each#${n}`))).toEqual(expected)
    expect(run.open.size).toBe((expected as Json[]).length)
  })

  test.each<[string, Json | undefined, string, string]>([
    ['nothing is skipped', [], 'skipped', 'skipped'],
    ['what is no list fails', { a: 1 }, 'failed', 'upstream_failed'],
    ['a million is refused by its limit', Array.from({ length: 10_001 }, () => 0), 'failed', 'upstream_failed'],
  ])('%s', (_, output, each, sum) => {
    const run = over({ over: '{{output.list}}' })
    run.end('list', 'completed', output)
    expect(run.states).toEqual({ list: 'success', each, sum })
  })

  test('a product of a million is never made', () => {
    const run = over({ cross: { a: '{{output.list}}', b: '{{output.list}}' } })
    run.end(
      'list',
      'completed',
      Array.from({ length: 1_000 }, () => 0),
    )
    expect(run.events.findLast(({ failed }) => failed !== undefined)).toMatchObject({
      failed: [{ reason: 'map-too-large: 1000000 items, and there may be 10000' }],
    })
  })

  test('an item that fails counts as one of those before the next (Airflow)', () => {
    for (const [when, becomes] of [
      ['all_success', 'upstream_failed'],
      ['one_success', 'r'],
      ['all_done', 'r'],
    ] as const) {
      const run = new Driven({ tasks: { each: { job: 'each', map: { over: [1, 2] } }, sum: { job: 'sum', after: ['each'], when } } })
      run.end('each#0')
      run.end('each#1', 'failed')
      expect(run.states.sum).toBe(becomes)
    }
  })

  test('without a job its items are made at once', () => {
    const made = new Driven({
      tasks: {
        list: { job: 'list' },
        each: { map: { over: '{{output.list}}' }, input: { n: '{{item}}' } },
        sum: { job: 'sum', input: '{{output.each}}' },
      },
    })
    made.end('list', 'completed', [1, 2])
    expect(made.inputOf('sum')).toEqual([{ n: 1 }, { n: 2 }])
    expect(made.started).toEqual(['list', 'sum'])
  })
})

/** A DAG whose tasks wait for earlier ones. */
const dags = (rules: readonly TriggerRule[]) =>
  fc
    .array(
      fc.record({ after: fc.array(fc.nat(), { maxLength: 4 }), when: fc.constantFrom(...rules), map: fc.nat(5), job: fc.nat(5), limit: fc.nat(3) }),
      { minLength: 1, maxLength: 12 },
    )
    .map(tasks => ({
      ...(tasks.length % 3 === 0 && { maxActiveTasks: 2 }),
      tasks: Object.fromEntries(
        tasks.map(({ after, when, map, job, limit }, n): [string, DagTask] => [
          `t${n}`,
          {
            ...(job > 0 && { job: 'x' }),
            when: when === 'all_done_setup_success' ? 'all_done' : when,
            ...(n > 0 && { after: after.map(other => `t${other % n}`) }),
            ...(map === 0 && { map: { over: [1, 2, 3], ...(limit > 0 && { concurrency: limit }) } }),
          },
        ]),
      ),
    }))

/** The same, with some of its tasks in a group that is mapped over what one before it gives, or over a list. */
const grouped = (rules: readonly TriggerRule[]) =>
  fc
    .tuple(dags(rules), fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), fc.nat(3), fc.nat(3), fc.boolean())
    .map(([{ tasks, ...spec }, inside, items, limit, isGiven]): DagSpec => {
      const ids = Object.keys(tasks)
      const members = new Set(ids.filter((_, n) => inside[n]))
      const map = { over: isGiven ? '{{output.list}}' : [1, 2, 3].slice(0, items), ...(limit > 0 && { concurrency: limit }) }
      const all = Object.fromEntries(
        ids.map((id): [string, DagTask] => {
          const { map: own, when, ...task } = tasks[id] as DagTask
          const group = { group: 'g', when: when === 'always' ? ('all_done' as const) : (when as TriggerRule) }
          return [id, members.has(id) ? { ...task, ...group } : (tasks[id] as DagTask)]
        }),
      )
      return { ...spec, tasks: { ...all, list: { job: 'x' } }, ...(members.size > 0 && { groups: { g: { map } } }) }
    })

function played(spec: DagSpec, next: () => number, ending: (name: string) => ClosedState | 'skip'): Driven {
  const run = new Driven(spec)
  for (let steps = 0; run.outcome === null && steps < 500; steps++) {
    const names = [...run.open.keys()]
    const name = names[Math.floor(next() * names.length)] as string
    const as = ending(name)
    run.end(
      name,
      as === 'skip' ? 'failed' : as,
      as === 'completed' ? (name === 'list' ? [1, 2, 3] : 1) : undefined,
      as === 'skip' ? 'skipped' : undefined,
    )
  }
  return run
}
const random = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  return seed / 2_147_483_648
}
const RULES = [
  'all_success',
  'all_failed',
  'all_done',
  'all_done_min_one_success',
  'all_skipped',
  'one_success',
  'one_failed',
  'one_done',
  'none_failed',
  'none_failed_min_one_success',
  'none_skipped',
  'always',
] as const

describe.each([
  ['any DAG', dags],
  ['any DAG with a mapped group', grouped],
] as const)('%s', (_, dags) => {
  test('ends, each task and item in one way and only once, and none begins before its rule lets it', () => {
    fc.assert(
      fc.property(dags(RULES), fc.nat(), (spec, seed) => {
        const next = random(seed)
        const run = played(spec, next, () => (['completed', 'completed', 'failed', 'skip'] as const)[Math.floor(next() * 4)] as ClosedState)
        expect(run.outcome).not.toBeNull()
        const letters = [...run.state.tasks, ...Object.values(run.state.mapped).flatMap(({ items }) => [...items])]
        expect(letters.filter(letter => !'sfkuxm'.includes(letter))).toEqual([])
        expect(new Set(run.started).size).toBe(run.started.length)
        expect([run.state.outputsLength, run.state.active, run.state.unanswered]).toEqual([0, 0, 0])
        expect(run.outcome?.reason).not.toBe('deadlocked')
        expect(run.state.ended).toBe(run.state.total)
      }),
      { numRuns: 300 },
    )
  })

  // Where failures and skips meet, it is the first that counts, in Airflow too.
  test.each<[string, readonly TriggerRule[], 'failed' | 'skip']>([
    ['fail', ['all_success', 'all_done', 'none_failed', 'always'], 'failed'],
    ['are skipped', ['all_success', 'all_done', 'none_failed', 'none_failed_min_one_success', 'none_skipped', 'always'], 'skip'],
  ])('ends the same in whichever order its tasks end, where some %s', (_what, rules, bad) => {
    fc.assert(
      fc.property(dags(rules), fc.nat(), fc.nat(), fc.nat(), (spec, one, other, which) => {
        const ending = (name: string): ClosedState | 'skip' =>
          [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), which) % 3 === 0 ? bad : 'completed'
        expect(played(spec, random(one), ending).states).toEqual(played(spec, random(other), ending).states)
      }),
      { numRuns: 200 },
    )
  })

  test('is told by its events alone, and goes on as well when it is loaded anew after each', () => {
    fc.assert(
      fc.property(dags(RULES), fc.nat(), (spec, seed) => {
        const plain = played(spec, random(seed), () => 'completed')
        const run = new Driven(spec)
        const next = random(seed)
        while (run.outcome === null) {
          run.state = revive(JSON.parse(JSON.stringify(run.state)))
          const names = [...run.open.keys()]
          const name = names[Math.floor(next() * names.length)] as string
          run.end(name, 'completed', name === 'list' ? [1, 2, 3] : 1)
        }
        expect(run.state).toEqual(plain.state)
        expect(plain.events.reduce<DagState | null>(dag.evolve, null)).toEqual(plain.state)
      }),
      { numRuns: 100 },
    )
  })
})

describe('a person marks a task', () => {
  const mark = (run: Driven, task: string, as: 'success' | 'failed' | 'skipped', more: { item?: number; output?: Json; command?: string } = {}) => {
    const { output, command = `mark-${task}-${more.item ?? ''}`, ...rest } = more
    const n = planOf(run.spec).numbers.get(task) as number
    const given = as === 'success' ? { output: JSON.stringify(output ?? null) } : {}
    const decided = run.give({ is: 'mark', command, by: 'ana', why: 'seen by hand', n, as, ...rest, ...given })
    run.wake()
    return decided.replies?.[0]?.reply
  }
  const SPEC: DagSpec = { tasks: { a: { job: 'a' }, b: { job: 'b', input: '{{output.a}}' }, c: { job: 'c', after: ['b'] } } }

  test('one that runs is told to stop and not heard of again; others are given what the person gave', () => {
    const run = new Driven(SPEC)
    const { run: id, reference } = run.open.get('a') as Start
    expect(mark(run, 'a', 'success', { output: [1] })).toBeUndefined()
    expect(run.cancelled).toEqual([id])
    expect(run.inputOf('b')).toEqual([1])
    run.give({ is: 'child_closed', run: id, state: 'completed', outcome: { state: 'completed', reason: null, output: '2' }, reference })
    run.end('b')
    run.end('c')
    expect(run.outcome?.state).toBe('completed')
    expect(run.events.find(({ is }) => is === 'marked')).toMatchObject({ task: 'a', as: 'success', by: 'ana', why: 'seen by hand' })
  })

  // Airflow: what follows a task that is set to a state is judged by its rule, as if it had ended so by itself.
  test.each([
    ['failed', { a: 'failed', b: 'upstream_failed', c: 'upstream_failed' }, 'failed'],
    ['skipped', { a: 'skipped', b: 'skipped', c: 'skipped' }, 'completed'],
  ] as const)('as %s', (as, states, ends) => {
    const run = new Driven(SPEC)
    mark(run, 'a', as)
    expect([run.states, run.outcome?.state]).toEqual([states, ends])
  })

  test('one that waits has ended, and does not begin', () => {
    const run = new Driven(SPEC)
    mark(run, 'b', 'success')
    expect(run.started).toEqual(['a', 'c'])
    run.end('a')
    run.end('c')
    expect([run.started, run.outcome?.state]).toEqual([['a', 'c'], 'completed'])
  })

  test('one item, or all that have not ended; those that run free their slots', () => {
    const run = new Driven({ tasks: { m: { job: 'm', map: { over: [1, 2, 3, 4], concurrency: 2 } }, n: { job: 'n', input: '{{output.m}}' } } })
    mark(run, 'm', 'success', { item: 0, output: 'by hand' })
    run.end('m#1', 'completed', 'one')
    expect([...run.open.keys()].sort()).toEqual(['m#0', 'm#2', 'm#3'])
    mark(run, 'm', 'skipped')
    expect(run.states.m).toBe('success success skipped skipped')
    expect(run.state.active).toBe(0)
    expect(run.outcome?.state).toBe('completed')
  })

  test('the same command twice marks once; what has ended stays', () => {
    const run = new Driven(SPEC)
    mark(run, 'a', 'success', { command: 'x' })
    expect(mark(run, 'a', 'success', { command: 'x' })).toBeUndefined()
    expect(mark(run, 'a', 'failed', { command: 'y' })).toEqual({ ok: false, code: 'task-ended' })
    expect(run.events.filter(({ is }) => is === 'marked')).toHaveLength(1)
    run.give({ is: 'terminate', command: 't', by: null, why: null })
    expect(mark(run, 'b', 'failed', { command: 'z' })).toEqual({ ok: false, code: 'run-closed' })
  })

  test('of a run that is not due nothing begins before its time', () => {
    const run = new Driven(SPEC, { options: { notBefore: T + 1_000 } })
    mark(run, 'a', 'success', { output: 1 })
    expect(run.started).toEqual([])
    run.now = T + 1_000
    run.wake()
    expect([run.started, run.inputOf('b')]).toEqual([['b'], 1])
  })

  test('a branch goes on with what the person chose', () => {
    const run = new Driven({ tasks: { pick: { job: 'p', branch: true }, left: { job: 'l', after: ['pick'] }, right: { job: 'r', after: ['pick'] } } })
    mark(run, 'pick', 'success', { output: 'right' })
    expect(run.started).toEqual(['pick', 'right'])
  })

  test('outputs beyond what a run keeps are refused', () => {
    const run = new Driven(SPEC)
    expect(mark(run, 'a', 'success', { output: 'x'.repeat(4 * 1024 * 1024) })).toEqual({ ok: false, code: 'outputs-too-large' })
  })
})
