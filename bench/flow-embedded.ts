// Engine, worker and client in one process: `flow-embedded.ts DATABASE WARM_UP COUNT`. Says how long each workflow of one step took, alone, and ends.
import { startNode } from '../src/server/index.ts'
import { one } from './flows.ts'
import { closedLoop } from './peers/loop.ts'

const [, , database = '', warmUp = '0', count = '0'] = process.argv
const node = await startNode({ database, work: [one], slots: 50 })
const act = async (): Promise<unknown> => (await node.client.start(one, {})).result()
// Alone as well: what is alone takes other paths, which V8 compiles later.
for (const inFlight of [100, 1]) await closedLoop(Number(warmUp), inFlight, act)
const before = process.cpuUsage()
const { latencies } = await closedLoop(Number(count), 1, act)
const { user, system } = process.cpuUsage(before)
process.send?.({ latencies, cpuUs: (user + system) / Number(count) })
await node.stop()
process.exit(0)
