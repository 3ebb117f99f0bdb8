import { MessageChannel, Worker as Thread } from 'node:worker_threads'
import { Client, partsOf, portConnection, setDefaultClient, type Work } from '@mainspring/sdk'
import { type Middleware, startWorker, type Worker } from '@mainspring/sdk/worker'
import { type LogLevel, loadConfig } from './config.ts'
import type { EngineThreadData, EngineThreadMessage } from './engine-thread.ts'
import { Refusal } from './refusal.ts'

export interface NodeOptions {
  /** Where everything is kept: a path or `sqlite:FILE`, `postgres://…`, which any number of processes may share, or `memory:`. Default: `MAINSPRING_DATABASE`, `mainspring.yaml`, else `.mainspring/mainspring.db`. */
  database?: string
  /** Jobs that this process runs, and schedules that it registers. Empty: it only starts runs, for others to run later. */
  work?: Work
  /** Names the code that has these schedules, see `WorkerOptions.source`. Default `MAINSPRING_SOURCE`, else package and script. */
  source?: string
  /** Handlers at the same time. Default 10. */
  slots?: number
  /** Only work of these queues. Default: of any. */
  queues?: readonly string[]
  /** What this process has, for jobs that ask for it. */
  labels?: Record<string, string>
  /** Run around every call of a handler, the first outermost; see `Middleware`. */
  middleware?: readonly Middleware[]
  /** What this process has beside slots, for jobs with a `cost`: `{ cpu: 4, gpu: 1 }`. Default: only slots are counted. */
  units?: Record<string, number>
  /** Default `'default'`. */
  namespace?: string
  /** Of the engine, to stderr. Default `'warn'`. */
  logLevel?: LogLevel
}

/** A whole scheduler in one's own process. */
export interface EmbeddedNode {
  /** Starts runs and looks at them; also what `job.start` goes through from now on. */
  readonly client: Client
  /** Takes no more work, lets what runs end (30 seconds at most, then it is given back), and stops. */
  drain(): Promise<void>
  /** Stops now: what runs is given back and counts no attempt. */
  stop(): Promise<void>
}

/**
 * Starts engine and worker in this process: no server, no port, no HTTP between engine and handler.
 * ```ts
 * const node = await startNode({ database: 'app.db', work: [resize, order, nightly] })
 * await resize.start({ url })
 * process.once('SIGTERM', () => node.drain())
 * ```
 * The engine has a thread of its own, so that a handler that blocks the event loop costs neither leases nor shards.
 * @throws RequestRefused: a schedule is refused; `at` says which (`/schedules/<n>/…`) and where.
 * @throws Refusal: the database is held by another process (it says which), cannot be opened, or an option cannot be right.
 */
export async function startNode(options: NodeOptions = {}): Promise<EmbeddedNode> {
  const { settings } = loadConfig({
    flags: { database: options.database, namespace: options.namespace, logLevel: options.logLevel },
    environment: process.env,
    defaults: { logLevel: { value: 'warn', origin: 'default' } },
  })
  const { database, leaseMs, logLevel, namespace, outbox, clusterAddress, secretKey, variables } = settings
  // Other nodes on the same database may be on other machines.
  const engine = await startEngineThread({ database, leaseMs, logLevel, namespace, outbox, clusterAddress, secretKey, variables, host: '0.0.0.0' })
  const client = new Client({ connection: engine.connection, namespace })
  const worker = await startWork(client, options).catch(async (error: unknown) => {
    await engine.stop()
    throw error
  })
  const before = setDefaultClient(client)

  let ending: Promise<void> | null = null
  const end = (stopWorker: (worker: Worker) => Promise<void>): Promise<void> => {
    ending ??= (async () => {
      if (worker) await stopWorker(worker)
      setDefaultClient(before)
      await client.close()
      await engine.stop()
    })()
    return ending
  }
  return {
    client,
    drain: () => end(running => running.drain()),
    stop: async () => {
      // A stop cuts a drain short: what still runs is given back, and the drain ends.
      if (ending && worker) await worker.stop()
      await end(running => running.stop())
    },
  }
}

async function startWork(client: Client, { work = [], source, slots, queues, labels, units, middleware }: NodeOptions): Promise<Worker | null> {
  const { jobs, schedules } = partsOf(work)
  if (jobs.length === 0 && schedules.length === 0) return null
  const worker = startWorker({
    jobs,
    schedules,
    client,
    ...(source !== undefined && { source }),
    ...(slots !== undefined && { slots }),
    ...(queues && { queues }),
    ...(labels && { labels }),
    ...(units && { units }),
    ...(middleware && { middleware }),
  })
  await worker.ready.catch(async (error: unknown) => {
    await worker.stop()
    throw error
  })
  return worker
}

interface EngineThread {
  connection: ReturnType<typeof portConnection>
  stop(): Promise<void>
}

/** Resolves when the engine serves; rejects with its own refusal when it cannot. */
function startEngineThread(settings: EngineThreadData['settings']): Promise<EngineThread> {
  const { port1, port2 } = new MessageChannel()
  const thread = new Thread(new URL(`./engine-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url), {
    name: 'mainspring-engine',
    workerData: { settings, port: port2 } satisfies EngineThreadData,
    transferList: [port2],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const exited = new Promise<void>(resolve => thread.once('exit', () => resolve()))
  return new Promise((resolve, reject) => {
    thread.once('error', reject)
    thread.once('exit', code => reject(new Error(`the engine's thread ended with code ${code} before it was ready`)))
    thread.on('message', (message: EngineThreadMessage) => {
      if (message.is === 'refused') reject(new Refusal(message.facts))
      if (message.is === 'failed') reject(new Error(message.message))
      if (message.is !== 'ready') return
      // The process may end when its own work is done, if it never stops the node: nothing that was acknowledged is lost.
      thread.unref()
      resolve({
        connection: portConnection(port1),
        stop: async () => {
          thread.ref()
          thread.postMessage('stop')
          await exited
        },
      })
    })
  })
}
