import { type ClusterEngine, clusterEngine } from '../../src/cluster/engine.ts'
import { Unanswered, type Way } from '../../src/cluster/way.ts'
import { UserError } from '../../src/core/errors.ts'
import { slotOf } from '../../src/core/ids.ts'
import { seeded } from '../../src/core/seeded.ts'
import type { DefinitionOptions, Delivery, Engine, LiveEvent, Peer, Poll, StartRequest } from '../../src/engine/face.ts'
import { settle, TestClock } from '../../src/engine/test-clock.ts'
import { TestNode } from '../../src/engine/test-engine.ts'
import { openMemoryStore } from '../../src/store/memory/store.ts'

/** What the network does with one call: `call` loses it, `answer` loses its answer, `never` loses both and says nothing. */
export type Loss = 'call' | 'answer' | 'never'

export interface TestMember {
  readonly peer: Peer
  readonly local: Engine
  readonly cluster: ClusterEngine
  readonly engine: Engine
  alive: boolean
}

/**
 * Nodes that share the slots evenly, each with a store of its own: what is asked of the wrong one is not there at all. Its engine refuses the slots that it
 * does not hold, as one that shares a store does.
 */
export class TestCluster {
  readonly clock = new TestClock()
  readonly members: TestMember[] = []
  /** Who owns a slot; null: nobody. */
  owner: (slot: number) => number | null = slot => Math.floor((slot * this.members.length) / 65_536)
  /** Those that serve nothing now. */
  readonly idle = new Set<number>()
  /** What becomes of a call. */
  loses: (asked: { from: number; to: number; method: string }) => Loss | null = () => null
  readonly streams = new Set<{ to: number; broken: boolean; wake(): void }>()
  readonly asked: { from: number; to: number; method: string }[] = []

  static async start(count: number, definitions: Record<string, DefinitionOptions> = { mail: {} }): Promise<TestCluster> {
    const cluster = new TestCluster()
    for (let index = 0; index < count; index++) {
      const node = await TestNode.start(openMemoryStore({ now: () => cluster.clock.now() }), definitions, { clock: cluster.clock, seed: index + 1 })
      cluster.add(node.engine, index)
    }
    for (const member of cluster.members) member.cluster.begin()
    await settle()
    return cluster
  }

  add(engine: Engine, index: number): void {
    const peer = { id: `node-${index}`, name: `node ${index}`, address: `node-${index}` }
    const local = this.#sharing(engine, index)
    const member: TestMember = { peer, local, alive: true, ...this.#clustered(local, index) }
    this.members.push(member)
  }

  /** Streams of a node end, and what they had to tell is lost. */
  breakStreams(to: number): void {
    for (const stream of this.streams)
      if (stream.to === to) {
        stream.broken = true
        stream.wake()
      }
  }

  member(index: number): TestMember {
    return this.members[index] as TestMember
  }

  engine(index: number): Engine {
    return this.member(index).engine
  }

  /** A key whose run lives at that node. */
  keyAt(index: number, definition = 'mail', name = 'key'): string {
    for (let n = 0; ; n++) {
      const start: StartRequest = { definition, input: null, key: `${name}-${n}`, options: {}, trigger: { is: 'call' } }
      const [slot] = this.member(0).local.homes.starts('default', { callKey: 'x', by: null, starts: [start] })
      if (this.owner(slot as number) === index) return `${name}-${n}`
    }
  }

  async start(index: number, ...requests: Partial<StartRequest>[]): Promise<string[]> {
    const starts = requests.map(request => ({ definition: 'mail', input: null, options: {}, trigger: { is: 'call' as const }, ...request }))
    const answers = await this.engine(index).runs.start('default', { callKey: null, by: null, starts })
    return answers.map(answer => (answer as { run: string }).run)
  }

  ownerOfRun(run: string): number | null {
    return this.owner(slotOf(run))
  }

  poll(index: number, changes: Partial<Poll> = {}, signal = new AbortController().signal): Promise<{ answer: string; tasks: Delivery[] }> {
    const poll: Poll = {
      worker: 'w1',
      workerName: 'box:1',
      last: null,
      queues: [],
      serves: [{ definition: 'mail', version: null }],
      labels: {},
      max: 10,
      slots: 10,
      waitMs: 0,
      ...changes,
    }
    return this.engine(index).tasks.poll('default', poll, signal)
  }

  #clustered(local: Engine, from: number): Pick<TestMember, 'cluster' | 'engine'> {
    const way: Way = {
      ask: (node, method, args, signal) => this.#ask(from, node, method, args, signal),
      follow: (node, namespace, run, signal) => this.#follow(from, node, namespace, run, signal),
    }
    const cluster = clusterEngine(local, { way, clock: this.clock, random: seeded(100 + from) })
    return { cluster, engine: cluster.engine }
  }

  async #ask(from: number, node: Peer, method: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const to = this.members.findIndex(({ peer }) => peer.id === node.id)
    const member = this.member(to)
    this.asked.push({ from, to, method })
    const loss = this.loses({ from, to, method })
    await turn()
    if (loss === 'never') await aborted(signal)
    if (loss === 'call' || !member.alive || signal.aborted) throw new Unanswered()
    const answer = member.cluster.answer(method, overTheWire(args) as unknown[], signal)
    const told = await Promise.race([answer, aborted(signal).then(() => Promise.reject(new Unanswered()))]).catch(error => {
      throw error instanceof UserError ? new UserError(error.code, overTheWire(error.problem) as object) : error
    })
    await turn()
    if (loss === 'answer') throw new Unanswered()
    return overTheWire(told)
  }

  async #follow(from: number, node: Peer, namespace: string, run: string | null, signal: AbortSignal): Promise<AsyncIterable<LiveEvent>> {
    const to = this.members.findIndex(({ peer }) => peer.id === node.id)
    const member = this.member(to)
    this.asked.push({ from, to, method: 'follow' })
    await turn()
    if (!member.alive || this.loses({ from, to, method: 'follow' }) !== null) throw new Unanswered()
    const events: LiveEvent[] = []
    let wake = (): void => {}
    const stream = { to, broken: false, wake: () => wake() }
    this.streams.add(stream)
    signal.addEventListener('abort', stream.wake)
    const leave = await member.cluster.follow(namespace, run, event => {
      events.push(overTheWire(event) as LiveEvent)
      wake()
    })
    const { streams } = this
    return (async function* () {
      try {
        for (;;) {
          while (events.length > 0) yield events.shift() as LiveEvent
          if (signal.aborted || stream.broken) throw new Unanswered()
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      } finally {
        leave()
        streams.delete(stream)
      }
    })()
  }

  #sharing(engine: Engine, index: number): Engine {
    const self = `node-${index}`
    const others = (): TestMember[] => this.members.filter(({ peer, alive }) => peer.id !== self && alive)
    const holds = (slot: number): boolean => this.owner(slot) === index
    const refusing = <T>(slots: readonly number[], call: () => Promise<T>): Promise<T> =>
      slots.every(holds) ? call() : Promise.reject(new UserError('unavailable', { hint: 'another node serves it' }))
    const byRun = <A extends unknown[], R>(call: (namespace: string, id: string, ...rest: A) => Promise<R>) => {
      return (namespace: string, id: string, ...rest: A): Promise<R> => refusing([slotOf(id)], () => call(namespace, id, ...rest))
    }
    const slotsOf = (items: readonly { run: string }[]): number[] => items.map(({ run }) => slotOf(run))
    return {
      ...engine,
      places: {
        self,
        holds,
        ownerOf: slot => this.members[this.owner(slot) ?? -1]?.peer ?? null,
        others: () => others().map(({ peer }) => peer),
        refresh: async () => {},
        onMoved: () => {},
        onChanged: () => {},
        hint: () => {},
      },
      runs: {
        ...engine.runs,
        start: (namespace, call) => refusing(engine.homes.starts(namespace, call), () => engine.runs.start(namespace, call)),
        cancel: byRun(engine.runs.cancel),
        terminate: byRun(engine.runs.terminate),
        wait: byRun(engine.runs.wait),
        explain: byRun(engine.runs.explain),
      },
      serves: () => !this.idle.has(index),
      tasks: {
        ...engine.tasks,
        head: (namespace, poll) => (this.idle.has(index) ? null : engine.tasks.head(namespace, poll)),
        poll: (namespace, poll, signal) =>
          this.idle.has(index) ? Promise.reject(new UserError('unavailable')) : engine.tasks.poll(namespace, poll, signal),
        complete: (namespace, worker, results) => refusing(slotsOf(results), () => engine.tasks.complete(namespace, worker, results)),
        heartbeat: (namespace, worker, beats) => refusing(slotsOf(beats), () => engine.tasks.heartbeat(namespace, worker, beats)),
      },
    }
  }
}

/** JSON, as between processes. */
function overTheWire(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
