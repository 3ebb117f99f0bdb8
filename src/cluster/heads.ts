import { labelsFit, versionFits } from '../core/gates.ts'
import type { NodeId } from '../core/ids.ts'
import type { Head, Peer, Poll } from '../engine/face.ts'

/** What other nodes have ready, as they told last (E24). A hint: whoever asks them learns what is true. */
export class Heads {
  readonly #told = new Map<NodeId, { heads: Map<string, Head>; news: number }>()

  /** All that a node has. */
  replace(node: NodeId, heads: readonly Head[]): void {
    this.#told.set(node, { heads: new Map(heads.map(head => [nameOf(head), head])), news: this.news(node) + 1 })
  }

  add(node: NodeId, head: Head): void {
    const known = this.#told.get(node) ?? { heads: new Map(), news: 0 }
    known.heads.set(nameOf(head), head)
    known.news++
    this.#told.set(node, known)
  }

  forget(node: NodeId): void {
    const known = this.#told.get(node)
    known?.heads.clear()
  }

  /** How often a node has told something. */
  news(node: NodeId): number {
    return this.#told.get(node)?.news ?? 0
  }

  /** The node that has the first in order of what fits. */
  best(nodes: readonly Peer[], fits: (head: Head) => boolean): { node: Peer; sort: number } | null {
    let best: { node: Peer; sort: number } | null = null
    for (const node of nodes)
      for (const head of this.#told.get(node.id)?.heads.values() ?? [])
        if ((best === null || head.sort < best.sort) && fits(head)) best = { node, sort: head.sort }
    return best
  }

  /** What a node has left of what fits, as it answered; `news`: what it had told before it was asked. What it told meanwhile may be later. */
  left(node: NodeId, fits: (head: Head) => boolean, sort: number | null, news: number): void {
    const known = this.#told.get(node)
    if (known === undefined || known.news !== news) return
    for (const [name, head] of known.heads)
      if (fits(head)) {
        if (sort === null) known.heads.delete(name)
        else known.heads.set(name, { ...head, sort: Math.max(head.sort, sort) })
      }
  }
}

/** Whether a head is something for a poll, as far as who is asked does not know better. */
export function fitting(namespace: string, { worker, queues, serves, labels }: Poll): (head: Head) => boolean {
  const versions = new Map(serves.map(({ definition, version }) => [definition, version]))
  return head =>
    head.namespace === namespace &&
    versions.has(head.definition) &&
    (queues.length === 0 || queues.includes(head.queue)) &&
    labelsFit(head.labels, labels, worker) &&
    versionFits(head.labels, () => versions.get(head.definition) ?? null)
}

function nameOf({ namespace, queue, definition, labels }: Head): string {
  return JSON.stringify([namespace, queue, definition, labels])
}
