import { InvalidOption } from './errors.ts'
import type { AnyJob } from './job.ts'
import { isSchedule, type Schedule } from './schedule.ts'

/** What a process does: jobs, and schedules that start them, in one list. */
export type Work = readonly (AnyJob | Schedule)[]

/** The jobs and the schedules of a mixed list, each in its order; the jobs of the schedules come last, where the list does not name them. @throws InvalidOption for what is neither, with its place. */
export function partsOf(work: Work, at = '/work'): { jobs: AnyJob[]; schedules: Schedule[] } {
  const jobs: AnyJob[] = []
  const schedules: Schedule[] = []
  const targets: AnyJob[] = []
  for (const [index, part] of work.entries()) {
    if (isSchedule(part)) {
      schedules.push(part)
      if (part.job) targets.push(part.job)
    } else if (typeof (part as AnyJob | undefined)?.handler === 'function') jobs.push(part)
    else
      throw new InvalidOption('This is neither a job nor a schedule.', {
        at: `${at}/${index}`,
        found: part,
        hint: "make one with job('name', async (input, ctx) => …) or schedule('name', { cron: '0 2 * * *' }, resize)",
      })
  }
  for (const target of targets) if (!jobs.some(({ name }) => name === target.name)) jobs.push(target)
  return { jobs, schedules }
}
