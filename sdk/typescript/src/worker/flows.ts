import type { Client } from '../client.ts'
import { untag } from '../codec.ts'
import { Abort, LeaseLost } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { AnyJob } from '../job.ts'
import { getRun } from '../runs.ts'
import { Snooze } from '../snooze.ts'
import type { WireEvent, WireHistory, WireJournal, WireQuestion, WireQuestionAnswer } from '../wire.ts'
import type { StepContext } from '../workflow/context.ts'
import type { AnyWorkflowHandler } from '../workflow/define.ts'
import { Diverged, NotDurable } from '../workflow/errors.ts'
import { Flow, type FlowHost } from '../workflow/flow.ts'
import { type QueuedStep, type QueuedStepInput, queuedStepsOf } from '../workflow/queued.ts'
import { Advances } from './advances.ts'
import type { Attempt } from './attempt.ts'
import type { Outcome } from './run.ts'

/** Runs that are kept live while they wait; of more, those that have waited longest are made anew when they go on. */
const LIVE_MAX = 1_000
/** While a step runs, so often it is asked whether something else has happened that the code waits for. */
const ASK_MS = 1_000

/**
 * The workflows that are live on this worker. A run whose task comes here again goes on where it stood; one that is not known here, or whose history is not the
 * one that was seen, is made anew and replayed.
 */
export class Flows {
  readonly #client: Client
  readonly #advances: Advances
  readonly #host: FlowHost
  readonly #live = new Map<string, Live>()
  readonly #turning = new Map<Attempt, Flow>()
  /** By run: until the task that is under way is over. */
  readonly #turns = new Map<string, Promise<Outcome | null>>()

  constructor(client: Client, worker: string, signal: AbortSignal, mocks: Mocks = {}) {
    this.#client = client
    this.#advances = new Advances(client, worker, signal)
    const { clock, random } = client
    const mock = (name: string) => (Object.hasOwn(mocks, name) ? mocks[name] : undefined)
    this.#host = { soon: call => clock.soon(call), after: (ms, call) => clock.after(ms, call), random, mock }
  }

  /**
   * Goes on with a run until it waits, closes, or is another worker's. Null: the server knows that the task is over. Else how the task failed, for its code does not
   * fit its history; a run that fails says so in its journal.
   */
  async run(attempt: Attempt): Promise<Outcome | null> {
    const { run } = attempt
    const before = this.#turns.get(run)
    // It comes again: what it did here before is over, which the server has said, or nobody hears of it any more.
    const live = this.#live.get(run)
    if (before !== undefined && live?.isSending === false) this.#drop(run, live, new LeaseLost(run, attempt.attempt))
    const turn = before === undefined ? this.#run(attempt) : before.then(() => this.#run(attempt))
    this.#turns.set(run, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(run) === turn) this.#turns.delete(run)
    }
  }

  async #run(attempt: Attempt): Promise<Outcome | null> {
    if (attempt.ended) return null
    try {
      const live = await this.#liveOf(attempt)
      this.#turning.set(attempt, live.flow)
      if (!(await this.#turn(attempt, live))) this.#drop(attempt.run, live, new LeaseLost(attempt.run, attempt.attempt))
      return null
    } catch (error) {
      this.discard(attempt, error as Error)
      if (attempt.ended || attempt.stopReason instanceof LeaseLost) return null
      return { is: 'failed', members: `"is":"failed","failure":${JSON.stringify(failureOf(error))}`, error }
    } finally {
      this.#turning.delete(attempt)
    }
  }

  /** What a run's code says, as it is by now: the live one's where it has seen all of it, else one's that is replayed for that, of which nothing runs. */
  async answer(question: WireQuestion, job: AnyJob): Promise<WireQuestionAnswer> {
    const live = this.#live.get(question.run)?.flow
    if (live?.isStill && live.upTo >= question.upTo) {
      const said = await live.messages.answer(question, () => live.upTo)
      // What it takes comes in a moment.
      if (said.is === 'valid') this.#client.clock.after(POKE_MS, () => live.poke())
      return { question: question.question, ...said } as WireQuestionAnswer
    }
    let flow: Flow | null = null
    try {
      flow = await this.#copyOf(job, { ...question, input: untag(question.input), metadata: untag(question.metadata) })
      const { upTo } = flow
      return { question: question.question, ...(await flow.messages.answer(question, () => upTo)) } as WireQuestionAnswer
    } catch (error) {
      return { question: question.question, is: 'refused', why: 'failed', failure: failureOf(error) }
    } finally {
      flow?.discard(new Error('it was replayed for a question alone'))
    }
  }

  /**
   * Runs the function of a queued step: that of the live run where it is here, else of one that is replayed for it. Code that does not fit the run's history leaves
   * it to others.
   */
  async step(attempt: Attempt, job: QueuedStep): Promise<unknown> {
    const { run, base, n } = (attempt.input ?? {}) as Partial<QueuedStepInput>
    if (run === undefined || n === undefined) throw new Abort(`"${job.name}" is a step of "${job.workflow.name}", which starts it`)
    const context = { n, name: job.name, step: job.step, attempt: attempt.attempt, signal: attempt.signal, heartbeat: () => attempt.heartbeat() }
    const live = this.#live.get(run)?.flow
    const here = live !== undefined && live.base === base && !live.discarded ? live.queued(context) : null
    if (here !== null) return here
    const copy = await this.#fitting(job, run)
    try {
      const there = copy.base === base ? copy.queued(context) : null
      if (there === null) throw new Abort(`run ${run} does not wait for its step ${n} any more`)
      return await there
    } finally {
      copy.discard(new Error('it was replayed for a step alone'))
    }
  }

  async #fitting({ workflow }: QueuedStep, id: string): Promise<Flow> {
    try {
      const { input, metadata, tags } = await getRun(this.#client, id)
      return await this.#copyOf(workflow, { run: id, input, metadata, tags: tags ?? {} })
    } catch (error) {
      throw error instanceof Diverged || error instanceof NotDurable ? new Snooze(MISFIT_MS * (1 + this.#client.random())) : error
    }
  }

  /** The run as its history tells of it, apart from the live one: nothing that it asks for is told. */
  async #copyOf(job: AnyJob, { run, input, metadata, tags = {} }: Pick<WireQuestion, 'run' | 'input' | 'metadata' | 'tags'>): Promise<Flow> {
    const all = await this.#eventsOf(run, { from: 0 })
    const base = baseOf(all)
    const handler = job.handler as unknown as AnyWorkflowHandler
    const code = { run, name: job.name, handler, schema: job.options.input, input, metadata, tags, log: NO_LOG, steps: queuedStepsOf(job) }
    const flow = new Flow(code, base, this.#host)
    await flow.feed(base, all.slice(base))
    return flow
  }

  /** Something has happened that its code may wait for. */
  poke(attempt: Attempt): void {
    this.#turning.get(attempt)?.poke()
  }

  /** The run is another worker's by now, or is given back. */
  discard(attempt: Attempt, reason: Error): void {
    const live = this.#live.get(attempt.run)
    if (live !== undefined && live.attempt === attempt) this.#drop(attempt.run, live, reason)
  }

  #drop(run: string, live: Live, reason: Error): void {
    if (this.#live.get(run) === live) this.#live.delete(run)
    live.flow.discard(reason)
  }

  /** True: the run waits, and stays live. */
  async #turn(attempt: Attempt, live: Live): Promise<boolean> {
    const { flow } = live
    const isGone = (): boolean => attempt.ended || flow.discarded || attempt.stopReason instanceof LeaseLost
    for (let call = 1; ; call++) {
      let said = flow.take()
      if (said.entries.length === 0 && !said.yields) {
        await this.#news(flow)
        if (isGone()) return false
        said = flow.take()
      }
      live.isSending = true
      const { is, journal } = await this.#advances.send(attempt, { call, upTo: flow.upTo, ...said })
      live.isSending = false
      if (isGone() || (is !== 'held' && is !== 'yielded')) return false
      await flow.feed(journal.from, await this.#eventsOf(attempt.run, journal))
      if (is === 'yielded') return !isGone() && !flow.hasEnded
    }
  }

  /** A step has ended, or it is time to ask what else there is. Steps that end together are told of together. */
  async #news(flow: Flow): Promise<void> {
    const { clock } = this.#client
    const cancel = flow.waitsForMore ? clock.after(ASK_MS, () => flow.poke()) : () => {}
    await flow.news()
    cancel()
    await new Promise<void>(resolve => clock.soon(resolve))
  }

  async #liveOf(attempt: Attempt): Promise<Live> {
    const { run, delivery } = attempt
    const journal = delivery.journal as WireJournal
    const events = await this.#eventsOf(run, journal)
    const known = this.#live.get(run)
    if (known !== undefined) {
      if (known.flow.fits(journal.from, events)) {
        known.attempt = attempt
        this.#keep(run, known)
        await known.flow.feed(journal.from, events)
        return known
      }
      this.#drop(run, known, new LeaseLost(run, attempt.attempt))
    }
    if (BEGINNINGS.has(events[0]?.is as string)) return this.#replayed(attempt, journal.from, events)
    const all = await this.#eventsOf(run, { from: 0 })
    const base = baseOf(all)
    return this.#replayed(attempt, base, all.slice(base))
  }

  async #replayed(attempt: Attempt, base: number, events: WireEvent[]): Promise<Live> {
    const { run, job, input, metadata, tags } = attempt
    const handler = job.handler as unknown as AnyWorkflowHandler
    // Its lines go to whichever attempt it has just now.
    const log = {
      debug: (message: string, fields?: Record<string, unknown>) => live.attempt.log.debug(message, fields),
      info: (message: string, fields?: Record<string, unknown>) => live.attempt.log.info(message, fields),
      warn: (message: string, fields?: Record<string, unknown>) => live.attempt.log.warn(message, fields),
      error: (message: string, fields?: Record<string, unknown>) => live.attempt.log.error(message, fields),
    }
    const code = { run, name: job.name, handler, schema: job.options.input, input, metadata, tags, log, steps: queuedStepsOf(job) }
    const flow = new Flow(code, base, this.#host)
    const live: Live = { flow, attempt, isSending: false }
    this.#keep(run, live)
    await flow.feed(base, events)
    return live
  }

  #keep(run: string, live: Live): void {
    this.#live.delete(run)
    this.#live.set(run, live)
    for (const [oldest, { attempt, flow }] of this.#live) {
      if (this.#live.size <= LIVE_MAX) break
      if (this.#turning.has(attempt)) continue
      this.#live.delete(oldest)
      flow.discard(new LeaseLost(oldest, attempt.attempt))
    }
  }

  async #eventsOf(run: string, { from, events }: WireJournal): Promise<WireEvent[]> {
    if (events !== undefined) return events
    const history = await this.#client.call<WireHistory>('runs.history', { run }, undefined, { query: { from: String(from), journal: '1' } })
    return history.events
  }
}

/** By the names of steps. */
export type Mocks = Readonly<Record<string, (step: StepContext) => unknown>>

interface Live {
  flow: Flow
  attempt: Attempt
  /** The server is being told, and its answer says what has become of the task. */
  isSending: boolean
}

/** Where the code begins. */
function baseOf(events: readonly WireEvent[]): number {
  return Math.max(
    0,
    events.findLastIndex(({ is }) => is === 'continued'),
  )
}

const POKE_MS = 20
/** A queued step whose run this code does not fit is offered again after so long, up to twice that: in step with the polls it would come to the same worker each time. */
const MISFIT_MS = 1_000
const NO_LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
/** Events with which the code begins. */
const BEGINNINGS = new Set(['started', 'continued'])
