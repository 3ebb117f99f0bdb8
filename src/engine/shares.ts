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
