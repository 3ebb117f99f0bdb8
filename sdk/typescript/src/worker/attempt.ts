import type { Artifacts } from '../artifacts.ts'
import { type AssetFacts, type AssetTrigger, factsOf, markText } from '../assets.ts'
import * as checks from '../checks.ts'
import type { Client } from '../client.ts'
import { decode, encode, untag } from '../codec.ts'
import type { Checkpoints, ConnectionFacts, ContextStartOptions, JobContext, Log } from '../context.ts'
import type { Duration } from '../duration.ts'
import { AttemptTimedOut } from '../errors.ts'
import { type Files, putFile, readFile } from '../files.ts'
import type { RunHandle } from '../handle.ts'
import type { AnyJob, StartItem } from '../job.ts'
import { hasKept, whole } from '../kept.ts'
import { Snooze } from '../snooze.ts'
import type { StreamWriter } from '../streams.ts'
import type { WireAssetFacts, WireDelivery, WireLookedUp, WireLookup } from '../wire.ts'
import type { Lease } from './leases.ts'
import type { Logs } from './logs.ts'
import type { Reports } from './reports.ts'
import type { Place } from './room.ts'
import type { Chunks, Streams } from './streams.ts'

/** What attempts share with their worker. */
export interface Desk {
  client: Client
  logs: Pick<Logs, 'add'>
  reports: Pick<Reports, 'alive' | 'progress' | 'checkpoint'>
  streams: Streams
}

/**
 * One attempt of one run, and the context that its handler gets. A no-op job makes forty thousand of these a second, so that everything a handler may not
 * touch (signal, timer, log, values) is made when it is touched.
 */
export class Attempt implements JobContext {
  readonly delivery: WireDelivery
  job: AnyJob
  readonly lease: Lease
  /** What its handler's call takes of the worker; null: nothing, it is not run. */
  place: Place | null = null
  /** By the worker's clock, when it came. */
  readonly begunAt: number
  /** The first reason to stop; set whether or not anybody listens. */
  stopReason: Error | null = null
  cancelRequested = false
  /** Its outcome is settled: finished, or given back. What comes later is dropped. */
  ended = false
  /** Lines written, for their numbers; and those that found no room. */
  lines = 0
  linesDropped = 0
  /** The count of the last line in the worker's log; 0: none. */
  lastLine = 0
  lastLineAt = 0
  /** What its handler called last of its context, for a report of where it hangs. */
  lastCall: { name: string; at: number; trace: Error } | null = null
  readonly #desk: Desk
  readonly #tagged: boolean
  /** Bits of VALUES. */
  #decoded = 0
  #starts = 0
  #controller: AbortController | null = null
  #timer: (() => void) | null = null
  #log: Log | null = null
  #checkpoint: Checkpoints<unknown> | null = null
  /** What it writes to streams; null: nothing yet. */
  chunks: Chunks | null = null
  /** What it says of its outlets. */
  assets: WireAssetFacts[] | null = null
  /** The watermark that it has set, as it is sent. */
  said: string | null = null

  constructor(delivery: WireDelivery, job: AnyJob, lease: Lease, desk: Desk, mayBeTagged: boolean) {
    this.delivery = delivery
    this.job = job
    this.lease = lease
    this.begunAt = desk.client.clock.monotonic()
    this.#desk = desk
    this.#tagged = mayBeTagged
  }

  /** Of the worker. */
  get worker(): string {
    return this.#desk.streams.worker
  }
  get run(): string {
    return this.delivery.run
  }
  get attempt(): number {
    return this.delivery.attempt
  }
  get attempts(): number {
    return this.delivery.attempts
  }
  get taskKey(): string {
    return this.delivery.taskKey
  }
  get tags(): Readonly<Record<string, string>> {
    return this.delivery.tags ?? {}
  }
  get input(): unknown {
    return this.value('input')
  }
  get metadata(): unknown {
    return this.value('metadata')
  }
  get nominalTime(): Date | undefined {
    return this.delivery.nominalTime === undefined ? undefined : new Date(this.delivery.nominalTime)
  }
  /** Of a task of a DAG (`DagContext`). */
  get interval(): { start: Date; end: Date } | undefined {
    const { dag, nominalTime } = this.delivery
    return dag === undefined || nominalTime === undefined ? undefined : { start: new Date(dag.intervalStart), end: new Date(nominalTime) }
  }
  get dag(): WireDelivery['dag'] {
    return this.delivery.dag
  }
  get assetEvents(): readonly AssetTrigger[] {
    return (this.delivery.assetEvents ?? []).map(({ at, extra, ...event }) => ({ ...event, at: new Date(at), extra: untag(extra) }))
  }
  get partition(): string | undefined {
    return this.delivery.partition
  }
  get latenessMs(): number | undefined {
    return this.delivery.latenessMs
  }
  get deadline(): Date | null {
    return this.delivery.deadline === undefined ? null : new Date(this.delivery.deadline)
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.stopReason) this.#controller.abort(this.stopReason)
      else this.#watchTime()
    }
    return this.#controller.signal
  }

  get log(): Log {
    const add = (level: keyof Log, message: string, fields?: Record<string, unknown>): void => {
      this.#seen('log')
      this.#desk.logs.add(this, level, message, fields)
    }
    this.#log ??= {
      debug: (message, fields) => add('debug', message, fields),
      info: (message, fields) => add('info', message, fields),
      warn: (message, fields) => add('warn', message, fields),
      error: (message, fields) => add('error', message, fields),
    }
    return this.#log
  }

  get checkpoint(): Checkpoints<unknown> {
    const saved = (): unknown => this.value('checkpoint')
    const save = (value: unknown): Promise<void> => {
      this.#seen('checkpoint.save')
      const text = encode(value, '/checkpoint') ?? 'null'
      this.#decoded |= VALUES.checkpoint
      this.delivery.checkpoint = decode(text)
      return this.#desk.reports.checkpoint(this, text)
    }
    this.#checkpoint ??= {
      get value() {
        return saved()
      },
      save: async value => save(value),
    }
    return this.#checkpoint
  }

  progress(value: number, message?: string): void {
    this.#seen('progress')
    if (typeof value !== 'number' || Number.isNaN(value)) return
    this.#desk.reports.progress(this, { value: Math.min(1, Math.max(0, value)), ...(message !== undefined && { message: String(message) }) })
  }

  asset(name: string, facts: AssetFacts): void {
    this.#seen('asset')
    const said = { asset: checks.name(name, '/asset'), ...factsOf(facts, '') }
    this.assets = [...(this.assets ?? []).filter(({ asset }) => asset !== name), said]
  }

  async watermark<Value>(name?: string): Promise<Value | null> {
    this.#seen('watermark')
    if (name === undefined) return (untag(this.delivery.watermark) ?? null) as Value | null
    try {
      return ((await this.#desk.client.assets.get(name)).watermark?.value ?? null) as Value | null
    } catch (error) {
      if ((error as { code?: unknown }).code === 'asset-not-found') return null
      throw error
    }
  }

  setWatermark(value: unknown): void {
    this.#seen('setWatermark')
    this.said = markText(value, '/watermark')
  }

  heartbeat(): void {
    this.#seen('heartbeat')
    this.#desk.reports.alive(this)
  }

  /** Something of its input is kept beside another run, and to be read before it is handed to anybody. */
  get lacksInput(): boolean {
    return this.#tagged && hasKept(this.delivery.input)
  }

  async readInput(): Promise<void> {
    this.delivery.input = await whole(this.#desk.client, this.delivery.input)
  }

  /** Apart from those of its handler. */
  newChunks(): Chunks {
    return this.#desk.streams.of(this, null)
  }

  stream<Chunk>(name: string): StreamWriter<Chunk> {
    this.#seen('stream')
    this.chunks ??= this.newChunks()
    return this.chunks.stream(name)
  }

  get artifact(): Artifacts {
    this.#seen('artifact')
    this.chunks ??= this.newChunks()
    return this.chunks.artifacts
  }

  get files(): Files {
    this.#seen('files')
    return {
      put: (name, data, { type = 'application/octet-stream' } = {}) => putFile(this.run, name, data, type, this.newChunks()),
      read: file => readFile(this.#desk.client, file),
    }
  }

  async variable<Value>(name: string): Promise<Value> {
    this.#seen('variable')
    const { variables } = await this.#lookup({ variables: [name] })
    return untag(variables[name]) as Value
  }

  async connection(name: string): Promise<ConnectionFacts> {
    this.#seen('connection')
    const { connections } = await this.#lookup({ connections: [name] })
    return connections[name] as unknown as ConnectionFacts
  }

  #lookup(names: Pick<WireLookup, 'variables' | 'connections'>): Promise<WireLookedUp> {
    const { run, task, attempt, delivery } = this.delivery
    const asked: WireLookup = { worker: this.worker, run, task, attempt, delivery, ...names }
    return this.#desk.client.call<WireLookedUp>('tasks.lookup', {}, asked)
  }

  snooze(delay: Duration): never {
    throw new Snooze(delay)
  }

  // The interface types these by the job; inside they are calls of the worker's client.
  // biome-ignore lint/suspicious/noExplicitAny: typed by JobContext
  start(job: AnyJob, input?: unknown, options: ContextStartOptions = {}): Promise<RunHandle<any>> {
    this.#seen('start')
    const { place, ...rest } = options
    return this.#desk.client.startFrom(job, input, rest, this.#origin(place))
  }

  // biome-ignore lint/suspicious/noExplicitAny: typed by JobContext
  startMany(job: AnyJob, items: readonly StartItem<any>[], options: ContextStartOptions = {}): Promise<RunHandle<any>[]> {
    this.#seen('startMany')
    const { place, ...rest } = options
    return this.#desk.client.startManyFrom(job, items as readonly StartItem<unknown>[], rest, this.#origin(place))
  }

  /** By the worker's clock: wall time, and what never steps back. */
  now(): number {
    return this.#desk.client.clock.now()
  }
  monotonic(): number {
    return this.#desk.client.clock.monotonic()
  }

  /** Asks the handler to stop: the first reason counts. */
  abort(reason: Error): void {
    if (this.stopReason !== null || this.ended) return
    this.stopReason = reason
    this.#controller?.abort(reason)
  }

  /** Nothing of it is left behind. */
  end(): void {
    this.ended = true
    this.#timer?.()
    this.#timer = null
  }

  /** Values are decoded where they lie, once: a handler that changes its input changes it for itself. */
  value(which: 'input' | 'metadata' | 'checkpoint'): unknown {
    const { delivery } = this
    if (this.#tagged && (this.#decoded & VALUES[which]) === 0) {
      this.#decoded |= VALUES[which]
      delivery[which] = untag(delivery[which])
    }
    return delivery[which] ?? undefined
  }

  #seen(name: string): void {
    this.lastCall = { name, at: this.now(), trace: new Error(`ctx.${name}`) }
  }

  #origin(place: string | undefined): { callKey: string; parent: string } {
    return { callKey: `${this.taskKey}:${place ?? this.#starts++}`, parent: this.run }
  }

  /** The attempt's own time, by this worker's clock from its arrival; the server's wall clock only where it says nothing better. */
  #watchTime(): void {
    const { clock } = this.#desk.client
    const { timeoutMs, deadline } = this.delivery
    if (timeoutMs === undefined && deadline === undefined) return
    const left = timeoutMs === undefined ? Date.parse(deadline as string) - clock.now() : this.begunAt + timeoutMs - clock.monotonic()
    this.#timer = clock.after(Math.max(0, left), () => this.abort(new AttemptTimedOut(this.run, this.attempt)))
  }
}

const VALUES = { input: 1, metadata: 2, checkpoint: 4 } as const
