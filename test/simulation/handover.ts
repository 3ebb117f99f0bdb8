import { newId, type RunId } from '../../src/core/ids.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Delivery, Engine, Poll, StartAnswer } from '../../src/engine/face.ts'
import { openMemoryStore } from '../../src/store/memory/store.ts'
import { Cluster, type Node, type Outcome } from './cluster.ts'
import { World } from './world.ts'

const NAMESPACE = 'default'
const JOB = 'due'
/** One job falls due every so many milliseconds, for six seconds; those of one call live together. */
const EVERY_MS = 5
const CALLS = 48
const JOBS_PER_CALL = 25
const CALL_MS = 15_000
const LATENCY_MS = 2
/** Nodes share the shards by then, and what is started is on its way. */
const BEGUN_MS = 3_000
const STARTED_MS = 1_500
const ALL_MS = 20_000

export interface Leaving {
  cluster: Cluster
  node: Node
  drain(): Promise<void>
}
export interface Handover {
  seed: number
  /** Where the worker polls. */
  worker: 'leaving' | 'other'
  go(leaving: Leaving): unknown
}

/**
 * Two nodes at default settings, a worker at one of them, a job due every 5 ms; then one of the nodes goes. Answers how late the latest of the jobs that fell due
 * after that was handed out, in milliseconds of virtual time.
 */
export async function handover({ seed, worker: polls, go }: Handover): Promise<number> {
  const world = new World(seed)
  const { rng } = world
  const store = openMemoryStore({ now: () => world.wall() })
  const dueAt = new Map<RunId, number>()
  const late = new Map<RunId, number>()
  let goneAt = Number.POSITIVE_INFINITY
  const cluster = new Cluster(
    {
      ...{ world, rng: rng.fork(), store, storeOfOlder: store, sizes: {}, createEngine },
      plantStore: store => store,
      plantEngine: engine => engine,
      plantOptions: options => options,
      born: () => {},
      handedOut: (_, { outcome }) => {
        for (const { run } of outcome.is === 'answer' ? outcome.value.tasks : [])
          if (!late.has(run)) late.set(run, world.wall() - (dueAt.get(run) ?? 0))
      },
    },
    2,
  )
  const fresh = (): string => newId(world.wall(), () => rng.next())
  const ask = <T>(node: Node, name: string, run: (engine: Engine, signal: AbortSignal) => Promise<T>): Promise<Outcome<T>> =>
    cluster.call({ node, name, timeoutMs: CALL_MS, run })
  const [leaving, other] = (rng.chance(0.5) ? cluster.nodes : cluster.nodes.toReversed()) as [Node, Node]

  async function starts(): Promise<void> {
    const definition = { kind: 'job' as const, name: JOB, version: '1', options: {}, schema: null }
    await ask(other, 'register', engine => engine.definitions.register(NAMESPACE, [definition]))
    const from = world.wall() + STARTED_MS
    for (let call = 0; call < CALLS; call++) {
      const times = Array.from({ length: JOBS_PER_CALL }, (_, index) => from + (index * CALLS + call) * EVERY_MS)
      const starts = times.map(at => ({
        ...{ definition: JOB, input: null, trigger: { is: 'call' as const } },
        options: { delayMs: Math.round(at - world.wall()) },
      }))
      const answer = await ask<StartAnswer[]>(other, 'start', engine => engine.runs.start(NAMESPACE, { callKey: fresh(), by: null, starts }))
      if (answer.is !== 'answer') return world.fail('jobs could not be started', { answer })
      for (const [index, started] of answer.value.entries()) if (started.is !== 'refused') dueAt.set(started.run, times[index] as number)
    }
    goneAt = from + rng.between(0, 500)
    await world.sleep(goneAt - world.wall())
    go({
      ...{ cluster, node: leaving },
      drain: async () => {
        const nodes = await ask(other, 'nodes', engine => engine.nodes.list())
        const found = nodes.is === 'answer' ? nodes.value.find(({ name }) => name === leaving.life?.name) : undefined
        if (found === undefined) return world.fail('the node is not listed', { nodes })
        await ask(other, 'drain', engine => engine.nodes.drain(found.id, { id: fresh(), by: 'operator', why: null }))
      },
    })
  }

  async function works(node: Node): Promise<void> {
    const worker = fresh()
    for (let last: string | null = null; ; ) {
      await world.sleep(1)
      const poll: Poll = {
        ...{ worker, workerName: 'worker', queues: [], serves: [{ definition: JOB, version: '1' }], labels: {} },
        ...{ slots: 50, max: 50, waitMs: 10_000, last },
      }
      const found = await ask(node, 'poll', (engine, signal) => engine.tasks.poll(NAMESPACE, poll, signal))
      if (found.is !== 'answer') continue
      last = found.value.answer
      for (const task of found.value.tasks) void completes(node, worker, task)
    }
  }

  async function completes(node: Node, worker: string, { run, task, attempt, delivery }: Delivery): Promise<void> {
    const result = { run, task, attempt, delivery, is: 'completed' as const, output: null }
    while ((await ask(node, 'complete', engine => engine.tasks.complete(NAMESPACE, worker, [result]))).is !== 'answer') await world.sleep(50)
  }

  for (const node of cluster.nodes) {
    node.link.latencyMs = LATENCY_MS
    world.after(rng.between(0, 50), () => cluster.start(node))
  }
  cluster.network.latencyMs = LATENCY_MS
  await world.run(BEGUN_MS)
  void starts()
  void works(polls === 'leaving' ? leaving : other)
  await world.run(ALL_MS)
  if (world.failure !== null) throw world.failure
  const after = [...dueAt].filter(([, at]) => at > goneAt).map(([run]) => late.get(run) ?? Number.POSITIVE_INFINITY)
  return Math.round(Math.max(...after))
}
