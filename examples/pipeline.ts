/**
 * A pipeline: each night the flights of the day before are read, looked at, summed up by the state that they left from, and put on the page of their month. The data is of
 * January to March 2001, so a day of today has nothing to publish, and a month of then is filled back:
 *
 *     mainspring backfill start flight-pages --from 2001-01-02 --to 2001-02-01 --max-active 4
 *     mainspring dag tasks RUN
 *     open examples/output/pipeline/2001-01.html
 */
import { dag, job } from '@mainspring/sdk'
import { chartOf, pageOf } from './pipeline/chart.ts'
import { airportStates, type Day, daysOf, flightsOf, readJson, type StateOfDay, summaryOf, write } from './pipeline/days.ts'
import type { Flight } from './report/flights.ts'

const ZONE = 'America/New_York'
/** Of a day with fewer flights something is missing. */
const FLIGHTS_MIN = 100

interface Extract {
  day: string
  /** What is large goes by its address. */
  file: string
  flights: number
  /** Of airports that nobody knows, or with a delay that cannot be. */
  bad: number
}

/** One at a time: two that read the days at once could publish each other's page away. */
const publish = job('publish-flights', { limits: [{ concurrency: 1 }] }, async ({ day }: Day, ctx) => {
  const month = day.slice(0, 7)
  const days = await daysOf(month)
  const svg = await chartOf(month, days)
  const files = [await write(`${month}.svg`, svg), await write(`${month}.html`, pageOf(month, days, svg))]
  ctx.log.info(`published ${month} with ${days.length} days`)
  return { day, days: days.length, files }
})

export const flightPages = dag(
  'flight-pages',
  {
    description: 'Flights of a day, on the page of their month',
    schedule: { cron: '0 0 * * *', timezone: ZONE, overlap: 'buffer_all', catchup: '2d' },
    defaults: { retry: { attempts: 3 } },
  },
  d => {
    const extract = d.task('extract', async (_, { interval }): Promise<Extract> => {
      const day = new Intl.DateTimeFormat('en-CA', { timeZone: ZONE }).format(interval.start)
      const [flights, states] = [await flightsOf(day), await airportStates()]
      const good = flights.filter(({ origin, delay }) => states.has(origin) && Math.abs(delay) < 24 * 60)
      return { day, file: await write(`raw/${day}.json`, JSON.stringify(good)), flights: good.length, bad: flights.length - good.length }
    })
    const validate = d.branch('validate', { after: extract }, ({ flights, bad }) =>
      flights >= FLIGHTS_MIN && bad <= flights / 20 ? 'partition' : 'quarantine',
    )
    d.task('quarantine', { after: extract, waitFor: validate }, ({ day, flights, bad }, ctx) => {
      ctx.log.warn(`${day} is not published: ${flights} flights, ${bad} bad ones`)
      return { day, flights, bad }
    })
    const partition = d.task('partition', { after: extract, waitFor: validate }, async ({ file }) => {
      const [flights, states] = [await readJson<Flight[]>(file), await airportStates()]
      return [...new Set(flights.map(({ origin }) => states.get(origin) as string))].sort().map(state => ({ file, state }))
    })
    const summarise = d.map(
      'summarise',
      partition,
      async ({ file, state }): Promise<StateOfDay> => {
        const [flights, states] = [await readJson<Flight[]>(file), await airportStates()]
        return summaryOf(
          state,
          flights.filter(({ origin }) => states.get(origin) === state),
        )
      },
      { concurrency: 20 },
    )
    const aggregate = d.task('aggregate', { after: [extract, summarise] }, async ([{ day }, states]): Promise<Day> => {
      const sum = (of: 'flights' | 'late'): number => states.reduce((sum, one) => sum + one[of], 0)
      const all: Day = { day, flights: sum('flights'), late: sum('late'), states }
      await write(`days/${day}.json`, JSON.stringify(all))
      return all
    })
    return d.task('publish', { after: aggregate }, publish)
  },
)

export const examples = { 'flight-pages': null }
