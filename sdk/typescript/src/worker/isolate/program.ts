// What a process of isolated handlers runs: one attempt at a time, as the worker tells it (child.ts).
import { once } from 'node:events'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { Client } from '../../client.ts'
import { encode } from '../../codec.ts'
import { withClient } from '../../current.ts'
import { AttemptTimedOut, CancelRequested, LeaseLost, RequestRefused, Unreachable, WorkerStopping } from '../../errors.ts'
import { errorOf } from '../../failure.ts'
import type { AnyJob } from '../../job.ts'
import type { Connection, WireDelivery } from '../../wire.ts'
import { Attempt, type Desk } from '../attempt.ts'
import { failedForGood, failure, type Outcome, runHandler, withChunks } from '../run.ts'
import { Streams } from '../streams.ts'
import { type FromChild, ISOLATED_JOBS, type ToChild } from './messages.ts'

const jobs = new Map<string, AnyJob>()
Object.assign(globalThis, { [ISOLATED_JOBS]: jobs })

/** A file of jobs imports the SDK; where its project has none installed (`npx mainspring worker`), this one. */
registerHooks({
  resolve(specifier, context, nextResolve) {
    try {
      return nextResolve(specifier, context)
    } catch (error) {
      if (!/^@mainspring\/sdk(\/|$)/.test(specifier)) throw error
      return nextResolve(specifier, { ...context, parentURL: import.meta.url })
    }
  },
})

let asked = 0
const waiting = new Map<number, { resolve: (text: string) => void; reject: (error: unknown) => void }>()
let current: { n: number; attempt: Attempt } | null = null

function tell(message: FromChild): void {
  if (process.connected) process.send?.(message)
}

function ask(message: (id: number) => FromChild): Promise<string> {
  const id = asked++
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    tell(message(id))
  })
}

const connection: Connection = {
  call: (operation, { signal, ...call }) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      ask(id => ({ is: 'call', id, operation, call })).then(resolve, reject)
    }),
  // biome-ignore lint/correctness/useYield: there is nothing to yield
  async *stream() {
    throw new Error('events cannot be followed from an isolated handler: look at the run again instead (result, get)')
  },
  address: () => null,
  close: async () => {},
}

/** One for all attempts: it remembers what it has registered. */
let known: Client | null = null
function clientOf(namespace: string): Client {
  if (known?.namespace !== namespace) known = new Client({ connection, namespace })
  return known
}

const NEVER = new AbortController().signal

function deskOf(n: number, namespace: string, worker: string): Desk {
  return {
    streams: new Streams(clientOf(namespace), worker, NEVER),
    client: clientOf(namespace),
    logs: { add: (_, level, message, fields) => tell({ is: 'log', n, level, message: String(message), ...(fields && { fields: textOf(fields) }) }) },
    reports: {
      alive: () => tell({ is: 'alive', n }),
      progress: (_, { value, message }) => tell({ is: 'progress', n, value, ...(message !== undefined && { message }) }),
      async checkpoint(_, text) {
        await ask(id => ({ is: 'checkpoint', n, id, text }))
      },
    },
  }
}

async function run({ n, file, namespace, worker, facts, input, metadata, checkpoint }: ToChild & { is: 'run' }): Promise<void> {
  const delivery: WireDelivery = { ...facts, ...parsed({ input, metadata, checkpoint }) }
  const attempt = new Attempt(delivery, { name: facts.definition, options: {} } as AnyJob, { batch: 0, index: 0 }, deskOf(n, namespace, worker), true)
  current = { n, attempt }
  const ended = async (_: Attempt, outcome: Outcome): Promise<void> => {
    // A large output is kept by the worker, which gets it as it is.
    const { large, ...own } = outcome
    const { is, members } = (await withChunks(attempt, own, clientOf(namespace))) ?? own
    attempt.end()
    if (current?.n === n) current = null
    tell({ is: 'ended', n, result: large === undefined || is !== 'completed' ? `{${members}}` : `{${members},"output":${large}}` })
  }
  try {
    await import(pathToFileURL(file).href)
  } catch (error) {
    return ended(attempt, failure(attempt, error))
  }
  const job = jobs.get(facts.definition)
  if (job === undefined)
    return ended(attempt, failedForGood(new Error(`${file} was imported for "${facts.definition}", and defines no such job with isolate: 'process'`)))
  attempt.job = job
  withClient(clientOf(namespace), () => runHandler(attempt, job.handler, job.options.input, ended))
}

function heard(message: ToChild): void {
  if (message.is === 'run') return void run(message)
  if (message.is === 'abort') {
    if (current?.n === message.n) stop(current.attempt, message.code)
    return
  }
  const one = waiting.get(message.id)
  waiting.delete(message.id)
  if (message.is === 'answer') one?.resolve(message.text)
  else if (message.is === 'refused') one?.reject(new RequestRefused(message.problem))
  else one?.reject(reasonOf(message.failure.code ?? '', current?.attempt) ?? new Unreachable('the server of this worker', errorOf(message.failure)))
}

function stop(attempt: Attempt, code: string): void {
  if (code === 'cancel-requested') attempt.cancelRequested = true
  attempt.abort(reasonOf(code, attempt) ?? new Error(`asked to stop: ${code}`))
}

function reasonOf(code: string, attempt: Attempt | undefined): Error | null {
  if (attempt === undefined) return null
  const { run, attempt: number } = attempt
  switch (code) {
    case 'cancel-requested':
      return new CancelRequested(run)
    case 'attempt-timed-out':
      return new AttemptTimedOut(run, number)
    case 'lease-lost':
      return new LeaseLost(run, number)
    case 'worker-stopping':
      return new WorkerStopping(run)
    default:
      return null
  }
}

function parsed(texts: Record<'input' | 'metadata' | 'checkpoint', string | undefined>): Partial<WireDelivery> {
  return Object.fromEntries(Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, JSON.parse(text)]])))
}

/** A log call never throws: what cannot be kept is said instead. */
function textOf(fields: Record<string, unknown>): string {
  try {
    return encode(fields, '/fields') ?? '{}'
  } catch (error) {
    return JSON.stringify({ omitted: (error as Error).message })
  }
}

// Ctrl-c reaches the whole group; when to end is the worker's to say.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))
// A handler that burns a core does not hear that its worker is gone; this thread does. It must be there before the first handler, which may never let this one turn.
const WATCH = `
const { parentPort } = require('node:worker_threads')
const parent = process.ppid
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000)
parentPort.postMessage('watching')`
const watch = new Worker(WATCH, { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 8 } })
await once(watch, 'message')
watch.unref()
process.on('message', heard)
