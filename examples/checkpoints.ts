/**
 * A job that survives its worker. It counts 10,000 collisions of birds and aeroplanes in three phases of about three seconds, and saves what each has found.
 * Kill the worker in the second phase (`k` in `mainspring dev`): the next attempt goes on there, and does not count the first one again.
 *
 *     mainspring start bird-strikes --follow
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type JobContext, job } from '@mainspring/sdk'
import { parseCsv, readData } from './support/data.ts'

type Row = Record<string, string>
type Counts = [name: string, strikes: number][]

/** What is known after each phase: this is the checkpoint, and in the end the output. */
interface Findings {
  species?: Counts
  states?: Counts
  months?: Counts
}

const PHASES: { name: keyof Findings; by: (row: Row) => string }[] = [
  { name: 'species', by: row => row['Wildlife Species'] || 'unknown' },
  { name: 'states', by: row => row['Origin State'] || 'unknown' },
  { name: 'months', by: row => (row['Flight Date'] ?? '').slice(5, 7) },
]
const SLICES = 10
/** Counting takes milliseconds. It is slowed down so that a person has the time to kill it. */
const SLICE_MS = Number(process.env.MAINSPRING_EXAMPLES_SLICE_MS ?? 300)

export const birdStrikes = job('bird-strikes', async (_: unknown, ctx: JobContext<Findings>) => {
  const findings: Findings = { ...ctx.checkpoint.value }
  const done = PHASES.filter(({ name }) => findings[name]).map(({ name }) => name)
  if (done.length > 0) ctx.log.info(`attempt ${ctx.attempt} goes on: ${done.join(', ')} came from the checkpoint`)
  const rows = parseCsv(await readData('birdstrikes.csv'))
  for (const [phase, { name, by }] of PHASES.entries()) {
    if (findings[name]) continue
    ctx.log.info(`phase ${phase + 1} of ${PHASES.length}: counting by ${name}`)
    findings[name] = await count(rows, by, part => ctx.progress((phase + part) / PHASES.length, `by ${name}`), ctx.signal)
    await ctx.checkpoint.save(findings) // on disk when this resolves
    ctx.log.info(`phase ${phase + 1} is saved`)
  }
  return { strikes: rows.length, ...findings }
})

export const examples = { 'bird-strikes': null }

async function count(rows: Row[], by: (row: Row) => string, progress: (part: number) => void, signal: AbortSignal): Promise<Counts> {
  const counts = new Map<string, number>()
  for (let slice = 0; slice < SLICES; slice++) {
    progress(slice / SLICES)
    for (const row of rows.slice((rows.length * slice) / SLICES, (rows.length * (slice + 1)) / SLICES)) {
      const name = by(row)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    await sleep(SLICE_MS, undefined, { signal })
  }
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, 12)
}
