import { isMainThread, Worker } from 'node:worker_threads'
import type { Clock } from '../clock.ts'
import type { Address, Connection, WireDelivery } from '../wire.ts'
import { ALL, type Batch, LeaseKeeper, type LeaseNews, type Overdue, type Released } from './keeper.ts'

/** One task's place in the book. */
export interface Lease {
  batch: number
  index: number
}

/**
 * The main thread's side of the leases: tells a keeper what is held. The keeper lives in a thread of its own, so that a handler that blocks the event loop for a
 * minute loses none; where the connection has no address (engine and worker in one thread) it lives here, on the given clock.
 * Cheap by design: one message for a poll's answer, and one for what ended in a turn; a batch of short tasks ends as one number.
 */
export class Leases {
  /** Server and worker are one thread. */
  readonly local: boolean
  /** Resolves when leases are kept: nothing is asked for before, for a handler may block this thread while the other still begins. */
  readonly ready: Promise<void>
  readonly #options: LeaseOptions
  readonly #held = new Map<number, Batch & { open: number }>()
  #released: Released = []
  #keeper: Keeper
  #batches = 0
  #closed = false

  constructor(options: LeaseOptions) {
    this.#options = options
    const address = options.connection.address()
    this.local = address === null
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ready = promise
    this.#keeper = address === null ? this.#here() : this.#thread(address, resolve)
    if (address === null) resolve()
  }

  /** Before any of them is run: from now on they are kept; they were this worker's for certain so long ago. Answers the number of the batch; a task's lease is that and its index. */
  hold(tasks: readonly WireDelivery[], ageMs: number): number {
    const batch = this.#batches++
    let refs = ''
    let leaseMs = Number.POSITIVE_INFINITY
    for (const task of tasks) {
      refs += `${refs === '' ? '' : '\n'}${task.run} ${task.task} ${task.attempt} ${task.delivery}`
      leaseMs = Math.min(leaseMs, task.leaseMs)
    }
    const held = { batch, refs, count: tasks.length, leaseMs, ageMs }
    this.#held.set(batch, { ...held, open: tasks.length })
    this.#keeper.hold(held)
    return batch
  }

  /** True when it was the last of its batch. */
  release(lease: Lease): boolean {
    const held = this.#held.get(lease.batch)
    if (!held) return false
    if (this.#released.length === 0) this.#options.clock.soon(() => this.#tell())
    const last = --held.open === 0
    if (last) this.#held.delete(lease.batch)
    this.#released.push(lease.batch, last ? ALL : lease.index)
    return last
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#keeper.close()
  }

  #tell(): void {
    const released = this.#released
    this.#released = []
    // Of a batch that has ended as a whole, the whole is all that needs saying.
    const whole = new Set<number>()
    for (let at = 0; at < released.length; at += 2) if (released[at + 1] === ALL) whole.add(released[at]!)
    const short: Released = []
    for (let at = 0; at < released.length; at += 2)
      if (released[at + 1] === ALL || !whole.has(released[at]!)) short.push(released[at]!, released[at + 1]!)
    this.#keeper.release(short)
  }

  #here(): Keeper {
    const { connection, namespace, worker, clock, news, stuckMs, stillRuns } = this.#options
    const isStuck = async ({ batch, index }: Overdue): Promise<boolean> => stillRuns(batch, index)
    const keeper = new LeaseKeeper({ connection, namespace, worker, clock, news, stuckMs, isStuck })
    return { hold: batch => keeper.hold(batch), release: released => keeper.release(released), close: async () => keeper.close() }
  }

  #thread(address: Address, ready: () => void): Keeper {
    const { namespace, worker, news, onError, stuckMs, stillRuns, onStuck } = this.#options
    // This file runs as source in development and as JavaScript when built: the thread beside it has the same ending.
    const file = new URL(import.meta.url.endsWith('.ts') ? './lease-thread.ts' : './lease-thread.js', import.meta.url)
    const thread = new Worker(file, {
      workerData: { address, namespace, worker, stuckMs, hasMain: isMainThread } satisfies ThreadData,
      transferList: address.is === 'port' ? [address.port] : [],
      execArgv: [],
      name: 'mainspring leases',
    })
    thread.unref()
    thread.on('message', (said: ThreadSaying | typeof READY) => {
      if (said === READY) ready()
      else if (said.is === 'news') news(said.batch, said.index, said.news)
      else if (said.is === 'reported') onStuck(said.batch, said.index, said.stack)
      else thread.postMessage({ id: said.id, runs: stillRuns(said.batch, said.index) } satisfies ThreadWord)
    })
    thread.on('error', onError)
    thread.on('exit', () => {
      if (this.#closed) return
      onError(new Error('the thread that keeps the leases has ended; they are kept from the main thread now'))
      this.#keeper = this.#here()
      for (const batch of this.#held.values()) this.#keeper.hold(batch)
      ready()
    })
    // To wake the thread costs as much as to run a short task, and it can hear later of what has ended: with what is held next, or after a while.
    let released: Released = []
    const tell = (): void => {
      if (released.length === 0) return
      thread.postMessage(released)
      released = []
    }
    return {
      hold: batch => {
        tell()
        thread.postMessage(batch)
      },
      release: more => {
        if (released.length === 0) this.#options.clock.after(RELEASED_MS, tell)
        for (const one of more) released.push(one)
      },
      close: async () => void (await thread.terminate()),
    }
  }
}

const RELEASED_MS = 20

export interface LeaseOptions {
  connection: Connection
  namespace: string
  worker: string
  clock: Clock
  news: LeaseNews
  /** So long after a task was asked to stop, it is looked at whether its handler still runs. */
  stuckMs: number
  /** Tells of a handler that does, and answers whether it does. */
  stillRuns: (batch: number, index: number) => boolean
  /** The thread has told of it, since this one did not turn. */
  onStuck: (batch: number, index: number, stack: string) => void
  onError: (error: Error) => void
}
export interface ThreadData {
  address: Address
  namespace: string
  worker: string
  stuckMs: number
  /** The worker lives in the main thread of its process, which alone can be looked into. */
  hasMain: boolean
}
export type ThreadSaying =
  | { is: 'news'; batch: number; index: number; news: Parameters<LeaseNews>[2] }
  /** Does its handler still run? Answered by the id. */
  | { is: 'overdue'; id: number; batch: number; index: number }
  | { is: 'reported'; batch: number; index: number; stack: string }
/** The thread's first word. */
export const READY = 'ready'
/** What the thread is told: a batch that is held, what is released, or an answer. */
export type ThreadWord = Batch | Released | { id: number; runs: boolean }

interface Keeper {
  hold(batch: Batch): void
  release(released: Released): void
  close(): Promise<void>
}
