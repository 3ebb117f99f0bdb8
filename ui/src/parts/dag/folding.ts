import type { DagGraph } from '../../api/dags.ts'

export interface ShownNode {
  id: string
  /** folded: a group that stands for all that is in it; open: one around its members. */
  is: 'task' | 'folded' | 'open'
  /** The open group that it is in. */
  parent: string | null
  /** Numbers of the tasks that it stands for. */
  tasks: readonly number[]
}
export interface Shown {
  /** Groups stand before what is in them. */
  nodes: readonly ShownNode[]
  edges: readonly { from: string; to: string }[]
}

/** What is drawn of a graph whose groups are partly folded: edges of what is folded are those of its group, each once. */
export function shownOf({ tasks, groups }: DagGraph, folded: ReadonlySet<string>): Shown {
  const outer = new Map(groups.map(({ group, in: within }) => [group, within]))
  /** From the outermost inwards. */
  const chainOf = (group: string | null): string[] => (group === null ? [] : [...chainOf(outer.get(group) ?? null), group])
  const members = new Map<string, number[]>(groups.map(({ group }) => [group, []]))
  const places = tasks.map(({ task, group }, n) => {
    const chain = chainOf(group)
    for (const one of chain) members.get(one)?.push(n)
    const at = chain.findIndex(one => folded.has(one))
    return at < 0 ? { id: task, parent: chain.at(-1) ?? null } : { id: chain[at] as string, parent: chain[at - 1] ?? null }
  })
  const nodes = new Map<string, ShownNode>()
  const open = (group: string | null): void => {
    if (group === null || nodes.has(group)) return
    const parent = outer.get(group) ?? null
    open(parent)
    nodes.set(group, { id: group, is: 'open', parent, tasks: members.get(group) ?? [] })
  }
  for (const [n, { id, parent }] of places.entries()) {
    open(parent)
    const isTask = tasks[n]?.task === id
    if (!nodes.has(id)) nodes.set(id, { id, is: isTask ? 'task' : 'folded', parent, tasks: isTask ? [n] : (members.get(id) ?? []) })
  }
  const edges = new Map<string, { from: string; to: string }>()
  for (const [n, { after }] of tasks.entries())
    for (const other of after) {
      const [from, to] = [places[other]?.id as string, places[n]?.id as string]
      if (from !== to) edges.set(`${from}\n${to}`, { from, to })
    }
  return { nodes: [...nodes.values()], edges: [...edges.values()] }
}
