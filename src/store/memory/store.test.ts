import { describe, expect, test } from 'vitest'
import { bornRow, closingRow, keyRow, openLane, rateRow, touchedRow } from '../conformance/fixtures.ts'
import { conformance } from '../conformance.ts'
import { openMemoryStore } from './store.ts'

conformance('memory', { share: true }, async () => ({ store: openMemoryStore() }))

describe("the memory store's powers for the simulator", () => {
  test('time is what options.now says, and stands still without it', async () => {
    expect(await openMemoryStore().now()).toBe(0)
    expect(await openMemoryStore({ now: () => 7 }).now()).toBe(7)
  })

  test('a rollback undoes the last transactions with all indexes, and changes the incarnation (E2)', async () => {
    const store = openMemoryStore()
    const lane = await openLane(store)
    const rows = [bornRow({ gate: 1, sort: 2, wakeAt: 3 }), bornRow({ delivered: true })] as const
    await lane.commit({ born: [...rows], keys: [keyRow({ run: rows[0].id })], rates: [rateRow({ spent: '1' }), rateRow({ key: 'k2' })] })
    const before = structuredClone(store.tables())
    const { incarnation } = store
    const later = await openLane(store)
    await lane.commit({ touched: [touchedRow(rows[0], { gate: null, sort: null, wakeAt: null, body: 'x' })], keyDrops: [keyRow({})] })
    await lane.commit({ closed: [closingRow(rows[1])], segments: [{ run: rows[1].id, first: 0, events: '[]' }] })
    await lane.commit({ rates: [rateRow({ spent: '2' }), rateRow({ key: 'k2', spent: null })] })
    await store.renew(lane.claim, 0)
    await store.release(lane.claim)
    expect(store.rollback(6)).toBe(6)
    expect(store.incarnation).not.toBe(incarnation)
    expect(structuredClone(store.tables())).toEqual(before)
    expect(await store.renew(later.claim, 0)).toBeNull()
    expect(await store.pageReady(lane.claim, [{ group: 1, after: null, limit: 9 }])).toEqual([{ rows: [rows[0]], next: null }])
    expect((await store.loadDelivered(lane.claim, { after: null, limit: 9 })).rows).toEqual([rows[1]])
    expect(await lane.commit({})).toEqual({ is: 'fenced' })
  })

  test('no more is undone than is known, and a refused or fenced batch is no transaction', async () => {
    const store = openMemoryStore()
    const lane = await openLane(store)
    await lane.commit({ touched: [touchedRow(bornRow())] })
    await store.commit({ ...lane.batch({}), sequence: 9 })
    expect(store.rollback(10)).toBe(1)
    expect(store.rollback(1)).toBe(0)
    expect(store.tables().lanes.size).toBe(0)
  })

  test('poison is refused, writing nothing (E14)', async () => {
    const store = openMemoryStore({ refuse: batch => (batch.writes.born.some(row => row.body.includes('poison')) ? 'poison' : null) })
    const lane = await openLane(store)
    expect(await lane.commit({ born: [bornRow(), bornRow({ body: 'poison' })] })).toEqual({ is: 'refused', resend: false, why: 'poison' })
    expect(store.tables().open.size).toBe(0)
  })

  test('each lane has the chain of its batches and settlings', async () => {
    const store = openMemoryStore()
    const lane = await openLane(store)
    await lane.commit({})
    await store.settle(lane.batch({}), 'settling')
    expect(store.tables().chains.get(lane.claim.lane)).toEqual([
      { lane: lane.claim.lane, sequence: 1, id: lane.lastBatch },
      { lane: lane.claim.lane, sequence: 2, id: 'settling' },
    ])
  })
})
