/**
 * Two schedules over the flights of the data: every hour the flights of that hour of the week are summed up, every night a report is drawn from the day's
 * hours. What is missed while nothing runs is caught up, and each run knows the time that it is for, so that a late one sums up its own hour.
 *
 *     mainspring schedule preview hourly-flights
 *     mainspring schedule backfill hourly-flights --from 2026-03-02T00:00 --to 2026-03-02T23:00
 *     mainspring schedule ledger hourly-flights
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { job, schedule } from '@mainspring/sdk'
import { z } from 'zod'
import type { Flight } from './report/flights.ts'
import { readData } from './support/data.ts'
import { OUTPUT } from './support/output.ts'

const HOURS = join(OUTPUT, 'hours')
const LATE_MINUTES = 15

interface Hour {
  /** Local time of the schedule, `2026-03-02T14`. */
  hour: string
  flights: number
  late: number
}

export const flightsOfHour = job('flights-of-hour', { retry: { attempts: 5 } }, async ({ local }: { local: string }, ctx) => {
  const hour = local.slice(0, 13)
  const flights = await flightsAt(hour)
  const summary: Hour = { hour, flights: flights.length, late: flights.filter(({ delay }) => delay > LATE_MINUTES).length }
  await mkdir(HOURS, { recursive: true })
  // One file an hour: a run that is repeated writes the same again.
  await writeFile(join(HOURS, `${hour}.json`), JSON.stringify(summary))
  ctx.log.info(`${hour}: ${summary.flights} flights, ${summary.late} of them late`, { latenessMs: ctx.latenessMs })
  return summary
})

export const dailyReport = job('daily-report', { input: z.object({ day: z.iso.date() }) }, async ({ day }, ctx) => {
  const files = (await readdir(HOURS).catch(() => [])).filter(file => file.startsWith(day)).sort()
  const hours = await Promise.all(files.map(async file => JSON.parse(await readFile(join(HOURS, file), 'utf8')) as Hour))
  await mkdir(OUTPUT, { recursive: true })
  await writeFile(join(OUTPUT, `day-${day}.svg`), bars(day, hours))
  ctx.log.info(`wrote day-${day}.svg from ${hours.length} hours`)
  return { day, hours: hours.length, flights: hours.reduce((sum, { flights }) => sum + flights, 0) }
})

const NEW_YORK = 'America/New_York'

export const hourly = schedule(
  'hourly-flights',
  { cron: '0 * * * *', timezone: NEW_YORK, overlap: 'buffer_all', catchup: '1d', description: 'Sums up the flights of the hour' },
  flightsOfHour,
  { local: '{{nominalLocal}}' },
)

export const nightly = schedule(
  'nightly-report',
  { cron: '30 23 * * *', timezone: NEW_YORK, overlap: 'skip', catchup: { policy: 'latest', window: '2d' }, jitter: '5m' },
  dailyReport,
  { day: '{{nominalDate}}' },
)

export const examples = { 'daily-report': { day: '2026-03-02' }, 'flights-of-hour': { local: '2026-03-02T14:00:00' } }

/** The data is of the first months of 2001: an hour of today is the same hour of the week there. */
async function flightsAt(hour: string): Promise<Flight[]> {
  const all = JSON.parse(await readData('flights-20k.json')) as Flight[]
  const [day, clock] = [hour.slice(0, 10), Number(hour.slice(11, 13))]
  const weekday = new Date(`${day}T12:00:00Z`).getUTCDay()
  return all.filter(
    ({ date }) => Number(date.slice(11, 13)) === clock && new Date(`${date.slice(0, 10).replaceAll('/', '-')}T12:00:00Z`).getUTCDay() === weekday,
  )
}

function bars(day: string, hours: readonly Hour[]): string {
  const most = Math.max(1, ...hours.map(({ flights }) => flights))
  const drawn = hours.map(({ hour, flights, late }) => {
    const x = 20 + Number(hour.slice(11)) * 24
    const height = (flights / most) * 150
    const lateHeight = (late / most) * 150
    return `<rect x="${x}" y="${170 - height}" width="18" height="${height}" fill="#9ab"/><rect x="${x}" y="${170 - lateHeight}" width="18" height="${lateHeight}" fill="#c55"/>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 200"><title>Flights by hour, ${day}: late ones in red</title>${drawn.join('')}</svg>\n`
}
