import { expect, test } from 'vitest'
import type { DagGraph, DagGridRun } from '../../api/dags.ts'
import { cellOf, numbersOf, rowsOf } from './rows.ts'

const graph = (version: string, tasks: [id: string, group: string | null][]): DagGraph => ({
  definition: 'sales',
  version,
  tasks: tasks.map(([task, group]) => ({ task, job: task, rule: 'all_success', is: null, mapped: false, group, after: [] })),
  groups: [
    { group: 'work', in: null, description: null, mapped: false },
    { group: 'inner', in: 'work', description: null, mapped: false },
  ],
})
const newest = graph('2', [
  ['list', null],
  ['one', 'work'],
  ['two', 'inner'],
  ['end', null],
  ['three', 'work'],
])
const graphs = new Map([
  ['2', newest],
  [
    '1',
    graph('1', [
      ['old', null],
      ['list', null],
    ]),
  ],
])
const run = (version: string, tasks: string, items = {}): DagGridRun => ({
  run: 'r',
  state: 'running',
  version,
  createdAt: '',
  startedAt: null,
  closedAt: null,
  nominalTime: '',
  tasks,
  items,
})

test('groups stand where their first task would, what is only in older versions comes last', () => {
  const lines = (folded: string[]) =>
    rowsOf(newest, graphs, new Set(folded)).map(({ id, depth, gone }) => `${'  '.repeat(depth)}${id}${gone ? ' gone' : ''}`)
  expect(lines([])).toEqual(['list', 'work', '  one', '  inner', '    two', '  three', 'end', 'old gone'])
  expect(lines(['inner'])).toEqual(['list', 'work', '  one', '  inner', '  three', 'end', 'old gone'])
  expect(lines(['work'])).toEqual(['list', 'work', 'end', 'old gone'])
})

test('a cell says how a task stands in its version, and of a group what is wrong first', () => {
  const rows = new Map(rowsOf(newest, graphs, new Set()).map(row => [row.id, row]))
  const cell = (id: string, of: DagGridRun) => cellOf(rows.get(id) as never, of, numbersOf(graphs))
  const now = run('2', 'ssr.f', { 2: { started: 3 } })
  expect(cell('one', now)).toEqual({ state: 'success', items: null })
  expect(cell('two', now)).toEqual({ state: 'started', items: { started: 3 } })
  expect(cell('work', now)).toEqual({ state: 'failed', items: null })
  expect(cell('inner', now)).toEqual({ state: 'started', items: null })
  expect(cell('old', now)).toBe(null)
  expect(cell('list', run('1', 'sk'))).toEqual({ state: 'skipped', items: null })
  expect(cell('one', run('1', 'sk'))).toBe(null)
  expect(cell('list', run('0', 's'))).toBe(null)
})
