import { type AnyJob, type Call, Client, type Connection, type OperationName, type Schedule, withTasks } from '@mainspring/sdk'
import { type Middleware, startWorker, type Worker, type WorkerOptions } from '@mainspring/sdk/worker'
import { type Api, createApi } from '../../api/api.ts'
import { newId, type Random } from '../../core/ids.ts'
import { durationMs } from '../../core/time.ts'
import type { Clock } from '../../engine/clock.ts'
import { createEngine } from '../../engine/engine.ts'
import type { Engine } from '../../engine/face.ts'
import type { Sizes } from '../../engine/options.ts'
import type { Claim, Store } from '../../store/store.ts'
import { localConnection } from '../local-connection.ts'
import { type CrashPoint, mortalStore } from './crashing-store.ts'
import type { VirtualClock } from './virtual-clock.ts'

const YEARS = 365 * 86_400_000

/**
 * What nobody else shares need not be renewed: leases and claims that outlast any test, so that skipping a month is not a million renewals. Only the
 * silence of handlers is looked for as often as leases are, so a job that limits it (`timeout: { heartbeat }`) makes them short enough.
 */
function sizesFor(jobs: readonly AnyJob[]): Partial<Sizes> {
  const silences = withTasks(jobs).jobs.flatMap(({ definition }) => definition.options.timeout?.heartbeat ?? [])
  const leaseMs = Math.min(1_000 * YEARS, ...silences.map(silence => 5 * Math.max(1_000, durationMs(silence, '/timeout/heartbeat'))))
  return { claimTtlMs: 1_000 * YEARS, leaseMs, timerHorizonMs: 1_000 * YEARS, retentionEveryMs: 86_400_000 }
}

export interface LifeOptions {
  jobs: readonly AnyJob[]
  schedules: readonly Schedule[]
  store: Store
  clock: VirtualClock
  random: Random
  namespace: string
  slots: number
  middleware: readonly Middleware[]
  steps: NonNullable<WorkerOptions['steps']>
  point: CrashPoint
}

/** One life of the node under test: engine, API and worker, from its start to its stop or crash. A dead one reaches nothing any more. */
export class Life {
  readonly engine: Engine
  /** Resolves when it crashes. */
  readonly ended: Promise<void>
  alive = true
  /** Counts what the worker asked for. */
  activity = 0
  /** Calls under way, those that only wait (polls, results) not counted. */
  calls = 0
  /** Handlers that wait for another run's result: they go on when time does. */
  waits = 0
  /** Handlers under way, by run and attempt. */
  readonly running = new Set<string>()
  /** Those of them that have been silent for so long that only time can wake them. */
  readonly hanging = new Set<string>()
  readonly #api: Api
  readonly #options: LifeOptions
  readonly #clock: MortalClock
  readonly #claims: Claim[] = []
  #worker: Worker | null = null
  #end: () => void = () => {}

  constructor(options: LifeOptions) {
    const { store, clock, random, point } = options
    this.#options = options
    this.#clock = new MortalClock(clock)
    this.ended = new Promise(resolve => {
      this.#end = resolve
    })
    const mortal = mortalStore(store, point, () => this.alive)
    const remembered: Store = {
      ...mortal,
      claim: async request => {
        const claim = await mortal.claim(request)
        this.#claims.push(claim)
        return claim
      },
    }
    this.engine = createEngine({ store: remembered, clock: this.#clock, random, nodeName: 'test', sizes: sizesFor(options.jobs), log: logProblems })
    this.#api = createApi(patient(this.engine), {
      now: () => clock.now(),
      newId: () => newId(clock.now(), random),
      log: { error: reportError },
      variables: { environment: process.env },
    })
  }

  /** Resolves when the node serves and the worker asks for work: a worker that finds no node would wait for time to pass. */
  async start(): Promise<void> {
    await this.engine.start()
    const { random } = this.#options
    const clock = this.#clock
    this.#worker = startWorker({
      jobs: this.#options.jobs,
      ...(this.#options.schedules.length > 0 && { schedules: this.#options.schedules, source: 'test' }),
      slots: this.#options.slots,
      steps: this.#options.steps,
      middleware: this.#options.middleware,
      name: 'test',
      client: new Client({ connection: this.#workerConnection(), namespace: this.#options.namespace, clock, random }),
      onEvent: event => {
        if (event.is === 'begun') this.running.add(`${event.run} ${event.attempt}`)
        if (event.is === 'ended') {
          this.running.delete(`${event.run} ${event.attempt}`)
          this.hanging.delete(`${event.run} ${event.attempt}`)
        }
      },
    })
    await this.worker.ready
  }

  get worker(): Worker {
    if (this.#worker === null) throw new Error('the node was not started')
    return this.#worker
  }

  /** Handlers that may still do something by themselves. */
  get busyHandlers(): number {
    return Math.max(0, this.running.size - this.hanging.size - this.waits)
  }

  connection(): Connection {
    return localConnection(this.#api)
  }

  /** Ends as a process does that is killed: its timers, calls and handlers' words go nowhere, its shards are free. */
  async crash(): Promise<void> {
    this.alive = false
    this.#clock.die()
    this.#end()
    for (const claim of this.#claims) await this.#options.store.release(claim)
  }

  /** The worker shares its node's fate: once that is dead, what is asked is never answered. */
  #workerConnection(): Connection {
    const connection = (): Connection => this.connection()
    const life = this
    return {
      async call(operation: OperationName, call: Call) {
        if (!life.alive) return silence()
        const counter = operation === 'tasks.poll' || operation === 'tasks.questions' ? null : waits(operation, call) ? 'waits' : 'calls'
        life.activity++
        if (counter) life[counter]++
        try {
          const answer = await connection().call(operation, call)
          return life.alive ? answer : await silence()
        } catch (error) {
          return life.alive ? Promise.reject(error) : await silence()
        } finally {
          if (counter) life[counter]--
        }
      },
      stream: (name, call) => connection().stream(name, call),
      address: () => null,
      close: async () => {},
    }
  }
}

/** A call that answers when a run ends, not before. */
export function waits(operation: OperationName, call: Call): boolean {
  return operation === 'runs.closed' || (operation === 'runs.get' && call.query?.wait !== undefined)
}

function silence(): Promise<never> {
  return new Promise(() => {})
}

/** Polls wait for ever, instead of once a virtual minute. */
function patient(engine: Engine): Engine {
  const { tasks } = engine
  const waitMs = 1_000 * YEARS
  return {
    ...engine,
    tasks: {
      ...tasks,
      poll: (namespace, poll, signal) => tasks.poll(namespace, { ...poll, waitMs }, signal),
      asked: (namespace, asker, signal) => tasks.asked(namespace, { ...asker, waitMs }, signal),
    },
  }
}

/** The clock as a node has it: when the node dies, its timers die with it. */
class MortalClock implements Clock {
  readonly #clock: VirtualClock
  readonly #timers = new Set<() => void>()
  #alive = true

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  monotonic(): number {
    return this.#clock.monotonic()
  }

  after(ms: number, call: () => void): () => void {
    if (!this.#alive) return () => {}
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(cancel)
      call()
    })
    this.#timers.add(cancel)
    return () => {
      this.#timers.delete(cancel)
      cancel()
    }
  }

  soon(call: () => void): void {
    this.#clock.soon(() => {
      if (this.#alive) call()
    })
  }

  die(): void {
    this.#alive = false
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }
}

function logProblems(level: string, message: string, facts: Record<string, unknown>): void {
  if (level === 'error') console.error(`mainspring: ${message}`, facts)
}
function reportError(facts: Record<string, unknown>, message: string): void {
  console.error(`mainspring: ${message}`, facts)
}
