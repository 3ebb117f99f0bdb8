import type { Group, GroupId } from '../../core/gates.ts'
import type { GroupHead, OpenRow } from '../../store/store.ts'
import { type Actor, groupOf } from '../actor.ts'
import type { Clock } from '../clock.ts'
import type { Poll } from '../face.ts'
import type { Settings } from '../settings.ts'
import { misfit, type WorkerSeen } from '../workers.ts'
import { gatesOf } from './gates.ts'
import { type Entry, type ReadPage, Window } from './window.ts'

interface WaitingPoll {
  worker: WorkerSeen
  max: number
  /** Takes the tasks that were found, and unpins them when they are handed out. */
  take(entries: Entry[]): void
}

interface Line {
  /** Unknown until a first task of it is in memory. */
  group: Group | null
  window: Window
}

export interface QueuesOptions {
  clock: Clock
  settings: Settings
  windowSize: number
  pageSize: number
  /** False: nothing may leave now (E16). */
  fresh(): boolean
  read: ReadPage
  /** Nothing is forgotten while a page is read and installed. */
  during(read: () => Promise<void>): Promise<void>
  install(row: OpenRow): Actor | null
  pin(actor: Actor): void
  unpin(actor: Actor): void
  failed(error: unknown): void
}

/** Matches the lane's ready tasks to its polls (E15): each group's window in the order of its sort keys, groups merged by their heads. */
export class Queues {
  private readonly options: QueuesOptions
  private readonly lines = new Map<GroupId, Line>()
  private readonly polls = new Set<WaitingPoll>()
  /** The groups of the store are known: one that is not among them begins with what is offered. */
  private loaded = false
  private dispatching = false
  private ended = false

  constructor(options: QueuesOptions) {
    this.options = options
  }

  /** Groups that had ready tasks when the shards were claimed. What was offered before has a window that knows nothing of the store, and is paged as well. */
  load(heads: readonly GroupHead[]): void {
    for (const { group } of heads) this.line(group, null, false)
    this.loaded = true
    for (const line of this.lines.values()) if (line.window.wantsPage()) this.page(line)
  }

  offer(actor: Actor): void {
    const { committedOrder: order } = actor
    if (order === null || order !== actor.order || actor.stuck !== undefined) return
    const { queue, definition, labels } = order
    const line = this.line(groupOf(actor.namespace, order), { namespace: actor.namespace, queue, definition, labels }, this.loaded)
    line.group ??= { namespace: actor.namespace, queue, definition, labels }
    line.window.offer(actor, order)
    this.dispatchSoon()
  }

  /** Waits for tasks that fit. The answer takes the poll back. */
  wait(worker: WorkerSeen, poll: Poll, take: (entries: Entry[]) => void): () => void {
    const waiting: WaitingPoll = { worker, max: poll.max, take }
    this.polls.add(waiting)
    this.dispatchSoon()
    return () => this.polls.delete(waiting)
  }

  /** A fitting worker waits for a task right now. */
  awaited(group: Group): boolean {
    for (const poll of this.polls) if (misfit(poll.worker, group) === null) return true
    return false
  }

  /** Since when the oldest task at a head of this queue is ready. */
  oldest(namespace: string, queue: string): number | null {
    let oldest: number | null = null
    for (const { group, window } of this.lines.values()) {
      if (group === null || group.namespace !== namespace || group.queue !== queue) continue
      const entry = window.peek()
      if (entry === null) continue
      const at = entry.actor.lastAt
      if (oldest === null || at < oldest) oldest = at
    }
    return oldest
  }

  dispatchSoon(): void {
    if (this.dispatching || this.ended || this.polls.size === 0) return
    this.dispatching = true
    this.options.clock.soon(() => {
      this.dispatching = false
      if (!this.ended) this.dispatch()
    })
  }

  end(): void {
    this.ended = true
    for (const poll of this.polls) poll.take([])
    this.polls.clear()
  }

  private dispatch(): void {
    const { clock, fresh } = this.options
    if (!fresh()) {
      if (this.polls.size > 0) clock.after(25, () => this.dispatchSoon())
      return
    }
    const open: { group: Group; window: Window }[] = []
    for (const { group, window } of this.lines.values())
      if (group !== null && (window.size > 0 || window.wantsPage()) && gatesOf(group, this.options.settings, true).length === 0)
        open.push({ group, window })
    if (open.length === 0) return
    for (const poll of this.polls) {
      const entries = this.match(poll, open)
      if (entries.length === 0) continue
      this.polls.delete(poll)
      poll.take(entries)
    }
    for (const line of this.lines.values()) if (line.window.wantsPage()) this.page(line)
  }

  private match(poll: WaitingPoll, open: readonly { group: Group; window: Window }[]): Entry[] {
    const fitting = open.filter(({ group }) => misfit(poll.worker, group) === null).map(({ window }) => window)
    const entries: Entry[] = []
    while (entries.length < poll.max) {
      let first: Entry | null = null
      let from: Window | null = null
      for (const window of fitting) {
        const entry = window.peek()
        if (
          entry !== null &&
          (first === null || entry.order.sort < first.order.sort || (entry.order.sort === first.order.sort && entry.actor.id < first.actor.id))
        ) {
          first = entry
          from = window
        }
      }
      if (first === null || from === null) break
      // An answer is of one sort: tasks that wait for their record (E16) hold nobody else up.
      if (entries[0] !== undefined && entries[0].order.atMostOnce !== first.order.atMostOnce) break
      from.take()
      entries.push(first)
    }
    return entries
  }

  private line(id: GroupId, group: Group | null, complete: boolean): Line {
    const known = this.lines.get(id)
    if (known !== undefined) return known
    const { windowSize, pin, unpin } = this.options
    const line = { group, window: new Window(id, windowSize, complete, pin, unpin) }
    this.lines.set(id, line)
    return line
  }

  private page(line: Line): void {
    const { read, during, pageSize, install, failed } = this.options
    const installed = (row: OpenRow): Actor | null => {
      const actor = install(row)
      if (actor?.order != null && line.group === null) {
        const { queue, definition, labels } = actor.order
        line.group = { namespace: actor.namespace, queue, definition, labels }
      }
      return actor
    }
    during(() => line.window.page(read, pageSize, installed)).then(
      () => {
        if (this.ended) return
        if (line.group === null && line.window.wantsPage()) this.page(line)
        this.dispatchSoon()
      },
      error => {
        if (this.ended) return
        failed(error)
        this.options.clock.after(100, () => {
          if (!this.ended && line.window.wantsPage()) this.page(line)
        })
      },
    )
  }
}
