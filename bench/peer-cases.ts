// Job queues beside ours, each as a library in processes of its own, as their documentation would have it (peers/*.ts). Installed in `peers/` alone.
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Case, type Figures, LATENCY_RATE, percentiles, type Sizes } from './cases.ts'
import { leftUntil } from './drains.ts'
import { postgresPlace, redisPlace } from './places.ts'
import { cpuUs, said, started, stopped } from './processes.ts'

const PEERS = [
  { peer: 'graphile-worker', name: 'graphile-worker (keeps no history)', place: postgresPlace },
  { peer: 'pg-boss', name: 'pg-boss', place: postgresPlace },
  { peer: 'bullmq', name: 'BullMQ on PostgreSQL', place: postgresPlace },
  { peer: 'bullmq', name: 'BullMQ on Redis, fsync always', place: () => redisPlace('always') },
  { peer: 'bullmq', name: 'BullMQ on Redis, fsync every second', place: () => redisPlace('everysec') },
]
/** One process has one core; two share the machine with the database, as our server and its worker do. */
const PROCESSES = [1, 2]
const PER_CALL = 1_000
const CALLS = 4

const missing = existsSync(join(import.meta.dirname, 'peers', 'node_modules')) ? undefined : 'npm install'

export const PEER_CASES: readonly Case[] = PEERS.flatMap(({ peer, name, place }, index): Case[] => [
  ...PROCESSES.map(processes => ({
    name: `peer-${index + 1}-drain-${processes}`,
    missing,
    costs: { of: `${name}, ${processes} process${processes === 1 ? '' : 'es'}`, jobs: ({ jobs, warmUp }: Sizes) => warmUp + jobs },
    place,
    run: (url: string, sizes: Sizes) => drain(peer, name, url, sizes, processes),
  })),
  { name: `peer-${index + 1}-latency`, missing, place, run: (url, { latencyJobs }) => latency(peer, name, url, latencyJobs) },
])

async function drain(peer: string, name: string, url: string, { jobs, warmUp }: Sizes, count: number): Promise<Figures> {
  const starter = await opened(peer, url)
  const start = (count: number) => told<number>(starter, { is: 'start', count, perCall: PER_CALL, calls: CALLS })
  await start(warmUp)
  const beforeStart = usedUs(starter)
  const perSecond = await start(jobs)
  const startUs = usedUs(starter) - beforeStart
  const workers = await Promise.all(Array.from({ length: count }, () => opened(peer, url)))
  await Promise.all(workers.map(worker => told(worker, { is: 'work' })))
  const left = () => told<number>(starter, { is: 'left' })
  const toDrain = await leftUntil(jobs, warmUp + jobs, left)
  const before = workers.reduce((sum, worker) => sum + usedUs(worker), 0)
  const begunAt = performance.now()
  await leftUntil(0, toDrain, left)
  const seconds = (performance.now() - begunAt) / 1_000
  const worked = workers.reduce((sum, worker) => sum + usedUs(worker), 0) - before
  await Promise.all([starter, ...workers].map(child => stopped(child)))
  const drained = `drain, ${name}, ${count} process${count === 1 ? '' : 'es'}`
  return {
    [`start, ${name}, 1,000 a call, ${CALLS} at a time, jobs/s`]: perSecond,
    [`start, ${name}, CPU of the caller µs/job`]: startUs / jobs,
    [`${drained}, jobs/s`]: toDrain / seconds,
    [`${drained}, CPU of the workers µs/job`]: worked / toDrain,
  }
}

async function latency(peer: string, name: string, url: string, count: number): Promise<Figures> {
  const starter = await opened(peer, url)
  const worker = await opened(peer, url)
  await told(worker, { is: 'work' })
  await told(starter, { is: 'pace', count, perSecond: LATENCY_RATE })
  let found = await told<number[]>(worker, { is: 'latencies' })
  while (found.length < count) found = await told<number[]>(worker, { is: 'latencies' })
  await Promise.all([starter, worker].map(child => stopped(child)))
  return percentiles(`start to handler at 200/s, ${name}`, found)
}

export async function opened(peer: string, url: string, process = 'peers/process.ts'): Promise<ChildProcess> {
  const child = started(process, [peer, url])
  await said(child)
  return child
}

export async function told<Found>(child: ChildProcess, word: object): Promise<Found> {
  const answer = said<{ found: Found }>(child)
  child.send(word)
  return (await answer).found
}

export function usedUs(child: ChildProcess): number {
  const { main, others } = cpuUs(child)
  return main + others
}
