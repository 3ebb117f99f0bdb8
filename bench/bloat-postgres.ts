// `node --conditions=development bench/bloat-postgres.ts`: jobs by the hundred thousand through two embedded nodes, each on a database of its own, in rounds, one
// after the other in each. In the second one a transaction that began with the first round is held open, so that nothing which died since can be vacuumed. Each
// round drains a full queue, then measures start to handler at 200/s, and prints dead rows and sizes of the hot tables. `--jobs 1000000` (of each; at 280/s
// an hour), `--round 25000`. The server is the one of the tests (MAINSPRING_TEST_POSTGRES); both databases are dropped afterwards.
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { type EmbeddedNode, startNode } from '../src/server/index.ts'
import { INPUT, latencies, noop, preciseNow, stamped } from './jobs.ts'
import { paced, startAll } from './starts.ts'

const { values: flags } = parseArgs({ options: { jobs: { type: 'string' }, round: { type: 'string' } } })
const JOBS = Number(flags.jobs ?? 1_000_000)
const ROUND = Number(flags.round ?? 25_000)
const LATENCY_JOBS = 400
const RATE = 200
const HOT = ['run_open', 'run_key', 'lane_link', 'lane_renewal', 'rate']
const URL_ = process.env.MAINSPRING_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres'

interface Side {
  name: string
  database: string
  node: EmbeddedNode
  client: pg.Client
  speeds: number[]
  p95s: number[]
}

const admin = new pg.Client({ connectionString: URL_ })
await admin.connect()

async function side(name: string): Promise<Side> {
  const database = `bench_bloat_${name}_${process.pid}`
  await admin.query(`create database ${database}`)
  const url = new URL(URL_)
  url.pathname = database
  const node = await startNode({ database: url.href, work: [noop, stamped], slots: 50 })
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  return { name, database, node, client, speeds: [], p95s: [] }
}

async function drained({ node }: Side): Promise<boolean> {
  const { queues } = await node.client.call<{ queues: { name: string; depth: number; running: number }[] }>('queues.list', {})
  const queue = queues.find(({ name }) => name === 'drain')
  return queue === undefined || queue.depth + queue.running === 0
}

async function round(to: Side): Promise<void> {
  const { node } = to
  await node.client.call('queues.pause', { name: 'drain' }, {})
  await startAll(node.client, noop, INPUT, ROUND, 1_000, 1)
  const begunAt = performance.now()
  await node.client.call('queues.resume', { name: 'drain' }, {})
  while (!(await drained(to))) await new Promise(resolve => setTimeout(resolve, 20))
  to.speeds.push(ROUND / ((performance.now() - begunAt) / 1_000))
  latencies.length = 0
  await paced(LATENCY_JOBS, RATE, () => node.client.start(stamped, { sentAt: preciseNow() }))
  while (latencies.length < LATENCY_JOBS) await new Promise(resolve => setTimeout(resolve, 10))
  const sorted = latencies.slice(LATENCY_JOBS / 10).sort((a, b) => a - b)
  to.p95s.push(sorted[Math.floor(sorted.length * 0.95)] as number)
}

/** Dead rows as they are, not as statistics have them: nobody counts those while a transaction holds them. */
async function report(to: Side, rounds: number): Promise<void> {
  const { rows } = await to.client.query<{ name: string; dead: string; heap: string; indexes: string }>(
    `select relname as name, n_dead_tup as dead, pg_size_pretty(pg_table_size(relid)) as heap, pg_size_pretty(pg_indexes_size(relid)) as indexes
    from pg_stat_user_tables where schemaname = 'mainspring' and relname = any($1) order by pg_total_relation_size(relid) desc`,
    [HOT],
  )
  const tables = rows.map(({ name, dead, heap, indexes }) => `${name} ${dead} dead, ${heap} + ${indexes}`).join('; ')
  const speed = Math.round(to.speeds.at(-1) as number).toLocaleString('en')
  console.log(
    `${String(rounds * ROUND).padStart(9)} ${to.name.padEnd(5)} ${speed.padStart(7)}/s  p95 ${to.p95s.at(-1)?.toFixed(1).padStart(5)} ms  ${tables}`,
  )
}

const sides = [await side('free'), await side('held')] as [Side, Side]
const [free, held] = sides
const holder = new pg.Client({ connectionString: (() => Object.assign(new URL(URL_), { pathname: held.database }).href)() })
await holder.connect()
try {
  // Warm, and not counted.
  for (const to of sides) await round(to)
  for (const to of sides) to.speeds.length = to.p95s.length = 0
  await holder.query('begin isolation level repeatable read')
  await holder.query('select count(*) from mainspring.run_open')
  const heldSince = performance.now()
  const rounds = Math.ceil(JOBS / ROUND)
  for (let done = 1; done <= rounds; done++) {
    for (const to of done % 2 === 0 ? sides : [held, free]) await round(to)
    for (const to of sides) await report(to, done)
  }
  const minutes = (performance.now() - heldSince) / 60_000
  const third = Math.ceil(rounds / 3)
  for (const { name, speeds, p95s } of sides)
    console.log(
      `${name}: drain ${whole(median(speeds))}/s (first third ${whole(median(speeds.slice(0, third)))}, last ${whole(median(speeds.slice(-third)))}), ` +
        `p95 ${median(p95s).toFixed(1)} ms (first third ${median(p95s.slice(0, third)).toFixed(1)}, last ${median(p95s.slice(-third)).toFixed(1)})`,
    )
  const ratio = (from: number) => median(held.speeds.slice(from)) / median(free.speeds.slice(from))
  console.log(
    `beside the held transaction: ${ratio(0).toFixed(2)} of the speed, in the last third ${ratio(-third).toFixed(2)}; held for ${minutes.toFixed(1)} min; load ${loadavg()[0]?.toFixed(1)}`,
  )
  await holder.query('rollback')
} finally {
  await holder.end()
  for (const { node, client } of sides) await Promise.all([node.stop(), client.end()])
  for (const { database } of sides) await admin.query(`drop database if exists ${database} with (force)`)
  await admin.end()
}
process.exit(0)

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}
