import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TaskOrder } from '../../core/machine.ts'
import { cursorOf, pageOf, placeOf } from '../../store/cursor.ts'
import type { OpenRow, Paged } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { ReadAhead } from './read-ahead.ts'
import { type Entry, Window } from './window.ts'

/** As much of an actor as a window looks at. */
interface Ready {
  id: string
  group: 1
  order: TaskOrder | null
  committedOrder: TaskOrder | null
  stuck: undefined
  pins: number
  /** A change of it is not committed yet. */
  changed: boolean
}

type Place = { id: string; sort: number }

type Step =
  | { is: 'start'; sort: number; letter: string }
  | { is: 'changeOrder' | 'withdraw'; which: number; sort: number }
  | { is: 'load'; which: number }
  | { is: 'commit' | 'take' | 'forget' | 'beginPage' | 'failPage' }
  | { is: 'endPage'; late: boolean }

/** One group: its rows in the store, its actors in memory, its window, and what is handed out. A sorted array is the model. */
class Group {
  readonly rows = new Map<string, Place>()
  readonly memory = new Map<string, Ready>()
  readonly window: Window
  private readonly readAhead = new ReadAhead()
  readonly taken: string[] = []
  private page: { snapshot: Place[]; after: string | null; limit: number } | null = null
  private made = 0

  constructor(sizeMax: number, limit: number, complete: boolean) {
    this.window = new Window(1, complete, {
      room: () => 2 * sizeMax,
      actors: () => sizeMax,
      pageSize: limit,
      get: id => this.memory.get(id) as unknown as Actor,
      install: row => void this.load(row as unknown as Place),
      pin: actor => (actor as unknown as Ready).pins++,
      unpin: actor => (actor as unknown as Ready).pins--,
      readAhead: this.readAhead,
    })
  }

  step(step: Step): void {
    const { memory, window } = this
    const some = step.is === 'changeOrder' || step.is === 'withdraw' ? [...memory.values()][step.which % Math.max(1, memory.size)] : undefined
    switch (step.is) {
      case 'start': {
        const id = `${step.letter}${String(this.made++).padStart(4, '0')}`
        memory.set(id, { id, group: 1, order: order(step.sort), committedOrder: null, stuck: undefined, pins: 0, changed: true })
        return
      }
      case 'changeOrder': // delivered and given back, or failed and tried again
        if (some !== undefined && !this.taken.includes(some.id)) Object.assign(some, { order: order(step.sort), changed: true })
        return
      case 'withdraw':
        if (some !== undefined && some.order !== null) Object.assign(some, { order: null, changed: true })
        return
      case 'load': {
        // somebody looks at a run that waits
        const row = [...this.rows.values()][step.which % Math.max(1, this.rows.size)]
        if (row !== undefined) this.load(row)
        return
      }
      case 'commit':
        return this.commit()
      case 'take':
        return this.take()
      case 'forget':
        // What is changed, needed or touched by a read under way stays (actors.ts).
        if (this.page === null) for (const actor of [...memory.values()]) if (!actor.changed && actor.pins === 0) memory.delete(actor.id)
        return
      case 'beginPage':
        if (this.page === null && window.wantsPage()) this.begin()
        return
      case 'endPage':
        return this.end(step.late)
      case 'failPage':
        if (this.page === null) return
        this.page = null
        window.failPage()
    }
  }

  commit(): void {
    for (const actor of this.memory.values()) {
      if (!actor.changed) continue
      actor.changed = false
      if (actor.order === null) this.rows.delete(actor.id)
      else {
        this.rows.set(actor.id, { id: actor.id, sort: actor.order.sort })
        actor.committedOrder = actor.order
        this.window.offer(actor as unknown as Actor, actor.order)
      }
    }
  }

  take(): void {
    const entry = this.window.peek()
    const first = this.ready()[0]
    if (entry === null) {
      // Nothing in memory: then nothing is ready, or a page is wanted or under way.
      expect(first === undefined || this.page !== null || this.window.wantsPage()).toBe(true)
      return
    }
    expect(place(entry)).toEqual(first)
    this.window.take()
    const actor = entry.actor as unknown as Ready
    actor.pins-- // it is handed out
    expect(this.memory.get(actor.id)).toBe(actor)
    expect(this.taken).not.toContain(actor.id)
    this.taken.push(actor.id)
    Object.assign(actor, { order: null, changed: true })
  }

  /** What is committed and ready, in the order in which it must leave. */
  ready(): Place[] {
    return [...this.rows.values()]
      .filter(({ id }) => {
        const actor = this.memory.get(id)
        return actor === undefined || (actor.order !== null && actor.order === actor.committedOrder)
      })
      .sort(byPlace)
  }

  private begin(): void {
    const { after, limit } = this.window.beginPage()
    expect(limit).toBeGreaterThan(0)
    this.page = { snapshot: this.rowsAfter(after), after, limit }
  }

  private end(late: boolean): void {
    if (this.page === null) return
    const { snapshot, after, limit } = this.page
    this.page = null
    const found = pageOf((late ? this.rowsAfter(after) : snapshot).slice(0, limit + 1), limit, row => cursorOf({ at: row.sort, id: row.id }))
    const rows = found.rows.map(row => ({ ...row, body: '', input: null }))
    this.window.endPage({ rows, next: found.next } as unknown as Paged<OpenRow>)
  }

  private rowsAfter(after: string | null): Place[] {
    const sorted = [...this.rows.values()].sort(byPlace)
    if (after === null) return sorted
    const { at, id } = placeOf(after)
    return sorted.filter(row => row.sort > at || (row.sort === at && row.id > id))
  }

  /** As the lane does: what it brings into memory is no longer ahead, and is offered. */
  private load({ id, sort }: Place): void {
    if (this.memory.has(id)) return
    const ready = order(sort)
    const actor: Ready = { id, group: 1, order: ready, committedOrder: ready, stuck: undefined, pins: 0, changed: false }
    this.memory.set(id, actor)
    this.readAhead.loaded(id)
    this.window.offer(actor as unknown as Actor, ready)
  }

  drain(): void {
    this.step({ is: 'endPage', late: false })
    this.commit()
    for (let rounds = 0; this.ready().length > 0; rounds++) {
      expect(rounds).toBeLessThan(1_000)
      this.step({ is: 'beginPage' })
      this.step({ is: 'endPage', late: false })
      this.take()
      this.commit()
      this.step({ is: 'forget' })
    }
  }
}

const order = (sort: number): TaskOrder => ({
  task: 'job',
  attempt: 1,
  queue: 'default',
  definition: 'mail',
  labels: null,
  sort,
  atMostOnce: false,
  gate: null,
})
const place = ({ actor, order }: Entry): Place => ({ id: actor.id, sort: order.sort })
const byPlace = (a: Place, b: Place) => a.sort - b.sort || (a.id < b.id ? -1 : 1)

const step = (): fc.Arbitrary<Step> => {
  const sort = fc.integer({ min: 0, max: 8 })
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ is: fc.constant('start' as const), sort, letter: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 4, arbitrary: fc.record({ is: fc.constant('commit' as const) }) },
    { weight: 4, arbitrary: fc.record({ is: fc.constant('take' as const) }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constantFrom('changeOrder' as const, 'withdraw' as const), which: fc.nat(20), sort }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('load' as const), which: fc.nat(20) }) },
    { weight: 4, arbitrary: fc.record({ is: fc.constant('beginPage' as const) }) },
    { weight: 4, arbitrary: fc.record({ is: fc.constant('endPage' as const), late: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('failPage' as const, 'forget' as const) }) },
  )
}

describe('a window onto the ready tasks of a group (E19)', () => {
  test('nothing is lost, nothing is handed out twice, and the order is exact, whatever changes while a page is read', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.array(fc.record({ sort: fc.integer({ min: 0, max: 8 }), letter: fc.constantFrom('a', 'b', 'c') }), { maxLength: 12 }),
        fc.array(step(), { maxLength: 60 }),
        async (sizeMax, limit, complete, before, steps) => {
          const group = new Group(sizeMax, limit, complete)
          // Rows that were there when the shards were claimed: a group that had any begins incomplete (Queues.load).
          if (!complete) before.forEach(({ sort, letter }, index) => void group.rows.set(`${letter}x${index}`, { id: `${letter}x${index}`, sort }))
          for (const step of steps) group.step(step)
          group.drain()
          expect(group.ready()).toEqual([])
          expect(new Set(group.taken).size).toBe(group.taken.length)
          expect(group.rows.size).toBe(0)
          expect(group.window.peek()).toBeNull()
          for (const actor of group.memory.values()) expect([actor.id, actor.pins]).toEqual([actor.id, 0])
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('memory is bounded: the window keeps twice its size at most, and leaves the far half to the store', async () => {
    const group = new Group(3, 3, true)
    for (let sort = 0; sort < 100; sort++) {
      group.step({ is: 'start', sort: sort % 10, letter: 'a' })
      group.commit()
      expect(group.window.size).toBeLessThanOrEqual(6)
    }
    group.drain()
    expect(group.taken).toHaveLength(100)
  })

  test('a flood within the horizon while a page is read loses nothing', async () => {
    const group = new Group(1, 1, false)
    for (const id of ['x1', 'x2', 'x3']) group.rows.set(id, { id, sort: 5 })
    group.step({ is: 'beginPage' })
    group.step({ is: 'endPage', late: false })
    group.step({ is: 'take' })
    group.step({ is: 'beginPage' })
    for (const sort of [1, 2, 3]) group.step({ is: 'start', sort, letter: 'a' })
    group.commit()
    group.step({ is: 'endPage', late: false })
    group.drain()
    expect(group.taken).toEqual(['x1', 'a0000', 'a0001', 'a0002', 'x2', 'x3'])
  })
})
