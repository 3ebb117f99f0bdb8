import { describe, expect, test } from 'vitest'
import { UserError } from '../../core/errors.ts'
import { graphOf } from './graph.ts'
import { type DagSpec, type DagTask, MAP_ITEMS_MAX, TASKS_MAX } from './spec.ts'

const edges = (spec: DagSpec): string[] => {
  const { ids, upstream } = graphOf(spec)
  return ids.flatMap((id, number) => (upstream[number] as number[]).map(other => `${ids[other]} → ${id}`)).sort()
}
const problem = (spec: DagSpec): { at?: string; found?: unknown; hint?: string; data?: unknown } => {
  try {
    graphOf(spec)
  } catch (error) {
    if (error instanceof UserError) return error.problem
    throw error
  }
  return {}
}
const dag = (tasks: Record<string, DagTask>, more: Partial<DagSpec> = {}): DagSpec => ({ tasks, ...more })

describe('the edges of a DAG', () => {
  test.each<[string, DagSpec, string[]]>([
    ['are those of after', dag({ a: {}, b: { after: ['a'] } }), ['a → b']],
    ['and those of the outputs that an input names', dag({ a: {}, b: { input: { x: ['{{output.a:rows.0}} rows'] } } }), ['a → b']],
    [
      'and those of what a task is mapped over',
      dag({ a: {}, b: {}, c: { map: { cross: { x: '{{output.a}}', y: '{{output.b}}' } } } }),
      ['a → c', 'b → c'],
    ],
    ['none twice', dag({ a: {}, b: { after: ['a', 'a'], input: '{{output.a}}' } }), ['a → b']],
    [
      'after a group: after the tasks of it that nothing of it waits for',
      dag({ a: { group: 'g' }, b: { group: 'g', after: ['a'] }, c: { group: 'g' }, d: { after: ['g'] } }, { groups: { g: {} } }),
      ['a → b', 'b → d', 'c → d'],
    ],
    [
      'of a group: of the tasks of it that wait for nothing in it, also in groups within it',
      dag({ s: {}, a: { group: 'in' }, b: { group: 'out', after: ['a'] } }, { groups: { out: { after: ['s'] }, in: { group: 'out' } } }),
      ['a → b', 's → a'],
    ],
    [
      'between groups of one group',
      dag({ a: { group: 'x' }, b: { group: 'y' }, c: { after: ['o'] } }, { groups: { o: {}, x: { group: 'o' }, y: { group: 'o', after: ['x'] } } }),
      ['a → b', 'b → c'],
    ],
    [
      'not from a teardown in a group, unless there is nothing else (as in Airflow)',
      dag(
        {
          s: { group: 'g', setup: true },
          w: { group: 'g', after: ['s'] },
          t: { group: 'g', after: ['s', 'w'], teardown: true },
          d: { after: ['g'] },
        },
        { groups: { g: {} } },
      ),
      ['s → t', 's → w', 'w → d', 'w → t'],
    ],
  ])('%s', (_, spec, expected) => expect(edges(spec)).toEqual(expected))

  test('each task stands after those that it waits for, in the same order however it was written', () => {
    const tasks = { z: {}, m: { after: ['z'] }, a: { after: ['m'] }, b: {} }
    expect(graphOf(dag(tasks)).ids).toEqual(['b', 'z', 'm', 'a'])
    expect(graphOf(dag(Object.fromEntries(Object.entries(tasks).reverse()))).ids).toEqual(['b', 'z', 'm', 'a'])
  })
})

describe('refused with its place', () => {
  const mapped = (over: unknown): DagSpec => dag({ a: { map: { over: over as string } } })
  test.each<[string, DagSpec, { at: string; found?: unknown; hint?: unknown }]>([
    ['no task', dag({}), { at: '/tasks' }],
    [
      'a cycle, which is shown',
      dag({ a: { after: ['c'] }, b: { after: ['a'] }, c: { after: ['b'] }, d: {} }),
      { at: '/tasks/a', found: 'a → b → c → a' },
    ],
    ['a cycle by an output', dag({ a: { input: '{{output.b}}' }, b: { after: ['a'] } }), { at: '/tasks/a', found: 'a → b → a' }],
    ['itself', dag({ a: { after: ['a'] } }), { at: '/tasks/a/after/0', found: 'a' }],
    [
      'who is not there',
      dag({ extract: {}, b: { after: ['extrct'] } }),
      { at: '/tasks/b/after/0', hint: 'there is no task or group of this id; did you mean "extract"?' },
    ],
    ['an output of nobody', dag({ a: { input: { x: 'of {{output.b}}' } } }), { at: '/tasks/a/input/x', found: 'b' }],
    ['a word that is none of ours', dag({ a: { input: ['{{outputs.a}}'] } }), { at: '/tasks/a/input/0', found: '{{outputs.a}}' }],
    ['an item of a task that is not mapped', dag({ a: { input: '{{item}}' } }), { at: '/tasks/a/input', found: '{{item}}' }],
    ['mapped over a text', mapped('abc'), { at: '/tasks/a/map/over', found: 'abc' }],
    ['mapped over a number', mapped(7), { at: '/tasks/a/map/over', found: 7 }],
    ['mapped over more than one placeholder', mapped('{{input:a}}{{input:b}}'), { at: '/tasks/a/map/over' }],
    ['mapped over too many', mapped(Array.from({ length: MAP_ITEMS_MAX + 1 }, () => 1)), { at: '/tasks/a/map/over', found: MAP_ITEMS_MAX + 1 }],
    ['a group of nobody', dag({ a: { group: 'g' } }), { at: '/tasks/a/group', found: 'g' }],
    ['a group in itself', dag({ a: {} }, { groups: { g: { group: 'h' }, h: { group: 'g' } } }), { at: '/groups/g/group', found: 'g' }],
    [
      'a group that waits for what is in it',
      dag({ a: { group: 'g' } }, { groups: { g: { after: ['a'] } } }),
      { at: '/groups/g/after/0', found: 'a' },
    ],
    ['a task that waits for its own group', dag({ a: { group: 'g', after: ['g'] } }, { groups: { g: {} } }), { at: '/tasks/a/after/0', found: 'g' }],
    ['an id that two have', dag({ g: {} }, { groups: { g: {} } }), { at: '/groups/g', found: 'g' }],
    ['a setup that is a teardown', dag({ a: { setup: true, teardown: true } }), { at: '/tasks/a/teardown' }],
    ['the rule of teardowns elsewhere', dag({ a: { when: 'all_done_setup_success' } }), { at: '/tasks/a/when' }],
  ])('%s', (_, spec, expected) => expect(problem(spec)).toMatchObject(expected))

  test('more tasks than there may be', () => {
    const tasks = Object.fromEntries(Array.from({ length: TASKS_MAX + 1 }, (_, n) => [`t${n}`, {}]))
    expect(problem(dag(tasks))).toMatchObject({ at: '/tasks', found: TASKS_MAX + 1 })
  })

  test('words of other programs are not', () => {
    expect(edges(dag({ a: { input: "docker ps --format '{{.Names}}' {{ ds }} {{user}}" } }))).toEqual([])
  })
})
