import { writeFileSync } from 'node:fs'
import type { Job, LimitSettings } from '@mainspring/sdk'
import { afterAll, expect, test } from 'vitest'
import {
  accountsOf,
  type Execution,
  executionsOf,
  type Held,
  type LimitedReceipt,
  outOfTurn,
  tooManyAtOnce,
  tooManyInWindow,
  type Version,
} from './support/limited-checker.ts'
import { type Keyed, now, ordered, perUser, pooledOne, pooledTwo, rated, turns, witnessesIn } from './support/limited-jobs.ts'
import { type Server, Stage, until, type WorkerChild } from './support/processes.ts'
import { quiet } from './support/quiet.ts'

const SERVER_KILLS = 5
/** A handler that stops when it is told does so within it, whatever its process is kept from. */
const LEASE_MS = 2_000
const RATE = 20
const EVERY_MS = 2_000
/** From the moment that a token is taken to the time that its delivery is recorded with: a turn of the event loop of a server that shares two cores with all else that runs here. To the millisecond it is the simulation that looks. */
const RECORD_MS = 400
/** From the server's decision to the handler's first line: a commit, an answer, a turn of a busy worker. */
const WAY_MS = 500
/** Handlers take 20 to 80 ms; one in so many takes longer than a server is away, so that it runs across a kill. */
const LONG_EVERY = 30
const LONG_MS = 3_000
const SMALL_TENANT_RUNS = 40
/** By the definition of `turns`. */
const TURNS_AT_ONCE = 8
const BEHIND_FAILED = 3

const stage = new Stage()
afterAll(() => stage.end())

test(`limits, rates, sequences and turns hold over ${SERVER_KILLS} kill -9 of the server and of workers, while an operator changes them`, {
  timeout: 240_000,
}, async () => {
  const world = new World()
  await world.begin()
  await Promise.all([world.load(), world.faults()])
  await world.quiet(BEHIND_FAILED)
  const stopped = await world.stoppedSequence()
  await world.quiet()

  const { receipts, killedAt } = world
  const executions = executionsOf(receipts, witnessesIn(world.records), killedAt)
  const { runs, held } = await accountsOf(world.server.client(), receipts)
  const ran = ofJobs(executions)
  const served = ofJobs(held)
  const wrong: string[] = [...stopped]
  const most: Record<string, number> = {}
  const closest: Record<string, number> = {}
  const atOnce = (what: string, spans: readonly (Execution | Held)[], maxOf: (span: Execution | Held) => number): void => {
    for (const of of Map.groupBy(spans, ({ key }) => key).values()) {
      const found = tooManyAtOnce(of, maxOf)
      wrong.push(...found.wrong.map(text => `${what}: ${text}`))
      most[what] = Math.max(most[what] ?? 0, found.most)
    }
  }
  const inWindow = (what: string, spans: readonly (Execution | Held)[], everyMs: number): void => {
    for (const of of Map.groupBy(spans, ({ key }) => key).values()) {
      const found = tooManyInWindow(of, RATE, everyMs)
      wrong.push(...found.wrong.map(text => `${what}: ${text}`))
      closest[what] = Math.min(closest[what] ?? Number.POSITIVE_INFINITY, found.closest)
    }
  }
  // By the handlers' own word; what a delivery may have found is what its record says.
  const recordOf = new Map(held.map(span => [`${span.run} ${span.attempt}`, span]))
  const found = (limit: string) => (span: Execution | Held) => world.mostOf(limit, recordOf.get(`${span.run} ${span.attempt}`) ?? null)
  atOnce('handlers of a user', ran(perUser), found('per-user/key'))
  atOnce('handlers of the pool', inPool(ran(pooledOne, pooledTwo)), found('warehouse'))
  atOnce('handlers of turns', inPool(ran(turns)), () => TURNS_AT_ONCE)
  inWindow('handlers of a rate', ran(rated), EVERY_MS - WAY_MS)
  wrong.push(
    ...outOfTurn(
      receipts.filter(({ job }) => job === ordered.name),
      ran(ordered),
    ),
  )
  // By the server's record, to the millisecond.
  atOnce('deliveries of a user', served(perUser), found('per-user/key'))
  atOnce('deliveries of the pool', inPool(served(pooledOne, pooledTwo)), found('warehouse'))
  atOnce('deliveries of turns', inPool(served(turns)), () => TURNS_AT_ONCE)
  inWindow('deliveries of a rate', served(rated), EVERY_MS - RECORD_MS)
  wrong.push(
    ...outOfTurn(
      receipts.filter(({ job }) => job === ordered.name),
      served(ordered),
    ),
  )
  // Each handler's start is of a delivery of its own, and what a killed worker had was lost no sooner than its lease ended.
  const starts = new Set<string>()
  for (const { run, attempt } of executions) {
    const id = `${run} ${attempt}`
    if (starts.has(id)) wrong.push(`${id}: two handlers`)
    if (!recordOf.has(id)) wrong.push(`${id}: a handler, and no record of its delivery`)
    starts.add(id)
  }
  for (const span of held)
    if (span.end === 'lost' && span.to - span.from < LEASE_MS - RECORD_MS) wrong.push(`lost before the lease's end: ${JSON.stringify(span)}`)
  const failed = [...runs.values()].filter(({ state }) => state !== 'completed')
  const across = executions.filter(({ from, to }) => world.serverKills.some(at => from < at && to > at)).length
  const lost = held.filter(({ end }) => end === 'lost').length
  console.log(JSON.stringify({ runs: runs.size, executions: executions.length, lost, across, most, closest }))

  expect(wrong.slice(0, 5), `${wrong.length} are wrong`).toEqual([])
  expect(runs.size).toBe(receipts.length)
  expect(failed.map(({ id, state, reason }) => `${id} ${state} ${reason}`)).toEqual([`${world.fails} failed aborted`])
  expect(turnsWrong(ran(turns))).toEqual([])
  expect(world.server.said).not.toMatch(/invariant|"level":50/)
  // The faults did something, and the limits were met.
  expect(lost, 'workers were killed at work').toBeGreaterThan(0)
  expect(across, 'handlers ran across a kill of the server').toBeGreaterThan(SERVER_KILLS)
  expect(most).toMatchObject({ 'handlers of a user': 3, 'handlers of the pool': 5, 'handlers of turns': TURNS_AT_ONCE })
  expect(closest['deliveries of a rate'], 'the rates were spent to the full').toBeLessThan(1.25 * EVERY_MS)
})

function ofJobs<Span extends Execution | Held>(spans: readonly Span[]): (...jobs: { name: string }[]) => Span[] {
  return (...jobs) => spans.filter(({ job }) => jobs.some(({ name }) => name === job))
}

/** Whatever the key. */
function inPool<Span extends Execution | Held>(spans: readonly Span[]): Span[] {
  return spans.map(span => ({ ...span, key: '' }))
}

/** A small tenant is served as often as the large one as long as it has work: those of the large one that began by then are no more, but for what a successor, which begins the turns anew, and redeliveries add. */
function turnsWrong(spans: readonly Execution[]): string[] {
  const firsts = spans.filter(({ attempt }) => attempt === 1)
  const last = Math.max(...firsts.filter(({ key }) => key !== 'large').map(({ from }) => from))
  const large = firsts.filter(({ key, from }) => key === 'large' && from < last).length
  return large <= 2 * SMALL_TENANT_RUNS ? [] : [`the large tenant had begun ${large} when the last of ${SMALL_TENANT_RUNS} of a small one did`]
}

/** One server, three workers, a client and an operator. */
class World {
  readonly records = stage.file('records.jsonl')
  readonly receipts: LimitedReceipt[] = []
  /** By the process, when it was no more. */
  readonly killedAt = new Map<number, number>()
  readonly serverKills: number[] = []
  readonly #versions = new Map<string, Version[]>()
  readonly #database = stage.file('main.db')
  readonly #workers: WorkerChild[] = []
  #begun = 0
  server!: Server
  /** The run that stops its sequence. */
  fails!: string

  async begin(): Promise<void> {
    writeFileSync(this.records, '')
    await this.#serve()
    this.#versions.set('per-user/key', [{ from: 0, to: Number.POSITIVE_INFINITY, max: 2 }])
    const client = this.server.client()
    await client.register([perUser, pooledOne, pooledTwo, rated, ordered, turns])
    await this.#set('warehouse', 4, { on: 'pool' })
    await this.#start(turns, 'large', 400)
    for (const key of ['small', 'tiny']) await this.#start(turns, key, SMALL_TENANT_RUNS)
    for (let target = 0; target < 4; target++) await this.#start(rated, `target-${target}`, 120)
    for (let number = 0; number < 3; number++) this.#workers.push(this.#worker())
  }

  /** Started as it goes, across the kills, a part of each job at a time. */
  async load(): Promise<void> {
    for (let part = 0; part < 10; part++) {
      for (let user = 0; user < 6; user++) await this.#start(perUser, `user-${user}`, 16)
      for (let target = 0; target < 4; target++) await this.#start(rated, `target-${target}`, 8)
      for (let order = 0; order < 30; order++) await this.#start(ordered, `order-${order}`, 2)
      await this.#start(pooledOne, 'pool', 20)
      await this.#start(pooledTwo, 'pool', 10)
      if (part === 3) await this.#start(ordered, 'stops', 1)
      if (part === 4) this.fails = (await this.#start(ordered, 'stops', 1, { fails: true }))[0] as string
      if (part === 5) await this.#start(ordered, 'stops', BEHIND_FAILED)
    }
  }

  async faults(): Promise<void> {
    for (let kill = 1; kill <= SERVER_KILLS; kill++) {
      await this.#progress(100)
      await this.#spent()
      if (kill === 2) await this.#killWorker(0)
      await this.server.kill('SIGKILL')
      this.serverKills.push(now())
      if (kill === 3 || kill === 5) await this.#killWorker(kill % 3)
      await this.#serve()
      await this.#progress(50)
      if (kill === 1) await this.#set('per-user/key', 1)
      if (kill === 2) await this.#set('per-user/key', 3)
      if (kill === 2) await this.#set('warehouse', 2, { on: 'pool' })
      if (kill === 3) await this.#set('warehouse', 5, { on: 'pool' })
      if (kill === 4) await this.#set('per-user/key', 2)
    }
  }

  /** Every run is closed, but for so many. */
  async quiet(open = 0): Promise<void> {
    await quiet(this.server.client(), { open, everyMs: 50 })
  }

  /** Those behind the failed run have not begun; they go on when somebody says so. */
  async stoppedSequence(): Promise<string[]> {
    const client = this.server.client()
    const behind = new Set(
      this.receipts
        .filter(({ key }) => key === 'stops')
        .slice(-BEHIND_FAILED)
        .map(({ run }) => run),
    )
    const begun = witnessesIn(this.records).filter(({ run }) => behind.has(run))
    await client.call('sequences.resume', { name: ordered.name }, { key: 'stops' })
    return begun.map(({ run }) => `${run} began, and its sequence had stopped`)
  }

  /** The most that the limit was when this was decided. */
  mostOf(limit: string, span: Held | null): number {
    const versions = this.#versions.get(limit) as Version[]
    return Math.max(0, ...versions.filter(({ from, to }) => span !== null && from <= span.from && span.from <= to).map(({ max }) => max))
  }

  async #set(limit: string, max: number, more: Partial<LimitSettings> = {}): Promise<void> {
    const versions = this.#versions.get(limit) ?? []
    this.#versions.set(limit, versions)
    const version = { from: Date.now(), to: Number.POSITIVE_INFINITY, max }
    await this.server.client().limits.set(limit, { concurrency: max, ...more } as LimitSettings)
    const before = versions.at(-1)
    if (before !== undefined) before.to = Date.now()
    versions.push(version)
  }

  async #start<Input extends Keyed>(job: Job<Input, unknown>, key: string, count: number, more: { fails?: boolean } = {}): Promise<string[]> {
    const inputs = Array.from({ length: count }, () => {
      const n = this.#begun++
      return { input: { key, ms: n % LONG_EVERY === 0 && job.name !== ordered.name ? LONG_MS : 20 + (n % 61), ...more } as unknown as Input }
    })
    const handles = await this.#client.startMany(job, inputs)
    const weight = job.name === pooledTwo.name ? 2 : 1
    this.receipts.push(...handles.map(({ id }) => ({ run: id, job: job.name, key, weight })))
    return handles.map(({ id }) => id)
  }

  async #serve(): Promise<void> {
    this.server = await stage.server({ database: this.#database, lease: `${LEASE_MS}ms`, ...(this.server && { port: this.server.port }) })
    this.#client ??= this.server.client()
  }
  #client!: ReturnType<Server['client']>

  #worker(): WorkerChild {
    return stage.worker({ url: this.server.url, jobs: 'limited', slots: 60, name: `worker-${this.killedAt.size}`, records: this.records })
  }

  async #killWorker(number: number): Promise<void> {
    const worker = this.#workers[number] as WorkerChild
    await worker.kill('SIGKILL')
    this.killedAt.set(worker.pid, now())
    this.#workers[number] = this.#worker()
  }

  /** So many more handlers have begun. */
  async #progress(starts: number, of: (run: string) => boolean = () => true): Promise<void> {
    const count = (): number => witnessesIn(this.records).filter(({ is, run }) => is === 'start' && of(run)).length
    const from = count()
    await until('the workers get on', () => count() >= from + starts, 20)
  }

  /** A window of the rates has just been spent: a successor that forgot it would begin with a full one. */
  async #spent(): Promise<void> {
    const runs = new Set(this.receipts.filter(({ job }) => job === rated.name).map(({ run }) => run))
    await this.#progress(RATE, run => runs.has(run))
  }
}
