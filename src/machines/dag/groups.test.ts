import { describe, expect, test } from 'vitest'
import { Driven, type Start } from '../../../test/support/dag-run.ts'
import { UserError } from '../../core/errors.ts'
import { graphOf } from './graph.ts'
import { planOf } from './plan.ts'
import { type DagSpec, type DagTask, INSTANCES_MAX } from './spec.ts'

const g = (task: Partial<DagTask> = {}): DagTask => ({ job: 'x', group: 'g', ...task })
/** A list, a group of two tasks that is mapped over it, and one behind. */
const spec = (more: Partial<DagSpec> = {}, tasks: DagSpec['tasks'] = {}): DagSpec => ({
  groups: { g: { map: { over: '{{output.list}}' } } },
  tasks: { list: { job: 'list' }, load: g(), check: g({ input: '{{output.load}}' }), sum: { job: 'sum', input: '{{output.check}}' }, ...tasks },
  ...more,
})

describe('a mapped group', () => {
  test('an item goes on when its own task before is done, whatever the others do, and gets what that gave', () => {
    const run = new Driven(spec())
    run.end('list', 'completed', ['x', 'y', 'z'])
    expect(run.started.slice(1)).toEqual(['load#0', 'load#1', 'load#2'])
    expect(run.inputOf('load#1')).toBe('y')
    run.end('load#1', 'completed', 'Y')
    expect(run.started.slice(4)).toEqual(['check#1'])
    expect(run.inputOf('check#1')).toBe('Y')
    run.end('check#1', 'completed', 1)
    for (const n of [0, 2]) {
      run.end(`load#${n}`, 'completed', n)
      run.end(`check#${n}`, 'completed', n * 10)
    }
    expect(run.inputOf('sum')).toEqual([0, 1, 20])
    run.end('sum')
    expect(run.outcome?.state).toBe('completed')
  })

  test('goes deep before it goes wide: with one slot an item is finished before the next begins', () => {
    const run = new Driven(spec({ maxActiveTasks: 1 }))
    run.end('list', 'completed', [1, 2])
    for (const name of ['load#0', 'check#0', 'load#1', 'check#1']) run.end(name)
    expect(run.started).toEqual(['list', 'load#0', 'check#0', 'load#1', 'check#1', 'sum'])
  })

  test('concurrency: so many items at once, with all that an item has to do', () => {
    const run = new Driven(spec({ groups: { g: { map: { over: [1, 2, 3], concurrency: 1 } } } }, { beside: g() }))
    expect(run.started).toEqual(['list', 'load#0', 'beside#0'])
    run.end('load#0')
    run.end('beside#0')
    expect(run.started.slice(3)).toEqual(['check#0'])
    run.end('check#0')
    expect(run.started.slice(4).sort()).toEqual(['beside#1', 'load#1'])
  })

  // Airflow 3, dynamic task mapping: trigger rules in a mapped group are judged by the same item of those before.
  test('an item that fails or is skipped fails or skips what is behind it for that item alone', () => {
    const run = new Driven(spec({}, { tidy: g({ after: ['check'], when: 'all_done' }), sum: { job: 's', after: ['g'], when: 'all_done' } }))
    run.end('list', 'completed', [0, 1, 2])
    run.end('load#0', 'failed')
    run.end('load#1', 'failed', undefined, 'skipped')
    run.end('load#2')
    expect(run.states).toMatchObject({ load: 'failed skipped success', check: 'upstream_failed skipped r', tidy: 'r r .', sum: '.' })
    run.end('check#2')
    for (const n of [0, 1, 2]) run.end(`tidy#${n}`)
    run.end('sum')
    expect(run.outcome?.state).toBe('completed')
  })

  test.each<[string, 'completed' | 'failed' | 'skip', unknown, string]>([
    ['no items: skipped', 'completed', [], 'skipped'],
    ['where what it is mapped over has failed it could not run', 'failed', undefined, 'upstream_failed'],
    ['or was skipped, it is', 'skip', undefined, 'skipped'],
  ])('%s, whatever the rules of its tasks', (_, as, output, ends) => {
    const run = new Driven(spec({}, { tidy: g({ after: ['check'], when: 'all_done' }) }))
    run.end('list', as === 'skip' ? 'failed' : as, output as never, as === 'skip' ? 'skipped' : undefined)
    expect(run.states).toMatchObject({ load: ends, check: ends, tidy: ends })
  })

  test.each([
    ['no list', { a: 1 }, 'map-not-a-list'],
    ['too many items', Array.from({ length: 10_001 }, () => 0), 'map-too-large: 10001 items, and there may be 10000'],
  ])('%s: its first tasks fail and say why, the others could not run', (_, output, reason) => {
    const run = new Driven(spec())
    run.end('list', 'completed', output)
    expect(run.states).toMatchObject({ load: 'failed', check: 'upstream_failed', sum: 'upstream_failed' })
    expect(run.events.find(({ failed }) => failed !== undefined)).toMatchObject({ failed: [{ reason }] })
  })

  test('a run has so many tasks and items in all', () => {
    const tasks = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`t${n}`, g()]))
    const run = new Driven({ groups: spec().groups as never, tasks: { list: { job: 'list' }, ...tasks } })
    run.end('list', 'completed', Array.from({ length: 10_000 }, () => 0) as never)
    expect(run.states.t0).toBe('failed')
    expect(run.events.find(({ failed }) => failed !== undefined)).toMatchObject({
      failed: [
        { reason: `map-too-large: 10000 items of 21 tasks, and a run may have ${INSTANCES_MAX} tasks and items in all` },
        ...Array(20).fill({}),
      ],
    })
  })

  test('zip and cross are lists like another', () => {
    const run = new Driven(spec({ groups: { g: { map: { cross: { a: [1, 2], b: '{{output.list}}' } } } } }))
    run.end('list', 'completed', ['x', 'y'])
    expect(run.inputOf('load#2')).toEqual({ a: 2, b: 'x' })
    expect(run.open.size).toBe(4)
  })

  test('what is outside sees all items, and is seen by all', () => {
    const run = new Driven(
      spec({}, { other: { job: 'o', after: ['load'] }, check: g({ after: ['load', 'other'], input: '{{item}} {{output.other}} {{output.load}}' }) }),
    )
    run.end('list', 'completed', ['x', 'y'])
    run.end('load#0', 'completed', 1)
    expect(run.states).toMatchObject({ other: '.', check: '. .' })
    run.end('load#1', 'completed', 2)
    run.end('other', 'completed', 'o')
    expect([run.inputOf('check#0'), run.inputOf('check#1')]).toEqual(['x o 1', 'y o 2'])
  })

  // Airflow 3: `skip_all_except` skips with the map index of the branch.
  test('a branch in it is one of each item', () => {
    const run = new Driven(
      spec(
        {},
        {
          load: g({ branch: true }),
          check: g({ after: ['load'], input: 1 }),
          left: g({ after: ['load'] }),
          sum: { job: 's', after: ['g'], when: 'none_failed' },
        },
      ),
    )
    run.end('list', 'completed', [0, 1])
    run.end('load#0', 'completed', 'left')
    run.end('load#1', 'completed', ['check', 'left'])
    expect(run.states).toMatchObject({ left: 'r r', check: 'skipped r', sum: '.' })
  })

  test('a branch before it leaves out all of it', () => {
    const run = new Driven({
      groups: { g: { after: ['way'], map: { over: [1, 2] } } },
      tasks: { way: { job: 'w', branch: true }, load: g(), check: g({ after: ['load'] }), other: { job: 'o', after: ['way'] } },
    })
    run.end('way', 'completed', 'other')
    expect(run.states).toMatchObject({ load: 'skipped skipped', check: 'skipped skipped', other: 'r' })
  })

  test('each item has its own setup and teardown', () => {
    const run = new Driven(
      spec({}, { load: g({ setup: true }), check: g({ after: ['load'] }), drop: g({ teardown: true, after: ['load', 'check'] }) }),
    )
    run.end('list', 'completed', [0, 1])
    run.end('load#0', 'failed')
    run.end('load#1')
    run.end('check#1', 'failed')
    expect(run.states).toMatchObject({ check: 'upstream_failed failed', drop: 'upstream_failed r' })
  })

  test('what an item gave is kept for as long as that item needs it', () => {
    const run = new Driven(spec({}, { sum: { job: 's', after: ['g'] } }))
    run.end('list', 'completed', ['x', 'y'])
    run.end('load#0', 'completed', 'x'.repeat(1_000))
    expect(run.state.outputsLength).toBe('["x","y"]'.length)
    run.end('load#1', 'completed', 'x'.repeat(1_000))
    expect(run.state.outputsLength).toBe(0)
  })

  test('is cancelled with all that waits in it; teardowns of items that have begun do their work', () => {
    const run = new Driven(
      spec({ maxActiveTasks: 1 }, { load: g({ setup: true }), check: g({ after: ['load'] }), drop: g({ teardown: true, after: ['load', 'check'] }) }),
    )
    run.end('list', 'completed', [0, 1, 2])
    run.end('load#0')
    run.give({ is: 'cancel', command: 'c', by: null, why: null })
    run.wake()
    expect(run.states).toMatchObject({ load: 'success skipped skipped', check: 'r skipped skipped' })
    run.end('check#0', 'cancelled')
    expect(run.states.drop).toBe('r skipped skipped')
    run.end('drop#0')
    expect(run.outcome?.state).toBe('cancelled')
  })

  test('a person marks an item, and its chain goes on', () => {
    const run = new Driven(spec())
    run.end('list', 'completed', [0, 1])
    const n = planOf(run.spec).numbers.get('load') as number
    run.give({ is: 'mark', command: 'm', by: 'ana', why: null, n, item: 1, as: 'success', output: '"by hand"' })
    run.wake()
    expect(run.inputOf('check#1')).toBe('by hand')
    expect(run.cancelled).toHaveLength(1)
    expect((run.open.get('check#1') as Start).order.trigger).toMatchObject({ task: 'check', item: 1 })
  })

  test.each<[string, DagSpec, string, RegExp]>([
    ['a mapped task in it (as in Airflow)', spec({}, { check: g({ map: { over: [1] } }) }), '/tasks/check/map', /in the group "g", which is mapped/],
    [
      'a mapped group in it',
      spec({ groups: { g: { map: { over: [1] } }, h: { group: 'g', map: { over: [1] } } } }, { check: g({ group: 'h' }) }),
      '/groups/h/map',
      /in the group "g"/,
    ],
    ['always (as in Airflow)', spec({}, { check: g({ when: 'always' }) }), '/tasks/check/when', /all_done/],
    ['mapped over what is in it', spec({ groups: { g: { map: { over: '{{output.load}}' } } } }), '/groups/g/map', /does not wait for what is in it/],
    ['mapped over no list', spec({ groups: { g: { map: { over: 'x' } } } }), '/groups/g/map/over', /a list/],
    ['no task in it', spec({ groups: { g: { map: { over: [1] } }, e: { map: { over: [1] } } } }), '/groups/e/map', /no task/],
    ['an item outside of it', spec({}, { sum: { job: 's', after: ['g'], input: '{{item}}' } }), '/tasks/sum/input', /in a mapped group/],
    [
      'what does nothing and makes an asset',
      spec({}, { check: { group: 'g', options: { outlets: [{ asset: 'a' }] } } }),
      '/tasks/check/outlets',
      /let a job make/,
    ],
    [
      'a teardown outside of it',
      spec({}, { load: g({ setup: true }), sum: { job: 's', teardown: true, after: ['load', 'check'] } }),
      '/tasks/sum/teardown',
      /in that group/,
    ],
  ])('is refused with %s', (_, given, at, hint) => {
    let error: unknown
    try {
      graphOf(given)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).problem).toMatchObject({ code: 'invalid-dag', at, hint: expect.stringMatching(hint) })
  })
})

test('items of a mapped task that wait for a slot do not begin once the run is cancelled', () => {
  const run = new Driven({ tasks: { each: { job: 'x', map: { over: [1, 2, 3], concurrency: 1 } } } })
  run.give({ is: 'cancel', command: 'c', by: null, why: null })
  run.wake()
  run.end('each#0', 'cancelled')
  expect([run.states.each, run.started, run.outcome?.state]).toEqual(['failed skipped skipped', ['each#0'], 'cancelled'])
})
