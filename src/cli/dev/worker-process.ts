import { Client, encode, RequestRefused } from '@mainspring/sdk'
import { startWorker } from '@mainspring/sdk/worker'
import { Refusal, type RefusalFacts } from '../../server/refusal.ts'
import { type LoadedJobs, loadJobs } from '../job-files.ts'
import { provideSdk } from '../sdk-hook.ts'
import { refusedSchedule } from '../worker.ts'
import { Imports } from './imports.ts'
import type { FromWorker, ToWorker, WorkerTask } from './messages.ts'

/**
 * The worker of `mainspring dev`, a process of its own: it can be killed, and a new one started at each save while this one finishes what it has begun.
 */
async function run(task: WorkerTask): Promise<void> {
  provideSdk()
  const imports = Imports.record(task.directory)
  // Ctrl-c reaches the whole group; when to end is the parent's to say.
  process.on('SIGINT', () => {})
  // The parent was killed: nobody is there to serve, or to end this.
  process.once('disconnect', () => process.exit(1))
  if (!process.connected) process.exit(1)
  let loaded: LoadedJobs | null = null
  try {
    loaded = await loadJobs(task.files, task.directory)
    const { jobs, schedules, middleware, examples, files } = loaded
    imports.addTo(loaded, task.directory)
    const client = new Client({ url: task.url, namespace: task.namespace })
    const worker = startWorker({
      jobs,
      middleware,
      client,
      ...(task.source !== null && { schedules, source: task.source }),
      name: task.name,
      onEvent: event => {
        if (event.is !== 'ended' || event.outcome !== 'failed') return
        const { run, job, attempt, error } = event
        tell({ is: 'failed', run, job, attempt, message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
      },
    })
    const end = async (): Promise<void> => {
      await worker.drain()
      process.exit(0)
    }
    process.on('message', (message: ToWorker) => {
      if (message.is === 'drain') void end()
    })
    process.once('SIGTERM', () => void end())
    await worker.ready
    tell({
      is: 'ready',
      worker: worker.id,
      imports: imports.files,
      schedules: task.source === null ? 0 : schedules.length,
      jobs: jobs.map(({ name, version, definition: { kind } }) => {
        const example = examples.get(name)
        return {
          name,
          kind,
          version,
          file: files.get(name) ?? '',
          example: example === undefined ? null : (encode(example, '/example') ?? null),
        }
      }),
    })
  } catch (error) {
    tell({ is: 'mistake', facts: factsOf(error, loaded), imports: imports.files }, () => process.exit(2))
  }
}

function factsOf(error: unknown, loaded: LoadedJobs | null): RefusalFacts {
  if (error instanceof Refusal) return error.facts
  if (error instanceof RequestRefused && loaded !== null) return refusedSchedule(error, loaded, 'Nothing of it is in force.')
  return { code: 'worker-failed', title: error instanceof Error ? error.message : String(error) }
}

function tell(message: FromWorker, sent: () => void = () => {}): void {
  if (process.send) process.send(message, undefined, {}, sent)
  else sent()
}

void run(JSON.parse(process.argv[2] ?? '{}') as WorkerTask)
