// Durable workflows beside ours (peers/dbos.ts, peers/restate.ts, peers/temporal.ts), each called as its documentation would have it. Installed in `peers/` alone.
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Case, type Figures, percentile, percentiles, type Sizes } from './cases.ts'
import { CHILDREN, flowsOf, IDLE, IN_FLIGHT } from './flow-cases.ts'
import { opened, told, usedUs } from './peer-cases.ts'
import { postgresPlace, restatePlace } from './places.ts'
import { stopped } from './processes.ts'
import { TEMPORAL_IS_BUILT, temporalPlace } from './temporal.ts'

const PACKAGES = { dbos: '@dbos-inc', restate: '@restatedev', temporal: '@temporalio' }

interface Contestant {
  peer: keyof typeof PACKAGES
  name: string
  place: typeof postgresPlace
  /** Processes that run workflows and call them; without, one serves, and another calls. */
  processes: number
  /** Of these many in flight, it does most. */
  best: number
  /** What it is installed with, beside its package. */
  built?: { by: string; is: boolean }
}

const PEERS: readonly Contestant[] = [
  { peer: 'dbos', name: 'DBOS on PostgreSQL, 1 process', place: postgresPlace, processes: 1, best: 100 },
  { peer: 'dbos', name: 'DBOS on PostgreSQL, 2 processes', place: postgresPlace, processes: 2, best: 100 },
  { peer: 'restate', name: 'Restate', place: restatePlace, processes: 0, best: 500 },
  {
    peer: 'temporal',
    name: 'Temporal on SQLite',
    place: temporalPlace,
    processes: 0,
    best: 100,
    built: { by: 'npm run temporal', is: TEMPORAL_IS_BUILT },
  },
]

interface Loop {
  tookMs: number
  latencies: number[]
}

const FIVE = 'workflows of five steps'

export const FLOW_PEER_CASES: readonly Case[] = PEERS.flatMap((contestant): Case[] => {
  const { peer, processes, place, built } = contestant
  const missing = !existsSync(join(import.meta.dirname, 'peers', 'node_modules', PACKAGES[peer]))
    ? 'npm install'
    : built?.is === false
      ? built.by
      : undefined
  const name = `flow-peer-${peer}-${processes}`
  const costs = { of: `${FIVE}, ${contestant.name}`, jobs: (sizes: Sizes) => spentOn(contestant, sizes) }
  return [
    { name, costs, missing, place, run: (url, sizes) => withPeer(contestant, url, (loop, spent) => fives(contestant, sizes, loop, spent)) },
    ...(processes > 1
      ? []
      : [{ name: `${name}-more`, missing, place, run: (url: string) => withPeer(contestant, url, loop => more(contestant, loop)) }]),
  ]
})

/** They take long: of so many workflows, a part. */
const SHARE = 0.5
const FAN_OUTS = 3

/** So many of a workflow, over all callers. */
type Looped = (what: string, input: number, count: number, inFlight: number) => Promise<Loop>

function spentOn({ best }: Contestant, sizes: Sizes): number {
  const { flows, warmUp } = flowsOf(sizes, SHARE)
  return flows + warmUp + (best === IN_FLIGHT ? 0 : flows)
}

async function withPeer(
  { peer, processes }: Contestant,
  url: string,
  act: (loop: Looped, spent: () => number) => Promise<Figures>,
): Promise<Figures> {
  // One after the other: the first makes the tables.
  const callers: ChildProcess[] = []
  while (callers.length < Math.max(1, processes)) callers.push(await opened(peer, url, 'peers/flow-process.ts'))
  const servers = processes === 0 ? [await opened(peer, url, 'peers/flow-process.ts')] : []
  const all = [...callers, ...servers]
  try {
    for (const server of servers) await told(server, { is: 'serve' })
    const loop: Looped = async (what, input, count, inFlight) => {
      const each = { is: 'loop', what, input, count: count / callers.length, inFlight: inFlight / callers.length }
      const found = await Promise.all(callers.map(caller => told<Loop>(caller, each)))
      return { tookMs: Math.max(...found.map(({ tookMs }) => tookMs)), latencies: found.flatMap(({ latencies }) => latencies) }
    }
    return await act(loop, () => all.reduce((sum, child) => sum + usedUs(child), 0))
  } finally {
    await Promise.all(all.map(child => stopped(child)))
  }
}

async function fives({ name, best }: Contestant, sizes: Sizes, loop: Looped, spent: () => number): Promise<Figures> {
  const { flows, warmUp } = flowsOf(sizes, SHARE)
  await loop('five', 0, warmUp, best)
  const before = spent()
  const fast = await loop('five', 0, flows, best)
  const worked = spent() - before
  const steady = best === IN_FLIGHT ? fast : await loop('five', 0, flows, IN_FLIGHT)
  return {
    [`${FIVE}, ${name}, workflows/s`]: (flows / fast.tookMs) * 1_000,
    [`${FIVE}, ${name}, CPU of those who call and run µs/workflow`]: worked / flows,
    ...percentiles(`${FIVE}, ${name}, ${IN_FLIGHT} in flight, start to result`, steady.latencies),
  }
}

async function more({ name }: Contestant, loop: Looped): Promise<Figures> {
  await loop('one', 0, IDLE, 10)
  const fan = await loop('fan', CHILDREN, FAN_OUTS, 1)
  const idle = await loop('one', 0, IDLE, 1)
  const middle = percentile(
    fan.latencies.sort((a, b) => a - b),
    0.5,
  )
  return {
    [`a workflow that starts ${CHILDREN.toLocaleString('en')} children and awaits all, ${name}, ms`]: middle,
    ...percentiles(`a workflow of one step, ${name}, alone, start to result`, idle.latencies),
  }
}
