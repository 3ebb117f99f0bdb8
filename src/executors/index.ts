/**
 * Built-in workers for what needs no code: `shell` runs a command, `http` sends a request. Both are jobs of the SDK like any other, so that schedules, crontab
 * lines, retries, time-outs, logs, cancel and explain are those of every job. They reach the server by the worker protocol alone.
 */
import { type Client, type Duration, RequestRefused } from '@mainspring/sdk'
import { startWorker, type Worker, type WorkerOptions } from '@mainspring/sdk/worker'
import { type EmailOptions, emailJob } from './email/index.ts'
import { type CallbackAnswer, type HttpExecutorOptions, httpExecutor, type RunState } from './http/index.ts'
import type { RecipientOf } from './notification.ts'
import { type ShellExecutorOptions, shellExecutor } from './shell/index.ts'

export * from './http/index.ts'
export type { NotificationInput, Recipient, RecipientOf } from './notification.ts'
export * from './shell/index.ts'

export interface ExecutorsOptions {
  /** In whose namespace they work. */
  client: Client
  /** Without `allow` a run of `shell` is refused, and its failure says how to allow it. */
  shell?: ShellExecutorOptions & { /** Commands at the same time. Default 10. */ slots?: number }
  http?: HttpExecutorOptions & { /** Requests at the same time, those that wait for a callback included. Default 100. */ slots?: number }
  /** Whom definitions tell of runs (`onFailure`, `notify`). Default: nobody is told from here. */
  recipientOf?: RecipientOf
  /** Sends notifications by e-mail, where `recipientOf` is given. Default: none is sent. */
  email?: Pick<EmailOptions, 'smtp' | 'from'>
  /** Where pages of the console begin, for links in messages to people. */
  console?: () => string | undefined
  /** For people. Default: host and process id. */
  name?: string
  log?: NonNullable<WorkerOptions['log']>
}

export interface Executors {
  /** Resolves when both ask for work. */
  readonly ready: Promise<void>
  readonly running: number
  /** To be served at `POST /v1/callbacks/{token}`, without an API key: the token is one. Give it the parsed JSON body, `undefined` where it is none. */
  callback(token: string, body: unknown): Promise<CallbackAnswer>
  /** As a worker's `drain`; then ends what commands are left, and resolves when no process is. */
  drain(deadline?: Duration): Promise<void>
  stop(): Promise<void>
}

/** Starts a worker for each, so that a thousand requests that wait take no command's place. */
export function startExecutors(options: ExecutorsOptions): Executors {
  const { client, name, log, recipientOf, email, console = () => undefined } = options
  const shell = shellExecutor(options.shell)
  const http = httpExecutor({ runState: run => runStateOf(client, run), console, ...(recipientOf && { recipientOf }), ...options.http })
  const common = { client, ...(name !== undefined && { name }), ...(log && { log }) }
  const workers = [
    startWorker({ ...common, jobs: [shell.job], slots: options.shell?.slots ?? 10 }),
    startWorker({ ...common, jobs: http.webhook === null ? [http.job] : [http.job, http.webhook], slots: options.http?.slots ?? 100 }),
    ...(email && recipientOf ? [startWorker({ ...common, jobs: [emailJob({ ...email, recipientOf, console })], slots: EMAIL_SLOTS })] : []),
  ]
  const end = async (stopped: (worker: Worker) => Promise<void>): Promise<void> => {
    await Promise.all(workers.map(stopped))
    await shell.close()
  }
  return {
    ready: Promise.all(workers.map(worker => worker.ready)).then(() => {}),
    get running() {
      return workers.reduce((sum, worker) => sum + worker.running, 0)
    },
    callback: (token, body) => http.callback(token, body),
    drain: deadline => end(worker => worker.drain(deadline)),
    stop: () => end(worker => worker.stop()),
  }
}

/** Connections to the mail server at the same time. */
const EMAIL_SLOTS = 3

const CLOSED = new Set(['completed', 'failed', 'cancelled', 'timed_out', 'terminated'])

async function runStateOf(client: Client, run: string): Promise<RunState> {
  try {
    const { definition, state } = await client.handle(run).get()
    return definition !== 'http' ? 'unknown' : CLOSED.has(state) ? 'closed' : 'open'
  } catch (error) {
    if (error instanceof RequestRefused && error.code === 'run-not-found') return 'unknown'
    throw error
  }
}
