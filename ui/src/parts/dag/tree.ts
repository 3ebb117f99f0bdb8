import type { DagGraph } from '../../api/dags.ts'

/** A line of a list of tasks: a task, or a group that its tasks stand below unless it is folded. */
export interface TreeRow {
  id: string
  is: 'task' | 'group'
  depth: number
  /** Of a group: numbers of the tasks in it, of any depth. */
  tasks: readonly number[]
}

interface Branch {
  id: string
  children: (Branch | number)[]
}

/** Groups where their first task would stand. */
export function treeOf({ tasks, groups }: Pick<DagGraph, 'tasks' | 'groups'>, folded: ReadonlySet<string>): TreeRow[] {
  const outer = new Map(groups.map(({ group, in: within }) => [group, within]))
  const chainOf = (group: string | null): string[] => (group === null ? [] : [...chainOf(outer.get(group) ?? null), group])
  const root: Branch = { id: '', children: [] }
  const branches = new Map<string, Branch>()
  for (const [n, { group }] of tasks.entries()) {
    let at = root
    for (const name of chainOf(group)) {
      let next = branches.get(name)
      if (next === undefined) {
        next = { id: name, children: [] }
        branches.set(name, next)
        at.children.push(next)
      }
      at = next
    }
    at.children.push(n)
  }
  const within = (branch: Branch): number[] => branch.children.flatMap(child => (typeof child === 'number' ? [child] : within(child)))
  const rows: TreeRow[] = []
  const add = (branch: Branch, depth: number): void => {
    for (const child of branch.children) {
      if (typeof child === 'number') rows.push({ id: tasks[child]?.task as string, is: 'task', depth, tasks: [child] })
      else {
        rows.push({ id: child.id, is: 'group', depth, tasks: within(child) })
        if (!folded.has(child.id)) add(child, depth + 1)
      }
    }
  }
  add(root, 0)
  return rows
}
