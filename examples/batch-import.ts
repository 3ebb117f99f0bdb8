/**
 * A batch import: the airports of the data in jobs of 100 rows, and once all have ended, a callback that writes a summary into `examples/output/`. A job that
 * fails holds up no other, and the import is not done before it was made good or given up.
 *
 *     mainspring start import-airports --follow
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BatchCallbackInput, batch, job } from '@mainspring/sdk'
import { parseCsv, readData } from './support/data.ts'
import { OUTPUT } from './support/output.ts'

const ROWS = 100
const FOLDER = join(OUTPUT, 'airports')

type Row = Record<string, string>
interface Part {
  part: number
  rows: Row[]
}
interface Airport {
  code: string
  name: string
  state: string
  latitude: number
  longitude: number
}

export const importAirports = job('import-airports', async (_: null, ctx) => {
  const rows = parseCsv(await readData('airports.csv'))
  const parts = Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, part) => ({ part, rows: rows.slice(part * ROWS, (part + 1) * ROWS) }))
  const started = await batch({ name: 'airports', onComplete: [airportSummary, { parts: parts.length }] })
    .add(
      airportRows,
      parts.map(input => ({ input })),
    )
    .start({ key: ctx.taskKey }) // a retry of this handler finds the same batch
  ctx.log.info(`started ${parts.length} jobs`, { batch: started.id })
  return { batch: started.id, parts: parts.length, rows: rows.length }
})

/** Writes its own file, so that another attempt replaces what the one before it wrote. */
export const airportRows = job('airport-rows', { queue: 'import', retry: { attempts: 3 } }, async ({ part, rows }: Part) => {
  const airports = rows.filter(({ country }) => country === 'USA').map(airportOf)
  await mkdir(FOLDER, { recursive: true })
  await writeFile(partFile(part), JSON.stringify(airports))
  return { imported: airports.length, left: rows.length - airports.length }
})

export const airportSummary = job('airport-summary', async ({ batch: done, input }: BatchCallbackInput<{ parts: number }>, ctx) => {
  const states: Record<string, number> = {}
  const missing: number[] = []
  for (let part = 0; part < input.parts; part++) {
    const text = await readFile(partFile(part), 'utf8').catch(() => null)
    if (text === null) missing.push(part)
    else for (const { state } of JSON.parse(text) as Airport[]) states[state] = (states[state] ?? 0) + 1
  }
  const airports = Object.values(states).reduce((sum, count) => sum + count, 0)
  const { total, completed, failed } = done
  await writeFile(join(OUTPUT, 'airports.json'), JSON.stringify({ jobs: { total, completed, failed }, airports, missing, states }, null, 2))
  ctx.log.info(`imported ${airports} airports with ${completed} of ${total} jobs`)
  return { airports, states: Object.keys(states).length }
})

export const examples = { 'import-airports': null }

function airportOf({ iata, name, state, latitude, longitude }: Row): Airport {
  const [north, east] = [Number(latitude), Number(longitude)]
  if (!iata || !Number.isFinite(north) || !Number.isFinite(east)) throw new Error(`airport ${iata} has no place`)
  return { code: iata, name: name ?? '', state: state ?? '', latitude: north, longitude: east }
}

function partFile(part: number): string {
  return join(FOLDER, `part-${part}.json`)
}
