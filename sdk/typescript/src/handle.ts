import { RESULT_POLL_MS } from './awaiting.ts'
import { WAIT_MS_MAX } from './bounds.ts'
import * as check from './checks.ts'
import type { Client } from './client.ts'
import { tag, untag } from './codec.ts'
import type { Duration } from './duration.ts'
import { endedError, RequestRefused, ResultTimeout, UpdateTimeout } from './errors.ts'
import { runEvents } from './events.ts'
import { errorOf } from './failure.ts'
import { listFiles, readFile, type StoredFile } from './files.ts'
import { eventsOf } from './kept.ts'
import type { RunChange } from './options.ts'
import { getRun, isClosed, type Run } from './runs.ts'
import { checked } from './schema.ts'
import { runStream, type StreamChunk } from './streams.ts'
import type {
  LiveEvent,
  WireEvent,
  WireExplanation,
  WireFailure,
  WireLogLine,
  WireLogs,
  WireMessage,
  WireProblem,
  WireQueried,
  WireUpdated,
} from './wire.ts'
import type { WireMark, WireRerun, WireRerunAll, WireReruns } from './wire-dags.ts'
import { runChange } from './wire-options.ts'
import { type Signal, signalOf } from './workflow/signal.ts'

/**
 * How a start was answered. `existing`: that run was there, by this call's own repeat, its `key` or `unique`; `replaced`: it took the input and options of
 * this start (`unique` with replace, debounce, throttle). `refused`: only of an item of a batch.
 */
export type Started =
  | { is: 'started'; run: string; job?: string }
  | { is: 'existing'; run: string; by?: 'call' | 'key' | 'unique'; replaced?: boolean; job?: string }
  | { is: 'refused'; problem: WireProblem; job?: string }

/**
 * A run that was started. Everything here asks the server; the handle holds no state of it and may be thrown away.
 * ```ts
 * const run = await resize.start({ url })
 * const { bytes } = await run.result({ timeout: '1m' })
 * ```
 * A handle of a refused item of `startMany` throws that refusal, `RequestRefused`, from each of its methods.
 */
export class RunHandle<Output = unknown> {
  readonly #client: Client
  readonly #id: string
  readonly #answer: Started
  constructor(client: Client, id: string, answer: Started) {
    this.#client = client
    this.#id = id
    this.#answer = answer
  }

  /** The run's id: 26 characters; people use the last five. `''` when refused. */
  get id(): string {
    return this.#id
  }

  /** `started`: by this call. `existing`: it was there already. `refused`: an item of a batch that conflicts; `problem` says with what. */
  get started(): 'started' | 'existing' | 'refused' {
    return this.#answer.is
  }

  /** True: the run that was there had not begun, and took the input and options of this start. */
  get replaced(): boolean {
    return this.#answer.is === 'existing' && this.#answer.replaced === true
  }

  get problem(): WireProblem | null {
    return this.#answer.is === 'refused' ? this.#answer.problem : null
  }

  /**
   * Waits until the run is closed; resolves with what the handler returned, also where that is large and kept beside the run (or the run that gave it).
   * `timeout`: how long to wait, default for ever. `signal`: stops waiting, with its reason.
   * @throws RunFailed (its `cause` is the handler's error), RunCancelled, RunTimedOut, RunTerminated; ResultTimeout when waiting took too long; ResultGone.
   */
  async result(options: { timeout?: Duration; signal?: AbortSignal } = {}): Promise<Output> {
    const { clock } = this.#client
    const timeoutMs = options.timeout === undefined ? Number.POSITIVE_INFINITY : check.duration(options.timeout, '/timeout')
    const until = clock.monotonic() + timeoutMs
    const stop = new AbortController()
    const stopped = (): void => stop.abort(options.signal?.reason)
    if (options.signal?.aborted) stopped()
    options.signal?.addEventListener('abort', stopped, { once: true })
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? null : clock.after(timeoutMs, () => stop.abort(new ResultTimeout(this.#id, timeoutMs)))
    try {
      for (;;) {
        stop.signal.throwIfAborted()
        const waitMs = Math.max(0, Math.min(RESULT_POLL_MS, Math.ceil(until - clock.monotonic())))
        const { awaiting } = this.#client
        // Those who wait together ask together; towards the end of its time each asks for itself.
        const run = await (waitMs === RESULT_POLL_MS
          ? awaiting.closed(this.#known(), stop.signal)
          : getRun(this.#client, this.#known(), { waitMs, signal: stop.signal, large: ['output'] }))
        if (isClosed(run.state)) return outputOf(run) as Output
      }
    } catch (error) {
      throw stop.signal.aborted ? stop.signal.reason : error
    } finally {
      timer?.()
      options.signal?.removeEventListener('abort', stopped)
    }
  }

  /** The run as it is now. Of a value over 1 MiB it says where that is kept; `result()` reads it. */
  async get(): Promise<Run<Output | null>> {
    return (await getRun(this.#client, this.#known())) as Run<Output | null>
  }

  /** Asks it to stop: a running handler's `ctx.signal` aborts, anything else is closed at once. @throws RequestRefused `run-closed` when it had ended otherwise. */
  async cancel(options: { why?: string } = {}): Promise<void> {
    await this.#command('runs.cancel', options)
  }

  /** Closes it at once, whatever its handler does. For handlers that do not listen; else `cancel`. */
  async terminate(options: { why?: string } = {}): Promise<void> {
    await this.#command('runs.terminate', options)
  }

  /**
   * A new run from this closed one, linked to it, with the same input or another. One that was unique takes its key again.
   * `force`: start it also where another run holds that key, without it.
   * @throws RequestRefused `run-open` while it is open, `unique-conflict` where another run holds its unique key.
   */
  async retry(options: { input?: unknown; force?: boolean } = {}): Promise<RunHandle<Output>> {
    const body = {
      ...(options.input === undefined ? {} : { input: tag(options.input, '/input') }),
      ...(options.force === undefined ? {} : { force: options.force }),
    }
    const { run } = await this.#command<{ run: string }>('runs.retry', body)
    return new RunHandle(this.#client, run, { is: 'started', run })
  }

  /**
   * A new run that goes on from a step of this workflow, and keeps the results before it. `from`: a step's name, or its number in the history where several have that
   * name; absent: the step that failed last. With other input if given: code that then asks for something else diverges.
   * @throws RequestRefused `unknown-step`, `not-a-workflow`, `history-too-long`.
   */
  async fork(options: { from?: number | string; input?: unknown } = {}): Promise<RunHandle<Output>> {
    const { from, input } = options
    return this.#anew('runs.fork', { ...(from !== undefined && { from }), ...(input !== undefined && { input: tag(input, '/input') }) })
  }

  /**
   * A new run of this closed run of a DAG: some of its tasks run again, with their setups and teardowns; how the others ended, and what they gave, is kept. `tasks`: by
   * their ids, or those of groups; absent: what failed, could not run since what came before failed, or was never come to. `downstream`, `upstream`: and all that wait for
   * them, all that they wait for. `items`: of the mapped tasks that are named these items alone, and what of others is of the same item of a mapped group. `onlyFailed`: of all these only what has
   * failed, or could not run since what came before failed. `newest`: by the newest version of the DAG instead of that of this run.
   * @throws RequestRefused `run-open`, `unknown-step`, `output-gone`, `not-a-dag`.
   */
  async rerun(options: WireRerun = {}): Promise<RunHandle<Output>> {
    return this.#anew('runs.fork', options)
  }

  /**
   * `rerun` of this run, and of those of its DAG for earlier times (`past`), or for later ones (`future`), not before `from` and not after `to`: 100 runs at most, each told
   * with the run that was started in its place, or why none was. `dryRun`: says which tasks would run again, and changes nothing.
   * @throws RequestRefused `not-a-dag`, `too-many-items`; where this is the only run, as `rerun`.
   */
  async rerunAll(options: WireRerunAll): Promise<WireReruns> {
    return this.#client.call<WireReruns>('runs.rerun', { run: this.#known() }, options, { callKey: this.#client.newId() })
  }

  /**
   * Says how a task of this open run of a DAG has ended, where it has not; where it runs it is told to stop. `output`: what it gives to others, of one that succeeds.
   * `item`: of a mapped task; absent: all of it that has not ended. @throws RequestRefused `run-closed`, `unknown-task`, `task-ended`.
   */
  async mark(task: string, mark: WireMark): Promise<void> {
    const { output, ...rest } = mark
    const body = { ...rest, ...(output !== undefined && { output: tag(output, '/output') }) }
    await this.#client.call('runs.mark', { run: this.#known(), name: check.name(task, '/task') }, body, { callKey: this.#client.newId() })
  }

  /** As `fork`, with the same input, in place of this run: it ends, if it is open, and the new one has the signals that came later. */
  async reset(options: { to: number | string }): Promise<RunHandle<Output>> {
    return this.#anew('runs.reset', { to: options.to })
  }

  async #anew(operation: 'runs.fork' | 'runs.reset', body: unknown): Promise<RunHandle<Output>> {
    const { run } = await this.#client.call<{ run: string }>(operation, { run: this.#known() }, body, { callKey: this.#client.newId() })
    return new RunHandle(this.#client, run, { is: 'started', run })
  }

  /**
   * Lets a parked run go on, with all its attempts again, or a stuck one take again what it choked on. @throws RequestRefused `not-stuck` of any other.
   * `version`: a workflow goes on with this version of its code and no other, whatever it waits for.
   */
  async resume(options: { why?: string; version?: string } = {}): Promise<void> {
    await this.#command('runs.resume', options)
  }

  /**
   * Changes a run that waits (scheduled, queued, waiting): when it is due (`now: true`, `at` or `delay`), its priority, queue or input.
   * A parked run takes another priority, queue or input, and is due once it is resumed.
   * @throws RequestRefused `run-begun` while it runs, `run-closed` once it has ended.
   */
  async change(change: RunChange): Promise<void> {
    await this.#command('runs.change', runChange(change))
  }

  /**
   * Tells a workflow, or the run of a DAG, something: it goes to who has waited longest for a signal of this name, else it is kept until somebody does.
   * Those of one name that a client sends to a run arrive in the order in which they were given; what is given while another is on its way goes together with the next.
   * By its name, or typed: `run.signal(approval, true)` of `const approval = signal<boolean>('approval')`.
   * @throws RequestRefused `run-closed`, `not-a-workflow`, `too-many-signals`, `unknown-signal`. InvalidInput: it is not what the signal's schema asks for; nothing was sent.
   */
  async signal<Sent>(signal: Signal<Sent, unknown>, ...payload: undefined extends Sent ? [payload?: Sent] : [payload: Sent]): Promise<void>
  async signal(name: string, payload?: unknown): Promise<void>
  async signal(given: string | Signal, payload?: unknown): Promise<void> {
    const { name, input } = signalOf(given, '/name')
    const run = this.#known()
    if (input !== undefined) await checked(name, input, payload)
    await this.#client.signals.send(run, name, payload === undefined ? {} : { payload: tag(payload, '/payload') })
  }

  /**
   * Asks a workflow's code, open or closed, which only looks: `await run.query('status')`. Nothing of it is kept.
   * `timeout`: how long to wait for a worker that has the code, default 10 seconds, 60 at most.
   * @throws RequestRefused `unknown-query`, `query-failed`, `no-live-worker`.
   */
  async query<Answer = unknown>(name: string, input?: unknown, options: { timeout?: Duration } = {}): Promise<Answer> {
    const params = { run: this.#known(), name: check.name(name, '/name') }
    const wait = waitOf(options.timeout)
    const body: WireMessage = { wait, ...(input !== undefined && { input: tag(input, '/input') }) }
    const { output } = await this.#client.call<WireQueried>('runs.query', params, body, { waitMs: wait })
    return untag(output) as Answer
  }

  /**
   * Tells a workflow's code something that it takes or refuses, and resolves with what its handler gives: `await run.update('address', to)`. It is on disk before the
   * handler begins; what is refused leaves nothing. `id`: the same again is the same update, for 24 hours. `timeout`: how long to wait, default for ever.
   * @throws RequestRefused `unknown-update`, `update-rejected`, `run-closed`, `no-live-worker`; the error of the handler; UpdateTimeout, when it goes on.
   */
  async update<Answer = unknown>(name: string, input?: unknown, options: { id?: string; timeout?: Duration } = {}): Promise<Answer> {
    const params = { run: this.#known(), name: check.name(name, '/name') }
    const callKey = options.id ?? this.#client.newId()
    const timeoutMs = options.timeout === undefined ? Number.POSITIVE_INFINITY : check.duration(options.timeout, '/timeout')
    const { clock } = this.#client
    const until = clock.monotonic() + timeoutMs
    for (;;) {
      const wait = Math.max(0, Math.min(UPDATE_POLL_MS, Math.ceil(until - clock.monotonic())))
      const body: WireMessage = { wait, ...(input !== undefined && { input: tag(input, '/input') }) }
      const { is, output, failure } = await this.#client.call<WireUpdated>('runs.update', params, body, { callKey, waitMs: wait })
      if (is === 'completed') return untag(output) as Answer
      if (is === 'failed') throw errorOf(failure as WireFailure)
      if (clock.monotonic() >= until) throw new UpdateTimeout(this.#id, name, timeoutMs)
    }
  }

  /** All log lines so far, of all attempts, in order. */
  async logs(): Promise<WireLogLine[]> {
    const lines: WireLogLine[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const query = { limit: '1000', ...(cursor && { cursor }) }
      const page: WireLogs = await this.#client.call<WireLogs>('runs.logs', { run: this.#known() }, undefined, { query })
      lines.push(...page.lines)
      cursor = page.next
    }
    return lines
  }

  /**
   * What the run writes to one of its streams, as it is written, each chunk once, to the end of the stream or the run; also of a run that is closed. Goes on by itself
   * where a connection broke off. `from`: the number of the first chunk wanted, default 0.
   * ```ts
   * for await (const { value, restarted } of run.stream<string>('answer')) text = restarted ? value : text + value
   * ```
   */
  stream<Value = unknown>(name: string, options: { from?: number; signal?: AbortSignal } = {}): AsyncGenerator<StreamChunk<Value>, void, void> {
    return runStream<Value>(this.#client, this.#known(), name, options)
  }

  /** The files that it has stored, by name. */
  async files(): Promise<StoredFile[]> {
    const files = await listFiles(this.#client, this.#known())
    return files.map(({ name, bytes, sha256, type }) => ({ run: this.#id, name, bytes, sha256, type }))
  }

  /** The bytes of one of them, piece by piece: `await writeFile(path, run.file(rows))`. @throws ResultGone */
  file(file: StoredFile): AsyncGenerator<Uint8Array, void, void> {
    return readFile(this.#client, { ...file, run: this.#known() })
  }

  /**
   * All that has happened to it, oldest first, with large results of steps, which are kept beside the history, in their places: what `replay` takes.
   * `journal`: with the tokens of promises, for a worker.
   */
  history(options: { journal?: boolean } = {}): Promise<WireEvent[]> {
    return eventsOf(this.#client, this.#known(), options)
  }

  /** Why it does not run, or how it ended: all reasons, from what dispatches. */
  explain(): Promise<WireExplanation> {
    return this.#client.call<WireExplanation>('runs.explain', { run: this.#known() })
  }

  /**
   * What happens to it, as it happens, to its end: `for await (const event of run.events()) …`. Goes on by itself where a connection broke off;
   * nothing is told twice. `{ is: 'run' }`: it changed, with its events since. `{ is: 'log' }`: lines (those written while the connection was away are in `logs()`).
   */
  events(options: { signal?: AbortSignal } = {}): AsyncGenerator<LiveEvent, void, void> {
    return runEvents(this.#client, this.#known(), options.signal)
  }

  #command<Answer>(operation: 'runs.cancel' | 'runs.terminate' | 'runs.retry' | 'runs.resume' | 'runs.change', body: unknown): Promise<Answer> {
    return this.#client.call<Answer>(operation, { run: this.#known() }, body, { callKey: this.#client.newId() })
  }

  #known(): string {
    if (this.#answer.is === 'refused') throw new RequestRefused(this.#answer.problem)
    return this.#id
  }
}

function waitOf(timeout: Duration | undefined): number {
  return timeout === undefined ? QUERY_WAIT_MS : Math.min(WAIT_MS_MAX, check.duration(timeout, '/timeout'))
}
const QUERY_WAIT_MS = 10_000
const UPDATE_POLL_MS = 10_000

/** A long poll's length: short enough for the proxies on the way, which often cut at 60 s. */

function outputOf(run: Run): unknown {
  if (run.state === 'completed') return run.output ?? undefined
  throw endedError(run.state, { run: run.id, job: run.definition, reason: run.reason, failure: run.failure })
}
