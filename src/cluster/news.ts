import type { NodeId } from '../core/ids.ts'
import type { Clock } from '../engine/clock.ts'
import type { Engine, Head, Peer, WorkerTold } from '../engine/face.ts'
import type { Heads } from './heads.ts'
import { askWithin, type Way } from './way.ts'

/** What nodes tell each other once a second, and at once where there is something that no poll of theirs takes (E24). All of it is a hint. */
export interface News {
  from: NodeId
  heads: Head[]
  /** These are all that it has. */
  all: boolean
  /** Who polls it; null: the same as before. */
  workers: WorkerTold[] | null
}

export const NEWS = 'cluster.news'
/** There are letters (E7): a hint, a node looks by itself once a second. */
export const MAIL = 'cluster.mail'
/** Settings have changed, or shards are free: a hint, too. */
export const LOOK = 'cluster.look'
const EVERY_MS = 1_000
const HEADS_MAX = 500

interface TellerOptions {
  /** There is something to hand out, here or at another node. */
  ready(head: Head): void
  everySecond(): void
}

export class Teller {
  readonly #local: Engine
  readonly #options: { way: Way; clock: Clock }
  readonly #heads: Heads
  readonly #told: TellerOptions
  /** What is yet to be told to those who have not answered the last. */
  readonly #untold = new Map<NodeId, Head[]>()
  /** The workers that each node knows of, as text. */
  readonly #workersTold = new Map<NodeId, string>()
  #cancel = (): void => {}

  constructor(local: Engine, options: { way: Way; clock: Clock }, heads: Heads, told: TellerOptions) {
    this.#local = local
    this.#options = options
    this.#heads = heads
    this.#told = told
  }

  begin(): void {
    const { tasks, places, mail } = this.#local
    const stopReady = tasks.onReady(head => {
      this.#told.ready(head)
      for (const node of places.others()) this.#hint(node, [head])
    })
    const stopMail = mail.onSent(parts => {
      const owners = new Map(parts.map(part => places.ownerOf(part << 8)).map(node => [node?.id, node]))
      for (const node of owners.values())
        if (node !== null && node.id !== places.self) askWithin(EVERY_MS, this.#options, node, MAIL, []).catch(() => {})
    })
    // To its end, and after: a node that leaves tells that its shards are free.
    places.onChanged(() => {
      for (const node of places.others()) askWithin(EVERY_MS, this.#options, node, LOOK, []).catch(() => {})
    })
    const everySecond = (): void => {
      this.#everything()
      this.#told.everySecond()
      const cancel = this.#options.clock.after(EVERY_MS, everySecond)
      this.#cancel = () => {
        cancel()
        stopReady()
        stopMail()
      }
    }
    everySecond()
  }

  end(): void {
    this.#cancel()
  }

  heard({ from, heads, all, workers }: News): void {
    if (all) {
      this.#heads.replace(from, heads)
      this.#local.workers.told(from, workers)
    } else for (const head of heads) this.#heads.add(from, head)
    for (const head of heads) this.#told.ready(head)
  }

  #everything(): void {
    const { tasks, workers, places } = this.#local
    const others = places.others()
    const heads = tasks.heads(HEADS_MAX)
    const list = workers.tell()
    const text = JSON.stringify(list)
    for (const id of this.#workersTold.keys()) if (!others.some(node => node.id === id)) this.#workersTold.delete(id)
    for (const node of others) {
      if (this.#untold.has(node.id)) continue
      const isKnown = this.#workersTold.get(node.id) === text
      this.#tell(node, { heads, all: true, workers: isKnown ? null : list }, () => this.#workersTold.set(node.id, text))
    }
  }

  #hint(node: Peer, heads: Head[]): void {
    const untold = this.#untold.get(node.id)
    if (untold === undefined) this.#tell(node, { heads, all: false, workers: null })
    // What all are is told anew in a second.
    else if (untold.length < HEADS_MAX) untold.push(...heads)
  }

  #tell(node: Peer, news: Omit<News, 'from'>, arrived = (): void => {}): void {
    this.#untold.set(node.id, [])
    askWithin(EVERY_MS, this.#options, node, NEWS, [{ from: this.#local.places.self, ...news }])
      .then(arrived, () => {})
      .then(() => {
        const next = this.#untold.get(node.id) ?? []
        this.#untold.delete(node.id)
        if (next.length > 0) this.#hint(node, next)
      })
  }
}
