import { Client, RequestRefused } from '@mainspring/sdk'
import { startWorker, type Worker, type WorkerEvent, type WorkerOptions } from '@mainspring/sdk/worker'
import { openExecutors } from '../server/executors.ts'
import { Refusal, type RefusalFacts } from '../server/refusal.ts'
import { lowerFirst } from './apply/manifest.ts'
import { integerArgument, listFlag, numbersArgument, pairsArgument, textFlag } from './arguments.ts'
import { type LoadedJobs, loadJobs } from './job-files.ts'
import { factsOf, problemText } from './output/problem.ts'
import { countText, workText } from './output/words.ts'
import { provideSdk } from './sdk-hook.ts'
import type { Flags, Session } from './session.ts'
import { stopRequests } from './signals.ts'

/** `mainspring worker FILE...`: runs jobs for a server until it is told to stop; then finishes what runs, or gives it back. A second signal ends it at once. */
export async function runWorker(session: Session, files: readonly string[], flags: Flags): Promise<undefined> {
  const stop = stopRequests()
  const { terminal } = session
  const { url, apiKey, namespace } = session.config.settings
  const slots = integerArgument(String(flags.slots), '--slots', 1, 10_000)
  const queues = (textFlag(flags.queues) ?? '')
    .split(',')
    .map(queue => queue.trim())
    .filter(queue => queue !== '')
  const labels = pairsArgument(listFlag(flags.label), '--label')
  const units = numbersArgument(listFlag(flags.unit), '--unit')
  const name = textFlag(flags.name)
  const withExecutors = EXECUTOR_SETTINGS.some(setting => session.config.origins[setting].startsWith('--'))
  if (files.length === 0 && !withExecutors)
    throw new Refusal({
      code: 'usage',
      title: 'No file is named.',
      hint: 'Name files that export jobs, or what to run without any: --executors on, --allow-shell, --allow-http.',
    })
  provideSdk()
  const loaded = files.length === 0 ? null : await loadJobs(files, terminal.directory)
  // A worker outlives its server: it goes on asking, where a command of a person would give up.
  const client = new Client({ url, namespace, ...(apiKey && { apiKey }) })
  const running: Running[] = []
  if (loaded) {
    const source = textFlag(flags.source) ?? (terminal.environment.MAINSPRING_SOURCE || files.join(',').slice(-SOURCE_LENGTH_MAX))
    const { jobs, schedules, middleware } = loaded
    const options: WorkerOptions = {
      jobs,
      schedules,
      middleware,
      source,
      client,
      slots,
      queues,
      labels,
      ...(units && { units }),
      ...(name !== undefined && { name }),
      log: (level, message, facts) => tell(session, level, message, facts),
    }
    const worker = startWorker({ ...options, onEvent: event => report(session, url, event) })
    running.push(worker)
    const ready = (): void => terminal.out(readyText(loaded, slots, url))
    worker.ready.then(ready, (error: unknown) => {
      // It was stopped before it began, or its schedules were refused: its jobs are run all the same.
      if (!(error instanceof RequestRefused)) return
      terminal.error(problemText(refusedSchedule(error, loaded, 'None of its schedules was changed; its jobs are run.')))
      ready()
    })
  }
  if (withExecutors) {
    const executors = openExecutors(session.config.settings, client.connection, NO_CALLBACKS)
    if (executors) {
      running.push(executors)
      executors.ready.then(
        () => terminal.out(`executors are ready: shell (${session.config.settings.allowShell ?? 'nothing allowed'}), http, for ${url}`),
        () => {},
      )
    }
  }
  const signal = await stop.requested
  terminal.out(
    `${signal}: finishing ${countText(
      running.reduce((sum, part) => sum + part.running, 0),
      'attempt',
    )}`,
  )
  await Promise.all(running.map(part => part.drain()))
  await client.close()
  terminal.out('stopped')
  return undefined
}

const EXECUTOR_SETTINGS = ['executors', 'allowShell', 'allowHttp'] as const
const SOURCE_LENGTH_MAX = 200
/** A worker has no address at which a target could call it back: only a server has. */
const NO_CALLBACKS = (): undefined => undefined

type Running = Pick<Worker, 'running' | 'drain'>

function readyText({ jobs, schedules }: LoadedJobs, slots: number, url: string): string {
  const names = jobs.length === 0 ? '' : ` (${jobs.map(job => job.name).join(', ')})`
  const scheduled = schedules.length === 0 ? '' : `, ${countText(schedules.length, 'schedule')}`
  return `worker is ready: ${workText(jobs.map(({ definition }) => definition.kind))}${names}${scheduled}, ${countText(slots, 'slot')}, for ${url}`
}

/** Which schedule of which file the server refused; `meanwhile`: what holds all the same. */
export function refusedSchedule(error: RequestRefused, { schedules, scheduleFiles }: LoadedJobs, meanwhile: string): RefusalFacts {
  const facts = factsOf(error.problem)
  const [, index] = /^\/schedules\/(\d+)/.exec(facts.place ?? '') ?? []
  const schedule = schedules[Number(index)]
  if (index === undefined || schedule === undefined) return facts
  return {
    ...facts,
    place: scheduleFiles.get(schedule.name) ?? '',
    title: `schedule "${schedule.name}": ${lowerFirst(facts.title)}`,
    hint: `${facts.hint ? `${facts.hint} ` : ''}${meanwhile}`,
  }
}

/** What the worker has to say of itself. That it is not answered, and what its schedules were refused for, is told by events and by `ready`. */
function tell({ terminal }: Session, level: string, message: string, { error }: Record<string, unknown>): void {
  if (message === 'no work can be asked for; it is tried again' || message.startsWith('its schedules were refused')) return
  const why = error === undefined ? '' : `: ${error instanceof Error ? error.message : String(error)}`
  if (level === 'warn' || level === 'error') terminal.error(`${level === 'warn' ? 'warning' : 'error'}: ${message}${why}`)
  else if (message.startsWith('schedule "')) terminal.error(`note: ${message}`)
}

function report({ terminal }: Session, url: string, event: WorkerEvent): void {
  if (event.is === 'disconnected')
    terminal.error(`no answer from ${url}: ${event.error instanceof Error ? event.error.message : String(event.error)}`)
  if (event.is === 'connected') terminal.error(`connected to ${url} again`)
  if (event.is === 'ended' && event.outcome === 'failed')
    terminal.error(
      `${event.job} ${event.run.slice(-5)} attempt ${event.attempt} failed: ${event.error instanceof Error ? event.error.message : String(event.error)}`,
    )
}
