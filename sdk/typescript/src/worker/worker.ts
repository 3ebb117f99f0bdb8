import { hostname } from 'node:os'
import { RESULTS_UNANSWERED_MAX, WAIT_MS_MAX } from '../bounds.ts'
import { mayPass, waitMs } from '../calls.ts'
import * as check from '../checks.ts'
import type { Client } from '../client.ts'
import { delayed } from '../clock.ts'
import { withClient } from '../current.ts'
import { isDag, withTasks } from '../dag/define.ts'
import type { Duration } from '../duration.ts'
import { CancelRequested, LeaseLost, RequestRefused, WorkerStopping } from '../errors.ts'
import type { AnyJob } from '../job.ts'
import type { Schedule } from '../schedule.ts'
import type { WireDelivery } from '../wire.ts'
import { Asking } from './asking.ts'
import { Attempt } from './attempt.ts'
import { BundledAttempt, callsOf, takesBundles } from './bundle.ts'
import { Flows } from './flows.ts'
import { Handlers } from './handlers.ts'
import { Leases } from './leases.ts'
import { Logs } from './logs.ts'
import type { WorkerOptions } from './options.ts'
import { Poller } from './poller.ts'
import { quoted } from './quoted.ts'
import { Reports } from './reports.ts'
import { type Answer, Results } from './results.ts'
import { Room } from './room.ts'
import { failure, type Outcome, withChunks } from './run.ts'
import { Seen } from './seen.ts'
import { clientOf, jobsByName, refuseWithin, schedulesOf, unitsOf } from './setup.ts'
import { Streams } from './streams.ts'
import { STUCK_AFTER_MS, sighting, stuckMessage } from './stuck.ts'

/**
 * A worker: asks for work, runs handlers, sends what they say and how they end.
 *
 * ```text
 * running    registered and polling; up to `slots` handlers
 * draining   asks no more; what runs may end until the deadline, then is given back      ← drain()
 * stopped    nothing runs, everything is answered or given up                            ← the deadline, or all has ended
 * ```
 */
export class JobWorker {
  readonly id: string
  /** Resolves when its jobs are registered and it asks for work; rejects when it is stopped before. */
  readonly ready: Promise<void>
  readonly #options: WorkerOptions
  readonly #client: Client
  readonly #room: Room
  readonly #handlers: Handlers
  readonly #stuckMs: number
  readonly #all: readonly AnyJob[]
  readonly #jobs: ReadonlyMap<string, AnyJob>
  /** Null: this code says nothing of schedules. */
  readonly #schedules: { source: string; all: readonly Schedule[] } | null
  readonly #stop = new AbortController()
  readonly #seen = new Seen()
  readonly #running = new Map<string, Attempt>()
  readonly #leases: Leases
  readonly #logs: Logs
  readonly #reports: Reports
  readonly #results: Results
  readonly #streams: Streams
  readonly #flows: Flows
  readonly #poller: Poller
  /** By batch of their leases, then by index. */
  readonly #byLease = new Map<number, Attempt[]>()
  /** Ended, but their lines or checkpoints are not with the server yet. */
  #settling = 0
  #wakes = false
  #asking: Asking | null = null
  #draining: Promise<void> | null = null
  #onQuiet: (() => void) | null = null

  constructor(options: WorkerOptions) {
    refuseWithin()
    this.#options = options
    const { jobs, schedules: own } = withTasks(options.jobs)
    const schedules = own.filter(one => !options.schedules?.includes(one))
    this.#all = jobs
    this.#client = clientOf(options)
    this.#room = new Room(check.integer(1, 10_000)(options.slots ?? 10, '/slots'), unitsOf(options))
    this.#jobs = jobsByName(jobs)
    this.#handlers = new Handlers(this.#client, jobs, options.middleware, (attempt, step) => this.#flows.step(attempt, step))
    this.#stuckMs = check.positiveDuration(options.stuckAfter ?? STUCK_AFTER_MS, '/stuckAfter')
    this.#schedules = schedulesOf(schedules.length === 0 ? options : { ...options, schedules: [...(options.schedules ?? []), ...schedules] })
    this.id = this.#client.newId()
    const client = this.#client
    const { signal } = this.#stop
    const problem = (error: unknown): void => this.#log('warn', 'log lines were refused', { error })
    this.#logs = new Logs(client, this.id, signal, problem)
    this.#reports = new Reports(client, this.id, signal, (attempt, news) => this.#news(attempt, news))
    this.#results = new Results(client, this.id, signal, (attempt, answer, error) => this.#answered(attempt, answer, error))
    this.#streams = new Streams(client, this.id, signal)
    this.#flows = new Flows(client, this.#streams, signal, options.steps)
    this.#leases = new Leases({
      connection: client.connection,
      namespace: client.namespace,
      worker: this.id,
      clock: client.clock,
      news: (batch, index, news) => this.#news(this.#byLease.get(batch)?.[index], news),
      stuckMs: this.#stuckMs,
      stillRuns: (batch, index) => this.#stillRuns(this.#byLease.get(batch)?.[index]),
      onStuck: (batch, index, stack) => this.#stuck(this.#byLease.get(batch)?.[index], stack),
      onError: error => this.#log('error', 'the thread that keeps the leases failed', { error }),
    })
    this.#poller = new Poller({
      client,
      room: this.#room,
      local: this.#leases.local,
      pollWaitMs: check.integer(0, WAIT_MS_MAX)(options.pollWaitMs ?? POLL_WAIT_MS, '/pollWaitMs'),
      request: {
        worker: this.id,
        workerName: options.name ?? `${hostname()}:${process.pid}`,
        queues: (options.queues ?? []).map((queue, index) => check.name(queue, `/queues/${index}`)),
        serves: jobs.filter(one => !isDag(one)).map(job => ({ definition: job.name, version: job.version })),
        labels: check.words(options.labels ?? {}, '/labels'),
        slots: this.#room.slots,
        ...(this.#room.total && { unitsTotal: this.#room.total }),
      },
      free: () => (this.#results.unanswered >= RESULTS_UNANSWERED_MAX ? 0 : this.#room.slotsFree),
      onTasks: (tasks, tagged, ageMs) => this.#take(tasks, tagged, ageMs),
      onConnection: error => this.#connection(error),
    })
    this.ready = this.#begin()
    this.ready.catch(() => {})
  }

  /** Handlers that run now. */
  get running(): number {
    return this.#room.calls
  }

  /** Ends in good order; see `Worker.drain`. */
  drain(deadline: Duration = '30s'): Promise<void> {
    this.#draining ??= this.#drain(check.duration(deadline, '/deadline'))
    return this.#draining
  }

  stop(): Promise<void> {
    if (this.#draining === null) return this.drain(0)
    this.#giveBack()
    return this.#draining
  }

  async #begin(): Promise<void> {
    await this.#untilDone('its jobs cannot be registered yet', () => this.#client.register(this.#all))
    const refused = await this.#registerSchedules()
    await this.#leases.ready
    this.#poller.wake()
    this.#asking = this.#beginAsking()
    if (refused !== null) throw refused
  }

  /** The code of its workflows can be asked. */
  #beginAsking(): Asking | null {
    const workflows = this.#options.jobs.filter(({ definition }) => definition.kind === 'workflow')
    const serves = workflows.map(({ name }) => name)
    const versions = Object.fromEntries(workflows.map(({ name, version }) => [name, version]))
    if (serves.length === 0 || this.#draining) return null
    const wait = this.#options.pollWaitMs ?? POLL_WAIT_MS
    return new Asking(this.#client, { worker: this.id, serves, versions, wait }, question =>
      withClient(this.#client, () => this.#flows.answer(question, this.#jobs.get(question.definition) as AnyJob)),
    )
  }

  async #untilDone(problem: string, act: () => Promise<void>): Promise<void> {
    for (let failures = 0; ; failures++) {
      if (this.#draining) throw new Error('the worker was stopped before it began')
      try {
        return await act()
      } catch (error) {
        this.#log('warn', problem, { error })
        await delayed(this.#client.clock, waitMs(error, failures, this.#client.random), this.#stop.signal)
      }
    }
  }

  /** Answers the server's refusal: then `ready` tells of it, and the jobs are run all the same. */
  async #registerSchedules(): Promise<RequestRefused | null> {
    if (this.#schedules === null) return null
    const { source, all } = this.#schedules
    let refused: RequestRefused | null = null
    await this.#untilDone('its schedules cannot be registered yet', async () => {
      try {
        const { schedules } = await this.#client.schedules.register(source, all)
        for (const { name, changed, warnings } of schedules) {
          if (changed === 'kept') this.#log('warn', `schedule "${name}" was made by a call or a file, and is left as it is`, { source })
          for (const { message } of warnings) this.#log('info', `schedule "${name}": ${message}`, { source })
        }
      } catch (error) {
        if (mayPass(error) || !(error instanceof RequestRefused)) throw error
        refused = error
        this.#log('error', 'its schedules were refused; none of them was changed', { error })
      }
    })
    return refused
  }

  /**
   * What the server has lost is registered again. Not more than that: this code may be the older one by now, and must not take back what a newer one has registered.
   */
  async #restoreSchedules(): Promise<void> {
    const first = this.#schedules?.all[0]
    if (first === undefined) return
    try {
      await this.#client.schedules.get(first)
    } catch (error) {
      if (error instanceof RequestRefused && error.code === 'schedule-not-found') await this.#registerSchedules()
      else this.#log('warn', 'its schedules cannot be looked at', { error })
    }
  }

  /** Everything that came is held before anything of it runs: a handler may block this thread from its first line on. */
  #take(tasks: WireDelivery[], tagged: boolean, ageMs: number): void {
    const fresh = tasks.filter(task => this.#seen.add(task.delivery))
    if (fresh.length === 0) return
    const batch = this.#leases.hold(fresh, ageMs)
    const desk = { client: this.#client, logs: this.#logs, reports: this.#reports, streams: this.#streams }
    const attempts = fresh.map((task, index) => {
      const job = this.#jobs.get(task.definition) as AnyJob
      const Kind = takesBundles(job) ? BundledAttempt : Attempt
      return new Kind(task, job, { batch, index }, desk, tagged)
    })
    this.#byLease.set(batch, attempts)
    for (const attempt of attempts) this.#running.set(attempt.delivery.delivery, attempt)
    withClient(this.#client, () => {
      for (const call of callsOf(attempts)) {
        const [first] = call as [Attempt]
        if (this.#draining || first.job === undefined) for (const attempt of call) this.#return(attempt)
        else this.#call(first, call)
      }
    })
  }

  #call(first: Attempt, call: readonly Attempt[]): void {
    const place = this.#room.enter(first.delivery.cost, call.length)
    for (const attempt of call) {
      attempt.place = place
      this.#options.onEvent?.({ is: 'begun', run: attempt.run, job: attempt.job.name, attempt: attempt.attempt })
    }
    if (call.some(attempt => attempt.lacksInput)) void this.#readInputs(call)
    else this.#handle(first, call)
  }

  async #readInputs(call: readonly Attempt[]): Promise<void> {
    const read = async (attempt: Attempt): Promise<boolean> => {
      try {
        if (attempt.lacksInput) await attempt.readInput()
      } catch (error) {
        this.#ended(attempt, failure(attempt, error))
      }
      return !attempt.ended
    }
    const there = await Promise.all(call.map(read))
    const [first, ...others] = call.filter((_, index) => there[index])
    if (first !== undefined) withClient(this.#client, () => this.#handle(first, [first, ...others]))
  }

  #handle(first: Attempt, call: readonly Attempt[]): void {
    if (isWorkflow(first)) void this.#flow(first)
    else if (first instanceof BundledAttempt) this.#handlers.runBundle(call as BundledAttempt[], this.#ended)
    else this.#handlers.run(first, this.#ended)
  }

  /** A workflow's task is over with the call that says so; what is a result of it is that its code could not go on. */
  async #flow(attempt: Attempt): Promise<void> {
    const failed = await this.#flows.run(attempt)
    if (attempt.ended) return
    if (failed !== null) return this.#ended(attempt, failed)
    this.#event(attempt, 'yielded', undefined)
    this.#running.delete(attempt.delivery.delivery)
    if (attempt.place !== null) this.#room.leave(attempt.place)
    const logged = this.#logs.flushed(attempt)
    attempt.end()
    this.#settling++
    await logged
    this.#settling--
    this.#reports.forget(attempt)
    if (this.#leases.release(attempt.lease)) this.#byLease.delete(attempt.lease.batch)
    this.#wake()
    if (this.#running.size === 0 && this.#settling === 0) this.#onQuiet?.()
  }

  readonly #ended = (attempt: Attempt, outcome: Outcome): void => {
    if (attempt.ended) return
    this.#event(attempt, outcome.is, outcome.error)
    this.#running.delete(attempt.delivery.delivery)
    if (attempt.place !== null) this.#room.leave(attempt.place)
    const logged = this.#logs.flushed(attempt)
    const saved = this.#reports.settled(attempt)
    const written = withChunks(attempt, outcome, this.#client)
    attempt.end()
    if (logged === null && saved === null && written === null) return this.#finish(attempt, outcome.members)
    this.#settling++
    void Promise.all([written, logged, saved]).then(([last]) => {
      this.#settling--
      this.#finish(attempt, (last ?? outcome).members)
    })
  }

  /** Its lines and checkpoints are with the server: now the result may close it. */
  #finish(attempt: Attempt, members: string): void {
    this.#reports.forget(attempt)
    const { run, task, attempt: number, delivery } = attempt.delivery
    this.#results.add({
      attempt,
      text: `{"run":${quoted(run)},"task":${quoted(task)},"attempt":${number},"delivery":${quoted(delivery)},${members}}`,
    })
    this.#wake()
    if (this.#running.size === 0 && this.#settling === 0) this.#onQuiet?.()
  }

  #return(attempt: Attempt): void {
    attempt.abort(new WorkerStopping(attempt.run))
    if (isWorkflow(attempt)) this.#flows.discard(attempt, new WorkerStopping(attempt.run))
    this.#ended(attempt, { is: 'returned', members: '"is":"returned"' })
  }

  #answered(attempt: Attempt, answer: Answer, error?: RequestRefused): void {
    if (this.#leases.release(attempt.lease)) this.#byLease.delete(attempt.lease.batch)
    if (answer === 'refused') this.#log('error', 'a result was refused', { run: attempt.run, error })
    this.#options.onEvent?.({ is: 'answered', run: attempt.run, attempt: attempt.attempt, answer, ...(error && { problem: error.problem }) })
    this.#wake()
  }

  #news(attempt: Attempt | undefined, news: 'cancel' | 'lost' | 'lapsed'): void {
    if (attempt === undefined || attempt.ended) return
    if (isWorkflow(attempt)) {
      if (news === 'cancel') return this.#flows.poke(attempt)
      this.#flows.discard(attempt, new LeaseLost(attempt.run, attempt.attempt))
    }
    if (news === 'cancel') attempt.cancelRequested = true
    if (attempt.stopReason !== null) return
    attempt.abort(news === 'cancel' ? new CancelRequested(attempt.run) : new LeaseLost(attempt.run, attempt.attempt))
    this.#options.onEvent?.({ is: 'aborted', run: attempt.run, attempt: attempt.attempt, reason: attempt.stopReason as unknown as Error })
  }

  #stillRuns(attempt: Attempt | undefined): boolean {
    // A workflow ends in its own way, which may take its time.
    if (attempt === undefined || attempt.ended || isWorkflow(attempt)) return false
    const { message, fields } = sighting(attempt, this.#stuckMs)
    this.#logs.add(attempt, 'warn', message, fields)
    this.#stuck(attempt, (fields.stack as string | undefined) ?? null)
    return true
  }

  #stuck(attempt: Attempt | undefined, stack: string | null): void {
    if (attempt === undefined) return
    const { run, attempt: number } = attempt
    this.#log('warn', `"${attempt.delivery.definition}" is ${stuckMessage(this.#stuckMs)}`, { run, attempt: number, stack })
    this.#options.onEvent?.({ is: 'stuck', run, attempt: number, stack })
  }

  /** Once a turn, after all that ended in it: the poll asks for as many as there is room for. */
  #wake(): void {
    if (this.#wakes) return
    this.#wakes = true
    this.#client.clock.soon(() => {
      this.#wakes = false
      this.#poller.wake()
    })
  }

  #connection(error: unknown): void {
    if (error === null) {
      this.#log('info', 'the server answers again', {})
      this.#options.onEvent?.({ is: 'connected' })
      this.#client.forget(this.#options.jobs) // it may be another server, or one that has lost them
      this.#client
        .register(this.#options.jobs)
        .then(() => this.#restoreSchedules())
        .catch(again => this.#log('warn', 'its jobs cannot be registered', { error: again }))
    } else {
      this.#log('warn', 'no work can be asked for; it is tried again', { error })
      this.#options.onEvent?.({ is: 'disconnected', error })
    }
  }

  async #drain(deadlineMs: number): Promise<void> {
    const { clock } = this.#client
    const abort = (): void => this.#stop.abort(new Error('the worker has stopped'))
    const quiet = new Promise<void>(resolve => {
      this.#onQuiet = resolve
      if (this.#running.size === 0 && this.#settling === 0) resolve()
    })
    const timers = [clock.after(deadlineMs, () => this.#giveBack()), clock.after(deadlineMs + FLUSH_MS, abort)]
    await Promise.all([this.#poller.stop(), quiet])
    timers.push(clock.after(FLUSH_MS, abort))
    await this.#results.idle()
    this.#asking?.stop()
    await this.#gone()
    for (const cancel of timers) cancel()
    abort()
    this.#handlers.close()
    await this.#leases.close()
  }

  #giveBack(): void {
    for (const attempt of [...this.#running.values()]) this.#return(attempt)
  }

  /** Whatever an answer that never arrived may have given it: those leases end now. */
  async #gone(): Promise<void> {
    const { connection, namespace } = this.#client
    const call = { params: { namespace, worker: this.id }, body: '{}', signal: this.#stop.signal }
    await connection.call('workers.gone', call).catch(() => {})
  }

  #event(attempt: Attempt, outcome: Outcome['is'] | 'yielded', error: unknown): void {
    const { onEvent } = this.#options
    if (!onEvent) return
    const base = { is: 'ended', run: attempt.run, job: attempt.delivery.definition, attempt: attempt.attempt, outcome } as const
    onEvent(error === undefined ? base : { ...base, error })
  }

  #log(level: 'info' | 'warn' | 'error', message: string, facts: Record<string, unknown>): void {
    if (this.#options.log) this.#options.log(level, message, facts)
    else if (level !== 'info') console.error(`mainspring worker: ${message}${facts.error instanceof Error ? `: ${facts.error.message}` : ''}`)
  }
}

const POLL_WAIT_MS = 30_000
/** After the last handler, for results and log lines. */
const FLUSH_MS = 5_000

function isWorkflow({ job }: Attempt): boolean {
  return job?.definition.kind === 'workflow'
}
