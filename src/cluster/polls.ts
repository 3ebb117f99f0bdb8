import { UserError } from '../core/errors.ts'
import { type NodeId, newId, type Random } from '../core/ids.ts'
import type { Clock } from '../engine/clock.ts'
import type { Engine, Head, Peer, Poll } from '../engine/face.ts'
import { fitting, type Heads } from './heads.ts'
import { type Polled, type Receipt, Receipts } from './receipts.ts'
import { askWithin, unavailable, type Way } from './way.ts'

/** With the sort key of what is left for the same poll. */
export type PolledThere = Polled & { head: number | null }

/** A poll under way. */
interface Polling {
  namespace: string
  poll: Poll
  signal: AbortSignal
  receipt: Receipt
  fits(head: Head): boolean
  elapsed(): number
  /** How many times other nodes were asked, and each that may have given something already. */
  asked: number
  tried: Map<NodeId, number>
}

interface Waiting {
  fits(head: Head): boolean
  wake: AbortController
}

/** A poll at a node that serves nothing looks so often whether it does by now. */
const LOOK_AGAIN_MS = 250
/** A poll that nobody answers is told so after that: longer than a takeover takes. */
const UNANSWERED_MS_MAX = 5_000
/**
 * What another node has ready it answers at once, save what is recorded before it leaves: that may take as long as a commit does. Meanwhile the worker
 * gets nothing of anybody else; what is given up is asked for again.
 */
const ASK_MS_MAX = 2_000
/** So long it may look for what it told of: a page is to be read, its event loop is late, or a third node has to grant a token (E18). */
const LOOK_MS = 25
/** Between two looks at the same place. */
const PAUSE_MS = 25
/** A poll asks a node so often for what may not have arrived; the next poll goes on. */
const AGAIN_MAX = 3

/**
 * Polls are served in the order of the heads (E24): by this node, or by one that has something older. An answer is of one node. Where nobody has anything the
 * poll waits here, and is taken back as soon as another node tells of something that fits.
 */
export class Polls {
  readonly #local: Engine
  readonly #options: { way: Way; clock: Clock; random: Random }
  readonly #heads: Heads
  readonly #receipts = new Receipts()
  readonly #waiting = new Set<Waiting>()
  /** Nodes that are asked just now. */
  readonly #asking = new Set<{ id: NodeId; over: AbortController }>()

  constructor(local: Engine, options: { way: Way; clock: Clock; random: Random }, heads: Heads) {
    this.#local = local
    this.#options = options
    this.#heads = heads
  }

  async poll(namespace: string, poll: Poll, signal: AbortSignal): Promise<Polled> {
    const { clock } = this.#options
    const begun = clock.monotonic()
    const receipt = this.#receipts.of(poll)
    const polling: Polling = {
      namespace,
      poll,
      signal,
      receipt,
      fits: fitting(namespace, poll),
      elapsed: () => clock.monotonic() - begun,
      asked: 0,
      tried: new Map(),
    }
    // Nobody may have told anything yet: whoever serves knows.
    let guess = this.#local.serves() ? null : this.#anyOther()
    for (;;) {
      const others = this.#local.places.others()
      const there = this.#doubtful(polling, others) ?? this.#better(polling, others) ?? guess
      guess = null
      if (there === null || signal.aborted || (polling.elapsed() >= poll.waitMs && polling.asked > others.length)) {
        const found = await this.#wait(polling)
        if (found !== null) return found
      } else {
        polling.asked++
        const found = await (there.id === this.#local.places.self ? this.#here(polling, 0) : this.#ask(there, polling))
        if (found !== null && found.tasks.length > 0) return found
      }
    }
  }

  /** Another node has something. One poll that it fits goes there; when more is left, the next. */
  ready(head: Head): void {
    for (const waiting of this.#waiting) if (waiting.fits(head)) return this.#wake(waiting)
  }

  /** Lanes have come or gone: a node without any answers nothing more. */
  moved(): void {
    const there = new Set(this.#local.places.others().map(({ id }) => id))
    for (const { id, over } of this.#asking) if (!there.has(id)) over.abort()
  }

  #wake(waiting: Waiting): void {
    this.#waiting.delete(waiting)
    waiting.wake.abort()
  }

  /** What an answer held and did not arrive is given again by whose it was, before anything else (E16). */
  #doubtful({ receipt, tried }: Polling, others: readonly Peer[]): Peer | null {
    const { self } = this.#local.places
    for (const id of receipt.doubtful) {
      const times = tried.get(id) ?? 0
      if (times >= AGAIN_MAX) continue
      tried.set(id, times + 1)
      const node = id === self ? { id: self, name: '', address: null } : others.find(other => other.id === id)
      if (node !== undefined) return node
      receipt.forget(id)
    }
    return null
  }

  /** Who has something that goes before all that this node has. */
  #better({ namespace, poll, fits }: Polling, others: readonly Peer[]): Peer | null {
    const best = this.#heads.best(others, fits)
    // Where nobody serves here, the head is asked for all the same: so the worker is known to be there.
    if (best === null && this.#local.serves()) return null
    const here = this.#local.tasks.head(namespace, poll)
    return best !== null && (here === null || best.sort < here) ? best.node : null
  }

  /** Null: it was taken back because there is something elsewhere, or its lane is gone. */
  async #wait(polling: Polling): Promise<Polled | null> {
    const { poll, fits, signal, elapsed } = polling
    const waiting: Waiting = { fits, wake: new AbortController() }
    const either = AbortSignal.any([signal, waiting.wake.signal])
    this.#waiting.add(waiting)
    try {
      if (!this.#local.serves()) return await this.#idle(polling, either)
      const found = await this.#here(polling, Math.max(0, poll.waitMs - elapsed()), either)
      if (found !== null && (found.tasks.length > 0 || signal.aborted || elapsed() >= poll.waitMs)) return found
      if (!waiting.wake.signal.aborted) await this.#pause(PAUSE_MS, signal)
      return null
    } finally {
      this.#waiting.delete(waiting)
    }
  }

  /** Null: it does not serve now. */
  async #here({ namespace, poll, receipt, signal, elapsed }: Polling, waitMs: number, until = signal): Promise<Polled | null> {
    const { tasks, places } = this.#local
    try {
      const found = await tasks.poll(namespace, { ...poll, waitMs, last: receipt.lastOf(places.self) }, until)
      return receipt.answered(places.self, found)
    } catch (error) {
      const isOver = signal.aborted || elapsed() >= Math.max(poll.waitMs, UNANSWERED_MS_MAX)
      if (isOver || !(error instanceof UserError) || error.code !== 'unavailable' || this.#local.fault() !== null) throw error
      return null
    }
  }

  /** There is no lane here to wait at. */
  async #idle({ poll, signal, elapsed }: Polling, until: AbortSignal): Promise<Polled | null> {
    const { clock, random } = this.#options
    const isAlone = this.#anyOther() === null
    const left = (isAlone ? Math.max(poll.waitMs, UNANSWERED_MS_MAX) : poll.waitMs) - elapsed()
    if (isAlone && left <= 0 && !signal.aborted) throw unavailable()
    if (signal.aborted || left <= 0) return { answer: newId(clock.now(), random), tasks: [] }
    await this.#pause(Math.min(left, LOOK_AGAIN_MS), until)
    return null
  }

  /** Null: it does not answer. */
  async #ask(node: Peer, { namespace, poll, receipt, fits, signal }: Polling): Promise<PolledThere | null> {
    const news = this.#heads.news(node.id)
    const asked = { ...poll, waitMs: LOOK_MS, last: receipt.lastOf(node.id), via: this.#local.places.self }
    const asking = { id: node.id, over: new AbortController() }
    this.#asking.add(asking)
    const either = AbortSignal.any([signal, asking.over.signal])
    try {
      const found = (await askWithin(ASK_MS_MAX, this.#options, node, 'tasks.poll', [namespace, asked], either)) as PolledThere
      this.#heads.left(node.id, fits, found.head, news)
      if (found.head !== null) this.#next(node, fits)
      // It has something, and did not give it: not at once again.
      if (found.head !== null && found.tasks.length === 0) await this.#pause(PAUSE_MS, signal)
      return receipt.answered(node.id, found)
    } catch (error) {
      this.#heads.left(node.id, fits, null, news)
      // It may have given something.
      if (!(error instanceof UserError)) receipt.doubt(node.id)
      await this.#pause(PAUSE_MS, signal)
      return null
    } finally {
      this.#asking.delete(asking)
    }
  }

  /** There is more where somebody was served: for whoever waits next. */
  #next(node: Peer, fits: (head: Head) => boolean): void {
    for (const waiting of this.#waiting) if (this.#heads.best([node], head => fits(head) && waiting.fits(head)) !== null) return this.#wake(waiting)
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
      const cancel = this.#options.clock.after(ms, end)
      signal.addEventListener('abort', end)
      if (signal.aborted) end()
    })
  }
}
