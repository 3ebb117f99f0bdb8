import type { ChildProcess } from 'node:child_process'
import { connect } from '@mainspring/sdk'
import type { Case, Figures, Sizes } from './cases.ts'
import { leftOf, leftUntil } from './drains.ts'
import { INPUT, noop } from './jobs.ts'
import { BenchServer, cpuUs, said, started, stopped } from './processes.ts'
import { startAll } from './starts.ts'

/** One queue, drained by so many nodes on one database, each with a worker of its own. */
export const NODE_CASES: readonly Case[] = [1, 2, 4].map(nodes => ({ name: `nodes-${nodes}`, run: (url, sizes) => drainBy(nodes, url, sizes) }))

const SLOTS = 50

async function drainBy(count: number, url: string, { jobs, warmUp }: Sizes): Promise<Figures> {
  const nodes: BenchServer[] = []
  const workers: ChildProcess[] = []
  try {
    for (let n = 0; n < count; n++) nodes.push(await BenchServer.start(url))
    const client = connect({ url: nodes.map(node => node.url).join(), namespace: 'default', retryFor: '1m' })
    await client.call('queues.pause', { name: 'drain' }, {})
    await startAll(client, noop, INPUT, warmUp + jobs, 1_000, 1)
    for (const node of nodes) {
      const worker = started('worker.ts', [node.url, String(SLOTS)])
      await said(worker)
      workers.push(worker)
    }
    await client.call('queues.resume', { name: 'drain' }, {})
    const toDrain = await leftUntil(jobs, warmUp + jobs, () => leftOf(client))
    const spent = () => [...nodes.map(node => node.cpuUs()), ...workers.map(cpuUs)].reduce((sum, { main, others }) => sum + main + others, 0)
    const [before, begunAt] = [spent(), performance.now()]
    await leftUntil(0, toDrain, () => leftOf(client))
    const seconds = (performance.now() - begunAt) / 1_000
    const cpu = spent() - before
    await client.close()
    const name = `drain by ${count} node${count === 1 ? '' : 's'}, each with a worker`
    return { [`${name}, jobs/s`]: toDrain / seconds, [`${name}, nodes and workers CPU µs/job`]: cpu / toDrain }
  } finally {
    await Promise.all([...workers, ...nodes.map(({ child }) => child)].map(child => stopped(child, 'SIGKILL')))
  }
}
