import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../core/ids.ts'
import type { OpenRow, RunFilter, Store } from '../store.ts'
import { bornRow, byId, closingRow, type Lane, NAMESPACE, type Open, openLane, pages } from './fixtures.ts'

/** What people and programs look at. */
export function listsConform(open: Open): void {
  describe('lists', () => {
    let store: Store
    let lane: Lane
    beforeEach(async () => {
      store = (await open()).store
      lane = await openLane(store)
    })
    afterEach(() => store.close())

    test('open and closed runs, newest first by (createdAt, id) across ties, at any number at a time', async () => {
      const rows = [1, 2, 2, 2, 3, 3, 4, 4].map(createdAt => bornRow({ createdAt }))
      await lane.commit({ born: [...rows, bornRow({ namespace: 'other' })] })
      await lane.commit({ closed: [1, 2, 5, 7].map(index => closingRow(rows[index] as OpenRow)) })
      const expected = [...rows].sort((a, b) => b.createdAt - a.createdAt || byId(b, a)).map(row => row.id)
      for (const limit of [1, 2, 3])
        expect((await pages(after => store.read.runs({ namespace: NAMESPACE }, { after, limit }))).map(row => row.id)).toEqual(expected)
    })

    test('a run that is open on page 1 and closed before page 2 is seen exactly once (E12)', async () => {
      const rows = Array.from({ length: 6 }, (_, index) => bornRow({ createdAt: index }))
      await lane.commit({ born: rows })
      const seen: string[] = []
      let next: string | null = null
      for (let page = 0; page < 3; page++) {
        const list: Awaited<ReturnType<Store['read']['runs']>> = await store.read.runs({ namespace: NAMESPACE }, { after: next, limit: 2 })
        seen.push(...list.rows.map(row => row.id))
        next = list.next
        // one that was seen, and one that was not yet
        const moving = [rows[5 - 2 * page], rows[3 - 2 * page]].filter(row => row !== undefined)
        const open = (
          await store.loadActors(
            lane.claim,
            moving.map(row => row.id),
          )
        ).filter(row => !('closedAt' in row))
        await lane.commit({ closed: open.map(row => closingRow(row as OpenRow)) })
      }
      expect(seen).toEqual(rows.map(row => row.id).reverse())
      expect(next).toBeNull()
    })

    test('runs by the ending of their id, newest first, as many as asked for', async () => {
      const ending = (row: OpenRow) => ({ ...row, id: `${row.id.slice(0, -3)}zzz` })
      const rows = [3, 1, 2].map(createdAt => ending(bornRow({ createdAt })))
      await lane.commit({ born: [...rows, bornRow({ id: newId(1, () => 0) }), ending(bornRow({ namespace: 'other' }))] })
      await lane.commit({ closed: [closingRow(rows[1] as OpenRow)] })
      const expected = [...rows].sort((a, b) => b.createdAt - a.createdAt).map(row => row.id)
      expect(await store.read.runsEnding(NAMESPACE, 'zzz', 9, 100)).toEqual(expected)
      expect(await store.read.runsEnding(NAMESPACE, 'zzz', 2, 100)).toEqual(expected.slice(0, 2))
      expect(await store.read.runsEnding(NAMESPACE, expected[1] as string, 2, 100)).toEqual([expected[1]])
      expect(await store.read.runsEnding(NAMESPACE, '%', 2, 100)).toEqual([])
    })

    test('a run is found in its namespace only', async () => {
      const row = bornRow()
      await lane.commit({ born: [row] })
      expect(await store.read.run('other', row.id)).toBeNull()
    })

    test('open runs are counted by namespace, queue, name and state, closed ones by state since a time', async () => {
      const rows = [bornRow(), bornRow(), bornRow({ state: 'running' }), bornRow({ queue: 'q' }), bornRow(), bornRow(), bornRow()]
      await lane.commit({ born: rows })
      const closed = rows.slice(4).map((row, index) => closingRow(row, null, { state: index ? 'completed' : 'failed', closedAt: 1000 * (index + 1) }))
      await lane.commit({ closed })
      const shared = { namespace: NAMESPACE, name: 'job' }
      const counts = (await store.loadCounts(lane.claim)).sort((a, b) => b.count - a.count || (a.queue < b.queue ? -1 : 1))
      expect(counts).toEqual([
        { ...shared, queue: 'default', state: 'queued', count: 2 },
        { ...shared, queue: 'default', state: 'running', count: 1 },
        { ...shared, queue: 'q', state: 'queued', count: 1 },
      ])
      const since = async (at: number) => (await store.read.closedCounts(NAMESPACE, at)).sort((a, b) => a.count - b.count)
      expect(await since(0)).toEqual([
        { state: 'failed', count: 1 },
        { state: 'completed', count: 2 },
      ])
      expect(await since(3000)).toEqual([{ state: 'completed', count: 1 }])
      expect(await store.read.closedCounts('other', 0)).toEqual([])
    })

    test('how runs stand, by their ids', async () => {
      const [open, done, foreign] = [bornRow({ startedAt: 7 }), bornRow(), bornRow({ namespace: 'other' })]
      await lane.commit({ born: [open, done, foreign] })
      await lane.commit({ closed: [closingRow(done, null, { state: 'failed', startedAt: 5, closedAt: 9 })] })
      const found = await store.read.runTimes(NAMESPACE, [done.id, foreign.id, 'none', open.id])
      expect(found.sort((a, b) => (a.closedAt ?? 0) - (b.closedAt ?? 0))).toEqual([
        { id: open.id, state: 'queued', startedAt: 7, closedAt: null },
        { id: done.id, state: 'failed', startedAt: 5, closedAt: 9 },
      ])
    })

    test('closed runs of a stretch of time, the last to close first, as many as asked for', async () => {
      const rows = [bornRow({ queue: 'q' }), bornRow(), bornRow(), bornRow(), bornRow({ namespace: 'other' })]
      await lane.commit({ born: rows })
      const ends = [3_000, 1_000, 2_000, 999, 1_500]
      await lane.commit({ closed: rows.map((row, index) => closingRow(row, null, { state: 'failed', closedAt: ends[index] as number })) })
      const times = (range: { from: number; until: number }, limit = 9) => store.read.closedTimes(NAMESPACE, range, limit)
      const shared = { name: 'job', queue: 'default', state: 'failed', createdAt: 1, startedAt: 2 }
      expect(await times({ from: 1_000, until: 3_001 })).toEqual([
        { ...shared, queue: 'q', closedAt: 3_000 },
        { ...shared, closedAt: 2_000 },
        { ...shared, closedAt: 1_000 },
      ])
      expect((await times({ from: 0, until: 3_000 }, 2)).map(({ closedAt }) => closedAt)).toEqual([2_000, 1_000])
    })
  })

  describe('a list', () => {
    let store: Store
    beforeAll(async () => {
      store = (await open()).store
      const lane = await openLane(store)
      await lane.commit({ born: Object.values(rows) })
      const closed = { startedAt: 100, closedAt: 400 }
      await lane.commit({
        closed: [closingRow(rows.done, null, closed), closingRow(rows.failed, null, { ...closed, closedAt: 900, state: 'failed' })],
      })
    })
    afterAll(() => store.close())

    const make = (createdAt: number, changes: Partial<OpenRow>) => bornRow({ createdAt, ...changes })
    const rows = {
      queued: make(1, { name: 'a', queue: 'q1', tags: { team: 'x', tier: '1' } }),
      running: make(2, { name: 'b', queue: 'q2', state: 'running', startedAt: 500, kind: 'batch', tags: { team: 'x' } }),
      done: make(3, { name: 'a', queue: 'q2', tags: { team: 'y', tier: '1' } }),
      failed: make(4, { name: 'c', queue: 'q1', tags: { team: 'x', tier: '1' } }),
    }
    type Names = keyof typeof rows
    test.each<[Omit<Parameters<Store['read']['runs']>[0], 'namespace'>, Names[]]>([
      [{}, ['failed', 'done', 'running', 'queued']],
      [{ states: ['queued'] }, ['queued']],
      [{ states: ['failed'] }, ['failed']],
      [{ states: ['completed'] }, ['done']],
      [{ states: ['failed', 'completed', 'running'] }, ['failed', 'done', 'running']],
      [{ states: [] }, []],
      [{ names: ['a'] }, ['done', 'queued']],
      [{ names: ['b', 'c'] }, ['failed', 'running']],
      [{ names: [] }, []],
      [{ queues: ['q1'] }, ['failed', 'queued']],
      [{ queues: ['q1', 'q2'], names: ['a'] }, ['done', 'queued']],
      [{ tags: { team: 'x' } }, ['failed', 'running', 'queued']],
      [{ tags: { team: 'x', tier: '1' } }, ['failed', 'queued']],
      [{ tags: { tier: '1', team: 'x' }, states: ['failed'] }, ['failed']],
      [{ tags: { team: 'z' } }, []],
      [{ tags: {} }, ['failed', 'done', 'running', 'queued']],
      [{ createdAfter: 2 }, ['failed', 'done', 'running']],
      [{ createdBefore: 3 }, ['running', 'queued']],
      [{ createdAfter: 2, createdBefore: 4, tags: { team: 'x' } }, ['running']],
      [{ kinds: ['job'] }, ['failed', 'done', 'queued']],
      [{ kinds: ['batch', 'job'], queues: ['q2'] }, ['done', 'running']],
      [{ kinds: [] }, []],
      [{ took: { now: 1_000 } }, ['failed', 'done', 'running']],
      [{ took: { atLeastMs: 500, now: 1_000 } }, ['failed', 'running']],
      [{ took: { atLeastMs: 500, now: 999 } }, ['failed']],
      [{ took: { atMostMs: 300, now: 1_000 }, tags: { tier: '1' } }, ['done']],
      [{ took: { atMostMs: 300, now: 1_000 }, states: ['completed', 'failed'], names: ['a', 'c'] }, ['done']],
      [{ states: ['failed', 'cancelled', 'queued'], names: ['a', 'c'] }, ['failed', 'queued']],
      [{ states: ['queued'], tags: { team: 'x' } }, ['queued']],
      [{ states: [], tags: { team: 'x' } }, []],
      [{ took: { atLeastMs: 301, atMostMs: 799, now: 1_000 }, states: ['failed', 'running'] }, ['running']],
    ])('filtered by %j', async (filter, expected) => {
      for (const limit of [1, 2, 50]) {
        const found = await pages(after => store.read.runs({ namespace: NAMESPACE, ...filter }, { after, limit }))
        expect(found.map(row => row.id)).toEqual(expected.map(name => rows[name].id))
      }
    })

    test.each<[Omit<Parameters<Store['read']['runs']>[0], 'namespace'>, number, [number, string, number][], number | null]>([
      [
        {},
        50,
        [
          [0, 'queued', 1],
          [0, 'running', 1],
          [1, 'completed', 1],
          [1, 'failed', 1],
        ],
        null,
      ],
      [
        {},
        2,
        [
          [1, 'completed', 1],
          [1, 'failed', 1],
        ],
        3,
      ],
      [
        { states: ['failed', 'queued'] },
        50,
        [
          [0, 'queued', 1],
          [1, 'failed', 1],
        ],
        null,
      ],
      [
        { tags: { tier: '1' }, createdAfter: 3 },
        50,
        [
          [1, 'completed', 1],
          [1, 'failed', 1],
        ],
        null,
      ],
      [{ names: ['none'] }, 50, [], null],
    ])('counted by %j, of the newest %i', async (filter, limit, expected, through) => {
      const found = await store.read.runCounts({ namespace: NAMESPACE, ...filter }, { from: 1, stepMs: 2 }, limit)
      const counts = found.counts.map(({ step, state, count }) => [step, state, count]).sort()
      expect({ counts, through: found.through }).toEqual({ counts: expected, through })
    })

    const [both, open_, closed] = [
      { open: true, closed: true },
      { open: true, closed: false },
      { open: false, closed: true },
    ]
    test.each<[Omit<RunFilter, 'namespace'>, string | null, number, { open: boolean; closed: boolean }, number | null]>([
      [{}, null, 0, open_, 2],
      [{}, null, 1, open_, 1],
      [{}, null, 2, open_, null],
      [{}, null, 1, closed, 3],
      [{}, null, 1, both, 3],
      [{}, '2_', 0, both, 1],
      [{ createdBefore: 4 }, null, 0, closed, 3],
      [{ createdBefore: 4 }, null, 1, closed, null],
      // By which index: conditions that it does not know count nothing.
      [{ names: ['a'], queues: ['none'] }, null, 0, closed, 3],
      [{ names: ['a'], queues: ['none'] }, null, 0, both, 3],
      [{ names: ['a'] }, null, 1, both, 1],
      [{ names: ['none'] }, null, 0, closed, null],
      [{ states: ['failed'] }, null, 0, closed, 4],
      [{ states: ['failed'] }, null, 1, closed, null],
      [{ states: ['completed', 'failed'] }, null, 1, closed, 3],
      [{ tags: { team: 'x', tier: '1' }, states: ['completed'] }, null, 1, both, 2],
      [{ tags: { team: 'x' }, names: ['a'] }, '2_', 0, both, 1],
      [{ tags: { team: 'z' } }, null, 0, both, null],
    ])('how deep by %j from %j, %i rows down in %j', async (filter, after, rows, tables, expected) => {
      expect(await store.read.runsDepth({ namespace: NAMESPACE, ...filter }, after, rows, tables)).toBe(expected)
    })

    test.each(['', 'x', '_', 'x_y'])("%j is not a cursor, and that is the caller's error", async after => {
      await expect(store.read.runs({ namespace: NAMESPACE }, { after, limit: 1 })).rejects.toMatchObject({ code: 'invalid-input' })
    })
  })
}
