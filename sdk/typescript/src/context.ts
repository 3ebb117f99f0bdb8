import type { Artifacts } from './artifacts.ts'
import type { AssetFacts, AssetTrigger } from './assets.ts'
import type { Duration } from './duration.ts'
import type { Files } from './files.ts'
import type { RunHandle } from './handle.ts'
import type { Job, StartItem } from './job.ts'
import type { StartOptions } from './options.ts'
import type { StreamWriter } from './streams.ts'

/** Where another system is, and who one is there. */
export interface ConnectionFacts {
  /** What is spoken there: `postgres`, `http`. */
  type: string
  host?: string
  port?: number
  login?: string
  password?: string
  schema?: string
  extra?: Record<string, unknown>
  /** All of it as an address: `postgres://login:password@host:5432/schema?…`. */
  uri: string
}

/** What a handler has beside its input: one attempt of one run. Annotate the checkpoint where there is one: `(input: In, ctx: JobContext<{ page: number }>)`. */
export interface JobContext<Checkpoint = unknown> {
  /** The run's id. */
  readonly run: string
  /** 1 is the first. */
  readonly attempt: number
  /** Attempts in all by the run's retry policy. */
  readonly attempts: number
  /** The same in every attempt of this run and in no other: the idempotency key to give to a bank. */
  readonly taskKey: string
  readonly tags: Readonly<Record<string, string>>
  /** What the start gave as `metadata`. */
  readonly metadata: unknown
  /** The time that a schedule meant this run for, however late it is; undefined: no schedule started it. Work on this instead of on the clock. */
  readonly nominalTime?: Date | undefined
  /** Milliseconds from that time to the delivery of this attempt. */
  readonly latenessMs?: number | undefined
  /** The events of assets that triggered it, oldest first of each; of a task of a DAG none: its input may say `{{assetEvents}}`. */
  readonly assetEvents: readonly AssetTrigger[]
  /** The partition that it is for, where what triggered it says one. */
  readonly partition?: string | undefined
  /** Says something of an asset among its outlets, for the event that follows once it completes: `ctx.asset('s3://sales', { extra: { rows: 12 } })`. */
  asset(name: string, facts: AssetFacts): void
  /**
   * How far an asset has come, as the last run that completed said by `ctx.asset(name, { watermark })`, or a person; null: nobody has. Read it at the start, and say the
   * new one at the end: `const since = await ctx.watermark<string>('s3://sales')`. Where two runs may be open at a time, the one that completes last is right.
   */
  watermark<Value>(asset: string): Promise<Value | null>
  /** How far the runs of its schedule had come when its run was started, as one that completed said by `setWatermark`, or a person; null: none has, or no schedule started it. */
  watermark<Value>(): Promise<Value | null>
  /**
   * How far it has come, for the next run of its schedule: any value, up to 16,384 characters of JSON; null: that one begins anew. The last one that it says is kept in the
   * commit that completes the run; of a run that fails nothing is. A later line of the schedule's ledger wins, whichever completes first. Where no schedule started it, nothing is kept.
   * @throws InvalidOption
   */
  setWatermark(value: unknown): void
  /** When this attempt times out; null: never. */
  readonly deadline: Date | null
  /**
   * Aborts when the work is no longer wanted; pass it on: `fetch(url, { signal: ctx.signal })`. Its reason is `CancelRequested`, `AttemptTimedOut`,
   * `LeaseLost` or `WorkerStopping`. A handler that throws after `CancelRequested` ends the run as cancelled; one that returns has completed it.
   */
  readonly signal: AbortSignal
  readonly log: Log
  /** What survives the attempt. */
  readonly checkpoint: Checkpoints<Checkpoint>
  /** How far it is, 0 to 1, and perhaps where. Shown live, at most one a second, the latest wins. A sign of life; nothing to await. */
  progress(value: number, message?: string): void
  /** A sign of life, for jobs with `timeout: { heartbeat }`: call it as often as you like. Leases need none. */
  heartbeat(): void
  /** A stream of the run, for those who follow it: `await ctx.stream('rows').write(row)`. Another attempt begins it again, and who follows is told so. */
  stream<Chunk = unknown>(name: string): StreamWriter<Chunk>
  /** What the run leaves behind to be looked at: `await ctx.artifact.table('rows', rows)`. */
  readonly artifact: Artifacts
  /** Files that the run stores, and those of other runs: `await ctx.files.put('rows.csv', stream)`. */
  readonly files: Files
  /**
   * A variable of the namespace, as it is now: asked of the server each time, and kept nowhere.
   * @throws RequestRefused `variable-not-found`
   */
  variable<Value = unknown>(name: string): Promise<Value>
  /** A connection of the namespace, password included. @throws RequestRefused `connection-not-found` */
  connection(name: string): Promise<ConnectionFacts>
  /** Ends this call: the handler is called again after so long, with the same attempt. Throws `Snooze`, so it must not be caught. */
  snooze(delay: Duration): never
  /**
   * Starts another job from this one, linked to it as its child. A retried handler never starts it twice: its call key is `taskKey` and the place, which
   * is the count of this handler's starts, or `options.place` where their order may differ between attempts.
   */
  start<Input, Output>(job: Job<Input, Output>, ...args: ContextStartArguments<Input>): Promise<RunHandle<Output>>
  /** The same for up to 10,000 runs in one call, all or none. */
  startMany<Input, Output>(job: Job<Input, Output>, items: readonly StartItem<Input>[], options?: ContextStartOptions): Promise<RunHandle<Output>[]>
}

/** What the handler of a job with `batch` has beside its inputs: one call for the attempts of many runs. */
export interface BundleContext {
  /** In the order of the inputs: the run of each, with all that a context has. */
  readonly items: readonly BundleItem[]
  /** Aborts when the work of all of them is no longer wanted; each item has a signal of its own. */
  readonly signal: AbortSignal
  /** Writes to the log of each item. */
  readonly log: Log
  /** Of each item. */
  progress(value: number, message?: string): void
  /** Of each item. */
  heartbeat(): void
  /** Ends this call: all that were not failed are called again after so long. */
  snooze(delay: Duration): never
}

/** One run of a bundle. */
export interface BundleItem extends JobContext {
  /** Fails the attempt of this run alone, as if a handler of its own had thrown `error` (`Abort`, `Snooze` included), at once; the others go on. */
  fail(error: unknown): void
}

export interface ContextStartOptions extends StartOptions {
  /** Names this start within the handler, the same in each attempt. Default: its count, from 0. */
  place?: string
}
export type ContextStartArguments<Input> = undefined extends Input
  ? [input?: Input, options?: ContextStartOptions]
  : [input: Input, options?: ContextStartOptions]

/** Lines are kept with the run and its attempt, and shown live. A message is cut at 16 KiB; a delivery may write 100,000 lines. Nothing to await. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** A value that the next attempt reads: where a long job goes on, or the id of an external job to attach to instead of starting a second one. */
export interface Checkpoints<Value> {
  /** What was saved last, by this attempt or the ones before; undefined when nothing was. */
  readonly value: Value | undefined
  /**
   * Resolves when the server has it on disk. Up to 1 MiB.
   * @throws Unserialisable at once; LeaseLost when another worker may have the task by now.
   */
  save(value: Value): Promise<void>
}
