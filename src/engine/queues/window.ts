import type { GroupId } from '../../core/gates.ts'
import type { RunId } from '../../core/ids.ts'
import type { TaskOrder } from '../../core/machine.ts'
import { cursorOf } from '../../store/cursor.ts'
import type { OpenRow, Paged } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import type { ReadAhead } from './read-ahead.ts'

export interface Entry {
  actor: Actor
  order: TaskOrder
}

/** What a window asks of the lane's memory. */
export interface WindowMemory {
  /** How many tasks the window may have; it takes up to a quarter more before it leaves some to the store. */
  room(): number
  /** How many of them as actors; a quarter more, too. */
  actors(): number
  /** Rows in a page, at most. */
  pageSize: number
  get(id: RunId): Actor | undefined
  /** Brings a row into memory, which offers it to its window. */
  install(row: OpenRow): void
  pin(actor: Actor): void
  unpin(actor: Actor): void
  /** Rows that windows have read and not installed. */
  readAhead: ReadAhead
}

/**
 * The ready tasks of one group (E19) that are in memory, smallest sort key first: a window onto what the store has.
 *
 * ```text
 *            ┌────── heap and rows ahead ─────┐┌──── only in the store ────┐
 *  sort ───▶ │   everything up to the horizon  ││ beyond it                 │
 *            └────────────────────────────────┘└───────────────────────────┘
 * ```
 * All that is committed, ready and not beyond the horizon is in the heap, as an actor, or ahead, as the row that was read; with no horizon the window is
 * complete. A row becomes an actor when it is the first, or when anybody else loads its run: it is then no longer ahead, so that no row ahead is ever older
 * than what memory has. A row
 * takes a third of the memory of an actor, and a page that is installed task by task holds nobody up.
 *
 * Pages are read from the cursor on, never from the head. While a page is under way, offers beyond the horizon are remembered, since the page may have
 * been read before them.
 */
export class Window {
  readonly group: GroupId
  private readonly memory: WindowMemory
  private heap: Entry[] = []
  private readonly members = new Map<Actor, TaskOrder>()
  /** By (sort, id); those before `aheadAt` have left. */
  private ahead: (OpenRow | undefined)[] = []
  private aheadAt = 0
  /** The last (sort, id) that memory answers for; null: everything. */
  private horizon: Place | null
  private cursor: string | null = null
  private missed: Entry[] | null = null

  constructor(group: GroupId, complete: boolean, memory: WindowMemory) {
    this.group = group
    this.horizon = complete ? null : BEFORE_ALL
    this.memory = memory
  }

  /** A task whose being ready is committed. */
  offer(actor: Actor, order: TaskOrder): void {
    if (this.horizon !== null && isAfter(order.sort, actor.id, this.horizon)) {
      this.missed?.push({ actor, order })
      return
    }
    this.insert(actor, order)
  }

  /** The first task that is still ready, or null. */
  peek(): Entry | null {
    for (;;) {
      const row = this.rowInFront
      if (row !== null) {
        this.leaveAhead(this.aheadAt)
        this.memory.install(row)
        continue
      }
      const first = this.heap[0]
      if (first === undefined) return null
      if (isReady(first)) return first
      this.pop()
    }
  }

  /** The first row, where it stands before all actors: looking at it makes no actor of it. */
  get rowInFront(): OpenRow | null {
    const row = this.ahead[this.aheadAt]
    const first = this.heap[0]
    return row !== undefined && (first === undefined || isAfter(first.order.sort, first.actor.id, placeOf(row))) ? row : null
  }

  /** Its run is in memory: the row says nothing that memory does not know. */
  loaded(row: OpenRow): void {
    this.leaveAhead(this.ahead.indexOf(row, this.aheadAt))
  }

  pop(): void {
    const first = this.shift()
    if (first !== undefined) this.leave(first)
  }

  /** The first task, as `peek` answered it, leaves to be handed out. It stays pinned: whoever takes it unpins it. */
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
    return this.heap.length + this.ahead.length - this.aheadAt
  }

  /** How many in memory are ready; for people, since it looks at each. */
  get ready(): number {
    return this.heap.filter(isReady).length + this.ahead.length - this.aheadAt
  }

  /** The store has no further ones. */
  get isComplete(): boolean {
    return this.horizon === null && this.missed === null
  }

  /** Nothing is ready, here or in the store. */
  get isEmpty(): boolean {
    return this.peek() === null && this.isComplete
  }

  /** How many that are ready stand before this one; null: it is not in memory. */
  before(id: RunId): number | null {
    const self = this.heap.find(entry => entry.actor.id === id && isReady(entry))
    if (self === undefined) return null
    const place = { sort: self.order.sort, id }
    let count = this.rows().filter(row => isAfter(place.sort, place.id, placeOf(row))).length
    for (const entry of this.heap) if (entry !== self && isReady(entry) && isBefore(entry, self)) count++
    return count
  }

  /** It has room for a page. Small windows are read in pages of three quarters: a page of one row costs as much as one of ten. */
  wantsPage(): boolean {
    if (this.horizon === null || this.missed !== null) return false
    const room = this.memory.room()
    return this.size <= room - Math.min(this.memory.pageSize, Math.ceil(0.75 * room))
  }

  /** A page is about to be read: from where, and how much of it. */
  beginPage(): { after: string | null; limit: number } {
    this.missed = []
    return { after: this.cursor, limit: Math.min(this.memory.pageSize, this.memory.room() - this.size) }
  }

  endPage({ rows, next }: Paged<OpenRow>): void {
    const missed = this.missed ?? []
    const last = rows[rows.length - 1]
    const horizon = next === null ? null : last === undefined ? this.horizon : placeOf(last)
    for (const row of rows) {
      const actor = this.memory.get(row.id)
      if (actor === undefined) {
        this.ahead.push(row)
        this.memory.readAhead.add(row, this)
        continue
      }
      // What memory has wins. Its order may have changed since the page was read, to a place beyond the page: the store has it there.
      const order = actor.committedOrder
      if (actor.group !== this.group || order === null || order !== actor.order) continue
      if (horizon === null || !isAfter(order.sort, actor.id, horizon)) this.insert(actor, order)
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

  private insert(actor: Actor, order: TaskOrder): void {
    if (this.members.get(actor) === order) return
    this.members.set(actor, order)
    this.memory.pin(actor)
    this.heap.push({ actor, order })
    this.rise(this.heap.length - 1)
    // Not while a page is read: it moves the horizon past what would be left to the store here.
    if (this.missed === null) this.shrink()
  }

  private leave({ actor, order }: Entry): void {
    if (this.members.get(actor) === order) this.members.delete(actor)
    this.memory.unpin(actor)
  }

  private leaveAhead(index: number): void {
    const row = this.ahead[index] as OpenRow
    this.memory.readAhead.drop(row)
    if (index > this.aheadAt) this.ahead.splice(index, 1)
    else this.ahead[this.aheadAt++] = undefined
    if (this.aheadAt === this.ahead.length) {
      this.ahead = []
      this.aheadAt = 0
    }
  }

  private rows(): OpenRow[] {
    return this.ahead.slice(this.aheadAt) as OpenRow[]
  }

  /** Too many: the far part is left to the store again. First what is no longer ready goes: it may stand at the very place of what is. */
  private shrink(): void {
    const room = this.memory.room()
    const actors = this.memory.actors()
    if (this.size <= 1.25 * room && this.heap.length <= 1.25 * actors) return
    for (const entry of this.heap) if (!isReady(entry)) this.leave(entry)
    this.heap = this.heap.filter(isReady).sort((a, b) => (isBefore(a, b) ? -1 : 1))
    const rows = this.rows()
    const last = lastOf(this.heap.map(placeOfEntry), actors) ?? lastOf([...this.heap.map(placeOfEntry), ...rows.map(placeOf)].sort(byPlace), room)
    if (last === null) return
    const isFar = ({ order, actor }: Entry): boolean => isAfter(order.sort, actor.id, last)
    for (const entry of this.heap) if (isFar(entry)) this.leave(entry)
    this.heap = this.heap.filter(entry => !isFar(entry))
    this.ahead = rows.filter(row => !isAfter(row.sort as number, row.id, last))
    this.aheadAt = 0
    for (const row of rows.slice(this.ahead.length)) this.memory.readAhead.drop(row)
    this.horizon = last
    this.cursor = cursorOf({ at: last.sort, id: last.id })
  }

  private rise(index: number): void {
    const { heap } = this
    const entry = heap[index] as Entry
    let at = index
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent] as Entry)) break
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
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++
      if (!isBefore(heap[child] as Entry, entry)) break
      heap[at] = heap[child] as Entry
      at = child
    }
    heap[at] = entry
  }
}

interface Place {
  sort: number
  id: string
}
const BEFORE_ALL: Place = { sort: Number.NEGATIVE_INFINITY, id: '' }

function isReady({ actor, order }: Entry): boolean {
  return actor.committedOrder === order && actor.order === order && actor.stuck === undefined
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.order.sort < b.order.sort || (a.order.sort === b.order.sort && a.actor.id < b.actor.id)
}

function isAfter(sort: number, id: string, place: Place): boolean {
  return sort > place.sort || (sort === place.sort && id > place.id)
}

function placeOf(row: OpenRow): Place {
  return { sort: row.sort as number, id: row.id }
}

function placeOfEntry({ order, actor }: Entry): Place {
  return { sort: order.sort, id: actor.id }
}

function byPlace(a: Place, b: Place): number {
  return isAfter(a.sort, a.id, b) ? 1 : -1
}

/** The last of so many places; null: there are no more. */
function lastOf(sorted: readonly Place[], count: number): Place | null {
  return sorted.length > count ? (sorted[count - 1] as Place) : null
}
