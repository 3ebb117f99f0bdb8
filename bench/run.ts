// `npm run bench`: all cases in rounds, one after the other in each, so that what else the machine does falls on all alike; medians. `-- --store postgres`
// for PostgreSQL beside its peers, `-- --quick` for a short form, `-- --only drain-1,flow-` for cases whose name begins so (which leaves the file of results alone, save
// where `-- --into results-x.json` names another), `-- --rounds 1` for fewer.
import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CASES, type Case, type Figures, type Sizes } from './cases.ts'
import { DAG_CASES } from './dag-cases.ts'
import { DAG_PEER_CASES } from './dag-peers.ts'
import { FLOW_CASES } from './flow-cases.ts'
import { FLOW_PEER_CASES } from './flow-peers.ts'
import { NODE_CASES } from './nodes.ts'
import { PEER_CASES } from './peer-cases.ts'
import { filePlace, postgresPlace } from './places.ts'
import { insertRaw as insertPostgres } from './raw-postgres.ts'
import { insertRaw as insertSqlite } from './raw-sqlite.ts'
import { TAKEOVER_CASES } from './takeover.ts'

const RAW_SQLITE = 'raw SQLite insert, 1,000 a transaction, rows/s'
const RAW_POSTGRES = 'raw PostgreSQL insert, 1,000 a statement, 4 at a time, rows/s'
const ON_POSTGRES = ['start-1000', 'start-10', 'drain-1', 'drain-4', 'drain-500', 'drain-embedded', 'latency', 'latency-embedded']

const STORES = {
  sqlite: {
    raw: RAW_SQLITE,
    place: filePlace,
    results: 'results.json',
    cases: [
      { name: 'raw', run: async (file, { jobs }) => ({ [RAW_SQLITE]: insertSqlite(file, jobs, 1_000) }) },
      ...CASES,
      ...FLOW_CASES,
      ...DAG_CASES,
    ] satisfies Case[] as Case[],
  },
  postgres: {
    raw: RAW_POSTGRES,
    place: postgresPlace,
    results: 'results-postgres.json',
    cases: [
      { name: 'raw', run: async (url, { jobs }) => ({ [RAW_POSTGRES]: await insertPostgres(url, jobs, 1_000, 4) }) },
      ...CASES.filter(({ name }) => ON_POSTGRES.includes(name)),
      ...PEER_CASES,
      ...FLOW_CASES,
      ...FLOW_PEER_CASES,
      ...DAG_CASES,
      ...DAG_PEER_CASES,
      ...NODE_CASES,
      ...TAKEOVER_CASES,
    ] satisfies Case[] as Case[],
  },
}

const { values: flags } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    into: { type: 'string' },
    rounds: { type: 'string' },
    jobs: { type: 'string' },
  },
})
const store = STORES[flags.store as keyof typeof STORES]
if (store === undefined) throw new Error(`--store is ${Object.keys(STORES).join(' or ')}`)
const jobs = Number(flags.jobs ?? (flags.quick ? 20_000 : 100_000))
const sizes: Sizes = flags.quick
  ? { jobs, warmUp: jobs / 2, rounds: 1, latencyJobs: 600, takeovers: 5 }
  : { jobs, warmUp: jobs / 2, rounds: Number(flags.rounds ?? 3), latencyJobs: 3_000, takeovers: 10 }
const only = flags.only?.split(',') ?? ['']
const chosen: Case[] = store.cases.filter(({ name }) => only.some(begins => name.startsWith(begins)))
const cases = chosen.filter(({ missing }) => missing === undefined)
for (const { name, missing } of chosen) if (missing !== undefined) process.stderr.write(`skipped: ${name}, until ${missing} in bench/peers\n`)
const into = flags.into ?? (flags.only === undefined ? store.results : null)

const found = new Map<string, number[]>()
const loads: number[] = []
for (let round = 1; round <= sizes.rounds; round++) {
  for (const one of cases) {
    loads.push(loadavg()[0]!)
    process.stderr.write(`round ${round} of ${sizes.rounds}: ${one.name}\n`)
    for (const [figure, value] of Object.entries(await measured(one))) found.set(figure, [...(found.get(figure) ?? []), value])
    report(round)
  }
}
print()

async function measured(one: Case): Promise<Figures> {
  const place = await (one.place ?? store.place)()
  try {
    const before = one.costs === undefined ? {} : await place.costs()
    const figures = await one.run(place.url, sizes)
    if (one.costs === undefined) return figures
    const { of, jobs } = one.costs
    const after = Object.entries(await place.costs())
    return { ...figures, ...Object.fromEntries(after.map(([name, value]) => [`${of}, ${name}/job`, (value - (before[name] ?? 0)) / jobs(sizes)])) }
  } finally {
    await place.end()
  }
}

/** What is known after so many rounds: a run that is cut off leaves what it has found. */
function report(rounds: number): Figure[] {
  const raw = median(found.get(store.raw) ?? [])
  const figures = [...found].map(([name, values]) => {
    const middle = median(values)
    const ofRaw = name.endsWith('jobs/s') && raw > 0 && { ofRaw: Number((middle / raw).toFixed(3)) }
    return { name, median: rounded(middle), rounds: values.map(rounded), ...ofRaw }
  })
  const byName = Object.fromEntries(figures.map(({ name, ...figure }) => [name, figure]))
  const results = { date: new Date().toISOString(), ...machine(), ...sizes, rounds, quick: flags.quick, figures: byName }
  if (into !== null) writeFileSync(join(import.meta.dirname, into), `${JSON.stringify(results, null, 2)}\n`)
  return figures
}

interface Figure {
  name: string
  median: number
  rounds: number[]
  ofRaw?: number
}

function print(): void {
  const figures = report(sizes.rounds)
  const width = Math.max(...figures.map(({ name }) => name.length))
  for (const { name, median, ofRaw } of figures)
    console.log(`${name.padEnd(width)}  ${median.toLocaleString('en').padStart(9)}${ofRaw === undefined ? '' : `  ${ofRaw.toFixed(2)} of raw`}`)
  const { node, cpus, load1 } = machine()
  console.log(
    `node ${node}, ${cpus} CPUs, load ${load1.median} (at most ${load1.max}), ${sizes.jobs.toLocaleString('en')} jobs, ${sizes.rounds} rounds`,
  )
}

function machine() {
  return { node: process.version, cpus: availableParallelism(), load1: { median: rounded(median(loads)), max: rounded(Math.max(...loads)) } }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length === 0 ? 0 : sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function rounded(value: number): number {
  return value >= 1_000 ? Math.round(value) : Number(value.toPrecision(3))
}
