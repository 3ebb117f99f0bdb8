import type { Artifacts } from '../artifacts.ts'
import type { Log } from '../context.ts'
import type { Duration } from '../duration.ts'
import type { Job } from '../job.ts'
import type { RetryOptions, RunOptions } from '../options.ts'
import type { InferOutput, StandardSchema } from '../schema.ts'
import type { DurableStreamWriter, StreamWriter } from '../streams.ts'
import type { StepKey } from './queued.ts'
import type { Signal } from './signal.ts'

/**
 * What a workflow's function has beside its input. All that it does to the world goes through here, so that it is done once and remembered: after a crash the
 * function is called again, and each of these answers as it did before. Promises are ordinary ones: `Promise.all`, `race`, loops and try/catch work.
 */
export interface WorkflowContext {
  /** The run's id. */
  readonly id: string
  readonly tags: Readonly<Record<string, string>>
  /**
   * What the start gave as `metadata`, or what was set here since: `ctx.metadata = { stage: 'paid' }`. Lists find runs by its top-level fields. At most 64 Ki
   * characters of JSON.
   */
  metadata: unknown
  /**
   * What the run shows to those outside, without a worker: on its page, in `get()` and `explain`. Any value that can be kept, at most 64 Ki characters of JSON; what it
   * is whenever the code waits. Example: `ctx.state = { stage: 'paid', items: 3 }`.
   */
  state: unknown
  /** Aborts when the run is cancelled, with `CancelRequested`. */
  readonly signal: AbortSignal
  /** Lines are written when they are reached first, not again when the code is replayed. */
  readonly log: Log
  /**
   * A durable step: runs `fn` here, in the worker, and keeps what it gives before anything after it happens. Tried again by `options.retry` (default 10 attempts, as
   * jobs are); a worker that dies in it runs it again, unless `attempts` is 1. `Abort` ends the trying. Rejects with the last attempt's error.
   * One that the workflow's `steps` name waits in its queue, under its limits, and may run in another worker: there `fn` sees what the code gives it when it is replayed.
   * Example: `await ctx.run('charge', step => bank.charge(order, { key: step.key }), { retry: { attempts: 3 } })`.
   */
  run<Output>(name: string, fn: (step: StepContext) => Output | Promise<Output>, options?: StepOptions): Promise<Awaited<Output>>
  /** Costs no worker and no memory meanwhile. */
  sleep(duration: Duration): Promise<void>
  /** Until a Date, or ISO 8601 text with its offset. A time that has passed is now. */
  sleepUntil(at: Date | string): Promise<void>
  /** The next signal of this name: one that came before anybody waited is kept. With `timeout`: undefined when that is over. */
  waitFor<Payload = unknown>(signal: string): Promise<Payload>
  /** `input`, a Standard Schema, types and checks it: a payload that does not fit is taken all the same, and rejects with InvalidInput. */
  waitFor<Schema extends StandardSchema>(signal: string, options: { input: Schema }): Promise<InferOutput<Schema>>
  waitFor<Schema extends StandardSchema>(signal: string, options: { input: Schema; timeout?: Duration }): Promise<InferOutput<Schema> | undefined>
  waitFor<Payload = unknown>(signal: string, options: { timeout?: Duration }): Promise<Payload | undefined>
  /** One that `signal()` has given a type. */
  waitFor<Taken>(signal: Signal<unknown, Taken>): Promise<Taken>
  waitFor<Taken>(signal: Signal<unknown, Taken>, options: { timeout?: Duration }): Promise<Taken | undefined>
  /**
   * Answers a query of this name, also when the run is closed. The handler gets the query's input, looks at the function's variables and answers at once: it changes
   * nothing, asks `ctx` for nothing, and is no async function. `options.input`: a Standard Schema, refuses any other input. Register it before the first `await`.
   * Example: `ctx.onQuery('status', () => status)`.
   */
  onQuery<Schema extends StandardSchema, Output>(name: string, handler: (input: InferOutput<Schema>) => Output, options: { input: Schema }): void
  onQuery<Output, Input = unknown>(name: string, handler: (input: Input) => Output): void
  /**
   * Takes an update of this name: whoever sends it is told when it is accepted and on disk, and what the handler gives, which may use all of `ctx`. `options.input`, a
   * Standard Schema, and `options.validate`, which throws, refuse it before that: then nothing of it is kept. The run does not end before its handlers have.
   * Example: `ctx.onUpdate('address', async to => { address = to; return ctx.run('label', () => print(to)) })`.
   */
  onUpdate<Schema extends StandardSchema, Output>(
    name: string,
    handler: (input: InferOutput<Schema>) => Output,
    options: UpdateOptions<InferOutput<Schema>> & { input: Schema },
  ): void
  onUpdate<Output, Input = unknown>(name: string, handler: (input: Input) => Output, options?: UpdateOptions<Input>): void
  /** Waits until something holds that handlers of updates, or other branches of the code, bring about: `await ctx.until(() => approved)`. False: `timeout` is over. */
  until(condition: () => unknown, options?: { timeout?: Duration }): Promise<boolean>
  /**
   * Something that is settled from outside, once, by whoever knows its token: `POST /v1/namespaces/{namespace}/promises/{token}/resolve` (no API key),
   * `mainspring promise resolve`, `client.promises.resolve`. It is on disk when it is given, and the same when the code is replayed; the token cannot be guessed, and is
   * shown nowhere else. With `timeout`, `result` gives undefined when that is over. A rejection rejects it with an Error whose code is `rejected`.
   * Example: `const { token, result } = await ctx.promise<boolean>('approval'); await ctx.run('mail', () => mail(link(token))); const approved = await result`.
   */
  promise<Value = unknown>(name: string): Promise<ExternalPromise<Value>>
  promise<Value = unknown>(name: string, options: { timeout?: Duration }): Promise<ExternalPromise<Value | undefined>>
  /**
   * What `fn` awaits is not interrupted by a cancel: what has been begun is brought to its end. What is asked for outside of it after that hears of the cancel.
   * Example: `await ctx.shielded(async () => { await ctx.run('reserve', reserve); await ctx.run('book', book) })`.
   */
  shielded<Value>(fn: () => Promise<Value>): Promise<Value>
  /**
   * Runs a part of the code that can be cancelled by itself: by `scope.cancel()`, once `timeout` is over, or with what is around it. Then all that waits in it, and all that
   * is asked for in it later, rejects with `Cancelled` at once: timers and waits are taken away, no signal goes to one of these, children are asked to stop by their
   * `parentClose`, a step under way by its `signal`, and nothing of it is begun any more. Cleaning up belongs into `ctx.shielded`, and is waited for. When `fn` ends, what
   * it has not waited for is dropped in the same way; save a child of `ctx.start` and a lock that is held, which stay.
   * Example: `await ctx.scope({ timeout: '1h' }, async () => { await ctx.call(draft); return ctx.waitFor('approved') })`.
   * @throws Cancelled, with `timedOut`, unless `fn` catches it.
   */
  scope<Value>(fn: (scope: Scope) => Value | Promise<Value>): Promise<Value>
  scope<Value>(options: ScopeOptions, fn: (scope: Scope) => Value | Promise<Value>): Promise<Value>
  /**
   * As `Promise.all`, of functions, each of which is a scope of its own: when one throws, the others are cancelled. Settles when all of them have ended.
   * Example: `const [flight, hotel] = await ctx.all([() => ctx.call(bookFlight), () => ctx.call(bookHotel)])`.
   */
  all<const Branches extends readonly Branch[]>(
    branches: Branches,
  ): Promise<{ -readonly [Index in keyof Branches]: Awaited<ReturnType<Branches[Index]>> }>
  /**
   * As `Promise.race`, of functions, each of which is a scope of its own: when the first has ended, the others are cancelled. So a timer that lost wakes nobody, and a
   * signal is not taken by a branch that lost. Settles when all of them have ended.
   * Example: `const answer = await ctx.race([() => ctx.waitFor<string>('answer'), () => ctx.call(askAgain)])`.
   */
  race<const Branches extends readonly Branch[]>(branches: Branches): Promise<Awaited<ReturnType<Branches[number]>>>
  /** As `ctx.race`, of the first that does not throw. @throws AggregateError, as `Promise.any`: all of them have. */
  any<const Branches extends readonly Branch[]>(branches: Branches): Promise<Awaited<ReturnType<Branches[number]>>>
  /**
   * Starts a job or another workflow as a child, and waits for what it gives. When this run closes or is cancelled, so is the child: see `parentClose`.
   * @throws RunFailed, RunCancelled, RunTimedOut, RunTerminated as `result()` does; RequestRefused where it cannot be started.
   */
  call<Input, Output>(job: Job<Input, Output>, ...args: CallArguments<Input, CallOptions>): Promise<Output>
  /**
   * Holds a lock of this name (option `locks`) for a value of `key`, across sleeps and crashes, until it is released or the run closes or begins anew: one run of all
   * workflows at a time, or as many as it has permits, in the order in which they asked. With `timeout`, undefined when that is over first.
   * Example: `await using lock = await ctx.lock('account', { key: from })`, which lets go at the end of the block; or `await lock.release()`.
   */
  lock(name: string, options?: { key?: string | number }): Promise<Lock>
  lock(name: string, options: LockOptions): Promise<Lock | undefined>
  /** Starts one that goes on by itself; resolves when it is there. */
  start<Input, Output>(job: Job<Input, Output>, ...args: CallArguments<Input>): Promise<{ id: string }>
  /**
   * What undoes something that has been done: called, newest first, when the function throws or is cancelled. Each is a step of its own.
   * Example: `ctx.compensate('refund', () => bank.refund(payment))`.
   */
  compensate(name: string, fn: (step: StepContext) => unknown, options?: StepOptions): void
  /** How far the runs of its schedule had come when this one was started, as one that completed said by `setWatermark`, or a person; null: none has, or no schedule started it. */
  watermark<Value>(): Value | null
  /**
   * How far it has come, for the next run of its schedule: any value, up to 16,384 characters of JSON; null: that one begins anew. The last one that the code says, also
   * before it began anew by `continueAs`, is kept in the commit that completes the run; of a run that ends otherwise nothing is. Not from inside a step, which is not
   * called again when the code is replayed.
   * @throws InvalidOption
   */
  setWatermark(value: unknown): void
  /** The time of what happened last: the same when the code is replayed. */
  now(): Date
  /** Uniform in [0, 1), the same when the code is replayed. */
  random(): number
  uuid(): string
  /**
   * True where this run may take the new way of a change: it has not been here before, or took it then. False where it went past with the code of before. So one
   * code serves runs of both: `if (ctx.patched('check-fraud')) await ctx.run('fraud', …)`. The answer to an id is one for the whole run. Once no open run is older
   * than the change, the condition can go.
   */
  patched(id: string): boolean
  /**
   * A stream of the run, for those who follow it: `await ctx.stream('steps').write('charged')`. What a step writes much of, such as the tokens of a language model, it
   * writes itself: `step.stream('answer').write(token)`.
   */
  stream<Chunk = unknown>(name: string): DurableStreamWriter<Chunk>
  /**
   * Begins anew with another input: the same run, its history so far out of sight, signals that nobody took kept. For loops that last for years.
   * Throws, so it must not be caught.
   */
  continueAs(input: unknown): never
}

/** A part of a workflow's code that can be cancelled by itself. */
export interface Scope {
  /** From within or from another branch; again does nothing. */
  cancel(): void
  /** By itself, or with what is around it. */
  readonly cancelled: boolean
}

export interface ScopeOptions {
  /** From its beginning on. Default: none. */
  timeout?: Duration
}

/** What a branch is called with is its own scope. */
// biome-ignore lint/suspicious/noExplicitAny: typed by who calls
export type Branch = (scope: Scope) => any

/** One attempt of a step. */
export interface StepContext {
  /** 1 is the first. */
  readonly attempt: number
  /** The same in every attempt of this step and in no other: the idempotency key to give to a bank. */
  readonly key: string
  /** Aborts when the run is cancelled, the attempt's time is up, or the lease is lost. */
  readonly signal: AbortSignal
  /**
   * A stream of the run: `await step.stream('answer').write(token)`, as often as you like. Another attempt begins its part again, and who follows is told so. A queued
   * step is a run of its own, and so are its streams.
   */
  stream<Chunk = unknown>(name: string): StreamWriter<Chunk>
  /** What the run leaves behind to be looked at: `await step.artifact.markdown('report', text)`. */
  readonly artifact: Artifacts
  /** A sign of life, for the `timeout.heartbeat` of a queued step; of others nobody asks for one. */
  heartbeat(): void
}

export interface StepOptions {
  retry?: RetryOptions
  /** Of one attempt. Default: none. */
  timeout?: Duration
  /** Of a queued step: what its limits `per: 'key'` are counted by. Example: `order.user`, or `{ user: 'u1', tenant: 't1' }`. */
  key?: StepKey
  /** Of a queued step: -100 to 100, default that of `steps`. */
  priority?: number
}

export interface LockOptions {
  /** Which one of them. Default: there is one. */
  key?: string | number
  /** How long to wait for it. Default: for ever. */
  timeout?: Duration
}

/** A lock that a run holds. */
export interface Lock extends AsyncDisposable {
  /** Lets it go; again does nothing. */
  release(): Promise<void>
}

export interface ExternalPromise<Value> {
  /** Whoever has it may settle the promise. */
  readonly token: string
  readonly result: Promise<Value>
}

/** `validate`: looks at the input, answers at once, and throws what is wrong with it. */
export interface UpdateOptions<Input> {
  validate?: (input: Input) => void
}

/** Options of a child: what its definition says, where they say nothing else. */
export interface ChildOptions extends Omit<RunOptions, 'unique'> {
  metadata?: unknown
}
/** Of a child that is waited for. */
export interface CallOptions extends ChildOptions {
  /**
   * What becomes of the child when this run closes, or begins anew, before it: `'cancel'` (default) asks it to stop, so that it can clean up; `'terminate'` ends it at
   * once; `'abandon'` leaves it alone, also when this run is cancelled.
   */
  parentClose?: 'cancel' | 'terminate' | 'abandon'
}
export type CallArguments<Input, Options = ChildOptions> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options]

/** The function of a workflow. */
export type WorkflowHandler<Input, Output> = (input: Input, ctx: WorkflowContext) => Promise<Output>
