import type { AnswerId, NodeId, WorkerId } from '../core/ids.ts'
import type { Delivery, Poll } from '../engine/face.ts'

export interface Polled {
  answer: AnswerId
  tasks: Delivery[]
}

const WORKERS_MAX = 10_000

/** What one worker had, and of whom: its poll names the last answer of this node, and each node knows its own answers alone (E16). */
export class Receipt {
  /** The last answer of each node that arrived. */
  readonly #arrived = new Map<NodeId, AnswerId>()
  /** Nodes that may have given something that did not arrive. */
  readonly #doubtful = new Set<NodeId>()
  /** The last that had tasks; not known to have arrived. */
  #last: { node: NodeId; answer: AnswerId } | null = null
  #named: AnswerId | null = null

  /** It polls again, and names what arrived. */
  polls(named: AnswerId | null): void {
    this.#named = named
    const last = this.#last
    this.#last = null
    if (last === null) return
    if (last.answer === named) this.#arrived.set(last.node, last.answer)
    else this.doubt(last.node)
  }

  get doubtful(): Iterable<NodeId> {
    return this.#doubtful
  }

  doubt(node: NodeId): void {
    this.#arrived.delete(node)
    this.#doubtful.add(node)
  }

  answered<P extends Polled>(node: NodeId, polled: P): P {
    this.#doubtful.delete(node)
    if (polled.tasks.length > 0) this.#last = { node, answer: polled.answer }
    return polled
  }

  forget(node: NodeId): void {
    this.#doubtful.delete(node)
    this.#arrived.delete(node)
  }

  /** What a node is to be told as its last answer that arrived. Of a worker that is new here it may be any node's. */
  lastOf(node: NodeId): AnswerId | null {
    return this.#arrived.size === 0 && !this.#doubtful.has(node) ? this.#named : (this.#arrived.get(node) ?? null)
  }
}

/** Of the workers that poll this node. */
export class Receipts {
  readonly #byWorker = new Map<WorkerId, Receipt>()

  of({ worker, last }: Poll): Receipt {
    const known = this.#byWorker.get(worker) ?? new Receipt()
    this.#byWorker.delete(worker)
    this.#byWorker.set(worker, known)
    if (this.#byWorker.size > WORKERS_MAX) this.#byWorker.delete(this.#byWorker.keys().next().value as WorkerId)
    known.polls(last)
    return known
  }
}
