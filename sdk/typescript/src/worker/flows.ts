import { PAYLOAD_BYTES_MAX } from '../bounds.ts'
import type { Client } from '../client.ts'
import { untag } from '../codec.ts'
import { Abort, LeaseLost, Unserialisable } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { AnyJob } from '../job.ts'
import { eventsOf, hasKept, keepResult, Large, whole, withKept } from '../kept.ts'
import { getRun } from '../runs.ts'
import { Misfit } from '../snooze.ts'
import type { WireEnd, WireEvent, WireJournal, WireQuestion, WireQuestionAnswer, WireRunDetail } from '../wire.ts'
import type { WireStreamStep } from '../wire-streams.ts'
import type { StepContext } from '../workflow/context.ts'
import { Diverged, NotDurable } from '../workflow/errors.ts'
import { Flow, type FlowHost, type LiveFlow } from '../workflow/flow.ts'
import { type Code, codeOf } from '../workflow/main.ts'
import { REPLAY_QUERY } from '../workflow/messages.ts'
import type { QueuedStep, QueuedStepInput } from '../workflow/queued.ts'
import { replay } from '../workflow/replay.ts'
import { Advances, deliveryText } from './advances.ts'
import type { Attempt } from './attempt.ts'
import { isRemote } from './remote.ts'
import type { Outcome } from './run.ts'
import type { Streams } from './streams.ts'

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
  readonly #streams: Streams
  readonly #host: FlowHost
  readonly #live = new Map<string, Live>()
  readonly #goesAhead: boolean
  readonly #turning = new Map<Attempt, LiveFlow>()
  /** By run: until the task that is under way is over. */
  readonly #turns = new Map<string, Promise<Outcome | null>>()

  /** `goesAhead`: how a step has ended goes together with what the code asks for next. */
  constructor(client: Client, streams: Streams, signal: AbortSignal, mocks: Mocks = {}, goesAhead = true) {
    this.#goesAhead = goesAhead
    this.#client = client
    this.#streams = streams
    this.#advances = new Advances(client, streams.worker, signal)
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
    if (before !== undefined && live?.isSending === false) this.#drop(run, live, () => new LeaseLost(run, attempt.attempt))
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
      await this.#turn(attempt, await this.#liveOf(attempt))
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
    if (question.is === 'query' && question.name === REPLAY_QUERY) return this.#replayedFor(question, job)
    const live = this.#live.get(question.run)?.flow
    if (live?.isStill && live.upTo >= question.upTo) {
      const said = await live.messages.answer(question, () => live.upTo)
      // What it takes comes in a moment.
      if (said.is === 'valid') this.#client.clock.after(POKE_MS, () => live.poke())
      return { question: question.question, ...said } as WireQuestionAnswer
    }
    let flow: LiveFlow | null = null
    try {
      flow = await this.#copyOf(job, { ...question, input: untag(await this.#whole(question.input)), metadata: untag(question.metadata) })
      const { upTo } = flow
      return { question: question.question, ...(await flow.messages.answer(question, () => upTo)) } as WireQuestionAnswer
    } catch (error) {
      return { question: question.question, is: 'refused', why: 'failed', failure: failureOf(error) }
    } finally {
      flow?.discard(() => new Error('it was replayed for a question alone'))
    }
  }

  async #replayedFor({ question, run }: WireQuestion, job: AnyJob): Promise<WireQuestionAnswer> {
    try {
      const [recorded, history] = await Promise.all([this.#client.call<WireRunDetail>('runs.get', { run }), this.#eventsOf(run, { from: 0 })])
      const input = await this.#whole(recorded.input)
      return { question, is: 'answered', output: await replay(job, { ...recorded, input, history }) }
    } catch (error) {
      return { question, is: 'refused', why: 'failed', failure: failureOf(error) }
    }
  }

  /**
   * Runs the function of a queued step: that of the live run where it is here, else of one that is replayed for it. Code that does not fit the run's history leaves
   * it to others.
   */
  async step(attempt: Attempt, job: QueuedStep): Promise<unknown> {
    const { run, base, n } = (attempt.input ?? {}) as Partial<QueuedStepInput>
    if (run === undefined || n === undefined) throw new Abort(`"${job.name}" is a step of "${job.workflow.name}", which starts it`)
    const context = {
      n,
      name: job.name,
      step: job.step,
      attempt: attempt.attempt,
      signal: attempt.signal,
      heartbeat: () => attempt.heartbeat(),
      stream: attempt.stream.bind(attempt),
      get artifact() {
        return attempt.artifact
      },
    }
    const live = this.#live.get(run)?.flow
    const here = live !== undefined && live.base === base && !live.discarded ? live.queued(context) : null
    if (here !== null) return here
    const copy = await this.#fitting(job, run)
    try {
      const there = copy.base === base ? copy.queued(context) : null
      if (there === null) throw new Abort(`run ${run} does not wait for its step ${n} any more`)
      return await there
    } finally {
      copy.discard(() => new Error('it was replayed for a step alone'))
    }
  }

  async #fitting({ workflow, version }: QueuedStep, id: string): Promise<LiveFlow> {
    try {
      const { input, metadata, tags } = await getRun(this.#client, id, { large: ['input'] })
      return await this.#copyOf(workflow, { run: id, input, metadata, tags: tags ?? {} })
    } catch (error) {
      if (!(error instanceof Diverged || error instanceof NotDurable)) throw error
      throw new Misfit(version, error.message, MISFIT_MS * (1 + this.#client.random()))
    }
  }

  #whole(input: unknown): unknown {
    return hasKept(input) ? whole(this.#client, input) : input
  }

  /** The run as its history tells of it, apart from the live one: nothing that it asks for is told. */
  async #copyOf(job: AnyJob, { run, input, metadata, tags = {} }: Pick<WireQuestion, 'run' | 'input' | 'metadata' | 'tags'>): Promise<LiveFlow> {
    const all = await this.#eventsOf(run, { from: 0 })
    const base = baseOf(all)
    const code = codeOf(job, { run, input, metadata, tags })
    const flow = this.#flowOf(job, code, base)
    await flow.feed(base, all.slice(base))
    return flow
  }

  /** It waits here, where it stood. */
  isLive(run: string): boolean {
    return this.#live.has(run)
  }

  /** Something has happened that its code may wait for. */
  poke(attempt: Attempt): void {
    this.#turning.get(attempt)?.poke()
  }

  /** The run is another worker's by now, or is given back. */
  discard(attempt: Attempt, reason: Error): void {
    const live = this.#live.get(attempt.run)
    if (live !== undefined && live.attempt === attempt) this.#drop(attempt.run, live, () => reason)
  }

  #drop(run: string, live: Live, reason: () => Error): void {
    if (this.#live.get(run) === live) this.#live.delete(run)
    live.flow.discard(reason)
  }

  /** A run that waits stays live. */
  async #turn(attempt: Attempt, begun: Live): Promise<void> {
    const gone = () => new LeaseLost(attempt.run, attempt.attempt)
    let live = begun
    this.#turning.set(attempt, live.flow)
    const of = deliveryText(attempt.delivery)
    for (let call = 1; ; call++) {
      const is = await this.#step(attempt, of, live, call)
      if (is === 'waits') return
      if (is === 'goes on') continue
      this.#drop(attempt.run, live, gone)
      if (is === 'is over') return
      live = await this.#anew(attempt)
      this.#turning.set(attempt, live.flow)
    }
  }

  /** One call. */
  async #step(attempt: Attempt, of: string, live: Live, call: number): Promise<'waits' | 'goes on' | 'is over' | 'is overtaken'> {
    const { flow } = live
    let said = flow.take()
    if (said.entries.length === 0 && !said.yields) {
      await this.#news(flow)
      // Steps that end together are told of together.
      if (flow.mayEndMore) await this.#turnOver()
      if (isGone(attempt, flow)) return 'is over'
      said = flow.take()
    }
    if (this.#goesAhead) {
      const ahead = flow.goAhead(said)
      said = ahead instanceof Promise ? await ahead : ahead
    }
    const last = said.entries.at(-1)
    if (last?.is === 'finished' && isLargeEnd(last.end)) last.end = await this.#kept(attempt, last.end)
    if (isGone(attempt, flow)) return 'is over'
    live.isSending = true
    const { is, journal } = await this.#advances.send(of, call, flow.upTo, said)
    live.isSending = false
    if (isGone(attempt, flow) || (is !== 'held' && is !== 'yielded')) return 'is over'
    const known = this.#eventsOf(attempt.run, journal)
    const fed = flow.feed(journal.from, known instanceof Promise ? await known : known)
    if (fed !== undefined) await fed
    if (is === 'yielded') return isGone(attempt, flow) || flow.hasEnded || flow.overtaken ? 'is over' : 'waits'
    return flow.overtaken ? 'is overtaken' : 'goes on'
  }

  /** A large result is with the server before the run's end is. */
  async #kept(attempt: Attempt, end: LargeEnd): Promise<WireEnd> {
    try {
      return { ...end, output: await keepResult(end.output.text, attempt.run, this.#client, attempt.newChunks()) }
    } catch (error) {
      if (!(error instanceof Unserialisable)) throw error
      return { is: 'failed', reason: 'threw', failure: failureOf(error) }
    }
  }

  /** A step has ended, or it is time to ask what else there is. */
  #news(flow: LiveFlow): Promise<void> {
    const news = flow.news()
    return flow.waitsForMore ? news.finally(this.#client.clock.after(ASK_MS, () => flow.poke())) : news
  }

  #turnOver(): Promise<void> {
    return new Promise(resolve => this.#client.clock.soon(resolve))
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
      this.#drop(run, known, () => new LeaseLost(run, attempt.attempt))
    }
    if (BEGINNINGS.has(events[0]?.is as string)) return this.#replayed(attempt, journal.from, events)
    return this.#anew(attempt)
  }

  async #anew(attempt: Attempt): Promise<Live> {
    const { run } = attempt
    const all = await this.#eventsOf(run, { from: 0 })
    const base = baseOf(all)
    return this.#replayed(attempt, base, all.slice(base))
  }

  async #replayed(attempt: Attempt, base: number, events: WireEvent[]): Promise<Live> {
    const { run, job, input, metadata, tags } = attempt
    // Its lines go to whichever attempt it has just now.
    const log = {
      debug: (message: string, fields?: Record<string, unknown>) => live.attempt.log.debug(message, fields),
      info: (message: string, fields?: Record<string, unknown>) => live.attempt.log.info(message, fields),
      warn: (message: string, fields?: Record<string, unknown>) => live.attempt.log.warn(message, fields),
      error: (message: string, fields?: Record<string, unknown>) => live.attempt.log.error(message, fields),
    }
    const chunks = (step: WireStreamStep) => this.#streams.of(live.attempt, step)
    const code = codeOf(job, { run, input, metadata, tags }, { log, chunks, ...(!this.#goesAhead && { resultBytesMax: PAYLOAD_BYTES_MAX }) })
    const flow = this.#flowOf(job, code, base)
    const live: Live = { flow, attempt, isSending: false }
    this.#keep(run, live)
    await flow.feed(base, events)
    flow.begunHere(attempt.delivery.journal?.begun ?? [])
    return live
  }

  #flowOf(job: AnyJob, code: Code, base: number): LiveFlow {
    return isRemote(job) ? job.flowOf(code, base) : new Flow(code, base, this.#host)
  }

  #keep(run: string, live: Live): void {
    this.#live.delete(run)
    this.#live.set(run, live)
    for (const [oldest, { attempt, flow }] of this.#live) {
      if (this.#live.size <= LIVE_MAX) break
      if (this.#turning.has(attempt)) continue
      this.#live.delete(oldest)
      flow.discard(() => new LeaseLost(oldest, attempt.attempt))
    }
  }

  #eventsOf(run: string, { from, events }: WireJournal): WireEvent[] | Promise<WireEvent[]> {
    return events === undefined ? eventsOf(this.#client, run, { from, journal: true }) : withKept(this.#client, run, events)
  }
}

/** By the names of steps. */
export type Mocks = Readonly<Record<string, (step: StepContext) => unknown>>

interface Live {
  flow: LiveFlow
  attempt: Attempt
  /** The server is being told, and its answer says what has become of the task. */
  isSending: boolean
}

function isGone(attempt: Attempt, flow: LiveFlow): boolean {
  return attempt.ended || flow.discarded || attempt.stopReason instanceof LeaseLost
}

type LargeEnd = WireEnd & { is: 'completed'; output: Large }

function isLargeEnd(end: WireEnd): end is LargeEnd {
  return end.is === 'completed' && end.output instanceof Large
}

/** Where the code begins. */
function baseOf(events: readonly WireEvent[]): number {
  return Math.max(
    0,
    events.findLastIndex(({ is }) => is === 'continued'),
  )
}

const POKE_MS = 20
/** Where so many versions do not fit that no more of them are remembered, a queued step is offered again after so long, up to twice that. */
const MISFIT_MS = 1_000
/** Events with which the code begins. */
const BEGINNINGS = new Set(['started', 'continued'])
