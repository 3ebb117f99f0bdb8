// DAGs: what a task costs, how long a wide one takes, and how long many that are due in the same minute.
import { type Client, schedule } from '@mainspring/sdk'
import { type Case, type Figures, percentile, type Sizes } from './cases.ts'
import { LAYERED, layer, layered, TEN, ten, wide } from './dags.ts'
import { type Bed, bed, spending } from './flow-cases.ts'
import { closedLoop } from './peers/loop.ts'
import { cpuUs } from './processes.ts'
import { pause } from './schedules.ts'
import { startAll } from './starts.ts'

const PER_CALL = 1_000
export const ITEMS = 1_000
const FAN_OUTS = 5
const DEFINITIONS = 500
const TASKS = 50
const LOOK_MS = 50

const runsOf = ({ jobs, warmUp }: Sizes): { runs: number; warmUp: number } => ({ runs: jobs / TEN, warmUp: warmUp / TEN })

export const DAG_CASES: readonly Case[] = [
  {
    name: 'dag-flood',
    costs: { of: 'tasks of DAGs of ten, Mainspring', jobs: ({ jobs, warmUp }) => jobs + warmUp },
    run: (database, sizes) => bed(database, theBed => flood(theBed, runsOf(sizes))),
  },
  { name: 'dag-fan', run: database => bed(database, fanOut) },
  { name: 'dag-due', run: database => bed(database, due) },
]

/** Started as fast as it goes, to the end of the last. */
async function flood(theBed: Bed, { runs, warmUp }: { runs: number; warmUp: number }): Promise<Figures> {
  const act = async (count: number): Promise<void> => {
    await startAll(theBed.client, ten, null, count, PER_CALL, 4)
    await overOf(theBed.client, ten.name)
  }
  await act(warmUp)
  return spending(theBed, { name: 'tasks of DAGs of ten, Mainspring', of: 'task', count: runs * TEN }, () => act(runs))
}

async function fanOut({ client }: Bed): Promise<Figures> {
  await client.register([wide])
  const { latencies } = await closedLoop(FAN_OUTS, 1, async () => (await client.start(wide, ITEMS)).result())
  const sorted = latencies.sort((a, b) => a - b)
  return { [`a DAG of ${ITEMS.toLocaleString('en')} tasks at once and one behind them, Mainspring, ms`]: percentile(sorted, 0.5) }
}

/** Counted from the time that all are due at. */
async function due({ client, server, worker }: Bed): Promise<Figures> {
  const dags = Array.from({ length: DEFINITIONS }, (_, n) => layered(`layered-${n}`, TASKS))
  await client.register(dags)
  const dueAt = Math.ceil((Date.now() + 20_000) / 1_000) * 1_000
  const at = new Date(dueAt)
  const cron = `${at.getUTCSeconds()} ${at.getUTCMinutes()} ${at.getUTCHours()} * * *`
  await Promise.all(dags.map(dag => client.schedules.put(schedule(dag.name, { cron, overlap: 'allow' }, dag))))
  await pause(dueAt - Date.now() - 1_000)
  const spent = (): number => [server.cpuUs(), cpuUs(worker)].reduce((sum, { main, others }) => sum + main + others, 0)
  const before = spent()
  while ((await client.runs.list({ tags: LAYERED, state: 'completed', limit: DEFINITIONS })).runs.length < DEFINITIONS) await pause(500)
  const worked = spent() - before
  const { startedMs, endedMs } = await lastOf(client, layer.name, dueAt)
  const tasks = `${DEFINITIONS} DAGs of ${TASKS} tasks due at once, Mainspring`
  return {
    [`${tasks}, the last task started after ms`]: startedMs,
    [`${tasks}, the last task ended after ms`]: endedMs,
    [`${tasks}, server and worker CPU µs/task`]: worked / (DEFINITIONS * TASKS),
  }
}

/** When the last run of a job was made, and when the last ended. */
async function lastOf(client: Client, job: string, since: number): Promise<{ startedMs: number; endedMs: number }> {
  const last = { startedMs: 0, endedMs: 0 }
  for (let cursor: string | undefined; ; ) {
    const { runs, next } = await client.runs.list({ job, limit: 1_000, ...(cursor !== undefined && { cursor }) })
    for (const { createdAt, closedAt } of runs) {
      last.startedMs = Math.max(last.startedMs, Date.parse(createdAt) - since)
      last.endedMs = Math.max(last.endedMs, Date.parse(closedAt as string) - since)
    }
    if (next === null) return last
    cursor = next
  }
}

/** Until none of them is open. */
async function overOf(client: Client, job: string): Promise<void> {
  for (;;) {
    const { runs } = await client.runs.list({ job, state: ['scheduled', 'queued', 'running', 'waiting', 'paused'], limit: 1 })
    if (runs.length === 0) return
    await pause(LOOK_MS)
  }
}
