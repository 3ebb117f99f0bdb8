// Engine and worker in one process: `embedded.ts drain FILE COUNT` or `embedded.ts latency FILE COUNT RATE`. Says what it measured and ends.
import { startNode } from '../src/server/index.ts'
import { INPUT, latencies, noop, preciseNow, stamped } from './jobs.ts'
import { paced, startAll } from './starts.ts'

const [, , what, database = '', count = '0', rate = '0'] = process.argv
const node = await startNode({ database, work: [noop, stamped], slots: 50 })
if (what === 'drain') {
  await node.client.call('queues.pause', { name: 'drain' }, {})
  await startAll(node.client, noop, INPUT, Number(count), 1_000, 1)
  const before = process.cpuUsage()
  const begunAt = performance.now()
  await node.client.call('queues.resume', { name: 'drain' }, {})
  while (!(await drained())) await new Promise(resolve => setTimeout(resolve, 10))
  const seconds = (performance.now() - begunAt) / 1_000
  const { user, system } = process.cpuUsage(before)
  process.send?.({ perSecond: Number(count) / seconds, cpuUs: (user + system) / Number(count) })
} else {
  await paced(Number(count), Number(rate), () => node.client.start(stamped, { sentAt: preciseNow() }))
  while (latencies.length < Number(count)) await new Promise(resolve => setTimeout(resolve, 10))
  process.send?.(latencies)
}
await node.stop()
process.exit(0)

async function drained(): Promise<boolean> {
  const { queues } = await node.client.call<{ queues: { name: string; depth: number; running: number }[] }>('queues.list', {})
  const queue = queues.find(({ name }) => name === 'drain')
  return queue === undefined || queue.depth + queue.running === 0
}
