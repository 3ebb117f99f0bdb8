/**
 * A report from 1,000 small jobs: the parent starts one for each of the 1,000 busiest flight routes of the data, waits for all, and draws a map as SVG and a
 * page as HTML into `examples/output/`. A retry of the parent finds its children again and starts none twice.
 *
 *     mainspring start flight-report --follow
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { job, type RunHandle } from '@mainspring/sdk'
import { z } from 'zod'
import { busiestRoutes, flightsOf, type Route, summaryOf } from './report/flights.ts'
import { drawReport } from './report/map.ts'
import { reportPage } from './report/page.ts'
import { OUTPUT } from './support/output.ts'

const ROUTES = 1_000
/** Results that are awaited at a time. */
const AWAITED = 25

export const flightRoute = job(
  'flight-route',
  { input: z.object({ origin: z.string(), destination: z.string() }), queue: 'routes', retry: { attempts: 3 }, retention: '1d' },
  async (route: Route) => summaryOf(route, await flightsOf(route)),
)

export const flightReport = job(
  'flight-report',
  { input: z.object({ routes: z.int().min(1).max(ROUTES).optional() }).nullish() },
  async (input, ctx) => {
    const routes = await busiestRoutes(input?.routes ?? ROUTES)
    const runs = await ctx.startMany(
      flightRoute,
      routes.map(route => ({ input: route })),
    )
    ctx.log.info(`started ${runs.length} jobs`)
    const summaries = await results(runs, done => ctx.progress((0.95 * done) / runs.length, `${done} of ${runs.length} routes`))
    const svg = await drawReport(summaries)
    await mkdir(OUTPUT, { recursive: true })
    await writeFile(join(OUTPUT, 'flights.svg'), svg)
    await writeFile(join(OUTPUT, 'flights.html'), reportPage(summaries, svg))
    ctx.log.info('wrote flights.svg and flights.html')
    return { routes: summaries.length, flights: summaries.reduce((sum, { flights }) => sum + flights, 0), files: ['flights.svg', 'flights.html'] }
  },
)

export const examples = { 'flight-report': null }

async function results<Output>(runs: RunHandle<Output>[], done: (count: number) => void): Promise<Output[]> {
  const outputs: Output[] = []
  for (let from = 0; from < runs.length; from += AWAITED) {
    outputs.push(...(await Promise.all(runs.slice(from, from + AWAITED).map(run => run.result()))))
    done(outputs.length)
  }
  return outputs
}
