// `npm run bench`: all cases in rounds, one after the other in each, so that what else the machine does falls on all alike; medians. `-- --quick` for a
// short form, `-- --only drain-1` for one case (which leaves results.json alone), `-- --rounds 1` for fewer.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CASES, type Sizes } from './cases.ts'

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, rounds: { type: 'string' }, jobs: { type: 'string' } },
})
const sizes: Sizes = flags.quick
  ? { jobs: 20_000, rounds: 1, latencyJobs: 600 }
  : { jobs: Number(flags.jobs ?? 100_000), rounds: Number(flags.rounds ?? 3), latencyJobs: 3_000 }
const cases = CASES.filter(({ name }) => flags.only === undefined || name === flags.only)

const folder = mkdtempSync(join(tmpdir(), 'mainspring-bench-'))
const found = new Map<string, number[]>()
const loads: number[] = []
try {
  for (let round = 1; round <= sizes.rounds; round++) {
    for (const { name, run } of cases) {
      loads.push(loadavg()[0]!)
      process.stderr.write(`round ${round} of ${sizes.rounds}: ${name}\n`)
      const file = join(folder, `${name}-${round}.db`)
      for (const [figure, value] of Object.entries(await run(file, sizes))) found.set(figure, [...(found.get(figure) ?? []), value])
      for (const ending of ['', '-wal', '-shm', '-lock', '-holder']) rmSync(file + ending, { force: true })
    }
    report(round)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** What is known after so many rounds: a run that is cut off leaves the rounds before. */
function report(rounds: number): void {
  const raw = median(found.get('raw SQLite insert, 1,000 a transaction, rows/s') ?? [])
  const figures: Record<string, { median: number; rounds: number[]; ofRaw?: number }> = {}
  for (const [name, values] of found) {
    const middle = median(values)
    figures[name] = {
      median: rounded(middle),
      rounds: values.map(rounded),
      ...(name.endsWith('jobs/s') && raw > 0 && { ofRaw: Number((middle / raw).toFixed(3)) }),
    }
  }
  const machine = { node: process.version, cpus: availableParallelism(), load1: { median: rounded(median(loads)), max: rounded(Math.max(...loads)) } }
  const results = { date: new Date().toISOString(), ...machine, ...sizes, rounds, quick: flags.quick, figures }
  if (flags.only === undefined) writeFileSync(join(import.meta.dirname, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
  if (rounds < sizes.rounds) return
  const width = Math.max(...Object.keys(figures).map(name => name.length))
  for (const [name, { median, ofRaw }] of Object.entries(figures))
    console.log(`${name.padEnd(width)}  ${median.toLocaleString('en').padStart(9)}${ofRaw === undefined ? '' : `  ${ofRaw.toFixed(2)} of raw`}`)
  const { node, cpus, load1 } = machine
  console.log(`node ${node}, ${cpus} CPUs, load ${load1.median} (at most ${load1.max}), ${sizes.jobs.toLocaleString('en')} jobs, ${rounds} rounds`)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length === 0 ? 0 : sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function rounded(value: number): number {
  return value >= 1_000 ? Math.round(value) : Number(value.toPrecision(3))
}
