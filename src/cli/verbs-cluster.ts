import { setTimeout as after } from 'node:timers/promises'
import type { WireNodes, WireShards } from '@mainspring/sdk'
import type { Command } from 'commander'
import { integerArgument, textFlag } from './arguments.ts'
import { oneNamed } from './named.ts'
import { nodesText, shardsText } from './output/cluster.ts'
import { type Action, calling } from './session.ts'
import type { Terminal } from './terminal.ts'

/** The nodes on one database: who serves, who stands by, and who is to give its shards up. */
export function addClusterVerbs(program: Command, terminal: Terminal): void {
  const node = program.command('node').description('nodes of the cluster: who serves, who stands by')
  calling(node.command('ls').description('all nodes'), terminal, 'mainspring node ls', async session => {
    const answer = await session.client.call<WireNodes>('nodes.list', {})
    session.show(answer, answer => nodesText(answer, session.look))
    return undefined
  })
  const cluster = program.command('cluster').description('the cluster as a whole')
  calling(
    cluster.command('status').description('which lane of which node holds which shards, and whether it renews; takes a second'),
    terminal,
    'mainspring cluster status',
    async session => {
      const read = () => session.client.call<WireShards>('shards.list', {})
      const before = await read()
      await after(WATCH_MS)
      const now = await read()
      const renewed = new Map(before.lanes.map(({ claim, renewals }) => [claim, renewals]))
      const lanes = now.lanes.map(lane => ({ ...lane, lately: renewed.has(lane.claim) ? lane.renewals - (renewed.get(lane.claim) as number) : null }))
      session.show({ ...now, lanes }, status => shardsText(status, session.look))
      return undefined
    },
  )
  const reshard = cluster
    .command('reshard')
    .description('change the number of shards, under load: no data moves, and all nodes know of it once it is answered')
    .argument('<shards>', 'how many there are to be: a power of two, 256 at most')
  calling(reshard, terminal, 'mainspring cluster reshard 256', async (session, [given = '']) => {
    const shards = integerArgument(given, 'mainspring cluster reshard', 1, 256)
    const { count: before } = await session.client.call<WireShards>('shards.list', {})
    await session.client.call('shards.set', {}, { shards })
    session.show({ shards, before }, () => `${shards} shards; there were ${before}. Who holds them: mainspring cluster status`)
    return undefined
  })
  const drain = node
    .command('drain')
    .description('make a node give its shards up; another serves them')
    .argument('<node>', 'its name, or the end of its id')
  calling(drain.option('--why <text>', 'shown wherever that is'), terminal, 'mainspring node drain web-1:42', drainNode('nodes.drain'))
  const undrain = node.command('undrain').description('let a drained node serve again').argument('<node>', 'its name, or the end of its id')
  calling(undrain, terminal, 'mainspring node undrain web-1:42', drainNode('nodes.undrain'))
}

/** A node renews four times meanwhile. */
const WATCH_MS = 1_000

function drainNode(operation: 'nodes.drain' | 'nodes.undrain'): Action {
  return async (session, [given = ''], flags) => {
    const { nodes } = await session.client.call<WireNodes>('nodes.list', {})
    const node = oneNamed('node', nodes, given) ?? { id: given, name: given }
    const why = textFlag(flags.why)
    await session.client.call(operation, { node: node.id }, why === undefined ? {} : { why })
    const said =
      operation === 'nodes.drain'
        ? `node "${node.name}" gives its shards up and takes none. Undo: mainspring node undrain ${given}`
        : `node "${node.name}" may serve again.`
    session.show({ node: node.id, drained: operation === 'nodes.drain' }, () => said)
    return undefined
  }
}
