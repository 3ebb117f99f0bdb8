import type { ChildProcess } from 'node:child_process'
import { connect, type Job } from '@mainspring/sdk'
import { cronFigures } from './cron.ts'
import { leftOf, leftUntil } from './drains.ts'
import { crowded, INPUT, limited, noop, preciseNow, shared, stamped, tenantInput } from './jobs.ts'
import type { Place } from './places.ts'
import { ask, BenchServer, cpuUs, said, started, stopped } from './processes.ts'
import { dueAtOnce, idleSchedules, sleepers } from './schedules.ts'
import { paced, startAll } from './starts.ts'

export interface Sizes {
  jobs: number
  /**
   * Jobs before those that are measured, of every contestant: of the first 30,000 jobs that a server drained, its other threads spent two thirds of their CPU
   * on V8's compilers (55 µs a job).
   */
  warmUp: number
  rounds: number
  /** Jobs started at 200 a second. */
  latencyJobs: number
  /** Times that a node goes. */
  takeovers: number
}
/** Figures by name; a name ends with its unit. */
export type Figures = Record<string, number>
export interface Case {
  name: string
  /** What the server of its place spends is told by this name, for each of so many jobs. */
  costs?: { of: string; jobs(sizes: Sizes): number }
  /** How what it needs is installed, if it is not: it is skipped then. */
  missing?: string | undefined
  /** Where its rows are, if not in the store that is measured. */
  place?(): Promise<Place>
  /** `database`: a new one for this round. */
  run(database: string, sizes: Sizes): Promise<Figures>
}

export const LATENCY_RATE = 200
/** What one poll brings, and what one answer completes. */
const BATCH = 50

export const CASES: readonly Case[] = [
  { name: 'start-1000', run: (database, sizes) => start(database, sizes, sizes.jobs, 1_000, 4) },
  { name: 'start-10', run: (database, sizes) => start(database, sizes, sizes.jobs / 5, 10, 16) },
  {
    name: 'drain-1',
    costs: { of: 'Mainspring over HTTP, 1 worker', jobs: ({ jobs, warmUp }) => warmUp + jobs },
    run: (database, sizes) => drain(database, sizes, 1),
  },
  {
    name: 'drain-4',
    costs: { of: 'Mainspring over HTTP, 4 workers', jobs: ({ jobs, warmUp }) => warmUp + jobs },
    run: (database, sizes) => drain(database, sizes, 4),
  },
  // As many at a time as peers take at their best.
  {
    name: 'drain-500',
    costs: { of: 'Mainspring over HTTP, 1 worker with 500 slots', jobs: ({ jobs, warmUp }) => warmUp + jobs },
    run: (database, sizes) => drain(database, sizes, 1, NOOP, sizes.jobs, 500),
  },
  { name: 'drain-embedded', costs: { of: 'Mainspring embedded', jobs: ({ jobs, warmUp }) => warmUp + jobs }, run: drainEmbedded },
  { name: 'drain-limited', run: (database, sizes) => drain(database, sizes, 4, { name: 'under a limit', job: limited, input: INPUT }) },
  { name: 'drain-tenants', run: (database, sizes) => drain(database, sizes, 1, { name: 'of 10,000 tenants', job: shared, input: tenantInput }) },
  // What a queue of ten times that depth costs without keys: the one that the next case is held against.
  { name: 'drain-deep', run: (database, sizes) => drain(database, sizes, 1, { ...NOOP, name: 'of a million' }, sizes.jobs * 10) },
  {
    name: 'drain-million',
    run: (database, sizes) => drain(database, sizes, 1, { name: 'of a million of 10,000 tenants', job: shared, input: tenantInput }, sizes.jobs * 10),
  },
  { name: 'fair-share', run: fairShare },
  { name: 'latency', run: latency },
  { name: 'latency-embedded', run: latencyEmbedded },
  { name: 'cron', run: cronFigures },
  { name: 'schedules-idle', run: (database, { jobs }) => withServer(database, server => idleSchedules(server, jobs)) },
  { name: 'schedules-due', run: (database, { jobs }) => withServer(database, server => dueAtOnce(server, jobs / 10)) },
  { name: 'sleepers', run: (database, { jobs }) => withServer(database, server => sleepers(server, jobs * 10)) },
]

async function start(database: string, { warmUp }: Sizes, jobs: number, perCall: number, calls: number): Promise<Figures> {
  return withServer(database, async server => {
    const client = connect({ url: server.url, namespace: 'default', retryFor: '1m' })
    await startAll(client, noop, INPUT, warmUp, 1_000, calls)
    const before = server.cpuUs()
    const begunAt = performance.now()
    await startAll(client, noop, INPUT, jobs, perCall, calls)
    const seconds = (performance.now() - begunAt) / 1_000
    const after = server.cpuUs()
    await client.close()
    const name = `start over HTTP, ${perCall.toLocaleString('en')} a call, ${calls} at a time`
    return { [`${name}, jobs/s`]: jobs / seconds, [`${name}, server CPU µs/job`]: (after.main + after.others - before.main - before.others) / jobs }
  })
}

interface Kind<Input> {
  name: string
  job: Job<Input, unknown>
  input: Input | ((n: number) => Input)
}

const NOOP: Kind<typeof INPUT> = { name: '', job: noop, input: INPUT }

/** Drains `jobs` of `queued`, after those that warm up: all of them, unless it says so. */
async function drain<Input>(
  database: string,
  { jobs, warmUp }: Sizes,
  workers: number,
  kind: Kind<Input> = NOOP as unknown as Kind<Input>,
  queued = jobs,
  slots = BATCH,
): Promise<Figures> {
  return withServer(database, async server => {
    const client = connect({ url: server.url, namespace: 'default', retryFor: '1m' })
    await client.call('queues.pause', { name: 'drain' }, {})
    await startAll(client, kind.job, kind.input, warmUp + queued, 1_000, 1)
    return withWorkers(server, workers, slots, async children => {
      const drained = () => leftOf(client).then(left => left - (queued - jobs))
      await client.call('queues.resume', { name: 'drain' }, {})
      const toDrain = await leftUntil(jobs, warmUp + jobs, drained)
      await ask(server.child, 'reset')
      const before = { server: server.cpuUs(), workers: children.map(cpuUs) }
      const begunAt = performance.now()
      await leftUntil(0, toDrain, drained)
      const seconds = (performance.now() - begunAt) / 1_000
      const after = { server: server.cpuUs(), workers: children.map(cpuUs) }
      const delay = await ask<{ p999: number; max: number }>(server.child, 'read')
      await client.close()
      const worked = after.workers.reduce(
        (sum, cpu, index) => sum + cpu.main + cpu.others - before.workers[index]!.main - before.workers[index]!.others,
        0,
      )
      const name = `drain over HTTP, ${workers} worker${workers === 1 ? '' : 's'}, batches of ${slots}${kind.name === '' ? '' : `, ${kind.name}`}`
      return {
        [`${name}, jobs/s`]: toDrain / seconds,
        [`${name}, server main thread CPU µs/job`]: (after.server.main - before.server.main) / toDrain,
        [`${name}, server other threads CPU µs/job`]: (after.server.others - before.server.others) / toDrain,
        [`${name}, workers CPU µs/job`]: worked / toDrain,
        [`${name}, server event loop delay p99.9 ms`]: delay.p999,
        [`${name}, server event loop delay max ms`]: delay.max,
      }
    })
  })
}

/** How long a tenant's first job takes to its handler, alone and while another tenant has a hundred thousand in the same queue. */
async function fairShare(database: string, { jobs, latencyJobs }: Sizes): Promise<Figures> {
  return withServer(database, server =>
    withWorkers(server, 1, 10, async ([worker]) => {
      const client = connect({ url: server.url, namespace: 'default', retryFor: '1m' })
      await client.register([crowded])
      const count = Math.min(200, latencyJobs)
      const measured = async (name: string): Promise<Figures> => {
        const before = (await ask<number[]>(worker!, 'latencies')).length
        let sent = 0
        await paced(count, 20, () => client.start(crowded, { tenant: `small-${sent++}`, sentAt: preciseNow() }))
        let found = await ask<number[]>(worker!, 'latencies')
        while (found.length < before + count) found = await ask<number[]>(worker!, 'latencies')
        return percentiles(name, found.slice(before))
      }
      const alone = await measured("a tenant's first job to its handler, alone")
      await startAll(client, crowded, { tenant: 'big', sentAt: 0 }, jobs, 1_000, 4)
      const beside = await measured("a tenant's first job to its handler, beside another's flood")
      await client.close()
      return { ...alone, ...beside }
    }),
  )
}

async function drainEmbedded(database: string, { jobs, warmUp }: Sizes): Promise<Figures> {
  const child = started('embedded.ts', ['drain', database, String(jobs), String(warmUp)])
  const { perSecond, cpuUs: cpu } = await said<{ perSecond: number; cpuUs: number }>(child)
  await stopped(child, 'SIGKILL')
  return { 'drain embedded, 50 slots, jobs/s': perSecond, 'drain embedded, 50 slots, CPU µs/job': cpu }
}

async function latency(database: string, { latencyJobs }: Sizes): Promise<Figures> {
  return withServer(database, server =>
    withWorkers(server, 1, BATCH, async ([worker]) => {
      const client = connect({ url: server.url, namespace: 'default', retryFor: '1m' })
      await client.register([stamped])
      await paced(latencyJobs, LATENCY_RATE, () => client.start(stamped, { sentAt: preciseNow() }))
      let found = await ask<number[]>(worker!, 'latencies')
      while (found.length < latencyJobs) found = await ask<number[]>(worker!, 'latencies')
      await client.close()
      return percentiles('start to handler over HTTP at 200/s', found)
    }),
  )
}

async function latencyEmbedded(database: string, { latencyJobs }: Sizes): Promise<Figures> {
  const child = started('embedded.ts', ['latency', database, String(latencyJobs), String(LATENCY_RATE)])
  const found = await said<number[]>(child)
  await stopped(child, 'SIGKILL')
  return percentiles('start to handler embedded at 200/s', found)
}

/** The first tenth is warm-up. */
export function percentiles(name: string, latencies: readonly number[]): Figures {
  const sorted = latencies.slice(latencies.length / 10).sort((a, b) => a - b)
  return { [`${name}, p50 ms`]: percentile(sorted, 0.5), [`${name}, p95 ms`]: percentile(sorted, 0.95) }
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

export async function withServer(database: string, act: (server: BenchServer) => Promise<Figures>): Promise<Figures> {
  const server = await BenchServer.start(database)
  try {
    return await act(server)
  } finally {
    await stopped(server.child)
  }
}

export async function withWorkers(
  server: BenchServer,
  count: number,
  slots: number,
  act: (children: ChildProcess[]) => Promise<Figures>,
): Promise<Figures> {
  const profile = process.env.BENCH_PROFILE ? ['--cpu-prof', '--cpu-prof-dir', process.env.BENCH_PROFILE] : []
  const children = Array.from({ length: count }, () => started('worker.ts', [server.url, String(slots)], profile))
  try {
    await Promise.all(children.map(said))
    return await act(children)
  } finally {
    await Promise.all(children.map(child => stopped(child)))
  }
}
