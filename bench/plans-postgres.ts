// `node --conditions=development bench/plans-postgres.ts`: what reads of the PostgreSQL store take beside ten million closed runs, through its own methods and,
// where one call is several, through those of the engine that makes them: p50, p95 and the most of each in milliseconds, then what of CPU a call takes, here and in
// the database (on this machine), whoever else is busy. The goal is 100 for p95; it ends with 1 where that is missed. `--runs 1000000` for fewer, `--schema NAME` to keep the tables under this name and find them filled the next time, `--only '^list'`
// for those whose names match, `--times 50`. The database is the one of the tests (MAINSPRING_TEST_POSTGRES); 10 GB, 10 minutes to fill.
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import pg from 'pg'
import type { GroupId } from '../src/core/gates.ts'
import { newId } from '../src/core/ids.ts'
import { boundedRuns } from '../src/engine/bounded.ts'
import { searchRuns, tallyRuns } from '../src/engine/search.ts'
import { openPostgresStore } from '../src/store/postgres/store.ts'
import { ALL_SHARDS, type Batch, noWrites, type RunFilter, type Writes } from '../src/store/store.ts'
import { databaseCpuMs } from './database-cpu.ts'
import { fillMonth, fillOpen, MONTH_MS, NAMESPACE, SMALL_NAMESPACE } from './fill-postgres.ts'

const { values: flags } = parseArgs({
  options: { runs: { type: 'string' }, schema: { type: 'string' }, only: { type: 'string' }, times: { type: 'string' } },
})
const RUNS = Number(flags.runs ?? 10_000_000)
const TIMES = Number(flags.times ?? 25)
const GOAL_MS = 100
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const READY = 100_000
const GROUPS = 50_000
const URL_ = process.env.MAINSPRING_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const schema = flags.schema ?? `bench_plans_${process.pid}`

const store = await openPostgresStore({ url: `${URL_}?schema=${schema}&application_name=${schema}` })
const client = new pg.Client({ connectionString: URL_ })
await client.connect()
await client.query(`set search_path to "${schema}"`)
const { rows: filled } = await client.query<{ until: number | null; open: boolean }>(
  'select (select max(created_at)::float8 from run_closed) as until, exists (select 1 from run_open) as open',
)
const until = filled[0]?.until ?? Date.now()
if (filled[0]?.until == null) await fillMonth(client, { runs: RUNS, until }, 2 * MONTH_MS)
if (!filled[0]?.open) await fillOpen(client, { ready: READY, groups: GROUPS, until })

const { read } = store
const claim = await store.claim({
  ...{ lane: newId(Date.now(), Math.random), claim: newId(Date.now(), Math.random), node: 'bench', nodeName: 'bench', address: null },
  ...{ wanted: ALL_SHARDS, dead: (await store.lanes()).filter(({ shards }) => shards.length > 0) },
})
const chain = { sequence: claim.sequence, lastBatch: claim.lastBatch }
async function commit(writes: Partial<Writes>): Promise<void> {
  const id = newId(Date.now(), Math.random)
  const batch: Batch = { id, lane: claim.lane, claim: claim.claim, ...chain, checks: [], writes: { ...noWrites(), ...writes } }
  const answer = await store.commit(batch)
  if (answer.is !== 'committed') throw new Error(JSON.stringify(answer))
  chain.sequence++
  chain.lastBatch = id
}

const first = { after: null, limit: 100 }
/** Some time in the month. */
const anywhere = () => Math.floor(until - Math.random() * MONTH_MS)
const list = (filter: Omit<RunFilter, 'namespace'>, namespace = NAMESPACE) => boundedRuns(read, { namespace, ...filter }, first)
const deep = (filter: Omit<RunFilter, 'namespace'>) => boundedRuns(read, { namespace: NAMESPACE, ...filter }, { after: `${anywhere()}_`, limit: 100 })
const search = (filter: Omit<RunFilter, 'namespace'>) => searchRuns(read, { namespace: NAMESPACE, ...filter }, first)
const steps = { from: until - DAY_MS, stepMs: HOUR_MS }
const tally = (filter: Omit<RunFilter, 'namespace'>) => tallyRuns(read, { namespace: NAMESPACE, ...filter }, steps)
const { rows: ids } = await client.query<{ id: string }>('select id from run_closed tablesample system (0.01) limit 2000')
const someIds = (count: number) => Array.from({ length: count }, () => ids[Math.floor(Math.random() * ids.length)]?.id as string)
const gate = () => (1_000_000_007 * Math.floor(Math.random() * GROUPS)) as GroupId

const CASES: Record<string, () => Promise<unknown>> = {
  'list, newest': () => list({}),
  'list, a small namespace': () => list({}, SMALL_NAMESPACE),
  'list, deep': () => deep({}),
  'list, failed': () => list({ states: ['failed'] }),
  'list, failed, deep': () => deep({ states: ['failed'] }),
  'list, terminated, one in 100,000': () => list({ states: ['terminated'] }),
  'list, completed': () => list({ states: ['completed'] }),
  'list, queued': () => list({ states: ['queued'] }),
  'list, a definition': () => list({ names: ['job 3'] }),
  'list, a definition, one in 100,000': () => list({ names: ['rare'] }),
  'list, a definition, deep': () => deep({ names: ['job 3'] }),
  'list, a definition, failed': () => list({ names: ['job 3'], states: ['failed'] }),
  'list, two definitions, one in 100,000': () => list({ names: ['rare', 'none'] }),
  'list, a queue': () => list({ queues: ['queue 3'] }),
  'list, a queue, one in 100,000': () => list({ queues: ['rare'] }),
  'list, a queue that does not exist': () => list({ queues: ['none'] }),
  'list, a queue, failed': () => list({ queues: ['queue 3'], states: ['failed'] }),
  'list, a time': () => list({ createdAfter: until - 10 * DAY_MS, createdBefore: until - 9 * DAY_MS }),
  'list, a tag, one in 14': () => list({ tags: { team: '3' } }),
  'list, a tag, one in 14, deep': () => deep({ tags: { team: '3' } }),
  'list, a tag, one in a million': () => list({ tags: { customer: String(Math.floor(Math.random() * 9_999) * 10) } }),
  'list, two tags': () => list({ tags: { team: '3', customer: '70' } }),
  'list, a tag, failed': () => list({ tags: { team: '3' }, states: ['failed'] }),
  'list, a tag, terminated': () => list({ tags: { team: '3' }, states: ['terminated'] }),
  'list, a tag of a queue that does not exist': () => list({ tags: { team: '3' }, queues: ['none'] }),
  'search, longer than a minute': () => search({ took: { atLeastMs: 60_000, now: until } }),
  'search, longer than an hour, none': () => search({ took: { atLeastMs: HOUR_MS, now: until } }),
  'a run': () => read.run(NAMESPACE, someIds(1)[0] as string),
  'a run by an ending': () => read.runsEnding(NAMESPACE, (someIds(1)[0] as string).slice(-6), 3, 50_000),
  'a run by an ending that no run has': () => read.runsEnding(NAMESPACE, 'uuuuuu', 3, 50_000),
  'times of 250 runs': () => read.runTimes(NAMESPACE, someIds(250)),
  'closed in the last hour, by state': () => read.closedCounts(NAMESPACE, until - HOUR_MS),
  'closed in the last day, by state': () => read.closedCounts(NAMESPACE, until - DAY_MS),
  'closed in the last two days, 20,000 at most': () => read.closedTimes(NAMESPACE, { from: until - 2 * DAY_MS, until }, 20_000),
  'depth of 50,000': () => read.runsDepth({ namespace: NAMESPACE }, null, 50_000, { open: true, closed: true }),
  'histogram of the last hour': () => tally({ createdAfter: until - HOUR_MS }),
  'histogram of the last day': () => tally({ createdAfter: until - DAY_MS }),
  'histogram of all': () => tally({}),
  'histogram of a definition': () => tally({ names: ['job 3'] }),
  'histogram of a queue': () => tally({ queues: ['queue 3'] }),
  'histogram of a queue, one in 100,000': () => tally({ queues: ['rare'] }),
  'histogram of failed': () => tally({ states: ['failed'] }),
  'histogram of completed': () => tally({ states: ['completed'] }),
  'histogram of a tag': () => tally({ tags: { team: '3' } }),
  'what would go, of the first 100,000': () => read.expired(until + 3 * MONTH_MS, 100_000),
  'claim: due, a page': () => store.loadDue(claim, until, { after: null, limit: 250 }),
  'claim: delivered, a page': () => store.loadDelivered(claim, { after: null, limit: 250 }),
  'claim: counts of what is open': () => store.loadCounts(claim),
  'claim: heads of 50,000 groups': () => store.loadGroups(claim),
  'pages of 250 groups': () =>
    store.pageReady(
      claim,
      Array.from({ length: 250 }, () => ({ group: gate(), after: null, limit: 2 })),
    ),
  'actors: 250': () => store.loadActors(claim, someIds(250)),
  'keys: 100': () =>
    store.findKeys(
      claim,
      Array.from({ length: 100 }, () => {
        const n = Math.floor(Math.random() * READY * 10)
        return { namespace: NAMESPACE, scope: 'key' as const, definition: `job ${n % 20}`, key: `order ${n}` }
      }),
    ),
  'expired: none of the runs': () => store.loadExpired(claim, until - MONTH_MS, 250),
  'expired: 250 runs and keys': () => store.loadExpired(claim, until + 3 * MONTH_MS, 250),
  'purge of 250, committed': async () => {
    const { runs } = await store.loadExpired(claim, until + 3 * MONTH_MS, 250)
    await commit({ purge: runs.map(({ id }) => id) })
  },
}

/** Of this process and of the store's connections. */
async function cpuMs(): Promise<number> {
  const { user, system } = process.cpuUsage()
  return (await databaseCpuMs(client, 'application_name', schema)) + (user + system) / 1_000
}

let missed = 0
try {
  for (const [name, run] of Object.entries(CASES)) {
    if (flags.only !== undefined && !new RegExp(flags.only).test(name)) continue
    const times: number[] = []
    // Not counted: it plans, and reads from the disk what everybody else finds in memory.
    await run()
    const cpuBefore = await cpuMs()
    for (let time = 0; time < TIMES; time++) {
      const begunAt = performance.now()
      await run()
      times.push(performance.now() - begunAt)
    }
    const cpu = ((await cpuMs()) - cpuBefore) / TIMES
    times.sort((a, b) => a - b)
    const at = (share: number) => times[Math.ceil(times.length * share) - 1] as number
    const isMissed = at(0.95) >= GOAL_MS
    if (isMissed) missed++
    const figures = [at(0.5), at(0.95), at(1), cpu].map(ms => ms.toFixed(ms < 10 ? 1 : 0).padStart(7)).join('')
    console.log(`${name.padEnd(46)}${figures}${isMissed ? '  missed' : ''}`)
  }
  const { rows: sizes } = await client.query<{ name: string; size: string }>(
    "select relname as name, pg_size_pretty(pg_total_relation_size(oid)) as size from pg_class where relnamespace = current_schema::regnamespace and relkind = 'r' and relname in ('run_closed', 'run_tag', 'run_open', 'run_key')",
  )
  console.log(
    `${RUNS.toLocaleString('en')} closed runs; ${sizes.map(({ name, size }) => `${name} ${size}`).join(', ')}; load ${loadavg()[0]?.toFixed(1)}`,
  )
} finally {
  await store.release(claim)
  await store.close()
  if (flags.schema === undefined) await client.query(`set client_min_messages = error; drop schema ${schema} cascade`)
  await client.end()
}
process.exitCode = missed > 0 ? 1 : 0
