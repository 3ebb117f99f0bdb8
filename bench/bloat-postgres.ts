// `node --conditions=development bench/bloat-postgres.ts`: jobs by the hundred thousand through an embedded node on PostgreSQL, in phases: beside nothing, then
// beside a transaction that was begun with the phase and does nothing, so that nothing which dies can be vacuumed; and again. Each round of a phase drains a
// full queue, measures start to handler at 200/s, and prints what a job takes of node and worker and of the database, what is dead in the hot tables, and their sizes. `--jobs 250000` (of each phase; at 280/s
// a million is an hour), `--round 25000`, `--cycles 2`. The server is the one of the tests (MAINSPRING_TEST_POSTGRES); the database is dropped afterwards.
//
// One node and one phase after the other: PostgreSQL 14 and 15 give pages of an index back only when no transaction of any database is older.
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startNode } from '../src/server/index.ts'
import { databaseCpuMs } from './database-cpu.ts'
import { INPUT, latencies, noop, preciseNow, stamped } from './jobs.ts'
import { paced, startAll } from './starts.ts'

const { values: flags } = parseArgs({ options: { jobs: { type: 'string' }, round: { type: 'string' }, cycles: { type: 'string' } } })
const JOBS = Number(flags.jobs ?? 250_000)
const ROUND = Number(flags.round ?? 25_000)
const CYCLES = Number(flags.cycles ?? 2)
const LATENCY_JOBS = 400
const RATE = 200
const IDLE_MS = 10_000
const HOT = ['run_open', 'lane_link', 'lane_renewal']
const SERVER = process.env.MAINSPRING_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const DATABASE = `bench_bloat_${process.pid}`
const url = Object.assign(new URL(SERVER), { pathname: DATABASE }).href

/** Of a job of the drain; WAL is that of the whole server. */
interface Round {
  perSecond: number
  nodeUs: number
  databaseUs: number
  walBytes: number
  commits: number
  p95: number
}

const connected = async (connectionString: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString })
  await client.connect()
  return client
}
const admin = await connected(SERVER)
await admin.query(`create database ${DATABASE}`)
const node = await startNode({ database: url, work: [noop, stamped], slots: 50 })
const client = await connected(url)
const rounds: Record<'free' | 'held', Round[]> = { free: [], held: [] }
try {
  console.log(await idle())
  await round()
  for (let cycle = 0; cycle < CYCLES; cycle++)
    for (const phase of ['free', 'held'] as const) {
      const holder = await connected(url)
      if (phase === 'held') await holder.query('begin isolation level repeatable read; select count(*) from mainspring.run_open')
      for (let done = ROUND; done <= JOBS; done += ROUND) {
        const found = await round()
        rounds[phase].push(found)
        console.log(`${phase} ${String(done).padStart(8)} ${words(found)}  ${await hotTables()}`)
      }
      await holder.end()
    }
  const median = (phase: 'free' | 'held', figure: keyof Round) => {
    const sorted = rounds[phase].map(found => found[figure]).sort((a, b) => a - b)
    return sorted[sorted.length >> 1] as number
  }
  const figures = ['perSecond', 'nodeUs', 'databaseUs', 'walBytes', 'commits', 'p95'] as const
  for (const phase of ['free', 'held'] as const)
    console.log(`${phase}: ${words(Object.fromEntries(figures.map(figure => [figure, median(phase, figure)])) as unknown as Round)}`)
  const cpu = (phase: 'free' | 'held') => median(phase, 'nodeUs') + median(phase, 'databaseUs')
  const speed = median('held', 'perSecond') / median('free', 'perSecond')
  console.log(
    `held beside free: ${speed.toFixed(2)} of the speed, ${(cpu('held') / cpu('free')).toFixed(2)} of the CPU a job; load ${loadavg()[0]?.toFixed(1)}`,
  )
} finally {
  await node.stop()
  await client.end()
  await admin.query(`drop database if exists ${DATABASE} with (force)`)
  await admin.end()
}
process.exit(0)

async function idle(): Promise<string> {
  await new Promise(resolve => setTimeout(resolve, 2_000))
  const before = await used()
  await new Promise(resolve => setTimeout(resolve, IDLE_MS))
  const after = await used()
  const each = (figure: keyof typeof before) => (after[figure] - before[figure]) / (IDLE_MS / 1_000)
  const cpu = `${(each('nodeUs') / 1_000).toFixed(1)} + ${(each('databaseUs') / 1_000).toFixed(1)} ms CPU`
  return `idle, a second: ${cpu}, ${whole(each('walBytes'))} B WAL, ${each('commits').toFixed(1)} transactions`
}

async function round(): Promise<Round> {
  await node.client.call('queues.pause', { name: 'drain' }, {})
  const unborn = await used()
  await startAll(node.client, noop, INPUT, ROUND, 1_000, 1)
  const before = await used()
  const born = (figure: keyof typeof before) => (before[figure] - unborn[figure]) / ROUND
  console.log(`started: a job ${born('nodeUs').toFixed(0)} + ${born('databaseUs').toFixed(0)} µs CPU, ${whole(born('walBytes'))} B WAL`)
  const begunAt = performance.now()
  await node.client.call('queues.resume', { name: 'drain' }, {})
  while (!(await drained())) await new Promise(resolve => setTimeout(resolve, 20))
  const seconds = (performance.now() - begunAt) / 1_000
  const after = await used()
  const each = (figure: keyof typeof before) => (after[figure] - before[figure]) / ROUND
  latencies.length = 0
  await paced(LATENCY_JOBS, RATE, () => node.client.start(stamped, { sentAt: preciseNow() }))
  while (latencies.length < LATENCY_JOBS) await new Promise(resolve => setTimeout(resolve, 10))
  const sorted = latencies.slice(LATENCY_JOBS / 10).sort((a, b) => a - b)
  const p95 = sorted[Math.floor(sorted.length * 0.95)] as number
  return {
    perSecond: ROUND / seconds,
    nodeUs: each('nodeUs'),
    databaseUs: each('databaseUs'),
    walBytes: each('walBytes'),
    commits: each('commits'),
    p95,
  }
}

async function drained(): Promise<boolean> {
  const { queues } = await node.client.call<{ queues: { name: string; depth: number; running: number }[] }>('queues.list', {})
  const queue = queues.find(({ name }) => name === 'drain')
  return queue === undefined || queue.depth + queue.running === 0
}

async function used(): Promise<Omit<Round, 'perSecond' | 'p95'>> {
  const { user, system } = process.cpuUsage()
  const { rows } = await admin.query<{ wal: string; commits: string }>(
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as wal, xact_commit as commits from pg_stat_database where datname = $1`,
    [DATABASE],
  )
  const databaseUs = 1_000 * (await databaseCpuMs(admin, 'datname', DATABASE))
  return { nodeUs: user + system, databaseUs, walBytes: Number(rows[0]?.wal), commits: Number(rows[0]?.commits) }
}

function words({ perSecond, nodeUs, databaseUs, walBytes, commits, p95 }: Round): string {
  const cpu = `${nodeUs.toFixed(0).padStart(4)} + ${databaseUs.toFixed(0).padStart(3)} µs CPU`
  return `${whole(perSecond).padStart(7)}/s; a job ${cpu}, ${whole(walBytes)} B WAL, ${commits.toFixed(3)} commits; p95 ${p95.toFixed(1).padStart(5)} ms`
}

async function hotTables(): Promise<string> {
  const { rows } = await client.query<{ name: string; dead: string; heap: string; indexes: string }>(
    `select relname as name, n_dead_tup as dead, pg_size_pretty(pg_table_size(relid)) as heap, pg_size_pretty(pg_indexes_size(relid)) as indexes
    from pg_stat_user_tables where schemaname = 'mainspring' and relname = any($1) order by pg_total_relation_size(relid) desc`,
    [HOT],
  )
  return rows.map(({ name, dead, heap, indexes }) => `${name} ${dead} dead, ${heap} + ${indexes}`).join('; ')
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}
