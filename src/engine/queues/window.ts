import type { GroupId } from '../../core/gates.ts'
import type { RunId } from '../../core/ids.ts'
import type { TaskOrder } from '../../core/machine.ts'
import { cursorOf } from '../../store/cursor.ts'
import type { OpenRow, Paged } from '../../store/store.ts'
import type { Actor } from '../actor.ts'

export interface Entry {
  actor: Actor
  order: TaskOrder
}

/** Reads a page of a group's ready rows, after the cursor. */
export type ReadPage = (group: GroupId, after: string | null, limit: number) => Promise<Paged<OpenRow>>

/**
 * The ready tasks of one group (E19) that are in memory, smallest sort key first: a window onto what the store has.
 *
 * ```text
 *            ┌──────── window (heap) ───────┐┌──── only in the store ────┐
 *  sort ───▶ │ everything up to the horizon ││ beyond it                 │
 *            └──────────────────────────────┘└───────────────────────────┘
 * ```
 * All that is committed, ready and not beyond the horizon is in the heap; with no horizon the window is complete. Pages are read from the cursor on,
 * never from the head. While a page is under way, offers beyond the horizon are remembered, since the page may have been read before them.
 */
export class Window {
  readonly group: GroupId
  private readonly roomFor: () => number
  private heap: Entry[] = []
  private readonly members = new Map<Actor, TaskOrder>()
  /** The last (sort, id) that memory answers for; null: everything. */
  private horizon: { sort: number; id: string } | null
  private cursor: string | null = null
  private missed: Entry[] | null = null
  private readonly pin: (actor: Actor) => void
  private readonly unpin: (actor: Actor) => void

  /** `roomFor`: how many tasks it may have; it takes up to a quarter more before it leaves some to the store. */
  constructor(group: GroupId, roomFor: () => number, complete: boolean, pin: (actor: Actor) => void, unpin: (actor: Actor) => void) {
    this.group = group
    this.roomFor = roomFor
    this.horizon = complete ? null : BEFORE_ALL
    this.pin = pin
    this.unpin = unpin
  }

  /** A task whose being ready is committed. */
  offer(actor: Actor, order: TaskOrder): void {
    if (this.horizon !== null && after(order.sort, actor.id, this.horizon)) {
      this.missed?.push({ actor, order })
      return
    }
    this.insert(actor, order)
  }

  /** The first task that is still ready, or null. */
  peek(): Entry | null {
    for (;;) {
      const first = this.heap[0]
      if (first === undefined) return null
      if (isReady(first)) return first
      this.pop()
    }
  }

  pop(): void {
    const first = this.shift()
    if (first !== undefined) this.leave(first)
  }

  /** The first task leaves to be handed out. It stays pinned: whoever takes it unpins it. */
  take(): void {
    const first = this.shift()
    if (first !== undefined) this.members.delete(first.actor)
  }

  private shift(): Entry | undefined {
    const first = this.heap[0]
    const last = this.heap.pop()
    if (first !== undefined && last !== undefined && this.heap.length > 0) {
      this.heap[0] = last
      this.sink(0)
    }
    return first
  }

  get size(): number {
    return this.heap.length
  }

  /** Nothing is ready, here or in the store. */
  get isEmpty(): boolean {
    return this.peek() === null && this.horizon === null && this.missed === null
  }

  /** How many that are ready stand before this one; null: it is not in memory. */
  before(id: RunId): number | null {
    const self = this.heap.find(entry => entry.actor.id === id && isReady(entry))
    if (self === undefined) return null
    return this.heap.reduce((count, entry) => (entry !== self && isReady(entry) && before(entry, self) ? count + 1 : count), 0)
  }

  wantsPage(): boolean {
    return this.horizon !== null && this.missed === null && this.heap.length <= this.roomFor() / 2
  }

  /** Reads the next page. `install` gives the actor in memory for a row, whose own orders win over the row's. */
  async page(read: ReadPage, limit: number, install: (row: OpenRow) => Actor | null): Promise<void> {
    const after = this.beginPage()
    try {
      this.endPage(await read(this.group, after, limit), install)
    } catch (error) {
      this.failPage()
      throw error
    }
  }

  /** A page is about to be read. Answers where it begins. */
  beginPage(): string | null {
    this.missed = []
    return this.cursor
  }

  endPage({ rows, next }: Paged<OpenRow>, install: (row: OpenRow) => Actor | null): void {
    const missed = this.missed ?? []
    const last = rows[rows.length - 1]
    const horizon = next === null ? null : last === undefined ? this.horizon : { sort: last.sort as number, id: last.id }
    for (const row of rows) {
      const actor = install(row)
      const order = actor?.committedOrder
      // Its order may have changed since the page was read, to a place beyond the page: the store has it there.
      if (actor === null || order == null || order !== actor.order || (horizon !== null && after(order.sort, actor.id, horizon))) continue
      this.insert(actor, order)
    }
    this.horizon = horizon
    if (next !== null) this.cursor = next
    this.missed = null
    this.shrink()
    for (const { actor, order } of missed) if (actor.committedOrder === order) this.offer(actor, order)
  }

  failPage(): void {
    this.missed = null
  }

  clear(): void {
    for (const entry of this.heap) this.leave(entry)
    this.heap = []
  }

  private insert(actor: Actor, order: TaskOrder): void {
    if (this.members.get(actor) === order) return
    this.members.set(actor, order)
    this.pin(actor)
    this.heap.push({ actor, order })
    this.rise(this.heap.length - 1)
    // Not while a page is read: it moves the horizon past what would be left to the store here.
    if (this.missed === null) this.shrink()
  }

  private leave({ actor, order }: Entry): void {
    if (this.members.get(actor) === order) this.members.delete(actor)
    this.unpin(actor)
  }

  /** Too many: the far half is left to the store again. First what is no longer ready goes: it may stand at the very place of what is. */
  private shrink(): void {
    const room = this.roomFor()
    if (this.heap.length <= 1.25 * room) return
    for (const entry of this.heap) if (!isReady(entry)) this.leave(entry)
    const sorted = this.heap.filter(isReady).sort((a, b) => (before(a, b) ? -1 : 1))
    const far = sorted.splice(room)
    this.heap = sorted
    if (far.length === 0) return
    for (const entry of far) this.leave(entry)
    const last = sorted[sorted.length - 1] as Entry
    this.horizon = { sort: last.order.sort, id: last.actor.id }
    this.cursor = cursorOf({ at: last.order.sort, id: last.actor.id })
  }

  private rise(index: number): void {
    const { heap } = this
    const entry = heap[index] as Entry
    let at = index
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(entry, heap[parent] as Entry)) break
      heap[at] = heap[parent] as Entry
      at = parent
    }
    heap[at] = entry
  }

  private sink(index: number): void {
    const { heap } = this
    const entry = heap[index] as Entry
    let at = index
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++
      if (!before(heap[child] as Entry, entry)) break
      heap[at] = heap[child] as Entry
      at = child
    }
    heap[at] = entry
  }
}

const BEFORE_ALL = { sort: Number.NEGATIVE_INFINITY, id: '' }

function isReady({ actor, order }: Entry): boolean {
  return actor.committedOrder === order && actor.order === order && actor.stuck === undefined
}

function before(a: Entry, b: Entry): boolean {
  return a.order.sort < b.order.sort || (a.order.sort === b.order.sort && a.actor.id < b.actor.id)
}

function after(sort: number, id: string, horizon: { sort: number; id: string }): boolean {
  return sort > horizon.sort || (sort === horizon.sort && id > horizon.id)
}
