import { type ActorId, hash53, type NodeId, partOf, shardOf } from '../core/ids.ts'
import { ALL_SHARDS, type Claim, SHARDS } from '../store/store.ts'

/**
 * The shards that a node is to hold among these nodes, itself included: as many as any other, and the same whoever reckons. Each shard goes to the node that
 * its hash likes best and that has room (rendezvous hashing), so little moves when one comes or goes.
 */
export function sharesOf(node: NodeId, nodes: readonly NodeId[]): number[] {
  const room = Math.ceil(SHARDS / nodes.length)
  const pairs = ALL_SHARDS.flatMap(shard => nodes.map(of => ({ shard, of, liking: hash53(`${of}\n${shard}`)[0] })))
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
  return mine.sort((a, b) => a - b)
}

/** Whether an actor lives on the shards of a claim. */
export function isOn({ shards }: Pick<Claim, 'shards'>): (id: ActorId) => boolean {
  if (shards.length === SHARDS) return () => true
  const held = new Set(shards)
  return id => held.has(shardOf(partOf(id), SHARDS))
}
