import { Client, type Connection, Unreachable } from '@mainspring/sdk'
import { createApi } from '../../api/api.ts'
import { newId, type Random } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'
import { createEngine } from '../../engine/engine.ts'
import type { Engine } from '../../engine/face.ts'
import { localConnection } from '../../server/local-connection.ts'
import { VirtualClock } from '../../server/testing/virtual-clock.ts'
import { type MemoryStore, openMemoryStore } from '../../store/memory/store.ts'

const HOUR_MS = 3_600_000
/** Nobody else has this store: a claim need not be renewed. A lease is longer than in production, so that it is renewed less often. */
const SIZES = { claimTtlMs: 1_000 * HOUR_MS, timerHorizonMs: 1_000 * HOUR_MS, leaseMs: 300_000, retentionEveryMs: HOUR_MS, lookAgainMs: HOUR_MS }
/** From a timer to what it begins (a call, a commit) there are a few promises at most. */
const PROMISE_HOPS = 10
/** Turns of the event loop without anything new before it counts as quiet. */
const CALM_TURNS = 2

/**
 * The production engine on a clock that stands still until it is moved, and a server that can be down. Time moves from timer to timer; after each one all that follows from it
 * happens before the next.
 */
export class Stage {
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly random: Random
  /** What the engine had to say of errors: a day in which it did is not shown to anybody. */
  readonly problems: string[] = []
  #engine: Engine | null = null
  #connection: Connection | null = null
  /** Calls under way, those that only wait (polls, results) not counted; and how many were ever begun or answered. */
  #calls = 0
  #activity = 0
  #seen = -1

  constructor(start: Instant, random: Random) {
    this.clock = new VirtualClock(start)
    this.store = openMemoryStore({ now: () => this.clock.now() })
    this.random = random
  }

  get engine(): Engine {
    if (this.#engine === null) throw new Error('the server of the demo is down')
    return this.#engine
  }

  async up(): Promise<void> {
    const { clock, store, random } = this
    const log = (level: string, message: string, facts: Record<string, unknown>): void => {
      if (level === 'error') this.problems.push(`${message} ${JSON.stringify(facts, (_, value) => (value instanceof Error ? value.message : value))}`)
    }
    const engine = createEngine({ store, clock, random, nodeName: 'shop-1', sizes: SIZES, log })
    await this.during(engine.start())
    this.#engine = engine
    const error = (facts: Record<string, unknown>, message: string): void => log('error', message, facts)
    this.#connection = localConnection(
      createApi(patient(engine), { now: () => clock.now(), newId: () => newId(clock.now(), random), log: { error } }),
    )
  }

  /** Whoever calls now meets nobody, as with a process that has ended. */
  async down(): Promise<void> {
    const { engine } = this
    this.#engine = null
    this.#connection = null
    await this.during(engine.stop())
  }

  client(): Client {
    return new Client({ connection: this.#counted(), clock: this.clock, random: this.random })
  }

  /** Plays until then. `passed` is told of each hour. */
  async playUntil(until: Instant, passed: (now: Instant) => void = () => {}): Promise<void> {
    let hour = Math.floor(this.clock.now() / HOUR_MS)
    await this.#settle()
    for (let next = this.clock.next(); next !== null && next <= until; next = this.clock.next()) {
      await this.#step(next)
      if (Math.floor(next / HOUR_MS) === hour) continue
      hour = Math.floor(next / HOUR_MS)
      passed(next)
    }
    this.clock.advanceTo(until)
    await this.#settle()
  }

  /** Lets happen what is asked for; time moves on only where it waits for that. */
  async during<Result>(asked: Promise<Result>): Promise<Result> {
    let over = false
    const done = asked.finally(() => {
      over = true
    })
    done.catch(() => {})
    for (const until = this.clock.now() + HOUR_MS; ; ) {
      await this.#settle()
      if (over) return done
      if (this.clock.now() > until) throw new Error('what was asked of the demo is not answered within an hour of its time')
      const next = this.clock.next()
      if (next !== null) this.clock.advanceTo(next)
    }
  }

  async #step(next: Instant): Promise<void> {
    this.clock.advanceTo(next)
    for (let hops = 0; hops < PROMISE_HOPS; hops++) await null
    if (this.#news() || this.#working()) await this.#settle()
  }

  async #settle(): Promise<void> {
    for (let calm = 0; calm < CALM_TURNS; calm = this.#news() || this.#working() ? 0 : calm + 1) {
      this.clock.advanceTo(this.clock.now())
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  #working(): boolean {
    return this.#calls > 0 || this.clock.soonPending > 0
  }

  /** True if anything was begun since this was asked last. */
  #news(): boolean {
    const activity = this.clock.activity + this.#activity
    const news = activity !== this.#seen
    this.#seen = activity
    return news
  }

  #counted(): Connection {
    const stage = this
    const reached = (): Connection => {
      if (stage.#connection === null) throw new Unreachable('http://shop-1:7575', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))
      return stage.#connection
    }
    return {
      async call(operation, call) {
        const counts = operation !== 'tasks.poll' && call.query?.wait === undefined ? 1 : 0
        stage.#activity++
        stage.#calls += counts
        try {
          return await reached().call(operation, call)
        } finally {
          stage.#activity++
          stage.#calls -= counts
        }
      },
      stream: (name, call) => reached().stream(name, call),
      address: () => null,
      close: async () => {},
    }
  }
}

/** A poll that finds nothing costs as much as one that finds something: they wait for an hour instead of a minute. */
function patient(engine: Engine): Engine {
  const { tasks } = engine
  return { ...engine, tasks: { ...tasks, poll: (namespace, poll, signal) => tasks.poll(namespace, { ...poll, waitMs: HOUR_MS }, signal) } }
}
