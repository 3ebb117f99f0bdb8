import { UserError } from '../core/errors.ts'
import { type AnswerId, type NodeId, newId, type Random, type WorkerId } from '../core/ids.ts'
import type { Clock } from '../engine/clock.ts'
import type { Delivery, Engine, Head, Peer, Poll } from '../engine/face.ts'
import { fitting, type Heads } from './heads.ts'
import { askWithin, unavailable, type Way } from './way.ts'

export interface Polled {
  answer: AnswerId
  tasks: Delivery[]
}
/** With the sort key of what is left for the same poll. */
export type PolledThere = Polled & { head: number | null }

/** What a worker had last, and of whom: each node knows its own answers alone (E16). */
interface Had {
  /** The last answer of each node that arrived. */
  arrived: Map<NodeId, AnswerId>
  /** The last that had tasks; not known to have arrived. */
  last: { node: NodeId; answer: AnswerId } | null
}

interface Waiting {
  fits(head: Head): boolean
  wake: AbortController
}

const WORKERS_MAX = 10_000
/** A poll at a node that serves nothing looks so often whether it does by now. */
const LOOK_AGAIN_MS = 250
/** A poll that nobody answers is told so after that: longer than a takeover takes. */
const UNANSWERED_MS_MAX = 5_000
/** What another node has ready it answers at once. */
const ASK_MS_MAX = 2_000
/** So long it may look for what it told of: a page is to be read, or its event loop is late. */
const LOOK_MS = 5
const EMPTY_WAIT_MS = 25
const NONE = Promise.resolve(null)

/**
 * Polls are served in the order of the heads (E24): by this node, or by one that has something older. An answer is of one node. Where nobody has anything the
 * poll waits here, and is taken back as soon as another node tells of something that fits.
 */
export class Polls {
  readonly #local: Engine
  readonly #way: Way
  readonly #clock: Clock
  readonly #random: Random
  readonly #heads: Heads
  readonly #waiting = new Set<Waiting>()
  readonly #had = new Map<WorkerId, Had>()

  constructor(local: Engine, { way, clock, random }: { way: Way; clock: Clock; random: Random }, heads: Heads) {
    this.#local = local
    this.#way = way
    this.#clock = clock
    this.#random = random
    this.#heads = heads
  }

  async poll(namespace: string, poll: Poll, signal: AbortSignal): Promise<Polled> {
    const { places, tasks } = this.#local
    const begun = this.#clock.monotonic()
    const elapsed = (): number => this.#clock.monotonic() - begun
    const fits = fitting(namespace, poll)
    const had = this.#hadBy(poll)
    const again = await this.#undelivered(namespace, poll, had, signal)
    if (again !== null) return again
    // Nobody may have told anything yet: whoever serves knows.
    let guess = this.#local.serves() ? null : this.#anyOther()
    for (let asked = 0; ; asked++) {
      const others = places.others()
      const here = tasks.head(namespace, poll)
      const best = this.#heads.best(others, fits)
      const there = best !== null && (here === null || best.sort < here) ? best.node : guess
      guess = null
      const mayAsk = !signal.aborted && (elapsed() < poll.waitMs || asked <= others.length)
      if (there !== null && mayAsk) {
        const found = await this.#ask(there, namespace, poll, had, signal)
        if (found !== null && found.tasks.length > 0) return this.#answered(had, there.id, found)
        // It has something, and did not give it: not at once again.
        if (found !== null && found.head !== null) await this.#pause(EMPTY_WAIT_MS, signal)
      } else {
        const found = await this.#wait(namespace, poll, fits, had, elapsed, signal)
        if (found !== null) return this.#answered(had, places.self, found)
      }
    }
  }

  /** Another node has something. One poll that it fits goes there; when more is left, the next. */
  ready(head: Head): void {
    for (const waiting of this.#waiting) {
      if (!waiting.fits(head)) continue
      this.#waiting.delete(waiting)
      return waiting.wake.abort()
    }
  }

  /** Null: it was taken back because there is something elsewhere, or its lane is gone. */
  async #wait(namespace: string, poll: Poll, fits: Waiting['fits'], had: Had, elapsed: () => number, signal: AbortSignal): Promise<Polled | null> {
    const { tasks, places } = this.#local
    const waiting: Waiting = { fits, wake: new AbortController() }
    this.#waiting.add(waiting)
    try {
      if (this.#local.serves()) {
        const waitMs = Math.max(0, poll.waitMs - elapsed())
        const found = await tasks.poll(
          namespace,
          { ...poll, waitMs, last: this.#lastOf(had, poll, places.self) },
          either(signal, waiting.wake.signal),
        )
        const isOver = signal.aborted || elapsed() >= poll.waitMs
        if (found.tasks.length > 0 || isOver) return found
        if (!waiting.wake.signal.aborted) await this.#pause(EMPTY_WAIT_MS, signal)
        return null
      }
    } catch (error) {
      const isOver = signal.aborted || elapsed() >= Math.max(poll.waitMs, UNANSWERED_MS_MAX)
      if (isOver || !(error instanceof UserError) || error.code !== 'unavailable' || this.#local.fault() !== null) throw error
      await this.#pause(EMPTY_WAIT_MS, signal)
      return null
    } finally {
      this.#waiting.delete(waiting)
    }
    return this.#idle(waiting, poll, elapsed, signal)
  }

  /** There is no lane here to wait at. */
  async #idle(waiting: Waiting, poll: Poll, elapsed: () => number, signal: AbortSignal): Promise<Polled | null> {
    const isAlone = this.#anyOther() === null
    const left = (isAlone ? Math.max(poll.waitMs, UNANSWERED_MS_MAX) : poll.waitMs) - elapsed()
    if (signal.aborted || left <= 0) {
      if (isAlone && !signal.aborted) throw unavailable()
      return { answer: newId(this.#clock.now(), this.#random), tasks: [] }
    }
    this.#waiting.add(waiting)
    await this.#pause(Math.min(left, LOOK_AGAIN_MS), either(signal, waiting.wake.signal))
    this.#waiting.delete(waiting)
    return null
  }

  /** Null: it does not answer. */
  async #ask(node: Peer, namespace: string, poll: Poll, had: Had, signal: AbortSignal): Promise<PolledThere | null> {
    const news = this.#heads.news(node.id)
    const fits = fitting(namespace, poll)
    const asked = { ...poll, waitMs: LOOK_MS, last: this.#lastOf(had, poll, node.id), via: this.#local.places.self }
    try {
      const ways = { way: this.#way, clock: this.#clock }
      const found = (await askWithin(ASK_MS_MAX, ways, node, 'tasks.poll', [namespace, asked], signal)) as PolledThere
      this.#heads.left(node.id, fits, found.head, news)
      if (found.head !== null) this.#next(node, fits)
      return found
    } catch {
      this.#heads.left(node.id, fits, null, news)
      return null
    }
  }

  /** There is more where somebody was served: for whoever waits next. */
  #next(node: Peer, fits: (head: Head) => boolean): void {
    for (const waiting of this.#waiting) {
      if (this.#heads.best([node], head => fits(head) && waiting.fits(head)) === null) continue
      this.#waiting.delete(waiting)
      return waiting.wake.abort()
    }
  }

  /** What the last answer held and did not arrive is given again by whose it was (E16). */
  async #undelivered(namespace: string, poll: Poll, had: Had, signal: AbortSignal): Promise<Polled | null> {
    const { last } = had
    had.last = null
    if (last === null) return null
    if (last.answer === poll.last) {
      had.arrived.set(last.node, last.answer)
      return null
    }
    had.arrived.delete(last.node)
    const found = await this.#giveAgain(last.node, namespace, poll, had, signal)
    return found === null || found.tasks.length === 0 ? null : this.#answered(had, last.node, found)
  }

  #giveAgain(id: NodeId, namespace: string, poll: Poll, had: Had, signal: AbortSignal): Promise<Polled | null> {
    const { places, tasks } = this.#local
    if (id === places.self)
      return this.#local.serves() ? tasks.poll(namespace, { ...poll, waitMs: 0, last: this.#lastOf(had, poll, id) }, signal) : NONE
    const node = places.others().find(other => other.id === id)
    return node === undefined ? NONE : this.#ask(node, namespace, poll, had, signal)
  }

  #answered(had: Had, node: NodeId, { answer, tasks }: Polled): Polled {
    had.last = tasks.length === 0 ? null : { node, answer }
    return { answer, tasks }
  }

  /** The last answer of a node that arrived. Of a worker that is new here it may be any node's. */
  #lastOf({ arrived }: Had, poll: Poll, node: NodeId): AnswerId | null {
    return arrived.size === 0 ? poll.last : (arrived.get(node) ?? null)
  }

  #hadBy({ worker }: Poll): Had {
    const known = this.#had.get(worker) ?? { arrived: new Map(), last: null }
    this.#had.delete(worker)
    this.#had.set(worker, known)
    if (this.#had.size > WORKERS_MAX) this.#had.delete(this.#had.keys().next().value as WorkerId)
    return known
  }

  #anyOther(): Peer | null {
    const { places } = this.#local
    for (let part = 0; part < 256; part++) {
      const owner = places.ownerOf(part * 256)
      if (owner !== null && owner.id !== places.self) return owner
    }
    return null
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const end = (): void => {
        cancel()
        signal.removeEventListener('abort', end)
        resolve()
      }
      const cancel = this.#clock.after(ms, end)
      signal.addEventListener('abort', end)
      if (signal.aborted) end()
    })
  }
}

function either(a: AbortSignal, b: AbortSignal): AbortSignal {
  return AbortSignal.any([a, b])
}
