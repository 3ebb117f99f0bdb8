import type { Instant } from '../core/time.ts'
import type { Engine, RunSummary } from '../engine/face.ts'
import { Summary as SummarySchema } from './answers.ts'
import { formatInstant } from './instants.ts'
import { type Need, needsOf } from './needs.ts'
import { type Operation, operation } from './operation.ts'
import { runJson } from './views.ts'

/** What is going on now: the first thing that anybody asks. */
export interface Summary {
  running: number
  queued: number
  scheduled: number
  waiting: number
  paused: number
  /** Runs closed within the last hour, by state. */
  lastHour: Record<string, number>
  next: RunSummary[]
  failed: RunSummary[]
  stuck: RunSummary[]
  pauses: { scope: string; name: string; by: string | null; note: string | null; since: Instant }[]
  workers: number
  /** What needs a person, most urgent first. */
  needs: Need[]
  /** False: there are more schedules, or more runs that wait for an operator, than were looked at. */
  needsComplete: boolean
}

const HOUR_MS = 3_600_000
/** Runs shown of each sort. */
const SHOWN_MAX = 5
/** Runs that one looks through for them: a summary costs a few pages, never a scan. */
const LOOKED_THROUGH_MAX = 100

export async function summarize(engine: Engine, namespace: string, now: Instant): Promise<Summary> {
  const newest = (states: readonly RunSummary['state'][], limit: number) => engine.runs.list({ namespace, states }, { after: null, limit })
  const [lastHour, queues, workers, { rows: scheduled }, { rows: failed }, { rows: paused, next: morePaused }] = await Promise.all([
    engine.runs.closedCounts(namespace, now - HOUR_MS),
    engine.queues.list(namespace),
    engine.workers.list(namespace),
    newest(['scheduled', 'waiting'], LOOKED_THROUGH_MAX),
    newest(['failed', 'timed_out'], SHOWN_MAX),
    newest(['paused'], LOOKED_THROUGH_MAX),
  ])
  const { needs, complete } = await needsOf(engine, namespace, now, { paused: paused.filter(isStopped), pausedMore: morePaused !== null })
  const counts = { running: 0, queued: 0, scheduled: 0, waiting: 0, paused: 0 }
  for (const queue of queues) {
    counts.running += queue.running
    counts.queued += queue.depth
    counts.scheduled += queue.scheduled - queue.waiting
    counts.waiting += queue.waiting
    counts.paused += queue.parked
  }
  return {
    ...counts,
    lastHour,
    next: scheduled
      .filter(run => run.nextAt !== null)
      .sort((a, b) => (a.nextAt as number) - (b.nextAt as number))
      .slice(0, SHOWN_MAX),
    failed,
    stuck: paused.filter(isStopped).slice(0, SHOWN_MAX),
    pauses: engine.pauses.list(namespace).map(({ scope, name, by, note, since }) => ({ scope, name, by, note, since })),
    workers: workers.length,
    needs,
    needsComplete: complete,
  }
}

/** It waits for an operator, and nothing else makes it go on. */
function isStopped({ reason }: RunSummary): boolean {
  return reason === 'parked' || (reason?.startsWith('stuck') ?? false)
}

export const summary: Operation[] = [
  operation({
    name: 'summary.get',
    method: 'GET',
    path: '/v1/namespaces/{namespace}/summary',
    summary: 'What is going on now',
    answers: { 200: SummarySchema },
    async handle({ engine, params, context }) {
      const found = await summarize(engine, params.namespace, context.now())
      return JSON.stringify({
        ...found,
        next: found.next.map(runJson),
        failed: found.failed.map(runJson),
        stuck: found.stuck.map(runJson),
        needs: found.needs.map(need => ({ ...need, since: need.since === undefined ? undefined : formatInstant(need.since) })),
        pauses: found.pauses.map(pause => ({ ...pause, since: formatInstant(pause.since) })),
      })
    },
  }),
]
