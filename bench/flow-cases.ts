// Workflows: what a durable step costs, and what must stay flat (a hot run, a long history, many that sleep).
import type { ChildProcess } from 'node:child_process'
import { type Client, connect } from '@mainspring/sdk'
import { type Case, type Figures, LATENCY_RATE, percentile, percentiles, type Sizes, withServer, withWorkers } from './cases.ts'
import { leftOf, leftUntil } from './drains.ts'
import { fan, five, listener, long, one, sleeper } from './flows.ts'
import { preciseNow, stamped } from './jobs.ts'
import { closedLoop } from './peers/loop.ts'
import { ask, type BenchServer, cpuUs, said, started, stopped } from './processes.ts'
import { pause, settledMiB } from './schedules.ts'
import { paced, startAll } from './starts.ts'

const SLOTS = 500
const PER_CALL = 1_000
export const IN_FLIGHT = 100
export const CHILDREN = 1_000
const FAN_OUTS = 3
export const IDLE = 100
const EMBEDDED_WARM_UP = 2_000
const EMBEDDED_IDLE = 300
const SENDERS = 64
const HISTORY_EVENTS = 200_000
const HISTORY_WIDTH = 20
const REPLAYED_STEPS = 10_000
const WAKING = 10_000
const LOOK_MS = 200

/** Of a bench of so many jobs: a workflow of five steps is six times the work. */
export const flowsOf = ({ jobs, warmUp }: Sizes, share = 1): { flows: number; warmUp: number } => ({
  flows: (jobs / 10) * share,
  warmUp: (warmUp / 10) * share,
})

export interface Bed {
  client: Client
  server: BenchServer
  worker: ChildProcess
}

export function bed(database: string, act: (bed: Bed) => Promise<Figures>, slots = SLOTS): Promise<Figures> {
  return withServer(database, server =>
    withWorkers(server, 1, slots, async ([worker]) => {
      const client = connect({ url: server.url, namespace: 'default', retryFor: '5m' })
      try {
        return await act({ client, server, worker: worker as ChildProcess })
      } finally {
        await client.close()
      }
    }),
  )
}

const five_steps = 'workflows of five steps'

export const FLOW_CASES: readonly Case[] = [
  {
    name: 'flow-flood',
    costs: { of: `${five_steps}, Mainspring`, jobs: sizes => flowsOf(sizes).flows + flowsOf(sizes).warmUp },
    run: (database, sizes) => bed(database, theBed => flood(theBed, flowsOf(sizes))),
  },
  { name: 'flow-100', run: (database, sizes) => bed(database, theBed => hundred(theBed, flowsOf(sizes))) },
  { name: 'flow-idle', run: (database, { warmUp }) => bed(database, theBed => idle(theBed, warmUp / 50)) },
  { name: 'flow-idle-embedded', run: idleEmbedded },
  { name: 'flow-fan', run: database => bed(database, fanOut) },
  { name: 'flow-signals', run: (database, { latencyJobs }) => bed(database, theBed => signals(theBed, latencyJobs / 10)) },
  { name: 'flow-history', run: (database, { jobs }) => bed(database, theBed => history(theBed, Math.min(HISTORY_EVENTS, jobs * 2))) },
  { name: 'flow-replay', run: database => bed(database, replayed) },
  { name: 'flow-sleepers', run: (database, { jobs }) => bed(database, theBed => sleepers(theBed, jobs * 10)) },
]

/** Started as fast as it goes, to the end of the last. */
async function flood(theBed: Bed, { flows, warmUp }: { flows: number; warmUp: number }): Promise<Figures> {
  const act = async (count: number): Promise<void> => {
    await startAll(theBed.client, five, {}, count, PER_CALL, 4)
    await leftUntil(0, count, () => leftOf(theBed.client))
  }
  await act(warmUp)
  const name = `${five_steps}, Mainspring, 1 worker with ${SLOTS} slots`
  return spending(theBed, { name, of: 'workflow', count: flows }, () => act(flows))
}

/** How many a second, and what CPU each of them costs. */
export async function spending(
  { server, worker }: Bed,
  { name, of, count }: { name: string; of: string; count: number },
  act: () => Promise<void>,
): Promise<Figures> {
  const spent = () => ({ server: server.cpuUs(), worker: cpuUs(worker) })
  const [before, begunAt] = [spent(), performance.now()]
  await act()
  const [after, seconds] = [spent(), (performance.now() - begunAt) / 1_000]
  const each = (who: 'server' | 'worker', what: 'main' | 'others') => (after[who][what] - before[who][what]) / count
  return {
    [`${name}, ${of}s/s`]: count / seconds,
    [`${name}, server main thread CPU µs/${of}`]: each('server', 'main'),
    [`${name}, server other threads CPU µs/${of}`]: each('server', 'others'),
    [`${name}, worker CPU µs/${of}`]: each('worker', 'main') + each('worker', 'others'),
  }
}

async function hundred({ client }: Bed, { flows, warmUp }: { flows: number; warmUp: number }): Promise<Figures> {
  await client.register([five])
  const act = async (): Promise<unknown> => (await client.start(five, {})).result()
  await closedLoop(warmUp, IN_FLIGHT, act)
  const { tookMs, latencies } = await closedLoop(flows, IN_FLIGHT, act)
  const name = `${five_steps}, Mainspring, ${IN_FLIGHT} in flight`
  return { [`${name}, workflows/s`]: (flows / tookMs) * 1_000, ...percentiles(`${name}, start to result`, latencies) }
}

/** After as many as peers have done by then: the first hundred of a server and a worker take twice as long. */
async function idle({ client }: Bed, warmUp: number): Promise<Figures> {
  await client.register([one])
  const act = async (): Promise<unknown> => (await client.start(one, {})).result()
  await closedLoop(warmUp, IN_FLIGHT, act)
  const { latencies } = await closedLoop(IDLE, 1, act)
  return percentiles('a workflow of one step, Mainspring, alone, start to result', latencies)
}

/** The same with engine, worker and client in one process. */
async function idleEmbedded(database: string): Promise<Figures> {
  const child = started('flow-embedded.ts', [database, String(EMBEDDED_WARM_UP), String(EMBEDDED_IDLE)])
  const { latencies, cpuUs } = await said<{ latencies: number[]; cpuUs: number }>(child)
  await stopped(child, 'SIGKILL')
  const name = 'a workflow of one step, Mainspring embedded, alone, start to result'
  return { ...percentiles(name, latencies), [`${name}, CPU µs/workflow`]: cpuUs }
}

async function fanOut({ client }: Bed): Promise<Figures> {
  await client.register([fan])
  const { latencies } = await closedLoop(FAN_OUTS, 1, async () => (await client.start(fan, CHILDREN)).result())
  const name = `a workflow that starts ${CHILDREN.toLocaleString('en')} children and awaits all, Mainspring`
  return {
    [`${name}, ms`]: percentile(
      latencies.sort((a, b) => a - b),
      0.5,
    ),
  }
}

/** A run that everybody signals, and how long others' jobs take to their handlers meanwhile. */
async function signals({ client, worker }: Bed, count: number): Promise<Figures> {
  await client.register([stamped, listener])
  const latenciesOf = async (name: string): Promise<Figures> => {
    const before = (await ask<number[]>(worker, 'latencies')).length
    await paced(count, LATENCY_RATE, () => client.start(stamped, { sentAt: preciseNow() }))
    let found = await ask<number[]>(worker, 'latencies')
    while (found.length < before + count) found = await ask<number[]>(worker, 'latencies')
    return percentiles(name, found.slice(before))
  }
  const alone = await latenciesOf('start to handler, no run is signalled')
  const run = await client.start(listener, null)
  const begunAt = performance.now()
  let [isOver, kept, refused] = [false, 0, 0]
  const sender = async (): Promise<void> => {
    while (!isOver) {
      // What it has not come to yet is bounded (E23): the rest is refused, and costs the server as much.
      const isKept = await run.signal('tick', null).then(
        () => true,
        () => false,
      )
      if (isKept) kept++
      else refused++
    }
  }
  const senders = Promise.all(Array.from({ length: SENDERS }, sender))
  const beside = await latenciesOf(`start to handler, beside a run that ${SENDERS} callers signal`)
  isOver = true
  await senders
  const seconds = (performance.now() - begunAt) / 1_000
  await run.signal('end', null)
  await run.result({ timeout: '5m' })
  const name = `signals of ${SENDERS} callers to one run`
  return {
    ...alone,
    ...beside,
    [`${name}, signals/s`]: (kept + refused) / seconds,
    [`${name}, taken by its code, signals/s`]: kept / ((performance.now() - begunAt) / 1_000),
  }
}

/** What a step costs at the beginning of a long history, and at its end. */
async function history({ client, server, worker }: Bed, events: number): Promise<Figures> {
  await client.register([long])
  const stretch = events / HISTORY_WIDTH / 20
  const before = server.cpuUs()
  await (await client.start(long, { rounds: stretch * 20, width: HISTORY_WIDTH, stretch, end: true })).result({ timeout: '30m' })
  const after = server.cpuUs()
  const ends = await ask<number[]>(worker, 'stretches')
  const took = ends.map((at, index) => at - (ends[index - 1] ?? Number.NaN)).slice(1)
  const name = `one run of ${events.toLocaleString('en')} steps, ${HISTORY_WIDTH} at a time`
  const msEach = (some: number[]) => some.reduce((sum, ms) => sum + ms, 0) / some.length / (events / 20)
  return {
    [`${name}, a step of its first quarter ms`]: msEach(took.slice(0, 4)),
    [`${name}, a step of its last quarter ms`]: msEach(took.slice(-4)),
    [`${name}, server CPU µs/step`]: (after.main + after.others - before.main - before.others) / events,
  }
}

/** A run whose worker is gone goes on elsewhere: how long that takes, beside a run without a history. */
async function replayed({ client, server, worker }: Bed): Promise<Figures> {
  await client.register([long])
  const runs = [REPLAYED_STEPS / 100, 1].map(rounds => client.start(long, { rounds, width: 100, stretch: rounds, end: false }))
  const [deep, shallow] = (await Promise.all(runs)) as [Awaited<(typeof runs)[0]>, Awaited<(typeof runs)[0]>]
  for (const run of [deep, shallow]) while ((await run.get()).reason !== 'signal') await pause(100)
  worker.kill('SIGKILL')
  return withWorkers(server, 1, SLOTS, async () => {
    await pause(3_000)
    const wake = async (run: typeof deep): Promise<number> => {
      const from = performance.now()
      await run.signal('end', null)
      await run.result({ timeout: '5m' })
      return performance.now() - from
    }
    // Who had them live is waited for first, for both alike.
    const base = await wake(shallow)
    const whole = await wake(deep)
    return { [`a run of ${REPLAYED_STEPS.toLocaleString('en')} steps replayed ms`]: whole - base }
  })
}

/** What so many that sleep add to the server's memory, what each costs until it sleeps, and, beside them, until it has woken and ended. */
async function sleepers({ client, server, worker }: Bed, count: number): Promise<Figures> {
  const sleep = async (some: number, until: number): Promise<void> => {
    const others = await asleep(client)
    await startAll(client, sleeper, { until: new Date(until).toISOString() }, some, PER_CALL, 2)
    while ((await asleep(client)) < others + some) await pause(LOOK_MS)
  }
  const spent = (): number => [server.cpuUs(), cpuUs(worker)].reduce((sum, { main, others }) => sum + main + others, 0)
  const night = Date.now() + 12 * 3_600_000
  await sleep(WAKING, night)
  const memory = await settledMiB(server)
  const [before, begunAt] = [spent(), performance.now()]
  await sleep(count, night)
  const [seconds, slept] = [(performance.now() - begunAt) / 1_000, spent() - before]
  const added = (await settledMiB(server)) - memory

  const dueAt = Date.now() + Math.max(10_000, (seconds * 2_000 * WAKING) / count)
  await sleep(WAKING, dueAt)
  await pause(dueAt - Date.now() - 1_000)
  const beforeWaking = spent()
  while ((await asleep(client)) > count + WAKING) await pause(LOOK_MS)
  const wokeMs = Date.now() - dueAt
  const name = `${count.toLocaleString('en')} sleeping workflows`
  const waking = `${name}, ${WAKING.toLocaleString('en')} more wake at once`
  return {
    [`${name}, memory added MiB`]: added,
    [`${name}, fall asleep, workflows/s`]: count / seconds,
    [`${name}, fall asleep, server and worker CPU µs/workflow`]: slept / count,
    [`${waking}, the last after ms`]: wokeMs,
    [`${waking}, server and worker CPU µs/workflow`]: (spent() - beforeWaking) / WAKING,
  }
}

async function asleep(client: Client): Promise<number> {
  const { queues } = await client.call<{ queues: { name: string; waiting: number }[] }>('queues.list', {})
  return queues.find(({ name }) => name === 'default')?.waiting ?? 0
}
