import type { NodeId } from '../core/ids.ts'
import type { Clock } from '../engine/clock.ts'
import type { Engine, Head, Peer } from '../engine/face.ts'
import type { Heads } from './heads.ts'
import { askWithin, type Way } from './way.ts'

/** What nodes tell each other once a second, and at once where there is something that no poll of theirs takes (E24). All of it is a hint. */
export interface News {
  from: NodeId
  heads: Head[]
  /** These are all that it has. */
  all: boolean
}

export const NEWS = 'cluster.news'
const EVERY_MS = 1_000
const HEADS_MAX = 500

interface TellerOptions {
  /** There is something to hand out, here or at another node. */
  ready(head: Head): void
  everySecond(): void
}

export class Teller {
  readonly #local: Engine
  readonly #way: Way
  readonly #clock: Clock
  readonly #heads: Heads
  /** What is yet to be told to those who have not answered the last. */
  readonly #untold = new Map<NodeId, Head[]>()
  readonly #told: TellerOptions
  #cancel = (): void => {}

  constructor(local: Engine, { way, clock }: { way: Way; clock: Clock }, heads: Heads, told: TellerOptions) {
    this.#local = local
    this.#way = way
    this.#clock = clock
    this.#heads = heads
    this.#told = told
  }

  begin(): void {
    const stop = this.#local.tasks.onReady(head => {
      this.#told.ready(head)
      for (const node of this.#local.places.others()) this.#tell(node, [head], false)
    })
    const tell = (): void => {
      const heads = this.#local.tasks.heads(HEADS_MAX)
      for (const node of this.#local.places.others()) this.#tell(node, heads, true)
      this.#told.everySecond()
      const cancel = this.#clock.after(EVERY_MS, tell)
      this.#cancel = () => {
        cancel()
        stop()
      }
    }
    tell()
  }

  end(): void {
    this.#cancel()
  }

  heard({ from, heads, all }: News): void {
    if (all) this.#heads.replace(from, heads)
    else for (const head of heads) this.#heads.add(from, head)
    for (const head of heads) this.#told.ready(head)
  }

  #tell(node: Peer, heads: Head[], all: boolean): void {
    const untold = this.#untold.get(node.id)
    if (untold !== undefined) {
      // What all are is told anew in a second.
      if (!all && untold.length < HEADS_MAX) untold.push(...heads)
      return
    }
    this.#untold.set(node.id, [])
    const news: News = { from: this.#local.places.self, heads, all }
    askWithin(EVERY_MS, { way: this.#way, clock: this.#clock }, node, NEWS, [news])
      .catch(() => {})
      .then(() => {
        const next = this.#untold.get(node.id) ?? []
        this.#untold.delete(node.id)
        if (next.length > 0) this.#tell(node, next, false)
      })
  }
}
