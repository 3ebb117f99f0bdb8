import type { WireNodes } from '@mainspring/sdk'
import type { Command } from 'commander'
import { textFlag } from './arguments.ts'
import { oneNamed } from './named.ts'
import { nodesTable } from './output/lists.ts'
import { type Action, calling } from './session.ts'
import type { Terminal } from './terminal.ts'

/** The nodes on one database: who serves, who stands by, and who is to give its shards up. */
export function addClusterVerbs(program: Command, terminal: Terminal): void {
  const node = program.command('node').description('nodes of the cluster: who serves, who stands by')
  calling(node.command('ls').description('all nodes'), terminal, 'mainspring node ls', async session => {
    const answer = await session.client.call<WireNodes>('nodes.list', {})
    session.show(answer, ({ nodes }) => nodesTable(nodes, session.look))
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
