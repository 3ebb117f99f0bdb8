import type { DagGraph, DagGridRun, TaskState } from '../../api/dags.ts'
import { type TreeRow, treeOf } from '../../parts/dag/tree.ts'
import { stateOf, worstOf } from '../../parts/dag/words.ts'

/** A line of the grid. */
export interface GridRow extends Omit<TreeRow, 'tasks'> {
  /** Of a group: tasks in it, of any depth. */
  tasks: readonly string[]
  /** It is no more in the newest version. */
  gone: boolean
}

export type Graphs = ReadonlyMap<string, DagGraph>

/** Groups where their first task would stand; tasks that only older versions have come last. */
export function rowsOf(newest: DagGraph, graphs: Graphs, folded: ReadonlySet<string>): GridRow[] {
  const rows: GridRow[] = treeOf(newest, folded).map(row => ({ ...row, tasks: row.tasks.map(n => newest.tasks[n]?.task as string), gone: false }))
  const known = new Set(newest.tasks.map(({ task }) => task))
  for (const { tasks } of graphs.values())
    for (const { task } of tasks)
      if (!known.has(task)) {
        known.add(task)
        rows.push({ id: task, is: 'task', depth: 0, tasks: [task], gone: true })
      }
  return rows
}

export interface Cell {
  state: TaskState
  /** Of a mapped task: how many of its items stand so. */
  items: Readonly<Record<string, number>> | null
}

/** Number of each task in a version. */
export type Numbers = ReadonlyMap<string, ReadonlyMap<string, number>>
export function numbersOf(graphs: Graphs): Numbers {
  return new Map([...graphs].map(([version, { tasks }]) => [version, new Map(tasks.map(({ task }, n) => [task, n]))]))
}

/** How a row stands in a run; null: the run's version has nothing of it, or its graph is not there yet. */
export function cellOf({ is, tasks }: GridRow, run: DagGridRun, numbers: Numbers): Cell | null {
  const places = numbers.get(run.version)
  if (places === undefined) return null
  const found = tasks.flatMap(task => places.get(task) ?? [])
  if (found.length === 0) return null
  const state = worstOf(found.map(n => stateOf(run.tasks[n])))
  return { state, items: is === 'task' ? (run.items[String(found[0])] ?? null) : null }
}
