import * as check from '../checks.ts'
import { Client } from '../client.ts'
import { InvalidOption } from '../errors.ts'
import type { AnyJob } from '../job.ts'
import { isSchedule, type Schedule } from '../schedule.ts'
import { sourceOf } from '../source.ts'
import { ISOLATED_JOBS } from './isolate/messages.ts'
import type { WorkerOptions } from './options.ts'

export function clientOf(options: WorkerOptions): Client {
  if (options.client) return options.client
  const { connection, url, apiKey, namespace, clock, random } = options
  return new Client({
    ...(connection && { connection }),
    ...(url !== undefined && { url }),
    ...(apiKey !== undefined && { apiKey }),
    ...(namespace !== undefined && { namespace }),
    ...(clock && { clock }),
    ...(random && { random }),
  })
}

export function jobsByName(jobs: readonly AnyJob[]): Map<string, AnyJob> {
  const named = new Map<string, AnyJob>()
  jobs.forEach((job, index) => {
    if (typeof job?.handler !== 'function')
      throw new InvalidOption('This is not a job.', { at: `/jobs/${index}`, found: job, hint: "make one with job('name', async (input, ctx) => …)" })
    if (named.has(job.name))
      throw new InvalidOption(`Two jobs are called "${job.name}".`, {
        at: `/jobs/${index}`,
        found: job.name,
        hint: 'names are unique in a namespace',
      })
    named.set(job.name, job)
  })
  if (named.size === 0) throw new InvalidOption('A worker needs a job.', { at: '/jobs', found: jobs, hint: 'jobs: [resize, order]' })
  return named
}

export function schedulesOf({ schedules, source }: Pick<WorkerOptions, 'schedules' | 'source'>): { source: string; all: readonly Schedule[] } | null {
  if (source === undefined && schedules === undefined) return null
  const given = source ?? (process.env.MAINSPRING_SOURCE || undefined)
  const all = schedules ?? []
  // An empty list of code that nobody named says nothing: another process of it may have them.
  if (given === undefined && all.length === 0) return null
  const named = new Set<string>()
  for (const [index, schedule] of all.entries()) {
    const at = `/schedules/${index}`
    if (!isSchedule(schedule))
      throw new InvalidOption('This is not a schedule.', {
        at,
        found: schedule,
        hint: "make one with schedule('name', { cron: '0 2 * * *' }, resize)",
      })
    if (named.has(schedule.name))
      throw new InvalidOption(`Two schedules are called "${schedule.name}".`, { at, found: schedule.name, hint: 'names are unique in a namespace' })
    named.add(schedule.name)
  }
  return { source: check.name(given ?? sourceOf(process.argv[1]), '/source'), all }
}

export function unitsOf({ units }: WorkerOptions): Record<string, number> | null {
  if (units === undefined) return null
  const entries = Object.entries(check.record(units, '/units'))
  if (entries.length > UNITS_MAX) check.refuse(units, '/units', `${UNITS_MAX} kinds at most`)
  for (const [unit, all] of entries) {
    check.name(unit, `/units/${unit}`)
    check.number(0, 1e12)(all, `/units/${unit}`)
    if (unit === 'slots') check.refuse(all, '/units/slots', 'slots are an option of their own: slots: 20')
  }
  return units
}
const UNITS_MAX = 20

/** A file of isolated jobs is imported in their process too. @throws InvalidOption there. */
export function refuseWithin(): void {
  if (ISOLATED_JOBS in globalThis)
    throw new InvalidOption('A worker was started in the process of an isolated handler.', {
      at: '/jobs',
      hint: 'the file that defines a job with isolate is imported there again: start workers from another file',
    })
}
