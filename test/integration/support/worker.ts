// A worker process of the tests: runs all jobs of jobs.ts, or of another file, tells its parent what happens, and drains on SIGTERM.
import { startWorker, type WorkerEvent } from '@mainspring/sdk/worker'
import * as approvals from './approval-jobs.ts'
import * as dags from './dag-jobs.ts'
import * as jobs from './jobs.ts'
import * as limited from './limited-jobs.ts'
import { parcelOf } from './parcel.ts'
import { record } from './records.ts'
import * as workflows from './workflow-jobs.ts'

export interface WorkerSettings {
  url: string
  /** Default: those of jobs.ts. */
  jobs?: 'approvals' | 'dags' | 'limited' | 'workflows'
  /** Instead of jobs: this version of the workflow of parcel.ts. */
  parcel?: 'v1' | 'v2'
  slots: number
  /** For people, and for jobs that behave differently on another worker. */
  name: string
  /** Where handlers and this worker write what happens. Absent: nowhere, and the parent is told nothing: for floods. */
  records?: string
  drainMs?: number
  stuckAfter?: string
}

/** What the parent is told. */
export type WorkerWord =
  | { is: 'ready' }
  | { is: 'begun' | 'ended'; run: string; job: string; attempt: number }
  | { is: 'answered'; run: string; attempt: number; answer: string }
  | { is: 'aborted'; run: string; attempt: number; reason: string }
  | { is: 'connected' | 'disconnected' | 'stuck' }

const settings = JSON.parse(process.argv[2] as string) as WorkerSettings
process.env.TEST_WORKER = settings.name
if (settings.records) process.env.TEST_RECORDS = settings.records

const all = Object.values({ approvals, dags, jobs, limited, workflows }[settings.jobs ?? 'jobs'])
const worker = startWorker({
  jobs: settings.parcel === undefined ? all.filter(one => typeof one === 'object' && 'handler' in one) : [parcelOf(settings.parcel)],
  url: settings.url,
  slots: settings.slots,
  name: settings.name,
  ...(settings.stuckAfter !== undefined && { stuckAfter: settings.stuckAfter }),
  log: () => {}, // a server that is away is what these tests are about
  ...(settings.records && { onEvent: (event: WorkerEvent) => tell(event) }),
})
worker.ready.then(() => say({ is: 'ready' }))
process.on('SIGTERM', () => void worker.drain(settings.drainMs ?? 10_000).then(() => process.exit(0)))
process.on('disconnect', () => process.exit(1))

function tell(event: WorkerEvent): void {
  if (event.is === 'answered') record({ is: 'answered', run: event.run, attempt: event.attempt, answer: event.answer })
  if (event.is === 'aborted') say({ is: 'aborted', run: event.run, attempt: event.attempt, reason: event.reason.name })
  else if (event.is === 'answered') say({ is: 'answered', run: event.run, attempt: event.attempt, answer: event.answer })
  else if (event.is === 'begun' || event.is === 'ended') say({ is: event.is, run: event.run, job: event.job, attempt: event.attempt })
  else say({ is: event.is })
}

function say(word: WorkerWord): void {
  process.send?.(word, () => {})
}
