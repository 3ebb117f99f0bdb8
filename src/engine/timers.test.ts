import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cursorOf, pageOf, placeOf } from '../store/cursor.ts'
import type { Actor } from './actor.ts'
import { settle, TestClock } from './test-clock.ts'
import { type ReadDue, Timers } from './timers.ts'

const HORIZON = 400

/** Sleeping runs: what of each is committed (rows), and what memory knows (actors). Waking one takes its time away, as its transition does. */
class Sleepers {
  readonly clock = new TestClock()
  readonly rows = new Map<string, number>()
  readonly actors = new Map<string, { id: string; wakeAt: number | null }>()
  readonly woken: { id: string; due: number; at: number }[] = []
  readonly timers: Timers
  reads = 0
  away = false
  /** While set, pages wait: what they read is what was there when they were asked for. */
  gate: { opened: Promise<void>; open: () => void } | null = null

  constructor(countMax = 1_000) {
    const read: ReadDue = async (until, after, limit) => {
      this.reads++
      const from = after === null ? null : placeOf(after)
      const due = [...this.rows]
        .map(([id, at]) => ({ id, at }))
        .filter(({ id, at }) => at <= until && (from === null || at > from.at || (at === from.at && id > from.id)))
        .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
      const page = pageOf(due.slice(0, limit + 1), limit, cursorOf)
      if (this.away) throw new Error('the store is away')
      await this.gate?.opened
      return { rows: page.rows.map(({ id, at }) => ({ id, wakeAt: at })), next: page.next }
    }
    this.timers = new Timers(this.clock, HORIZON, countMax, read, id => this.wake(id))
  }

  /** A transition: entered when it is made, and again when it is committed. */
  change(id: string, wakeAt: number | null): void {
    this.actors.set(id, { id, wakeAt })
    this.timers.enter(this.actors.get(id) as unknown as Actor)
  }

  commit(): void {
    for (const actor of this.actors.values()) {
      if (actor.wakeAt === null) this.rows.delete(actor.id)
      else this.rows.set(actor.id, actor.wakeAt)
      this.timers.enter(actor as unknown as Actor)
    }
  }

  put(id: string, wakeAt: number): void {
    this.rows.set(id, wakeAt)
  }

  shut(): () => void {
    let open = (): void => {}
    const opened = new Promise<void>(resolve => {
      open = resolve
    })
    this.gate = { opened, open }
    return () => {
      this.gate = null
      open()
    }
  }

  private wake(id: string): void {
    const wakeAt = this.actors.has(id) ? (this.actors.get(id)?.wakeAt ?? null) : (this.rows.get(id) ?? null)
    // An entry may be there twice or be out of date: the actor itself tells.
    if (wakeAt === null || wakeAt > this.clock.now()) return
    this.woken.push({ id, due: wakeAt, at: this.clock.now() })
    this.actors.set(id, { id, wakeAt: null })
    this.rows.delete(id)
  }
}

const ids = (sleepers: Sleepers) => sleepers.woken.map(({ id }) => id)

describe('timers', () => {
  test('wake each run at its time, in order, those beyond the horizon from their rows', async () => {
    const sleepers = new Sleepers()
    const now = sleepers.clock.now()
    const dues = [5, 100, HORIZON, HORIZON + 1, 3 * HORIZON, 10 * HORIZON]
    for (const due of dues) sleepers.put(`r${String(due).padStart(5, '0')}`, now + due)
    await sleepers.timers.start(2)
    await sleepers.clock.advance(11 * HORIZON)
    expect(sleepers.woken.map(({ due, at }) => [due - now, at - due])).toEqual(dues.map(due => [due, 0]))
  })

  test('keep no more than the horizon in memory: what is set beyond it is read when its time is near', async () => {
    const sleepers = new Sleepers()
    await sleepers.timers.start(10)
    sleepers.change('far', sleepers.clock.now() + 2 * HORIZON)
    await sleepers.clock.advance(HORIZON / 2)
    sleepers.commit()
    await sleepers.clock.advance(2 * HORIZON)
    expect(sleepers.woken.map(({ due, at }) => at - due)).toEqual([0])
  })

  test('lose nothing to a page that was read before a change was committed', async () => {
    const sleepers = new Sleepers()
    await sleepers.timers.start(10)
    const due = sleepers.clock.now() + HORIZON + 50
    sleepers.change('racing', due) // beyond the horizon of now: not entered
    const open = sleepers.shut()
    await sleepers.clock.advance(HORIZON / 4 + 1) // the next page is asked for, and does not see it
    sleepers.commit()
    open()
    await sleepers.clock.advance(2 * HORIZON)
    expect(sleepers.woken).toEqual([{ id: 'racing', due, at: due }])
  })

  test('wake at a new time, not at the one that it had before', async () => {
    const sleepers = new Sleepers()
    const now = sleepers.clock.now()
    sleepers.put('a', now + 50)
    await sleepers.timers.start(10)
    sleepers.change('a', now + 90)
    sleepers.commit()
    await sleepers.clock.advance(200)
    expect(sleepers.woken).toEqual([{ id: 'a', due: now + 90, at: now + 90 }])
  })

  test('a clock that steps back delays, and neither loses nor repeats', async () => {
    const sleepers = new Sleepers()
    const now = sleepers.clock.now()
    for (const due of [100, 300, 900, 1_500]) sleepers.put(`r${due}`, now + due)
    await sleepers.timers.start(10)
    await sleepers.clock.advance(150)
    sleepers.clock.step(-1_000)
    sleepers.change('new', sleepers.clock.now() + 10)
    sleepers.commit()
    await sleepers.clock.advance(4_000)
    expect(ids(sleepers)).toEqual(['r100', 'new', 'r300', 'r900', 'r1500'])
    for (const { due, at } of sleepers.woken) expect(at).toBe(due)
  })

  test('a clock that steps forward wakes what is overdue at the next look', async () => {
    const sleepers = new Sleepers()
    const now = sleepers.clock.now()
    sleepers.put('near', now + 100)
    sleepers.put('far', now + 5 * HORIZON)
    await sleepers.timers.start(10)
    sleepers.clock.step(3_600_000)
    await sleepers.clock.advance(HORIZON / 4 + 1)
    expect(ids(sleepers).sort()).toEqual(['far', 'near'])
  })

  test('a store that is away for a while delays a page, and loses nothing', async () => {
    const sleepers = new Sleepers()
    const due = sleepers.clock.now() + HORIZON + 200
    sleepers.put('a', due)
    await sleepers.timers.start(10)
    sleepers.away = true
    await sleepers.clock.advance(HORIZON)
    sleepers.away = false
    await sleepers.clock.advance(HORIZON)
    expect(sleepers.woken).toEqual([{ id: 'a', due, at: due }])
  })

  test('a start rejects when the store does not answer', async () => {
    const sleepers = new Sleepers()
    sleepers.away = true
    await expect(sleepers.timers.start(10)).rejects.toThrow('the store is away')
  })

  test('more than memory may hold stay rows until there is room: all wake, none waits for the next horizon', async () => {
    const sleepers = new Sleepers(5)
    const due = sleepers.clock.now() + 10
    for (let run = 0; run < 40; run++) sleepers.put(`r${String(run).padStart(2, '0')}`, due)
    await sleepers.timers.start(2)
    await sleepers.clock.advance(11)
    expect(sleepers.woken).toHaveLength(40)
  })

  test('nothing wakes once they have ended', async () => {
    const sleepers = new Sleepers()
    sleepers.put('a', sleepers.clock.now() + 10)
    await sleepers.timers.start(10)
    sleepers.timers.end()
    const { reads } = sleepers
    await sleepers.clock.advance(10 * HORIZON)
    expect([sleepers.woken, sleepers.reads]).toEqual([[], reads])
  })

  test('whatever changes, and whenever: each run wakes once for each time that stands, and never before it', async () => {
    const change = fc.record({ is: fc.constant('change' as const), run: fc.nat(5), ms: fc.option(fc.integer({ min: 0, max: 3 * HORIZON })) })
    const other = fc.constantFrom({ is: 'commit' as const }, { is: 'shut' as const }, { is: 'open' as const })
    const pass = fc.record({ is: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: HORIZON }) })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(change, other, pass), { maxLength: 25 }), fc.integer({ min: 1, max: 3 }), async (steps, limit) => {
        const sleepers = new Sleepers(4)
        let open = (): void => {}
        await sleepers.timers.start(limit)
        for (const step of steps) {
          if (step.is === 'change') sleepers.change(`r${step.run}`, step.ms === null ? null : sleepers.clock.now() + step.ms)
          else if (step.is === 'commit') sleepers.commit()
          else if (step.is === 'shut' && sleepers.gate === null) open = sleepers.shut()
          else if (step.is === 'open') open()
          else if (step.is === 'pass') await sleepers.clock.advance(step.ms)
        }
        open()
        sleepers.commit()
        await sleepers.clock.advance(5 * HORIZON)
        await settle()
        expect([...sleepers.actors.values()].filter(({ wakeAt }) => wakeAt !== null)).toEqual([])
        expect(sleepers.rows.size).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})
