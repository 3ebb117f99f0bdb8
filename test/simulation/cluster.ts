import { type ClusterEngine, clusterEngine } from '../../src/cluster/engine.ts'
import { Unanswered, type Way } from '../../src/cluster/way.ts'
import { UserError } from '../../src/core/errors.ts'
import type { AnswerId } from '../../src/core/ids.ts'
import type { Delivery, Engine, Poll } from '../../src/engine/face.ts'
import type { EngineOptions, Sizes } from '../../src/engine/options.ts'
import type { Store } from '../../src/store/store.ts'
import { Life } from './life.ts'
import { nodeStore, StoreLink } from './links.ts'
import type { Rng } from './rng.ts'
import type { World } from './world.ts'

/** A process that runs an engine: one life after another. */
export interface Node {
  readonly index: number
  readonly link: StoreLink
  /** Calls to it, or its answers, do not get through (one-way partitions: each by itself). */
  deaf: number
  mute: number
  /** Its next life is one of the version before (E11). */
  older: boolean
  life: Life | null
  /** What clients and workers talk to: it hands on what is another's (E22). */
  engine: Engine | null
  clustered: ClusterEngine | null
  local: Engine | null
}

export type Outcome<T> = { is: 'answer'; value: T } | { is: 'problem'; error: UserError } | { is: 'lost' }

/** What a node said, at the moment it said it, whether or not anybody hears it: the invariants judge it there. */
export interface Said<T> {
  outcome: { is: 'answer'; value: T } | { is: 'problem'; error: UserError }
  life: Life
  /** When the call reached the node. */
  arrivedAt: number
}

export interface Call<T> {
  node: Node
  name: string
  timeoutMs: number
  run(engine: Engine, signal: AbortSignal): Promise<T>
  said?(said: Said<T>): void
  /** The network may deliver it once more, minutes later. */
  repeatable?: boolean
  /** The machine of one of its runs may throw where there is nothing yet that could be stuck: `internal` is an answer (E14). */
  mayThrow?: boolean
}

/** How badly the network between clients, workers and nodes behaves now. */
export interface Network {
  latencyMs: number
  /** Calls that never arrive, answers that never arrive, calls that arrive once more later. */
  losesCalls: number
  losesAnswers: number
  repeats: number
}

const REPEATED_WITHIN_MS = 60_000

export interface ClusterOptions {
  world: World
  rng: Rng
  /** Where the nodes' writes land. */
  store: Store
  storeOfOlder: Store
  sizes: Partial<Sizes>
  createEngine(options: EngineOptions): Engine
  /** Bugs planted in what a node sees. */
  plantStore(store: Store, life: Life): Store
  plantEngine(engine: Engine, life: Life): Engine
  plantOptions(options: EngineOptions): EngineOptions
  /** A new life has begun: the invariants look at what its engine tells. */
  born(engine: Engine, life: Life): void
  /** A node answered a poll, of a worker or of another node. */
  handedOut(poll: Poll, said: Said<{ answer: AnswerId; tasks: Delivery[] }>): void
}

/** A call between nodes that gets lost is given up within so long. */
const LOST_MS_MAX = 2_000

/** Nodes, their network and their lives. */
export class Cluster {
  readonly nodes: Node[]
  readonly network: Network = { latencyMs: 4, losesCalls: 0, losesAnswers: 0, repeats: 0 }
  /** Calls that nodes have handed on. */
  relayed = 0
  readonly #options: ClusterOptions
  #lives = 0

  constructor(options: ClusterOptions, nodes: number) {
    this.#options = options
    this.nodes = Array.from({ length: nodes }, (_, index) => ({
      index,
      link: new StoreLink(),
      deaf: 0,
      mute: 0,
      older: false,
      life: null,
      engine: null,
      clustered: null,
      local: null,
    }))
  }

  start(node: Node): void {
    if (node.life !== null) return
    const { world, rng, sizes } = this.#options
    const store = node.older ? this.#options.storeOfOlder : this.#options.store
    const life = new Life(world, `n${node.index}.${++this.#lives}${node.older ? '-' : ''}`)
    const random = rng.fork()
    const seen = this.#options.plantStore(nodeStore(store, world, life, node.link, rng.fork()), life)
    const options: EngineOptions = {
      store: seen,
      clock: life.clock(),
      random: () => random.next(),
      nodeName: life.name,
      address: life.name,
      sizes,
      log: (level, message, facts) => {
        if (level !== 'debug') world.note(() => `${life.name.padEnd(6)} ${level}: ${message} ${JSON.stringify(facts)}`)
      },
    }
    const local = this.#judged(this.#options.plantEngine(this.#options.createEngine(this.#options.plantOptions(options)), life), life)
    const clustered = clusterEngine(local, { way: this.#wayOf(node, life), clock: life.clock(), random: () => random.next() })
    const { engine } = clustered
    Object.assign(node, { life, engine, clustered, local })
    world.note(() => `${life.name.padEnd(6)} begins`)
    this.#options.born(local, life)
    // A start that fails ends the process; whoever supervises it starts it again.
    engine.start().catch((error: unknown) => {
      world.note(() => `${life.name.padEnd(6)} did not start: ${String(error)}`)
      if (node.life !== life) return
      this.kill(node)
      world.after(500, () => this.start(node))
    })
  }

  kill(node: Node): void {
    node.life?.world.note(() => `${node.life?.name.padEnd(6)} is killed`)
    node.life?.kill()
    Object.assign(node, { life: null, engine: null, clustered: null, local: null })
  }

  /** Drains it (E25), then the process ends, in time or by force. */
  stop(node: Node, graceMs: number): void {
    const { life, engine } = node
    if (life === null || engine === null) return
    const end = () => {
      if (node.life === life) this.kill(node)
    }
    life.world.note(() => `${life.name.padEnd(6)} is asked to stop`)
    engine.stop().then(end, end)
    life.world.after(graceMs, end)
  }

  pause(node: Node): void {
    node.life?.world.note(() => `${node.life?.name.padEnd(6)} stands still`)
    node.life?.pause()
  }

  resume(node: Node): void {
    node.life?.world.note(() => `${node.life?.name.padEnd(6)} goes on`)
    node.life?.resume(this.#options.rng.chance(0.5))
  }

  /** A call over the network: answered, refused, or lost before or after it was executed. */
  call<T>(call: Call<T>): Promise<Outcome<T>> {
    const { world, rng } = this.#options
    const { network } = this
    return new Promise(resolve => {
      const abort = new AbortController()
      const timer = world.after(call.timeoutMs, () => {
        resolve({ is: 'lost' })
        // The node notices that the socket is closed, or does not.
        if (rng.chance(0.7)) this.#way(call.node, () => abort.abort())
      })
      const heard = (outcome: Outcome<T>) => {
        timer.call = null
        resolve(outcome)
      }
      if (!rng.chance(network.losesCalls)) this.#arrive(call, abort.signal, heard)
      if (call.repeatable && rng.chance(network.repeats))
        world.after(rng.between(500, REPEATED_WITHIN_MS), () => {
          // Not when faults have stopped.
          if (network.repeats > 0) this.#arrive({ ...call, node: rng.pick(this.nodes) }, new AbortController().signal, () => {})
        })
    })
  }

  /** From a node to the others: each call and answer takes its time, or gets lost. */
  #wayOf(from: Node, life: Life): Way {
    const { world, rng } = this.#options
    return {
      // What nodes tell of their commits is judged at each of them.
      follow: () => Promise.reject(new Unanswered()),
      ask: (peer, method, args, signal) =>
        new Promise((resolve, reject) => {
          const settle = (call: () => void) => life.enter('answer', call)
          const lost = () => settle(() => reject(new Unanswered()))
          signal.addEventListener('abort', lost)
          if (signal.aborted) return lost()
          const loses = () => rng.chance(this.network.losesCalls)
          const target = this.nodes.find(node => node.life?.name === peer.name)
          if (target === undefined || loses()) return void world.after(rng.between(1, LOST_MS_MAX), lost)
          const abort = new AbortController()
          signal.addEventListener('abort', () => this.#way(target, () => abort.abort()))
          const sent = JSON.stringify(args)
          this.relayed++
          // A node that is deaf or dead is found out after a while.
          world.after(LOST_MS_MAX * 2, () => (target.life === null || target.deaf > 0 ? lost() : undefined))
          this.#way(target, there => {
            const { clustered } = target
            if (clustered === null || target.life !== there) return
            const given = JSON.parse(sent) as unknown[]
            const back = (call: () => void) => {
              if (there.dead || target.mute > 0 || loses()) return void world.after(rng.between(1, LOST_MS_MAX), lost)
              world.after(rng.between(0.05, this.network.latencyMs), () => (from.deaf > 0 ? lost() : settle(call)))
            }
            clustered.answer(method, given, abort.signal).then(
              answer => {
                if (there.dead) return
                const text = JSON.stringify(answer ?? null)
                back(() => resolve(JSON.parse(text) ?? undefined))
              },
              (error: unknown) => {
                if (error instanceof UserError) return back(() => reject(error))
                world.fail(`${method} threw what is not the user's at a node that was asked`, { error: String((error as Error).stack) })
              },
            )
          })
        }),
    }
  }

  /** What a node hands out is judged when it does, whoever asked for it. */
  #judged(engine: Engine, life: Life): Engine {
    const poll: Engine['tasks']['poll'] = async (namespace, asked, signal) => {
      const arrivedAt = this.#options.world.now
      const value = await engine.tasks.poll(namespace, asked, signal)
      if (!life.dead) this.#options.handedOut(asked, { outcome: { is: 'answer', value }, life, arrivedAt })
      return value
    }
    return { ...engine, tasks: { ...engine.tasks, poll } }
  }

  #way(node: Node, arrive: (life: Life) => void): void {
    const { world, rng } = this.#options
    world.after(rng.between(0.05, this.network.latencyMs), () => {
      const { life } = node
      if (life !== null && node.deaf === 0) life.enter('answer', () => arrive(life))
    })
  }

  #arrive<T>(call: Call<T>, signal: AbortSignal, heard: (outcome: Outcome<T>) => void): void {
    const { world, rng } = this.#options
    const { node } = call
    this.#way(node, life => {
      const { engine } = node
      if (engine === null || node.life !== life) return
      const arrivedAt = world.now
      const answer = (outcome: Said<T>['outcome']) => {
        if (life.dead) return
        call.said?.({ outcome, life, arrivedAt })
        if (node.mute > 0 || rng.chance(this.network.losesAnswers)) return
        world.after(rng.between(0.05, this.network.latencyMs), () => {
          if (node.mute === 0) heard(outcome)
        })
      }
      asked(() => call.run(engine, signal)).then(
        value => answer({ is: 'answer', value }),
        (error: unknown) => {
          if (error instanceof UserError && (error.code !== 'internal' || call.mayThrow)) return answer({ is: 'problem', error })
          world.fail(`${call.name} threw what is not the user's`, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
        },
      )
    })
  }
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  return ask()
}
