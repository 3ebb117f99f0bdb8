import { TASKS_PER_CALL_MAX } from '../bounds.ts'
import type { Clock } from '../clock.ts'
import type { Connection, WireBeat, WireHeartbeat, WireHeld } from '../wire.ts'

/**
 * What a keeper is told of a poll's answer: its refs as one text, a line each, the four parts with a space between. A text crosses to another thread for
 * next to nothing, and is taken apart only if some of its tasks are still held at the next beat, which short tasks never are.
 */
export interface Batch {
  batch: number
  refs: string
  count: number
  leaseMs: number
  /** So long ago they were held for certain. */
  ageMs: number
}
/** Pairs: a batch, and the index of one of its tasks that is done, or `ALL` of them. */
export type Released = number[]
export const ALL = -1
/** `cancel`, `lost`: the server's word. `lapsed`: no answer for a whole lease. Said once a task each. */
export type LeaseNews = (batch: number, index: number, is: 'cancel' | 'lost' | 'lapsed') => void

/**
 * Keeps leases: every third of a lease it beats for all that is held. It needs nobody else, so that it can live in a thread of its own.
 * A lease has lapsed when so much time has passed since the last beat, or poll, that got through was sent; the keeper beats on, for the server may come back and still
 * take the result.
 */
export class LeaseKeeper {
  readonly #options: KeeperOptions
  readonly #clock: Clock
  readonly #batches = new Map<number, Held>()
  #timer: (() => void) | null = null
  #beating = false
  #leaseMs = Number.POSITIVE_INFINITY
  #failures = 0
  #closed = false

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#clock = options.clock
  }

  hold(batch: Batch): void {
    this.#batches.set(batch.batch, { ...batch, open: batch.count, sureAt: this.#clock.monotonic() - batch.ageMs, tasks: null, done: [] })
    if (batch.leaseMs < this.#leaseMs) {
      this.#leaseMs = batch.leaseMs
      this.#timer?.()
      this.#timer = null
    }
    this.#timer ??= this.#schedule()
  }

  release(released: Released): void {
    for (let at = 0; at < released.length; at += 2) {
      const batch = this.#batches.get(released[at]!)
      if (!batch) continue
      const index = released[at + 1]!
      if (index === ALL || --batch.open === 0) this.#batches.delete(batch.batch)
      else if (batch.tasks) batch.tasks[index] = null
      else batch.done.push(index)
    }
  }

  close(): void {
    this.#closed = true
    this.#timer?.()
    this.#batches.clear()
  }

  /** The next beat: a third of a lease on, sooner after a failure. With nothing held there is no timer. */
  #schedule(): () => void {
    const ms = this.#failures > 0 ? this.#leaseMs / 10 : this.#leaseMs / 3
    return this.#clock.after(ms, () => {
      this.#timer = null
      void this.#beat()
    })
  }

  async #beat(): Promise<void> {
    if (this.#beating || this.#closed) return
    this.#beating = true
    try {
      this.#lapse()
      const tasks = [...this.#batches.values()].flatMap(opened)
      let failed = false
      for (let from = 0; from < tasks.length && !failed; from += TASKS_PER_CALL_MAX)
        failed = !(await this.#send(tasks.slice(from, from + TASKS_PER_CALL_MAX)))
      this.#failures = failed ? this.#failures + 1 : 0
      this.#lapse()
    } finally {
      this.#beating = false
      if (this.#batches.size > 0 && !this.#closed) this.#timer ??= this.#schedule()
      else if (this.#batches.size === 0) this.#leaseMs = Number.POSITIVE_INFINITY
    }
  }

  async #send(tasks: Task[]): Promise<boolean> {
    const sentAt = this.#clock.monotonic()
    const stop = new AbortController()
    const late = this.#clock.after(this.#leaseMs / 3, () => stop.abort(new Error('no answer in time')))
    try {
      const { connection, namespace, worker } = this.#options
      const body: WireHeartbeat = { worker, beats: tasks.map(task => task.beat) }
      const answer = await connection.call('tasks.heartbeat', { params: { namespace }, body: JSON.stringify(body), signal: stop.signal })
      const { beats } = JSON.parse(answer) as WireHeld
      tasks.forEach((task, index) => {
        task.sureAt = sentAt
        const said = beats[index]
        if (said === 'cancel' || said === 'lost') this.#say(task, said)
      })
      return true
    } catch {
      return false
    } finally {
      late()
    }
  }

  #lapse(): void {
    const now = this.#clock.monotonic()
    for (const batch of this.#batches.values())
      if (now - batch.sureAt >= batch.leaseMs) for (const task of opened(batch)) if (now - task.sureAt >= batch.leaseMs) this.#say(task, 'lapsed')
  }

  #say(task: Task, news: 'cancel' | 'lost' | 'lapsed'): void {
    if (task.said.includes(news)) return
    if (task.said.length === 0) this.#watch(task)
    task.said.push(news)
    this.#options.news(task.batch, task.index, news)
  }

  /** It was asked to stop; is it still there when its time is up? */
  #watch(task: Task): void {
    const isHeld = (): boolean => !this.#closed && this.#batches.get(task.batch)?.tasks?.[task.index] === task
    this.#clock.after(this.#options.stuckMs, async () => {
      if (isHeld() && (await this.#options.isStuck(task)) && isHeld()) task.beat.stuck = true
    })
  }
}

export interface KeeperOptions {
  connection: Connection
  namespace: string
  worker: string
  clock: Clock
  news: LeaseNews
  /** So long after it was asked to stop, a task that is still held is asked about. */
  stuckMs: number
  /** Its handler still runs, and that is told: from now on its beats say so. */
  isStuck: (overdue: Overdue) => Promise<boolean>
}
/** A task that was asked to stop and is still held. */
export interface Overdue {
  batch: number
  index: number
  beat: WireBeat
}
interface Held extends Batch {
  open: number
  /** When it was held for certain, by the keeper's clock. */
  sureAt: number
  /** Null until a beat is due. */
  tasks: (Task | null)[] | null
  /** Released before that. */
  done: number[]
}
interface Task {
  batch: number
  index: number
  beat: WireBeat
  sureAt: number
  said: string[]
}

function opened(batch: Held): Task[] {
  if (batch.tasks === null) {
    batch.tasks = batch.refs.split('\n').map((line, index) => {
      const [run, task, attempt, delivery] = line.split(' ') as [string, string, string, string]
      return { batch: batch.batch, index, beat: { run, task, attempt: Number(attempt), delivery }, sureAt: batch.sureAt, said: [] }
    })
    for (const index of batch.done) batch.tasks[index] = null
  }
  return batch.tasks.filter(task => task !== null)
}
