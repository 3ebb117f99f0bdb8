/**
 * A client of an API that allows only so much: a rate and a few requests at a time, whatever the number of workers. When the API says 429 all the same, the
 * whole rate waits for as long as it asks, and no run has lost an attempt.
 *
 *     mainspring start airport-names --follow
 *     mainspring limits ls
 *     mainspring limits set airports-api --rate 5 --every 1s
 */
import { Abort, job, RateLimited } from '@mainspring/sdk'
import { z } from 'zod'
import { airportsApi } from './support/airports-api.ts'
import { parseCsv, readData } from './support/data.ts'

const AIRPORTS_MAX = 60

export const airportName = job(
  'airport-name',
  {
    input: z.object({ iata: z.string().min(1) }),
    queue: 'airports',
    limits: [{ name: 'airports-api', rate: 20, every: '1s' }, { concurrency: 5 }],
    retry: { attempts: 3 },
  },
  async ({ iata }, ctx) => {
    const { url } = await airportsApi()
    const response = await fetch(`${url}/airports/${encodeURIComponent(iata)}`, { signal: ctx.signal })
    if (response.status === 429) throw new RateLimited({ retryAfter: response.headers.get('retry-after') })
    if (!response.ok) throw new Abort(`${iata}: the API answered ${response.status}`)
    const { name } = (await response.json()) as { name: string }
    return { iata, name, attempt: ctx.attempt }
  },
)

export const airportNames = job(
  'airport-names',
  { input: z.object({ count: z.int().min(1).max(AIRPORTS_MAX).optional() }).nullish() },
  async (input, ctx) => {
    const airports = parseCsv(await readData('airports.csv')).slice(0, input?.count ?? AIRPORTS_MAX)
    const runs = await ctx.startMany(
      airportName,
      airports.map(({ iata = '' }) => ({ input: { iata } })),
    )
    const answers = []
    for (const run of runs) {
      answers.push(await run.result())
      ctx.progress(answers.length / runs.length, `${answers.length} of ${runs.length}`)
    }
    const { counts } = await airportsApi()
    ctx.log.info(`${answers.length} airports, ${counts.refused} of ${counts.requests} requests refused`)
    return {
      airports: answers.length,
      first: answers[0]?.name,
      attempts: Math.max(...answers.map(({ attempt }) => attempt)),
      refused: counts.refused,
    }
  },
)

export const examples = { 'airport-names': null }
