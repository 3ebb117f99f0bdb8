import type { NodeId, RunId } from '../core/ids.ts'
import type { Clock } from '../engine/clock.ts'
import type { Engine, LiveEvent, Peer } from '../engine/face.ts'
import type { Way } from './way.ts'

type Listener = (event: LiveEvent) => void

interface Followed {
  namespace: string
  run: RunId | null
  listeners: Set<Listener>
  nodes: Map<NodeId, AbortController>
  /** Until all nodes are followed that answer. */
  opening: Promise<void> | null
}

const OPEN_MS_MAX = 1_000

/**
 * Live events of all nodes: one stream from each other node for all who follow the same here. Of a stream that breaks, and of one that is opened later, what was
 * told before is not known: those who follow are told to read anew.
 */
export class Streams {
  readonly #local: Engine
  readonly #way: Way
  readonly #clock: Clock
  readonly #followed = new Map<string, Followed>()

  constructor(local: Engine, { way, clock }: { way: Way; clock: Clock }) {
    this.#local = local
    this.#way = way
    this.#clock = clock
  }

  async subscribe(namespace: string, run: RunId | null, listener: Listener): Promise<() => void> {
    const key = JSON.stringify([namespace, run])
    const followed = this.#followed.get(key) ?? { namespace, run, listeners: new Set(), nodes: new Map(), opening: null }
    this.#followed.set(key, followed)
    followed.listeners.add(listener)
    const leaveLocal = await this.#local.subscribe(namespace, run, listener)
    followed.opening ??= this.#everywhere(followed, false)
    await followed.opening
    return () => {
      leaveLocal()
      followed.listeners.delete(listener)
      if (followed.listeners.size > 0) return
      this.#followed.delete(key)
      for (const abort of followed.nodes.values()) abort.abort()
    }
  }

  /** Nodes have come or gone. */
  look(): void {
    for (const followed of this.#followed.values()) void this.#everywhere(followed, true)
  }

  /** Resolves when all nodes are followed that answer. `later`: what is not followed yet has told something before. */
  async #everywhere(followed: Followed, later: boolean): Promise<void> {
    const others = this.#local.places.others()
    let isLate = later
    for (const [id, abort] of followed.nodes) if (!others.some(node => node.id === id)) abort.abort()
    const opened = others.filter(({ id }) => !followed.nodes.has(id)).map(node => this.#opened(followed, node, () => isLate))
    let cancel = (): void => {}
    const late = new Promise<void>(resolve => {
      cancel = this.#clock.after(OPEN_MS_MAX, resolve)
    })
    await Promise.race([Promise.all(opened), late])
    cancel()
    isLate = true
  }

  async #opened(followed: Followed, node: Peer, isLate: () => boolean): Promise<void> {
    const { namespace, run, nodes } = followed
    const abort = new AbortController()
    nodes.set(node.id, abort)
    try {
      const events = await this.#way.follow(node, namespace, run, abort.signal)
      if (isLate()) tell(followed, LAGGED)
      void this.#read(followed, node, events, abort)
    } catch {
      this.#closed(followed, node, abort)
    }
  }

  async #read(followed: Followed, node: Peer, events: AsyncIterable<LiveEvent>, abort: AbortController): Promise<void> {
    try {
      for await (const event of events) tell(followed, event)
    } catch {
      // Broken, or nobody follows any more.
    }
    this.#closed(followed, node, abort)
    tell(followed, LAGGED)
  }

  #closed({ nodes }: Followed, { id }: Peer, abort: AbortController): void {
    if (nodes.get(id) === abort) nodes.delete(id)
  }
}

const LAGGED: LiveEvent = { is: 'lagged' }

function tell({ listeners }: Followed, event: LiveEvent): void {
  for (const listener of [...listeners]) listener(event)
}
