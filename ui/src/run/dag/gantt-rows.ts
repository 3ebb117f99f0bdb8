import type { DagGraph, DagItem, DagTask, TaskState } from '../../api/dags.ts'
import type { TaskTimes } from '../../parts/dag/times.ts'
import { treeOf } from '../../parts/dag/tree.ts'
import { worstOf } from '../../parts/dag/words.ts'
import type { Stretch } from '../timeline/scale.ts'

/** A line of the chart: a group, a task, an item of a mapped one, or that there are more items. */
export interface GanttRow {
  key: string
  label: string
  is: 'group' | 'task' | 'item' | 'more'
  depth: number
  state: TaskState
  /** Numbers of the tasks that it stands for; of an item its task's. */
  tasks: readonly number[]
  /** How many it stands for: tasks of a group, items of a mapped task. Null: itself alone. */
  count: number | null
  /** Null: nothing is below it. */
  open: boolean | null
  readyAt: number | null
  startedAt: number | null
  /** Null: it goes on, or has not begun. */
  endedAt: number | null
  kept: boolean
  /** A person does it: what it takes is a wait. */
  isPerson: boolean
  /** The item's own run. */
  run: string | null
}

/** Of the mapped tasks that are opened: the items that are there so far. */
export type Items = ReadonlyMap<string, { items: readonly DagItem[]; total: number }>

export function ganttRows(
  graph: DagGraph,
  tasks: readonly DagTask[],
  times: readonly TaskTimes[],
  { folded, items }: { folded: ReadonlySet<string>; items: Items },
): GanttRow[] {
  return treeOf(graph, folded).flatMap(({ id, is, depth, tasks: numbers }): GanttRow[] => {
    const first = numbers[0] as number
    if (is === 'group') return [{ ...together(numbers, tasks, times), key: `group ${id}`, label: id, is, depth, open: !folded.has(id) }]
    const { state, run, items: counts } = tasks[first] as DagTask
    const { readyAt, startedAt, endedAt, kept } = times[first] as TaskTimes
    const opened = items.get(id)
    const row: GanttRow = {
      key: `task ${id}`,
      label: id,
      is,
      depth,
      state,
      tasks: numbers,
      count: counts === null ? null : Object.values(counts).reduce((sum, count) => sum + count, 0),
      open: counts === null ? null : opened !== undefined,
      ...{ readyAt, startedAt, endedAt, kept, run },
      isPerson: graph.tasks[first]?.is === 'approval',
    }
    if (opened === undefined) return [row]
    const below = opened.items.map(item => itemRow(row, item))
    const left = opened.total - opened.items.length
    if (left <= 0) return [row, ...below]
    const more = {
      ...row,
      key: `more ${id}`,
      label: String(left),
      is: 'more' as const,
      depth: depth + 1,
      count: left,
      open: null,
      startedAt: null,
      readyAt: null,
    }
    return [row, ...below, more]
  })
}

function itemRow(row: GanttRow, { item, state, run, startedAt, closedAt }: DagItem): GanttRow {
  const begun = startedAt === null ? null : Math.max(row.readyAt ?? 0, Date.parse(startedAt))
  const ended = closedAt === null ? null : Math.max(begun ?? 0, Date.parse(closedAt))
  const isOver = state !== 'waiting' && state !== 'ready' && state !== 'started'
  return {
    ...row,
    key: `item ${row.label} ${item}`,
    label: `${row.label}[${item}]`,
    is: 'item',
    depth: row.depth + 1,
    ...{ state, run, startedAt: begun },
    endedAt: ended ?? (isOver ? (begun ?? row.readyAt) : null),
    count: null,
    open: null,
  }
}

/** From when the first of them could begin until the last has ended. */
function together(
  numbers: readonly number[],
  tasks: readonly DagTask[],
  times: readonly TaskTimes[],
): Omit<GanttRow, 'key' | 'label' | 'is' | 'depth' | 'open'> {
  const all = numbers.map(n => times[n] as TaskTimes)
  const begun = all.flatMap(({ startedAt }) => startedAt ?? [])
  const isOver = all.every(({ endedAt }) => endedAt !== null)
  return {
    tasks: numbers,
    count: numbers.length,
    state: worstOf(numbers.map(n => (tasks[n] as DagTask).state)),
    readyAt: least(all.flatMap(({ readyAt }) => readyAt ?? [])),
    startedAt: least(begun),
    endedAt: isOver ? all.reduce((most, { endedAt }) => Math.max(most, endedAt ?? 0), 0) : null,
    kept: all.every(({ kept }) => kept),
    isPerson: false,
    run: null,
  }
}

function least(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : numbers.reduce((least, one) => Math.min(least, one))
}

/** Pauses shorter than this part of the whole are finer than a pixel. */
const PARTS_MAX = 400

/** What the axis is made of: where something ran, and where all waited. What a person does is a wait, which may be cut short. */
export function stretchesOf(graph: DagGraph, times: readonly TaskTimes[], begin: number, end: number): Stretch[] {
  const worked = times
    .flatMap(({ startedAt, endedAt }, n) =>
      startedAt === null || graph.tasks[n]?.is === 'approval' ? [] : [{ from: startedAt, to: endedAt ?? end }],
    )
    .sort((a, b) => a.from - b.from)
  const short = (end - begin) / PARTS_MAX
  const merged: { from: number; to: number }[] = []
  for (const { from, to } of worked) {
    const last = merged.at(-1)
    if (last !== undefined && from - last.to <= short) last.to = Math.max(last.to, to)
    else merged.push({ from, to })
  }
  const stretches: Stretch[] = []
  let at = begin
  for (const { from, to } of merged) {
    if (from > at) stretches.push({ kind: 'waiting', from: at, to: from })
    if (to > from) stretches.push({ kind: 'running', from: Math.max(at, from), to })
    at = Math.max(at, to)
  }
  if (end > at || stretches.length === 0) stretches.push({ kind: 'waiting', from: at, to: Math.max(at, end) })
  return stretches
}
