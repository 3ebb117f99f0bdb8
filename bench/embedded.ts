// Engine and worker in one process: `embedded.ts drain FILE COUNT WARM_UP` or `embedded.ts latency FILE COUNT RATE`. Says what it measured and ends.
import { startNode } from '../src/server/index.ts'
import { leftOf, leftUntil } from './drains.ts'
import { INPUT, latencies, noop, preciseNow, stamped } from './jobs.ts'
import { paced, startAll } from './starts.ts'

const [, , what, database = '', count = '0', more = '0'] = process.argv
const node = await startNode({ database, work: [noop, stamped], slots: 50 })
if (what === 'drain') {
  await node.client.call('queues.pause', { name: 'drain' }, {})
  const [jobs, warmUp] = [Number(count), Number(more)]
  await startAll(node.client, noop, INPUT, warmUp + jobs, 1_000, 1)
  await node.client.call('queues.resume', { name: 'drain' }, {})
  const left = () => leftOf(node.client)
  const toDrain = await leftUntil(jobs, warmUp + jobs, left)
  const before = process.cpuUsage()
  const begunAt = performance.now()
  await leftUntil(0, toDrain, left)
  const seconds = (performance.now() - begunAt) / 1_000
  const { user, system } = process.cpuUsage(before)
  process.send?.({ perSecond: toDrain / seconds, cpuUs: (user + system) / toDrain })
} else {
  await paced(Number(count), Number(more), () => node.client.start(stamped, { sentAt: preciseNow() }))
  while (latencies.length < Number(count)) await new Promise(resolve => setTimeout(resolve, 10))
  process.send?.(latencies)
}
await node.stop()
process.exit(0)
