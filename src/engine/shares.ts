import { type ActorId, hash53, type NodeId, partOf, shardOf } from '../core/ids.ts'
import { ALL_SHARDS, type Claim, SHARDS } from '../store/store.ts'

/** How many shards a cluster has unless it is told otherwise: the parts that go together. */
export const SHARD_COUNT = 64

/** How many shards there can be: parts divide evenly among them. */
export const SHARD_COUNTS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256]

/**
 * The parts that a node is to hold among these nodes, itself included: of so many shards as many as any other, and the same whoever reckons. Each shard goes
 * to the node that its hash likes best and that has room (rendezvous hashing), so little moves when one comes or goes.
 */
export function sharesOf(node: NodeId, nodes: readonly NodeId[], count: number): number[] {
  const room = Math.ceil(count / nodes.length)
  const pairs = Array.from({ length: count }, (_, shard) => shard).flatMap(shard =>
    nodes.map(of => ({ shard, of, liking: hash53(`${of}\n${shard}`)[0] })),
  )
  pairs.sort((a, b) => b.liking - a.liking || (a.of < b.of ? -1 : 1))
  const taken = new Set<number>()
  const counts = new Map<NodeId, number>()
  const mine: number[] = []
  for (const { shard, of } of pairs) {
    const count = counts.get(of) ?? 0
    if (taken.has(shard) || count === room) continue
    taken.add(shard)
    counts.set(of, count + 1)
    if (of === node) mine.push(shard)
  }
  const of = new Set(mine)
  return ALL_SHARDS.filter(part => of.has(shardOf(part, count)))
}

/** Of so many shards those that these parts are the whole of. */
export function wholeShards(parts: Iterable<number>, count: number): number[] {
  const widths = Map.groupBy(parts, part => shardOf(part, count))
  return [...widths].flatMap(([shard, of]) => (of.length === SHARDS / count ? [shard] : [])).sort((a, b) => a - b)
}

/** Whether a part is on the shards of a claim. */
export function holds({ shards }: Pick<Claim, 'shards'>): (part: number) => boolean {
  if (shards.length === SHARDS) return () => true
  const held = new Set(shards)
  return part => held.has(shardOf(part, SHARDS))
}

/** Whether an actor lives on the shards of a claim. */
export function isOn(claim: Pick<Claim, 'shards'>): (id: ActorId) => boolean {
  const isHeld = holds(claim)
  // Of one lane that has all no id is looked into.
  return claim.shards.length === SHARDS ? () => true : id => isHeld(partOf(id))
}

/** Two slots that no move of shards parts. */
export function areTogether(one: number, other: number): boolean {
  return shardOf(one >>> 8, SHARDS) === shardOf(other >>> 8, SHARDS)
}
