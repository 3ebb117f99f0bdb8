import type { Engine } from '../../src/engine/face.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { schedule } from '../../src/machines/schedule/machine.ts'
import { type MemoryStore, openMemoryStore } from '../../src/store/memory/store.ts'
import type { Tables } from '../../src/store/memory/tables.ts'
import type { Batch, Store } from '../../src/store/store.ts'
import type { Stage } from './actors.ts'
import { Assets } from './assets.ts'
import { Batches, batcher } from './batches.ts'
import { LogBook, SettingsBook } from './books.ts'
import { expectCalm } from './calm.ts'
import { client, register } from './client.ts'
import { Cluster } from './cluster.ts'
import { Dags } from './dags.ts'
import { type Breakage, breakThings, mend } from './faults.ts'
import { HoldBook } from './holds.ts'
import { Judge } from './invariants.ts'
import type { Life } from './life.ts'
import { Notified, withoutLine } from './notified.ts'
import { storeOfOlder } from './older.ts'
import { reshard, upgrade } from './operator.ts'
import { Rng } from './rng.ts'
import { NAMESPACE, POISON, type Scenario, scenarioOf } from './scenario.ts'
import { keeper, Ledgers } from './schedules.ts'
import { Throwing } from './throwing.ts'
import { Truth } from './truth.ts'
import { keepWaiting } from './waiting.ts'
import { Watch } from './watch.ts'
import { Worker } from './worker.ts'
import { VERSIONS, Workflows } from './workflows.ts'
import { type Violation, World } from './world.ts'

/** A bug that is planted at a port of the engine (see plants.ts). All are optional. */
export interface Plant {
  /** In the store itself, where writes land. */
  store?(store: MemoryStore, world: World): Store
  /** Between a node and its way to the store. */
  nodeStore?(store: Store, life: Life): Store
  /** In the engine's face. */
  engine?(engine: Engine, life: Life, store: MemoryStore): Engine
  options?(options: EngineOptions): EngineOptions
  /** What the seed decided may be changed, so that the bug has a chance to show. */
  scenario?(scenario: Scenario): void
}

export interface SimulationOptions {
  seed: number
  createEngine(options: EngineOptions): Engine
  plant?: Plant
  /** False: nothing is limited, whatever the seed says. */
  limits?: boolean
  /** False: there are no DAGs. */
  dags?: boolean
  /** False: nobody is told of runs. */
  notifies?: boolean
  /** False: there are no workflows. */
  workflows?: boolean
  /** Each line of the trace as it happens. */
  echo?: (line: string) => void
}

export interface Simulated {
  seed: number
  failure: Violation | null
  trace: string[]
  counts: Record<string, number>
}

/** One seed: a time in which things break, then a calm in which everything that was promised must come true. */
export async function simulate(options: SimulationOptions): Promise<Simulated> {
  const { seed, plant = {} } = options
  const world = new World(seed, options.echo ?? null)
  const scenario = scenarioOf(new Rng(seed, 1), seed)
  if (options.limits === false) scenario.limited = null
  if (options.dags === false) scenario.dags = false
  if (options.workflows === false) scenario.workflows = false
  if (options.notifies === false) scenario.notifies = false
  plant.scenario?.(scenario)
  if (scenario.notifies && scenario.limited !== null) scenario.limited = withoutLine(scenario.limited)
  if (scenario.workflows && scenario.limited !== null) scenario.limited = { ...scenario.limited, ...Workflows.limited }
  world.note(() => `seed ${seed} ${JSON.stringify(scenario)}`)

  const memory = openMemoryStore({ now: () => world.wall(), refuse: refused })
  const throwing = new Throwing(world)
  const truth = new Truth(world, memory.tables() as Tables, throwing, scenario.sizes.bodyBytesBeforeSegment as number)
  const watch = new Watch(world, truth, memory, scenario.claimTtlMs, scenario.rollbacks)
  const ledgers = new Ledgers(world, memory.tables(), truth.ever, scenario.rollbacks)
  const batches = new Batches(world, memory.tables(), truth, throwing, scenario.rollbacks)
  const holds = new HoldBook(world, truth, scenario, memory.tables() as Tables)
  watch.watcher = {
    committed: batch => {
      ledgers.committed(batch)
      batches.committed(batch)
      notified.committed()
      holds.committed(batch)
      workflows?.committed(batch)
      dags?.past.committed(batch)
      dags?.awaits.committed(batch)
    },
  }
  witness(ledgers)
  const logs = new LogBook(world, truth, scenario)
  const settings = new SettingsBook(world, scenario)
  const judge = new Judge(world, truth, scenario, throwing, logs)
  const notified = new Notified(world, truth, scenario)
  const cluster = new Cluster(
    {
      world,
      rng: world.rng.fork(),
      store: watch.store(plant.store?.(memory, world) ?? memory),
      storeOfOlder: watch.store(storeOfOlder(memory)),
      sizes: scenario.sizes,
      createEngine: options.createEngine,
      plantStore: (store, life) => plant.nodeStore?.(store, life) ?? store,
      plantEngine: (engine, life) => plant.engine?.(engine, life, memory) ?? engine,
      plantOptions: engineOptions => plant.options?.(engineOptions) ?? engineOptions,
      born: engine => void engine.subscribe(NAMESPACE, null, event => judge.live(event)),
      handedOut: (poll, said) => judge.polled(poll, said),
    },
    scenario.nodes,
  )
  const books = { ledgers, batches, logs, settings, holds, tables: memory.tables() as Tables }
  const stage: Stage = { world, cluster, judge, truth, throwing, ...books, scenario, calm: false, runs: [], pauses: new Map(), inputs: 0 }
  const rollback = (transactions: number) => {
    const undone = memory.rollback(transactions)
    world.note(() => `store  goes back by ${undone} transactions`)
    if (undone === 0) return
    watch.rolledBack()
    ledgers.rolledBack()
    dags?.past.rolledBack()
    dags?.awaits.rolledBack()
  }
  const dags = scenario.dags ? new Dags(stage) : null
  const assets = scenario.assets ? new Assets(stage) : null
  const workflows = scenario.workflows ? new Workflows(stage) : null
  const breakage: Breakage = { stage, rng: world.rng.fork(), workers: [], workflows: null, rollback }

  const uninstall = throwing.install()
  const unwatch = holds.install()
  try {
    if (assets !== null) {
      void assets.waits(new Rng(seed, 7))
      void assets.says(new Rng(seed, 8))
    }
    await live(stage, breakage, workflows, dags)
    if (world.failure === null) await calmDown(stage, breakage, memory, workflows, dags)
    if (world.failure === null) assets?.expectAll()
  } finally {
    unwatch()
    uninstall()
  }
  const counts = {
    ...judge.counts,
    ...holds.counts,
    ...workflows?.counts,
    ...(scenario.notifies && { notified: notified.count }),
    ...dags?.counts,
    ...assets?.counts,
    turns: holds.turnsTaken,
    logLines: logs.size,
    stuck: throwing.count,
    events: world.events,
    commits: watch.commits,
    relayed: cluster.relayed,
    runs: truth.ever.size,
    lines: ledgers.lines,
    batches: batches.count,
    virtualMs: Math.round(world.now),
  }
  return { seed, failure: world.failure, trace: world.trace(2_000), counts }
}

async function live(stage: Stage, breakage: Breakage, workflows: Workflows | null, dags: Dags | null): Promise<void> {
  const { world, cluster, scenario } = stage
  for (const node of cluster.nodes) {
    Object.assign(node.link, { latencyMs: scenario.storeLatencyMs, dying: scenario.dying })
    node.older = scenario.upgrades && world.rng.chance(0.5)
    world.after(world.rng.between(0, 300), () => cluster.start(node))
  }
  Object.assign(cluster.network, { losesCalls: scenario.loses, losesAnswers: scenario.loses, repeats: scenario.loses })
  for (let count = 0; count < scenario.clients; count++) void client(stage, world.rng.fork())
  if (scenario.schedules) void keeper(stage, world.rng.fork())
  if (scenario.waiting) void keepWaiting(stage, world.rng.fork())
  if (scenario.batches) void batcher(stage, world.rng.fork())
  if (scenario.reshards) void reshard(stage, world.rng.fork())
  if (scenario.upgrades) void upgrade(stage, world.rng.fork())
  breakage.workers = Array.from({ length: scenario.workers }, () => new Worker(stage, world.rng.fork(), false))
  if (workflows !== null) {
    const rng = new Rng(world.rng.whole(0, 2 ** 32), 5)
    breakage.workflows = { make: () => workflows.worker(rng.fork()), workers: VERSIONS.map(version => workflows.worker(rng.fork(), version)) }
    void workflows.starts(rng.fork())
    void deploys(stage, breakage.workflows, rng.fork())
    workflows.operate(rng.fork())
  }
  if (dags !== null) {
    const rng = new Rng(world.rng.whole(0, 2 ** 32), 6)
    const workers = [dags.worker(rng.fork()), dags.worker(rng.fork())]
    breakage.workflows ??= { make: () => dags.worker(rng.fork()), workers }
    void dags.starts(rng.fork())
    void dags.reruns(rng.fork())
    void dags.answers(rng.fork())
    void dags.past.starts(rng.fork())
    void dags.awaits.starts(rng.fork())
    void dags.memos.starts(rng.fork())
    void dags.past.mends(rng.fork(), stage.tables)
  }
  void breakThings(breakage)
  await world.run(scenario.faultsMs)
}

/** Every few seconds another version of the workflows' code takes the place of a worker, as in a rolling deployment that is taken back now and then. */
async function deploys(stage: Stage, { workers, make }: NonNullable<Breakage['workflows']>, rng: Rng): Promise<void> {
  for (;;) {
    await stage.world.sleep(rng.between(2_000, 8_000))
    if (stage.calm) return
    const index = rng.whole(0, workers.length - 1)
    workers[index]?.die()
    workers[index] = make()
  }
}

async function calmDown(stage: Stage, breakage: Breakage, memory: MemoryStore, workflows: Workflows | null, dags: Dags | null): Promise<void> {
  const { world } = stage
  world.note(() => 'world  calms down')
  stage.calm = true
  mend(breakage)
  // What a rollback took from the definitions is registered again, as each worker does when it starts.
  void register(stage, world.rng.fork())
  for (let count = 0; count < 2; count++) breakage.workers.push(new Worker(stage, world.rng.fork(), true))
  if (workflows !== null) {
    for (const version of VERSIONS) workflows.worker(world.rng.fork(), version)
    void workflows.tellAll(memory.tables() as Tables, world.rng.fork())
  }
  dags?.worker(world.rng.fork())
  await expectCalm(stage, memory)
  workflows?.expectAll()
  dags?.expectAll()
}

/** What this database cannot hold. */
function refused({ writes }: Batch): string | null {
  for (const row of writes.born) if (row.input?.includes(POISON)) return `the input of ${row.id} cannot be held`
  for (const row of [...writes.closed, ...writes.touched])
    if (row.body.includes(POISON) || ('output' in row && row.output?.includes(POISON))) return `the row of ${row.id} cannot be held`
  return null
}

let witnessed: Ledgers | null = null
const { decide } = schedule
Object.assign(schedule, {
  decide: (...given: Parameters<typeof decide>) => {
    const decision = decide(...given)
    for (const event of decision.events) witnessed?.decided(given[2].self, event)
    return decision
  },
})

/** What schedules decide is told to these. */
function witness(ledgers: Ledgers): void {
  witnessed = ledgers
}
