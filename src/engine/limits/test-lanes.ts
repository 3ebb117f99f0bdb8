import { newId, partOf, type Random, shardOf, slotOfKey } from '../../core/ids.ts'
import { limitName } from '../../core/limits.ts'
import { seeded } from '../../core/seeded.ts'
import {
  ALL_SHARDS,
  type Answer,
  type Batch,
  type Claim,
  type ClosedRow,
  type HoldRow,
  type OpenRow,
  type RateRow,
  type Row,
  SHARDS,
  type Store,
} from '../../store/store.ts'
import { Activity } from '../activity/activity.ts'
import { Catalog } from '../catalog.ts'
import { decodeBody } from '../codec.ts'
import type { DefinitionOptions, Delivery, Poll } from '../face.ts'
import type { Beginning } from '../lane.ts'
import { Live } from '../live.ts'
import { SIZES, type Sizes } from '../options.ts'
import { startWork } from '../starts.ts'
import { workerCalls } from '../tasks.ts'
import { Tenure } from '../tenure.ts'
import { settle, TestClock } from '../test-clock.ts'
import type { World } from '../transition.ts'
import { Workers } from '../workers.ts'
import type { Home, HomeAnswer, HomeCall, Homes } from './homes.ts'

/** What happens to calls between lanes and to commits; nothing, unless a test says so. */
export interface Faults {
  /** Calls `send` when the call arrives, any number of times, and answers what comes back. */
  call(to: TestLane, call: HomeCall, send: () => Promise<HomeAnswer>): Promise<HomeAnswer>
  commit(lane: TestLane, batch: Batch, send: () => Promise<Answer>): Promise<Answer>
}

/** A store whose rows can be looked at, and that can refuse a batch for its data. */
export type TestStore = Store & {
  tables(): {
    open: ReadonlyMap<string, OpenRow>
    closed: ReadonlyMap<string, ClosedRow>
    holds: ReadonlyMap<string, HoldRow>
    rates: ReadonlyMap<string, RateRow>
  }
}
export type OpenStore = (options: { refuse(batch: Batch): string | null }) => TestStore

const NONE: Faults = { call: (_to, _call, send) => send(), commit: (_lane, _batch, send) => send() }

/** For tests of this folder: lanes of several nodes over one store, each with shards of its own, which call each other directly. */
export class TestLanes {
  readonly clock = new TestClock()
  readonly random: Random
  readonly inner: TestStore
  readonly lanes: TestLane[] = []
  readonly definitions: Record<string, DefinitionOptions>
  faults: Faults = NONE
  /** Whom others take for the holder of a shard. */
  readonly routes = new Map<number, TestLane>()
  readonly listeners = new Set<() => void>()
  poison: string | null = null
  /** Called after each batch that is committed. */
  committed: () => void = () => {}
  private calls = 0

  constructor(open: OpenStore, definitions: Record<string, DefinitionOptions>, seed = 1) {
    this.definitions = definitions
    this.random = seeded(seed)
    this.inner = open({ refuse: batch => (this.poison !== null && JSON.stringify(batch.writes).includes(this.poison) ? 'poison' : null) })
  }

  /** Lanes of about as many shards each. */
  static async of(
    open: OpenStore,
    definitions: Record<string, DefinitionOptions>,
    count: number,
    sizes: Partial<Sizes> = {},
    seed = 1,
  ): Promise<TestLanes> {
    const lanes = new TestLanes(open, definitions, seed)
    for (let index = 0; index < count; index++)
      await lanes.open(
        ALL_SHARDS.filter(shard => shard % count === index),
        sizes,
      )
    const [first] = lanes.lanes as [TestLane]
    await first.register()
    for (const lane of lanes.lanes) await lane.catalog.load()
    return lanes
  }

  id(): string {
    return newId(this.clock.now(), this.random)
  }

  /** A new lane, which takes over these shards: of nobody, or of those that it takes for dead, whatever they are doing. */
  async open(shards: readonly number[], sizes: Partial<Sizes> = {}, dead: readonly TestLane[] = []): Promise<TestLane> {
    const rows = (await this.inner.lanes()).filter(row => dead.some(({ claim }) => claim.claim === row.claim))
    const claim = await this.inner.claim({
      lane: this.id(),
      claim: this.id(),
      node: this.id(),
      nodeName: `n${this.lanes.length}`,
      address: null,
      wanted: shards,
      dead: rows,
    })
    const lane = new TestLane(this, claim, sizes)
    this.lanes.push(lane)
    await lane.begin({ claim, confirmedAt: this.clock.monotonic(), singles: [] })
    for (const shard of claim.shards) this.routes.set(shard, lane)
    for (const listener of [...this.listeners]) listener()
    return lane
  }

  /** Another takes its shards. */
  async takeOver(dead: TestLane, sizes: Partial<Sizes> = {}): Promise<TestLane> {
    return this.open(dead.claim.shards, sizes, [dead])
  }

  of(run: string): TestLane {
    return this.routes.get(shardOf(partOf(run), SHARDS)) as TestLane
  }

  /** A call key of a run that lives there. */
  keyIn(lane: TestLane): string {
    for (;;) {
      const key = `call-${++this.calls}`
      if (lane.claim.shards.includes(shardOf(slotOfKey(key) >>> 8, SHARDS))) return key
    }
  }

  homes(): Homes {
    return {
      of: part => {
        const lane = this.routes.get(shardOf(part, SHARDS))
        return lane === undefined ? null : lane.asHome
      },
      onMoved: listener => {
        this.listeners.add(listener)
        return () => void this.listeners.delete(listener)
      },
    }
  }

  /** All rows of runs. */
  rows(): Row[] {
    const { open, closed } = this.inner.tables()
    return [...open.values(), ...closed.values()]
  }

  /** What is delivered by the rows of open runs, by limit and key: weights of a concurrency limit. */
  held(): Map<string, { weight: number; max: number }> {
    const held = new Map<string, { weight: number; max: number }>()
    for (const row of this.inner.tables().open.values()) {
      if (!row.delivered) continue
      for (const rule of this.definitions[row.name]?.limits ?? []) {
        if (!('concurrency' in rule)) continue
        const key = `${limitName(row.name, rule)} ${rule.per === undefined ? '' : keyOf(row, rule.per)}`
        const known = held.get(key) ?? { weight: 0, max: rule.concurrency }
        held.set(key, { ...known, weight: known.weight + (rule.weight ?? 1) })
      }
    }
    return held
  }

  /** When what was delivered, by limit and key of a rate, as the rows tell. */
  spent(): Map<string, { times: number[]; max: number; everyMs: number }> {
    const spent = new Map<string, { times: number[]; max: number; everyMs: number }>()
    for (const row of this.rows()) {
      const times = decodeBody(row.body).events.flatMap(({ is, at }) => (is === 'delivered' ? [at] : []))
      for (const rule of this.definitions[row.name]?.limits ?? []) {
        if (!('rate' in rule)) continue
        const key = `${limitName(row.name, rule)} ${rule.per === undefined ? '' : keyOf(row, rule.per)}`
        const known = spent.get(key) ?? { times: [], max: rule.rate, everyMs: rule.everyMs }
        spent.set(key, { ...known, times: [...known.times, ...times].sort((a, b) => a - b) })
      }
    }
    return spent
  }
}

function keyOf({ input }: Row, path: string): string {
  return String((JSON.parse(input as string) as Record<string, unknown>)[path])
}

export class TestLane {
  readonly claim: Claim
  readonly catalog: Catalog
  readonly workers: Workers
  readonly running: Delivery[] = []
  tenure: Tenure | null = null
  isKilled = false
  fenced = false
  /** How often its memory was made anew (E14). */
  renewed = 0
  readonly asHome: Home
  private readonly lanes: TestLanes
  private readonly sizes: Sizes
  private readonly store: Store
  private readonly world: World
  private last: string | null = null

  constructor(lanes: TestLanes, claim: Claim, sizes: Partial<Sizes>) {
    this.lanes = lanes
    this.claim = claim
    this.sizes = { ...SIZES, leaseMs: 1_000_000, ...sizes }
    const { inner, clock, random } = lanes
    this.world = { clock, random, retentionMs: () => 3_600_000, log: () => {}, home: () => null }
    this.workers = new Workers(clock)
    this.store = {
      ...inner,
      can: inner.can,
      read: inner.read,
      commit: batch =>
        lanes.faults.commit(this, batch, async () => {
          const answer = await inner.commit(batch)
          if (answer.is === 'committed') lanes.committed()
          return answer
        }),
    }
    this.catalog = new Catalog(this.store.read)
    this.asHome = {
      claim: claim.claim,
      call: call => {
        const arrived = json(call)
        return lanes.faults.call(this, arrived, async () => {
          if (this.tenure === null || this.isKilled) throw new Error('nobody answers')
          return json(await this.tenure.lending.call(arrived))
        })
      },
      look: async names => this.tenure?.lending.look(names) ?? [],
    }
  }

  async begin(beginning: Beginning): Promise<void> {
    const { store, world, sizes, catalog, lanes } = this
    const tenure: Tenure = new Tenure({
      store,
      world,
      sizes,
      beginning,
      catalog,
      live: new Live(),
      activity: new Activity(world.clock, store.read),
      onClosed: () => {},
      mailed: () => {},
      unknown: () => {},
      listeners: new Set(),
      homes: lanes.homes(),
      ended: next => {
        if (this.tenure === tenure) this.tenure = null
        if (next === null || this.isKilled) {
          this.fenced = true
          return
        }
        this.renewed++
        void this.begin(next)
      },
    })
    await tenure.load()
    if (!tenure.ended) this.tenure = tenure
  }

  register(): Promise<void> {
    return this.submit<void>(settled => ({
      ids: [],
      bytes: 100,
      execute: transaction => {
        for (const [name, options] of Object.entries(this.lanes.definitions))
          transaction.define({
            namespace: 'default',
            name,
            version: '1',
            kind: 'job',
            options: JSON.stringify(options),
            schema: null,
            registeredAt: 1,
          })
      },
      done: () => settled.resolve(undefined),
      failed: settled.reject,
    }))
  }

  /** Runs that live here. */
  async start(definition: string, ...inputs: unknown[]): Promise<string[]> {
    const { catalog, world, lanes } = this
    const starts = inputs.map(input => ({ definition, input: JSON.stringify(input), options: {}, trigger: { is: 'call' as const } }))
    const call = { callKey: lanes.keyIn(this), by: null, starts }
    const answers = await this.submit<{ is: string; run?: string }[]>(settled =>
      startWork('default', call, catalog.definitions, world, settled as never),
    )
    return answers.map(({ run }) => run as string)
  }

  /** What is handed out, with what `waitMs` brings. Others may go on meanwhile. */
  async take(max = 10, waitMs = 0): Promise<unknown[]> {
    const poll = this.poll(max, waitMs)
    await settle()
    await this.lanes.clock.advance(waitMs)
    return poll
  }

  async poll(max: number, waitMs: number): Promise<unknown[]> {
    const { lanes, workers, world, sizes } = this
    const tasks = workerCalls(
      () => this.tenure,
      () => this.current(),
      workers,
      world,
      sizes,
      new Set(),
    )
    const serves = Object.keys(lanes.definitions).map(definition => ({ definition, version: null }))
    const request: Poll = {
      worker: this.claim.lane,
      workerName: 'w',
      last: this.last,
      queues: [],
      serves,
      labels: {},
      max,
      slots: max,
      waitMs,
    }
    const answer = await tasks.poll('default', request, new AbortController().signal)
    this.last = answer.answer
    this.running.push(...answer.tasks)
    return answer.tasks.map(({ input }) => JSON.parse(input as string) as unknown)
  }

  /** The worker of a task says that it is done, to whoever has the run by now. */
  async done(index = 0): Promise<string[]> {
    const [task] = this.running.splice(index, 1) as [Delivery]
    const { run, attempt, delivery } = task
    const owner = this.lanes.of(run)
    const { workers, world, sizes } = owner
    const tasks = workerCalls(
      () => owner.tenure,
      () => owner.current(),
      workers,
      world,
      sizes,
      new Set(),
    )
    return tasks.complete('default', this.claim.lane, [{ run, task: task.task, attempt, delivery, is: 'completed', output: null }])
  }

  /** Its process is gone; what it has sent to the store may yet arrive. */
  kill(): void {
    this.isKilled = true
    this.tenure?.end(null)
  }

  current(): Tenure {
    if (this.tenure === null) throw new Error('the lane does not serve')
    return this.tenure
  }

  submit<T>(make: (settled: { resolve(value: T): void; reject(error: unknown): void }) => Parameters<Tenure['lane']['submit']>[0]): Promise<T> {
    return new Promise((resolve, reject) => this.current().lane.submit(make({ resolve, reject })))
  }
}

function json<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
