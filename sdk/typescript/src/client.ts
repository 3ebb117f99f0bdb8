import { Approvals } from './approvals.ts'
import { Assets } from './assets.ts'
import { Awaiting } from './awaiting.ts'
import { Batches } from './batches.ts'
import { DEFINITIONS_PER_CALL_MAX } from './bounds.ts'
import { callAgain } from './calls.ts'
import * as check from './checks.ts'
import { type Clock, systemClock } from './clock.ts'
import { tag } from './codec.ts'
import type { Duration } from './duration.ts'
import { RequestRefused } from './errors.ts'
import { RunHandle } from './handle.ts'
import { httpConnection } from './http.ts'
import { newId, type Random } from './ids.ts'
import type { AnyJob, Job, StartArguments, StartItem } from './job.ts'
import { Limits } from './limits.ts'
import type { StartOptions } from './options.ts'
import { listRuns, type RunFilter } from './runs.ts'
import { Schedules } from './schedules.ts'
import { Signals } from './signals.ts'
import { gathers, Starting } from './starting.ts'
import { answerOf, manyBody, oneBody } from './starts.ts'
import type { Call, Connection, OperationName, WireResolution, WireRunList, WireStarted, WireStartedMany } from './wire.ts'

/**
 * Opens a client. Nothing is sent before the first call.
 * ```ts
 * const client = connect({ url: 'http://127.0.0.1:7575' })
 * const run = await client.start(resize, { url })
 * ```
 */
export function connect(options: ClientOptions = {}): Client {
  return new Client(options)
}

export interface ClientOptions {
  /** Default `MAINSPRING_URL`, else `http://127.0.0.1:7575`. */
  url?: string
  /** Default `MAINSPRING_API_KEY`, else none: loopback needs none. */
  apiKey?: string
  /** Default `MAINSPRING_NAMESPACE`, else `'default'`. */
  namespace?: string
  /** Another way to the server than HTTP: an engine in this process. `url` and `apiKey` are not used then. */
  connection?: Connection
  /** How long a call is repeated while the server is busy or away, before its error is thrown. Default 30 seconds. */
  retryFor?: Duration
  /** Default: real time. */
  clock?: Clock
  random?: Random
}

/** A namespace of a server, as code sees it. */
export class Client {
  readonly namespace: string
  readonly connection: Connection
  readonly clock: Clock
  readonly random: Random
  readonly retryForMs: number
  readonly #registered = new Map<string, Promise<void>>()

  /** Looking at runs. */
  readonly runs = {
    /** A page of runs, newest first: `const { runs, next } = await client.runs.list({ state: 'failed', limit: 20 })`; `next` is the cursor of the page after. */
    list: (filter: RunFilter = {}): Promise<WireRunList> => listRuns(this, filter),
  }

  /** Schedules: put, list, get, pause, resume, trigger, backfill, ledger, preview, explain, remove. `client.schedules.trigger('nightly')`. */
  readonly schedules = new Schedules(this)

  /** Limits: list, get, set, reset. `client.limits.set('warehouse', { on: 'pool', concurrency: 10 })`. */
  readonly limits = new Limits(this)
  /** Batches of jobs, and operations on many runs: start, bulk, preview, list, get, handle. */
  readonly batches = new Batches(this)

  /** What of DAGs waits for a person: list, get, approve, reject. `client.approvals.approve(run, { by: 'ana' })`. */
  readonly approvals = new Approvals(this)
  /** What tasks make and schedules wait for: list, get, set, emit, partitions. `client.assets.emit('s3://sales', { partition: '2026-11-29' })`. */
  readonly assets = new Assets(this)

  /** What runs are told: see `RunHandle.signal`. */
  readonly signals = new Signals(this)

  readonly #starting = new Starting(this)
  /** Whoever waits for results. */
  readonly awaiting = new Awaiting(this)

  /** Promises of workflows (`ctx.promise`), by their tokens. @throws RequestRefused `promise-not-found`: settled before, over, or never there. */
  readonly promises = {
    resolve: async (token: string, value?: unknown): Promise<void> => {
      const body: WireResolution = value === undefined ? {} : { value: tag(value, '/value') }
      await this.call('promises.resolve', { token: check.name(token, '/token') }, body, { callKey: this.newId() })
    },
    reject: async (token: string, message?: string): Promise<void> => {
      await this.call('promises.reject', { token: check.name(token, '/token') }, message === undefined ? {} : { message }, { callKey: this.newId() })
    },
  }

  constructor(options: ClientOptions = {}) {
    const { env } = process
    this.namespace = check.name(options.namespace ?? (env.MAINSPRING_NAMESPACE || 'default'), '/namespace')
    const apiKey = options.apiKey ?? env.MAINSPRING_API_KEY
    const url = options.url ?? (env.MAINSPRING_URL || 'http://127.0.0.1:7575')
    this.connection = options.connection ?? httpConnection({ url, ...(apiKey && { apiKey }) })
    this.clock = options.clock ?? systemClock
    this.random = options.random ?? Math.random
    this.retryForMs = options.retryFor === undefined ? 30_000 : check.duration(options.retryFor, '/retryFor')
  }

  /** Starts a run of a job, or of the definition of this name; see `Job.start`. */
  start<Input, Output>(job: Job<Input, Output>, ...args: StartArguments<Input>): Promise<RunHandle<Output>>
  start(job: string, input?: unknown, options?: StartOptions): Promise<RunHandle<unknown>>
  async start(job: AnyJob | string, input?: unknown, options: StartOptions = {}): Promise<RunHandle<unknown>> {
    return this.startFrom(job, input, options, { callKey: this.newId(), gathers: gathers(job, options) })
  }

  /**
   * Starts a workflow, or finds the open one by `unique` or `key`, and sends it an update: `client.updateWithStart(cart, id, { name: 'add', input: item }, { unique: { key: id } })`.
   * Resolves with the run and what the handler gives. The start stands, whatever becomes of the update. @throws as `start` and `RunHandle.update` do.
   */
  async updateWithStart<Input, Output, Answer = unknown>(
    job: Job<Input, Output>,
    input: Input,
    update: { name: string; input?: unknown },
    options: StartOptions = {},
  ): Promise<{ run: RunHandle<Output>; answer: Answer }> {
    const run = (await this.startFrom(job, input, options, { callKey: this.newId() })) as RunHandle<Output>
    return { run, answer: await run.update<Answer>(update.name, update.input) }
  }

  /** Starts up to 10,000 runs; see `Job.startMany`. */
  startMany<Input, Output>(job: Job<Input, Output>, items: readonly StartItem<Input>[], options?: StartOptions): Promise<RunHandle<Output>[]>
  startMany(job: string, items: readonly StartItem<unknown>[], options?: StartOptions): Promise<RunHandle<unknown>[]>
  async startMany(job: AnyJob | string, items: readonly StartItem<unknown>[], options: StartOptions = {}): Promise<RunHandle<unknown>[]> {
    return this.startManyFrom(job, items, options, { callKey: this.newId() })
  }

  /** What `start` and `ctx.start` share. The origin's call key makes the call repeatable: the same key answers the same run. */
  async startFrom(job: AnyJob | string, input: unknown, options: StartOptions, origin: Origin): Promise<RunHandle<unknown>> {
    const body = await oneBody(job, input, options, origin.parent)
    const { callKey } = origin
    const send = async (): Promise<WireStarted> =>
      origin.gathers === true ? this.#starting.send(body, callKey) : JSON.parse(await this.callText('runs.start', { params: {}, body, callKey }))
    return this.#handle(job, await this.#started(job, send))
  }

  async startManyFrom(
    job: AnyJob | string,
    items: readonly StartItem<unknown>[],
    options: StartOptions,
    origin: Origin,
  ): Promise<RunHandle<unknown>[]> {
    if (items.length === 0) return []
    const body = await manyBody(job, items, options, origin.parent)
    const send = () => this.callText('runs.startMany', { params: {}, body, callKey: origin.callKey })
    return (JSON.parse(await this.#started(job, send)) as WireStartedMany).runs.map(one => this.#handle(job, one))
  }

  /** The handle of a run by its id (or any unambiguous ending of it). Nothing is sent. Give the job to have its output typed. */
  handle<Output = unknown>(id: string, _job?: Job<never, Output>): RunHandle<Output> {
    return new RunHandle(this, id, { is: 'existing', run: id })
  }

  /** Registers definitions, once each; done by the first `start` of a job and by workers. A change of code is a new version. */
  async register(jobs: readonly AnyJob[]): Promise<void> {
    const fresh = jobs.filter(job => !this.#registered.has(registration(job)))
    for (let from = 0; from < fresh.length; from += DEFINITIONS_PER_CALL_MAX) {
      const part = fresh.slice(from, from + DEFINITIONS_PER_CALL_MAX)
      const sent = this.call('definitions.register', {}, { definitions: part.map(job => job.definition) }).then(() => {})
      for (const job of part) this.#registered.set(registration(job), sent)
      sent.catch(() => this.forget(part))
    }
    await Promise.all(jobs.map(job => this.#registered.get(registration(job))))
  }

  /** The next start of these jobs registers them again: the server has lost them. */
  forget(jobs: readonly AnyJob[]): void {
    for (const job of jobs) this.#registered.delete(registration(job))
  }

  /** One operation of the HTTP API, repeated while the server is busy or away. */
  async call<Answer>(operation: OperationName, params: Record<string, string>, body?: unknown, more: Partial<Call> = {}): Promise<Answer> {
    const text = body === undefined ? {} : { body: JSON.stringify(body) }
    return JSON.parse(await this.callText(operation, { params, ...text, ...more })) as Answer
  }

  callText(operation: OperationName, call: Call): Promise<string> {
    const params = { namespace: this.namespace, ...call.params }
    return callAgain(this.connection, operation, { ...call, params }, this)
  }

  newId(): string {
    return newId(this.clock.now(), this.random)
  }

  /** Gives the connections up. Calls under way fail. */
  close(): Promise<void> {
    return this.connection.close()
  }

  async #started<Answer>(job: AnyJob | string, send: () => Promise<Answer>): Promise<Answer> {
    if (typeof job === 'string') return send()
    await this.register([job])
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof RequestRefused && error.code === 'unknown-definition')) throw error
      this.forget([job]) // another server answers at this address, or it began with an empty store
      await this.register([job])
      return send()
    }
  }

  #handle(job: AnyJob | string, started: WireStarted): RunHandle<unknown> {
    return new RunHandle(this, started.is === 'refused' ? '' : started.run, answerOf(job, started))
  }
}

/** Where a start comes from: its call key, and the run whose handler it is in. */
export interface Origin {
  callKey: string
  parent?: string
  /** Together with others that are started at the same time: then the key is its own only where it goes alone. */
  gathers?: boolean
}

function registration(job: AnyJob): string {
  return `${job.name}\n${job.version}`
}
