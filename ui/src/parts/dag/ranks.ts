import { NODE_GAP, NODE_HEIGHT, NODE_WIDTH, type Placed, RANK_GAP } from './places.ts'

/** More than these no layered layout places while one waits. */
export const LAYERED_MAX = 1_200

/** What is to be placed. */
export interface Ranks {
  ids: readonly string[]
  edges: readonly { from: string; to: string }[]
}

/** Where nodes stand, by how far they are from the first: for graphs too large for a better layout. A rank of many is folded into several columns. */
export function ranked(ids: readonly string[], edges: readonly { from: string; to: string }[]): Map<string, Placed> {
  const after = new Map<string, string[]>(ids.map(id => [id, []]))
  const open = new Map(ids.map(id => [id, 0]))
  for (const { from, to } of edges) {
    after.get(from)?.push(to)
    open.set(to, (open.get(to) ?? 0) + 1)
  }
  const rank = new Map(ids.map(id => [id, 0]))
  const order = ids.filter(id => open.get(id) === 0)
  for (let next = 0; next < order.length; next++)
    for (const to of after.get(order[next] as string) ?? []) {
      rank.set(to, Math.max(rank.get(to) as number, (rank.get(order[next] as string) as number) + 1))
      open.set(to, (open.get(to) as number) - 1)
      if (open.get(to) === 0) order.push(to)
    }
  const ranks: string[][] = []
  for (const id of ids) {
    const at = rank.get(id) as number
    ranks[at] ??= []
    ranks[at].push(id)
  }
  const tall = Math.max(20, Math.ceil(Math.sqrt(ids.length)))
  const placed = new Map<string, Placed>()
  let x = 0
  for (const members of ranks) {
    for (const [index, id] of members.entries())
      placed.set(id, {
        x: x + Math.floor(index / tall) * (NODE_WIDTH + NODE_GAP),
        y: (index % tall) * (NODE_HEIGHT + NODE_GAP),
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
      })
    x += Math.ceil(members.length / tall) * (NODE_WIDTH + NODE_GAP) + RANK_GAP
  }
  return placed
}
