import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LedgerRow, OpenRow, Store } from '../store.ts'
import { bornRow, closingRow, type Lane, NAMESPACE, type Open, openLane, pages } from './fixtures.ts'

/** Schedules are actors that are no runs, and each has a ledger. */
export function schedulesConform(open: Open): void {
  describe('schedules and their ledgers', () => {
    let store: Store
    let lane: Lane
    beforeEach(async () => {
      store = (await open()).store
      lane = await openLane(store)
    })
    afterEach(() => store.close())

    const line = (changes: Partial<LedgerRow>): LedgerRow => ({
      schedule: 's',
      n: 0,
      source: 'time',
      at: 10,
      until: 10,
      count: 1,
      account: 'fired',
      run: 'r',
      lateMs: 3,
      why: null,
      note: null,
      accountedAt: 11,
      ...changes,
    })
    const all = { after: null, limit: 99 }

    describe('schedules', () => {
      test('are listed by name, open ones of their namespace alone, at any number at a time', async () => {
        const named = (name: string, namespace = NAMESPACE) => bornRow({ kind: 'schedule', name, namespace, queue: '', wakeAt: 5 })
        const [b, a, c, gone] = [named('b'), named('a'), named('c/ü'), named('d')]
        await lane.commit({ born: [b, a, c, gone, named('a', 'other'), bornRow({ name: 'a' })] })
        await lane.commit({ closed: [closingRow(gone)] })
        for (const limit of [1, 2, 9]) expect(await pages(after => store.read.schedules(NAMESPACE, { after, limit }))).toEqual([a, b, c])
        expect((await store.loadDue(lane.claim, 5, all)).rows).toHaveLength(4)
      })

      test('are no runs: no list, no count and no ending of an id tells of them', async () => {
        const [open, closed, run] = [bornRow({ kind: 'schedule', tags: { a: '1' } }), bornRow({ kind: 'schedule' }), bornRow()]
        await lane.commit({ born: [open, closed, run] })
        await lane.commit({ closed: [closingRow(closed, null, { state: 'terminated', closedAt: 50 })] })
        expect((await store.read.runs({ namespace: NAMESPACE }, all)).rows).toEqual([run])
        expect((await store.read.runs({ namespace: NAMESPACE, states: ['terminated', 'failed'] }, all)).rows).toEqual([])
        expect((await store.read.runs({ namespace: NAMESPACE, names: ['job'] }, all)).rows).toEqual([run])
        expect((await store.read.runs({ namespace: NAMESPACE, tags: { a: '1' } }, all)).rows).toEqual([])
        expect(await store.loadCounts(lane.claim)).toEqual([{ namespace: NAMESPACE, queue: 'default', name: 'job', state: 'queued', count: 1 }])
        expect(await store.read.closedCounts(NAMESPACE, 0)).toEqual([])
        for (const { id } of [open, closed]) expect(await store.read.runsEnding(NAMESPACE, id.slice(-8), 9, 9)).toEqual([])
        expect(await store.read.run(NAMESPACE, open.id)).toEqual(open)
      })

      // It never closes, and there is one for each DAG that has one.
      test('nor is the timeline of a DAG: no list and no count tells of it', async () => {
        const [timeline, run] = [bornRow({ kind: 'timeline', queue: '', tags: null, createdAt: 0 }), bornRow()]
        await lane.commit({ born: [timeline, run] })
        expect((await store.read.runs({ namespace: NAMESPACE }, all)).rows).toEqual([run])
        expect((await store.read.runs({ namespace: NAMESPACE, names: ['job'], states: ['queued'] }, all)).rows).toEqual([run])
        expect((await store.read.schedules(NAMESPACE, all)).rows).toEqual([])
        expect(await store.loadCounts(lane.claim)).toEqual([{ namespace: NAMESPACE, queue: 'default', name: 'job', state: 'queued', count: 1 }])
        expect(await store.read.run(NAMESPACE, timeline.id)).toEqual(timeline)
      })
    })

    test('assets are no runs either, and are listed by name; nor is who keeps results', async () => {
      const named = (name: string, namespace = NAMESPACE) => bornRow({ kind: 'asset', name, namespace, queue: '', tags: null, createdAt: 0 })
      const [b, a, c, run] = [named('s3://b'), named('s3://a'), named('s3://c/ü'), bornRow()]
      const memo = bornRow({ kind: 'memo', name: 'sales.load', queue: '', tags: null, createdAt: 0 })
      await lane.commit({ born: [b, a, c, run, memo, named('s3://a', 'other'), bornRow({ kind: 'schedule', name: 's3://a' })] })
      for (const limit of [1, 2, 9]) expect(await pages(after => store.read.assets(NAMESPACE, { after, limit }))).toEqual([a, b, c])
      expect((await store.read.runs({ namespace: NAMESPACE }, all)).rows).toEqual([run])
      expect(await store.loadCounts(lane.claim)).toEqual([{ namespace: NAMESPACE, queue: 'default', name: 'job', state: 'queued', count: 1 }])
    })

    describe('the ledger', () => {
      test('a line of the same number replaces the one before, in its batch and later', async () => {
        await lane.commit({ ledger: [line({ account: 'intended', run: null, lateMs: null }), line({ n: 1, at: 20, until: 20 })] })
        await lane.commit({ ledger: [line({ why: 'ü', note: 'by "ana"' }), line({ schedule: 'other', n: 0 })] })
        expect((await store.read.ledger('s', {}, all)).rows).toEqual([line({ n: 1, at: 20, until: 20 }), line({ why: 'ü', note: 'by "ana"' })])
        await lane.commit({ ledger: [line({ n: 2, count: 1 }), line({ n: 2, until: 40, count: 3 })] })
        expect((await store.read.ledger('s', { from: 30 }, all)).rows).toEqual([line({ n: 2, until: 40, count: 3 })])
      })

      test('latest first, filtered by time and account, at any number at a time', async () => {
        const lines = [
          line({ n: 0, at: 10, until: 10 }),
          line({ n: 1, at: 20, until: 60, count: 5, account: 'skipped', why: 'overlap', run: null, lateMs: null }),
          line({ n: 2, at: 70, until: 70 }),
          line({ n: 3, source: 'trigger', at: 75, until: 75 }),
        ]
        await lane.commit({ ledger: lines })
        const numbers = async (filter: Parameters<Store['read']['ledger']>[1], limit: number) =>
          (await pages(after => store.read.ledger('s', filter, { after, limit }))).map(({ n }) => n)
        for (const limit of [1, 2, 9]) {
          expect(await numbers({}, limit)).toEqual([3, 2, 1, 0])
          expect(await numbers({ from: 30, until: 70 }, limit)).toEqual([2, 1])
          expect(await numbers({ from: 60, until: 60 }, limit)).toEqual([1])
          expect(await numbers({ from: 61, until: 69 }, limit)).toEqual([])
          expect(await numbers({ accounts: ['skipped', 'paused'] }, limit)).toEqual([1])
          expect(await numbers({ accounts: [] }, limit)).toEqual([])
        }
        await expect(store.read.ledger('s', {}, { after: 'x', limit: 1 })).rejects.toMatchObject({ code: 'invalid-input' })
      })

      test('many in one go: of each the last that end, those that touch a range, as many as asked for', async () => {
        const lines = [
          line({ schedule: 'a', n: 0, at: 10, until: 10 }),
          line({ schedule: 'a', n: 1, at: 20, until: 60, count: 5, account: 'skipped', run: null, lateMs: null }),
          line({ schedule: 'a', n: 2, at: 70, until: 70 }),
          line({ schedule: 'b', n: 0, source: 'backfill', at: 50, until: 50 }),
          line({ schedule: 'b', n: 1, at: 40, until: 40 }),
        ]
        await lane.commit({ ledger: lines })
        const numbers = async (...given: Parameters<Store['read']['ledgers']>) =>
          (await store.read.ledgers(...given)).map(rows => rows.map(({ n }) => n))
        expect(await numbers(['b', 'none', 'a'], { from: 0, until: 100 }, 9)).toEqual([[0, 1], [], [2, 1, 0]])
        expect(await numbers(['a', 'b'], { from: 60, until: 69 }, 9)).toEqual([[1], []])
        expect(await numbers(['a', 'b'], { from: 0, until: 69 }, 1)).toEqual([[1], [0]])
        expect(await numbers(['a'], { from: 0, until: 100, accounts: ['skipped'] }, 9)).toEqual([[1]])
        expect((await store.read.ledgers(['b'], { from: 50, until: 50 }, 9))[0]).toEqual([lines[3]])
      })

      test('has old lines: by the time of their namespace, accounted for, and not of the last few', async () => {
        const [a, b, other, closed] = [['a'], ['b'], ['a', 'other'], ['closed']].map(([name, namespace = NAMESPACE]) =>
          bornRow({ kind: 'schedule', name: name as string, namespace }),
        ) as [OpenRow, OpenRow, OpenRow, OpenRow]
        const of = (schedule: string, ends: number[]) => ends.map((until, n) => line({ schedule, n, at: until, until }))
        await lane.commit({ born: [a, b, other, closed, bornRow()] })
        await lane.commit({
          closed: [closingRow(closed)],
          ledger: [...of(a.id, [10, 20, 30, 40]), ...of(b.id, [10, 20]), ...of(other.id, [10, 20, 30]), ...of(closed.id, [1, 2, 3])],
        })
        await lane.commit({ ledger: [line({ schedule: a.id, n: 1, at: 20, until: 20, account: 'intended', run: null })] })
        const old =
          (limit: number, keep = 1) =>
          async (after: string | null) =>
            store.loadOldLines(lane.claim, { before: 30, beforeIn: { other: 31 }, keep }, { after, limit })
        const names = (lines: { schedule: string; n: number }[]) =>
          lines.map(({ schedule, n }) => `${[a, b, other].findIndex(({ id }) => id === schedule)} ${n}`)
        expect(names(await pages(old(9)))).toEqual(['0 0', '1 0', '2 0', '2 1'])
        expect(names(await pages(old(9, 0)))).toEqual(['0 0', '1 0', '1 1', '2 0', '2 1', '2 2'])
        expect(names(await pages(old(9, 3)))).toEqual(['0 0'])
        // So many schedules a page, and so many lines.
        const first = await old(1, 0)(null)
        expect([names(first.rows), first.next === null]).toEqual([['0 0'], false])
        const second = await old(1, 0)(first.next)
        expect(names(second.rows)).toEqual(['1 0'])
        await lane.commit({ ledgerDrops: second.rows })
        expect(names((await old(1, 0)(first.next)).rows)).toEqual(['1 1'])
        await lane.commit({ ledgerDrops: [...(await pages(old(9))), { schedule: 'nobody', n: 0 }] })
        expect(names(await pages(old(9)))).toEqual([])
        expect((await store.read.ledger(a.id, {}, all)).rows.map(({ n }) => n)).toEqual([3, 2, 1])
      })

      test('goes with its schedule, and with nothing else', async () => {
        const [gone, kept] = [bornRow({ kind: 'schedule' }), bornRow({ kind: 'schedule' })]
        await lane.commit({ born: [gone, kept], ledger: [line({ schedule: gone.id }), line({ schedule: kept.id })] })
        await lane.commit({ closed: [closingRow(gone)] })
        await lane.commit({ purge: [gone.id, kept.id] })
        expect((await store.read.ledger(gone.id, {}, all)).rows).toEqual([])
        expect((await store.read.ledger(kept.id, {}, all)).rows).toHaveLength(1)
      })
    })
  })
}
