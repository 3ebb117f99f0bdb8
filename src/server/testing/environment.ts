import {
  type Call,
  Client,
  type Connection,
  type Duration,
  type OperationName,
  partsOf,
  type RecordedRun,
  RequestRefused,
  type RunHandle,
  setDefaultClient,
  type WireExplanation,
  type WireRunDetail,
  type Work,
} from '@mainspring/sdk'
import type { Middleware, WorkerOptions } from '@mainspring/sdk/worker'
import type { Random } from '../../core/ids.ts'
import { isClosed } from '../../core/run.ts'
import { seeded } from '../../core/seeded.ts'
import { durationMs } from '../../core/time.ts'
import { type MemoryStore, openMemoryStore } from '../../store/memory/store.ts'
import { type CrashMoment, CrashPoint } from './crashing-store.ts'
import { Life, waits } from './life.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface TestOptions {
  /** What the clock shows at the beginning. Default 2026-01-01T00:00:00Z: the same in every run of the test. */
  start?: Date | string | number
  /** Handlers at the same time. Default 10. */
  slots?: number
  /** Run around every call of a handler, the first outermost. */
  middleware?: readonly Middleware[]
  /** What runs in place of the functions of workflows' steps, by the steps' names: `{ charge: () => ({ id: 'p1' }) }`. Default: nothing. */
  steps?: NonNullable<WorkerOptions['steps']>
  /** Default `'default'`. */
  namespace?: string
  /** Ids and jitter follow from it. Default 1. */
  seed?: number
  /**
   * Real time after which a handler that neither ends nor says anything counts as waiting for time to pass (`ctx.signal`, a timeout), so that `skip` goes on
   * without it. Longer for handlers that really work for longer. Default 1 second.
   */
  patience?: Duration
}

/**
 * A node in this thread, on a memory store and a clock that stands still: jobs run as they do in production, a month passes in milliseconds, and a
 * crash can be had at any commit. Schedules among the jobs fire as time is moved on.
 * ```ts
 * await using t = await testEnvironment([order])
 * const run = await order.start({ id: 1 }, { delay: '30d' })
 * expect(await run.result()).toEqual({ ok: true })   // time moves on by itself while a result is awaited
 * ```
 */
export async function testEnvironment(work: Work, options: TestOptions = {}): Promise<TestEnvironment> {
  const environment = new TestEnvironment(work, options)
  await environment.ready().catch(async (error: unknown) => {
    await environment.stop()
    throw error
  })
  return environment
}

/** What is awaited cannot come, however much time passes. */
export class NeverEnds extends Error {
  override readonly name = 'NeverEnds'
}

export class TestEnvironment implements AsyncDisposable {
  /** Starts and looks at runs; also what `job.start` goes through until `stop`. */
  readonly client: Client
  readonly #clock: VirtualClock
  readonly #store: MemoryStore
  readonly #point: CrashPoint
  readonly #random: Random
  readonly #patienceMs: number
  readonly #newLife: () => Life
  readonly #clientBefore: Client | null
  #life: Life
  /** A new life is on its way. */
  #rebirth: Promise<void> | null = null
  #clientCalls = 0
  #activity = 0
  #crashes = 0
  /** Time moves for one at a time: `skip`s and awaited results take turns. */
  #moving: Promise<unknown> = Promise.resolve()
  #stopped = false

  constructor(work: Work, options: TestOptions) {
    const { jobs, schedules } = partsOf(work)
    this.#clock = new VirtualClock(new Date(options.start ?? '2026-01-01T00:00:00Z').getTime())
    this.#store = openMemoryStore({ now: () => this.#clock.now(), share: false })
    this.#random = seeded(options.seed ?? 1)
    this.#patienceMs = durationMs(options.patience ?? '1s', '/patience')
    this.#point = new CrashPoint(() => this.#crashed())
    const namespace = options.namespace ?? 'default'
    this.#newLife = () =>
      new Life({
        jobs,
        schedules,
        store: this.#store,
        clock: this.#clock,
        random: this.#random,
        namespace,
        slots: options.slots ?? 10,
        middleware: options.middleware ?? [],
        steps: options.steps ?? {},
        point: this.#point,
      })
    this.#life = this.#newLife()
    this.client = new Client({ connection: this.#connection(), namespace, clock: this.#clock, random: this.#random })
    this.#clientBefore = setDefaultClient(this.client)
  }

  async ready(): Promise<void> {
    await this.#life.start()
    await this.settle()
  }

  /** What the clock shows. */
  now(): Date {
    return new Date(this.#clock.now())
  }

  /** Commits since the beginning, and crashes among them. */
  get commits(): number {
    return this.#point.commits
  }
  get crashes(): number {
    return this.#crashes
  }

  /** Lets everything happen that needs no time: resolves when no commit, call or handler is under way. */
  async settle(): Promise<void> {
    let calm = 0
    let turns = 0
    let silentSince: number | null = null
    while (calm < CALM_TURNS) {
      this.#clock.advanceTo(this.#clock.now())
      await (++turns % TURNS_BEFORE_SLEEP === 0 ? realMs(1) : turn())
      const something = this.#news()
      const handlersOnly = !this.#working() && this.#life.busyHandlers > 0
      if (something || !handlersOnly) silentSince = null
      else {
        silentSince ??= performance.now()
        if (performance.now() - silentSince >= this.#patienceMs) for (const handler of this.#life.running) this.#life.hanging.add(handler)
      }
      calm = something || this.#working() || this.#life.busyHandlers > 0 ? 0 : calm + 1
    }
  }

  /** Moves time on: timers fire in their order, and after each of them what follows from it happens before the next. */
  skip(duration: Duration): Promise<void> {
    const ms = durationMs(duration, '/duration')
    return this.#move(async () => {
      const until = this.#clock.now() + ms
      await this.settle()
      this.#quietSince = this.#clock.now()
      while ((await this.#step(until)) !== 'end');
      this.#clock.advanceTo(until)
      await this.settle()
    })
  }

  /**
   * Kills the node and its worker at the `nth` commit from now (1: the next one), just before it reaches the disk or just after. Handlers get no answer any
   * more, nobody is told anything; then a new node starts on what the store holds. Calls of the test are repeated, as the SDK does.
   */
  crash(moment: CrashMoment, nth = 1): void {
    this.#point.arm(moment, nth)
  }

  /** A run with its history, to keep as a snapshot and to `replay` later code against. */
  async recorded(run: RunHandle<unknown>): Promise<RecordedRun> {
    const { id, definition, state, input, metadata, tags } = await this.client.call<WireRunDetail>('runs.get', { run: run.id })
    const events = await run.history()
    return { id, definition, state, input, metadata, tags, history: events }
  }

  /** Ends the environment. `job.start` goes again where it went before. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    setDefaultClient(this.#clientBefore)
    await this.#rebirth
    await this.#whileTimePasses(this.#life.worker.stop())
    await this.#whileTimePasses(this.#life.engine.stop())
    await this.#store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #working(): boolean {
    return this.#rebirth !== null || this.#point.open > 0 || this.#clock.soonPending > 0 || this.#clientCalls > 0 || this.#life.calls > 0
  }

  #crashed(): void {
    const dead = this.#life
    const worker = dead.worker.id
    this.#crashes++
    this.#rebirth = (async () => {
      await dead.crash()
      this.#life = this.#newLife()
      await this.#life.start()
      await this.#life.engine.tasks.gone(this.client.namespace, worker)
    })().finally(() => {
      this.#rebirth = null
    })
  }

  /** The test's own connection: outlives crashes, and lets time pass while a result is awaited. */
  #connection(): Connection {
    const counted = async (operation: OperationName, call: Call): Promise<string> => {
      this.#activity++
      this.#clientCalls++
      try {
        return await this.#answered(operation, call)
      } finally {
        this.#clientCalls--
      }
    }
    return {
      call: async (operation, call) => {
        // As by a server that does not know it: how far time moves is told by each run that is waited for.
        if (operation === 'runs.closed') throw new RequestRefused({ type: '', title: 'Ask for each.', status: 404, code: 'not-found' })
        if (waits(operation, call)) return this.#result(call, counted)
        return SPOKEN.has(operation) ? this.#spoken(operation, call) : counted(operation, call)
      },
      stream: (name, call) => this.#life.connection().stream(name, call),
      address: () => null,
      close: async () => {},
    }
  }

  async #answered(operation: OperationName, call: Call): Promise<string> {
    for (;;) {
      while (this.#rebirth !== null) await this.#rebirth
      const life = this.#life
      const answer = life.connection().call(operation, call)
      answer.catch(() => {})
      const first = await Promise.race([answer, life.ended.then(() => null)])
      if (first !== null && life.alive) return first
    }
  }

  /** What a workflow's code answers may need time to pass. */
  async #spoken(operation: OperationName, call: Call): Promise<string> {
    this.#activity++
    let over = false
    const answer = this.#answered(operation, call).finally(() => {
      over = true
    })
    answer.catch(() => {})
    while (!over) {
      await this.#move(async () => {
        await this.settle()
        if (!over) await this.#step(this.#clock.now() + SPOKEN_STEP_MS_MAX)
      })
    }
    return answer
  }

  /** Moves time from timer to timer until the run is closed. */
  async #result(call: Call, ask: (operation: OperationName, call: Call) => Promise<string>): Promise<string> {
    const { wait: _, ...query } = call.query ?? {}
    const startedAt = this.#clock.now()
    for (;;) {
      await this.#move(() => this.settle())
      const text = await ask('runs.get', { ...call, query })
      const run = JSON.parse(text) as WireRunDetail
      if (isClosed(run.state) || call.signal?.aborted) return text
      const limit = Math.max(startedAt + RESULT_SKIP_MS_MAX, run.nextAt ? Date.parse(run.nextAt) + 1 : 0)
      const moved = await this.#move(async () => {
        this.#news() // what was asked here is none
        this.#quietSince = this.#clock.now()
        for (;;) {
          const step = await this.#step(limit)
          if (step !== 'nothing' || call.signal?.aborted) return step
        }
      })
      if (moved === 'end') throw await this.#neverEnds(run, ask)
    }
  }

  /** Fires what is due next and lets happen what follows. Most timers of a node find nothing to do, and cost one turn. */
  async #step(until: number): Promise<'nothing' | 'something' | 'end'> {
    const next = this.#nextMoment(until)
    if (next === null) return 'end'
    this.#clock.advanceTo(next)
    for (let hops = 0; hops < PROMISE_HOPS; hops++) await null
    if (!this.#news() && !this.#working() && this.#life.busyHandlers === 0) return 'nothing'
    await this.settle()
    this.#quietSince = this.#clock.now()
    return 'something'
  }

  /**
   * The next timer; or, where nothing has happened for longer than the node's timers that only look around (whether the clock was set, say) take, the next
   * moment at which something can: what is stored as due, or a timer that was set for longer. What looks around then does so once, a little late.
   */
  #nextMoment(until: number): number | null {
    const now = this.#clock.now()
    const next = this.#clock.next()
    if (next === null || next > until) return null
    if (now - this.#quietSince <= LOOKS_AROUND_MS_MAX) return next
    let moment = Math.min(until, this.#clock.nextLongerThan(LOOKS_AROUND_MS_MAX) ?? until)
    for (const { wakeAt } of this.#store.tables().open.values()) if (wakeAt !== null && wakeAt < moment) moment = wakeAt
    return Math.max(next, moment)
  }
  #quietSince = 0

  /** True if anything was begun since this was asked last. */
  #news(): boolean {
    const activity = this.#clock.activity + this.#point.activity + this.#life.activity + this.#activity
    const news = activity !== this.#seen
    this.#seen = activity
    return news
  }
  #seen = -1

  async #neverEnds(run: WireRunDetail, ask: (operation: OperationName, call: Call) => Promise<string>): Promise<Error> {
    const params = { namespace: run.namespace, run: run.id }
    const { reasons } = JSON.parse(await ask('runs.explain', { params })) as WireExplanation
    const why = reasons.map(reason => reason.text).join('; ') || 'its handler does not end'
    return new NeverEnds(`${run.definition} ${run.id} is ${run.state} and will not end however long one waits: ${why}.`)
  }

  #move<Result>(act: () => Promise<Result>): Promise<Result> {
    const moved = this.#moving.then(act)
    this.#moving = moved.catch(() => {})
    return moved
  }

  /** What is on its way may wait for timers of the clock that only we move. */
  async #whileTimePasses(ending: Promise<void>): Promise<void> {
    let ended = false
    const done = ending.finally(() => {
      ended = true
    })
    for (let turns = 0; !ended; turns++) {
      await turn()
      const next = this.#clock.next()
      if (turns % CALM_TURNS === 0 && next !== null && !this.#working()) this.#clock.advanceTo(next)
    }
    await done
  }
}

const SPOKEN: ReadonlySet<OperationName> = new Set(['runs.query', 'runs.update'])
const SPOKEN_STEP_MS_MAX = 60_000
/** Turns of the event loop without anything new before it counts as quiet. */
const CALM_TURNS = 3
/** Timers for longer than this are about something; shorter ones that nothing follows from come again and again. */
const LOOKS_AROUND_MS_MAX = 1_000
/** From a timer to what it begins (a call, a commit) there are a few promises at most; a whole turn for each of a month's timers would be slow. */
const PROMISE_HOPS = 10
/** A handler that waits for the outside world must not cost a whole core meanwhile. */
const TURNS_BEFORE_SLEEP = 200
/** A run that is not due and not closed after so long is not going to be. */
const RESULT_SKIP_MS_MAX = 400 * 86_400_000

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

function realMs(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
