import type { NodeView } from '../engine/face.ts'
import { Empty, Nodes, Shards } from './answers.ts'
import { storable } from './inputs.ts'
import { formatInstant } from './instants.ts'
import { type Operation, operation } from './operation.ts'
import { CommandBody, NOTE_LENGTH_MAX, ReshardBody } from './schemas.ts'

const NODES = '/v1/nodes'

export const nodes: Operation[] = [
  operation({
    name: 'nodes.list',
    method: 'GET',
    path: NODES,
    // From the store: it is asked for when nobody serves, too.
    summary: 'List the nodes of the cluster, and how many shards each serves',
    answers: { 200: Nodes },
    handle: async ({ engine }) => JSON.stringify({ nodes: (await engine.nodes.list()).map(nodeJson), fault: engine.fault() }),
  }),
  operation({
    name: 'shards.list',
    method: 'GET',
    path: '/v1/shards',
    summary: 'Which lane of which node holds which shards, and how each shows that it lives',
    answers: { 200: Shards },
    handle: async ({ engine }) => JSON.stringify(await engine.nodes.shards()),
  }),
  operation({
    name: 'shards.set',
    method: 'PUT',
    path: '/v1/shards',
    summary: 'Change the number of shards, under load: no data moves',
    body: { schema: ReshardBody },
    answers: { 200: Empty },
    async handle({ engine, body, command }) {
      await engine.nodes.reshard(body.shards, command())
      return '{}'
    },
  }),
  operation({
    name: 'nodes.drain',
    method: 'POST',
    path: `${NODES}/{node}/drain`,
    summary: 'Make a node give its shards up and take none; another serves them',
    body: { schema: CommandBody, optional: true },
    answers: { 200: Empty },
    async handle({ engine, params, body, command }) {
      const why = body.why === undefined ? null : storable(body.why, NOTE_LENGTH_MAX)
      await engine.nodes.drain(params.node, { ...command(), why })
      return '{}'
    },
  }),
  operation({
    name: 'nodes.undrain',
    method: 'POST',
    path: `${NODES}/{node}/undrain`,
    summary: 'Let a drained node serve again',
    body: { schema: CommandBody, optional: true },
    answers: { 200: Empty },
    async handle({ engine, params }) {
      await engine.nodes.undrain(params.node)
      return '{}'
    },
  }),
]

function nodeJson({ id, name, address, since: begun, shards, drained }: NodeView) {
  const { by, note, since } = drained ?? {}
  return { id, name, address, since: formatInstant(begun), shards, drained: since === undefined ? null : { by, note, since: formatInstant(since) } }
}
