import { UserError } from '../core/errors.ts'
import type { NodeId } from '../core/ids.ts'
import { type LaneRow, SHARDS, SINGLE_PARTS } from '../store/store.ts'
import type { Clock } from './clock.ts'
import type { NodeCalls, NodeView, Pause, ShardsView } from './face.ts'
import { NODE_DRAIN_SETTING, type Settings, SHARDS_SETTING } from './settings.ts'
import { SHARD_COUNTS, wholeShards } from './shares.ts'

interface Options {
  settings: Settings
  clock: Clock
  /** Those whose claims stand. */
  read(): Promise<Omit<NodeView, 'drained'>[]>
  /** The lanes whose claims stand, and which version the settings have. */
  readLanes(): Promise<{ lanes: LaneRow[]; version: number }>
  put(kind: string, namespace: string, name: string, value: string | null): Promise<void>
}

/** Nodes that take no shards, by an operator's word: a setting (E21) that lives as long as the node. */
export function nodeCalls({ settings, clock, read, readLanes, put }: Options): NodeCalls {
  const list = async (): Promise<NodeView[]> =>
    (await read()).map(({ shards, ...node }) => ({
      ...node,
      // As the store tells them: parts. In the middle of a move they need not be whole shards.
      shards: Math.ceil((shards * settings.shardCount()) / SHARDS),
      drained: settings.nodeDrainOf(node.id),
    }))
  const forget = (id: NodeId): Promise<void> => put(NODE_DRAIN_SETTING, '', id, null)
  return {
    list,
    shards: async () => shardsOf(await readLanes(), settings.shardCount()),
    async reshard(count, { by }) {
      if (!SHARD_COUNTS.includes(count))
        throw new UserError('invalid-option', { at: '/shards', found: String(count), hint: `one of ${SHARD_COUNTS.join(', ')}` })
      const { lanes } = await readLanes()
      refuseOlder(lanes, SINGLE_PARTS)
      await put(SHARDS_SETTING, '', '', JSON.stringify({ count, by, since: clock.now() }))
    },
    async drain(id, { by, why }) {
      const nodes = await list()
      if (!nodes.some(node => node.id === id)) throw new UserError('node-not-found', { found: id })
      if (!nodes.some(node => node.id !== id && node.drained === null))
        throw new UserError('last-node', { found: id, hint: 'start another node first, or undrain one' })
      for (const { name } of settings.ofKind(NODE_DRAIN_SETTING)) if (!nodes.some(node => node.id === name)) await forget(name)
      const drain: Pause = settings.nodeDrainOf(id) ?? { by, note: why ?? null, since: clock.now() }
      await put(NODE_DRAIN_SETTING, '', id, JSON.stringify(drain))
    },
    async undrain(id) {
      if (settings.nodeDrainOf(id) !== null) await forget(id)
    },
  }
}

/** Not while a node is there that does not read this form (E11). @throws UserError `older-nodes` */
export function refuseOlder(lanes: readonly LaneRow[], form: number): void {
  const older = new Set(lanes.flatMap(({ reads, nodeName }) => (reads < form ? [nodeName] : [])))
  if (older.size > 0) throw new UserError('older-nodes', { found: [...older].join(', '), hint: 'upgrade these nodes, or end them, and repeat it' })
}

function shardsOf({ lanes, version }: { lanes: LaneRow[]; version: number }, count: number): ShardsView {
  const held = new Set(wholeShards(new Set(lanes.flatMap(({ shards }) => shards)), count))
  return {
    count,
    lanes: lanes.map(({ lane, claim, node, nodeName, shards, renewals, version: known }) => ({
      lane,
      claim,
      node,
      name: nodeName,
      shards: wholeShards(shards, count),
      renewals,
      behind: Math.max(0, version - known),
    })),
    free: Array.from({ length: count }, (_, shard) => shard).filter(shard => !held.has(shard)),
  }
}
