import { Client } from '@mainspring/sdk'
import { startWorker, type WorkerEvent, type WorkerOptions } from '@mainspring/sdk/worker'
import { integerArgument, listFlag, pairsArgument, textFlag } from './arguments.ts'
import { loadJobs } from './job-files.ts'
import { countText } from './output/words.ts'
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
  const name = textFlag(flags.name)
  provideSdk()
  const { jobs } = await loadJobs(files, terminal.directory)
  // A worker outlives its server: it goes on asking, where a command of a person would give up.
  const client = new Client({ url, namespace, ...(apiKey && { apiKey }) })
  const options: WorkerOptions = { jobs, client, slots, queues, labels, ...(name !== undefined && { name }) }
  const worker = startWorker({ ...options, onEvent: event => report(session, url, event) })
  const names = jobs.map(job => job.name).join(', ')
  worker.ready.then(
    () => terminal.out(`worker is ready: ${countText(jobs.length, 'job')} (${names}), ${countText(slots, 'slot')}, for ${url}`),
    () => {},
  )
  const signal = await stop.requested
  terminal.out(`${signal}: finishing ${countText(worker.running, 'attempt')}`)
  await worker.drain()
  await client.close()
  terminal.out('stopped')
  return undefined
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
