import { expect, test } from 'vitest'
import type { DagGraph } from '../../api/dags.ts'
import { shownOf } from './folding.ts'

const task = (id: string, group: string | null, after: number[]): DagGraph['tasks'][number] => ({
  task: id,
  job: id,
  rule: 'all_success',
  is: null,
  mapped: false,
  group,
  after,
})
const graph: DagGraph = {
  definition: 'sales',
  version: '1',
  tasks: [task('list', null, []), task('one', 'work', [0]), task('two', 'inner', [0, 1]), task('three', 'inner', [0]), task('end', null, [2, 3])],
  groups: [
    { group: 'work', in: null, description: null, mapped: false },
    { group: 'inner', in: 'work', description: null, mapped: false },
  ],
}
const drawn = (folded: string[]) => {
  const { nodes, edges } = shownOf(graph, new Set(folded))
  return { nodes: nodes.map(({ id, is, parent }) => [id, is, parent]), edges: edges.map(({ from, to }) => `${from} → ${to}`) }
}

test('an open group stands before what is in it', () => {
  expect(drawn([])).toEqual({
    nodes: [
      ['list', 'task', null],
      ['work', 'open', null],
      ['one', 'task', 'work'],
      ['inner', 'open', 'work'],
      ['two', 'task', 'inner'],
      ['three', 'task', 'inner'],
      ['end', 'task', null],
    ],
    edges: ['list → one', 'list → two', 'one → two', 'list → three', 'two → end', 'three → end'],
  })
})

test('a folded group has the edges of what is in it, each once, and none to itself', () => {
  expect(drawn(['inner'])).toEqual({
    nodes: [
      ['list', 'task', null],
      ['work', 'open', null],
      ['one', 'task', 'work'],
      ['inner', 'folded', 'work'],
      ['end', 'task', null],
    ],
    edges: ['list → one', 'list → inner', 'one → inner', 'inner → end'],
  })
  expect(drawn(['work', 'inner']).edges).toEqual(['list → work', 'work → end'])
  expect(shownOf(graph, new Set(['work'])).nodes[1]?.tasks).toEqual([1, 2, 3])
})
