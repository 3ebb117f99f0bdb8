import { expect, test } from 'vitest'
import type { DagGraph, DagTask } from '../../api/dags.ts'
import { timesOf } from '../../parts/dag/times.ts'
import { slicesOf } from '../timeline/scale.ts'
import { ganttRows, stretchesOf } from './gantt-rows.ts'

const at = (seconds: number | null): string | null => (seconds === null ? null : new Date(seconds * 1_000).toISOString())
const node = (task: string, more: Partial<DagGraph['tasks'][number]> = {}): DagGraph['tasks'][number] => ({
  task,
  job: task,
  rule: 'all_success',
  is: null,
  mapped: false,
  group: null,
  after: [],
  ...more,
})
const ran = (task: string, started: number | null, closed: number | null, more: Partial<DagTask> = {}): DagTask => ({
  task,
  state: closed === null ? (started === null ? 'waiting' : 'started') : 'success',
  job: task,
  rule: 'all_success',
  run: `r-${task}`,
  startedAt: at(started),
  closedAt: at(closed),
  items: null,
  strip: null,
  waitsFor: [],
  ended: {},
  reason: null,
  mappedGroup: null,
  cached: 0,
  ...more,
})
const graph: DagGraph = {
  definition: 'sales',
  version: '1',
  tasks: [
    node('list'),
    node('one', { group: 'work', after: [0] }),
    node('clean', { group: 'work', mapped: true, after: [0] }),
    node('end', { after: [1, 2] }),
  ],
  groups: [{ group: 'work', in: null, description: null, mapped: false }],
}
const tasks = [
  ran('list', 1, 10),
  ran('one', 12, 20),
  ran('clean', 15, 40, { run: null, items: { success: 2, failed: 1 }, state: 'failed' }),
  ran('end', null, null),
]
const times = timesOf(graph.tasks, tasks, 0)
const rows = (folded: string[], items: Parameters<typeof ganttRows>[3]['items'] = new Map()) =>
  ganttRows(graph, tasks, times, { folded: new Set(folded), items })

test('a folded group is one bar, from when the first of its tasks could begin until the last has ended', () => {
  expect(rows(['work']).map(({ label, is, count, open }) => [label, is, count, open])).toEqual([
    ['list', 'task', null, null],
    ['work', 'group', 2, false],
    ['end', 'task', null, null],
  ])
  expect(rows(['work'])[1]).toMatchObject({ readyAt: 10_000, startedAt: 12_000, endedAt: 40_000, state: 'failed' })
})

test('a mapped task is one bar with a count; opened, each item has its own, and what is not there yet is counted', () => {
  expect(rows([])[3]).toMatchObject({ label: 'clean', count: 3, open: false })
  const items = [
    { item: 0, state: 'success' as const, run: 'a', cached: false, startedAt: at(15), closedAt: at(20) },
    { item: 1, state: 'failed' as const, run: 'b', cached: false, startedAt: at(18), closedAt: at(40) },
  ]
  const opened = rows([], new Map([['clean', { items, total: 3 }]])).slice(3, 7)
  expect(opened.map(({ label, is, depth, open }) => [label, is, depth, open])).toEqual([
    ['clean', 'task', 1, true],
    ['clean[0]', 'item', 2, null],
    ['clean[1]', 'item', 2, null],
    ['1', 'more', 2, null],
  ])
  expect(opened[2]).toMatchObject({ run: 'b', readyAt: 10_000, startedAt: 18_000, endedAt: 40_000 })
})

test('the axis is made of where something ran and where all waited, without a gap', () => {
  expect(stretchesOf(graph, times, 0, 41_000)).toEqual([
    { kind: 'waiting', from: 0, to: 1_000 },
    { kind: 'running', from: 1_000, to: 10_000 },
    { kind: 'waiting', from: 10_000, to: 12_000 },
    { kind: 'running', from: 12_000, to: 40_000 },
    { kind: 'waiting', from: 40_000, to: 41_000 },
  ])
})

test('three days that a person took are cut short, as every long wait is', () => {
  const day = 86_400
  const asked: DagGraph = { ...graph, tasks: [node('build'), node('approve', { is: 'approval', after: [0] }), node('ship', { after: [1] })] }
  const approved = [ran('build', 0, 60), ran('approve', 60, 3 * day), ran('ship', 3 * day, 3 * day + 60)]
  const stretches = stretchesOf(asked, timesOf(asked.tasks, approved, 0), 0, (3 * day + 60) * 1_000)
  expect(stretches.map(({ kind }) => kind)).toEqual(['running', 'waiting', 'running'])
  expect(slicesOf(stretches, 1_000, false).map(({ cut }) => cut)).toEqual([false, true, false])
})

test('of ten thousand tasks one after the other the axis has no more parts than there are pixels for', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => node(`t${n}`, { after: n === 0 ? [] : [n - 1] }))
  const done = many.map(({ task }, n) => ran(task, n * 10 + 1, n * 10 + 10))
  const wide = { ...graph, tasks: many }
  expect(stretchesOf(wide, timesOf(many, done, 0), 0, 100_000_000).length).toBeLessThan(1_000)
})
