// `flow-process.ts PEER URL`: one process of a peer. Told by messages what to do; answers each with what it found.
import type { FlowPeer, Workflow } from './flow-peer.ts'
import { closedLoop } from './loop.ts'

const [, , name = '', url = ''] = process.argv
const { open } = (await import(`./${name}.ts`)) as { open(url: string): Promise<FlowPeer> }
const peer = await open(url)

type Word = { is: 'serve' } | { is: 'loop'; what: Workflow; input: number; count: number; inFlight: number }

process.on('message', (word: Word) => {
  const did = word.is === 'serve' ? peer.serve().then(() => null) : closedLoop(word.count, word.inFlight, () => peer.call(word.what, word.input))
  void did.then(found => process.send?.({ found }))
})
process.on('SIGTERM', () => process.exit(0))
process.send?.('ready')
