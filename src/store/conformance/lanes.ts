import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../core/ids.ts'
import { CLAIMS_READ, type Claim, SHARDS, type Store, StoreFenced } from '../store.ts'
import { bornRow, closingRow, holdRow, keyRow, type Lane, mailRow, NAMESPACE, type Open, openLane, rateRow, touchedRow } from './fixtures.ts'

/** Commits, settlings and claims: the chain of a lane (E1, E3, E14, E17, E20). */
export function lanesConform(open: Open): void {
  describe('a lane', () => chainConforms(open))
  describe('a refused batch', () => refusalsConform(open))
  describe('a revoked claim', () => revocationsConform(open))
}

function chainConforms(open: Open): void {
  let store: Store
  let lane: Lane
  beforeEach(async () => {
    store = (await open()).store
    lane = await openLane(store)
  })
  afterEach(() => store.close())

  describe('commit', () => {
    test('a batch is committed, seen by decisions and by reads', async () => {
      const row = bornRow()
      expect(await lane.commit({ born: [row] })).toEqual({ is: 'committed' })
      expect(await store.loadActors(lane.claim, [row.id])).toEqual([row])
      expect(await store.read.run(NAMESPACE, row.id)).toEqual(row)
    })

    test('an empty batch is committed: it checks the fence (E4)', async () => {
      expect(await lane.commit({})).toEqual({ is: 'committed' })
      expect(lane.sequence).toBe(1)
    })

    test.each<[string, Partial<ReturnType<Lane['batch']>>]>([
      ['another claim', { claim: newId(1, () => 0.5) }],
      ['an older sequence', { sequence: 0 }],
      ['a later sequence', { sequence: 2 }],
      ['another last batch at the same sequence', { lastBatch: newId(2, () => 0.5) }],
      ['an unknown lane', { lane: newId(3, () => 0.5) }],
    ])('%s is fenced, and nothing is written (E1)', async (_, change) => {
      await lane.commit({})
      const row = bornRow()
      expect(await store.commit({ ...lane.batch({ born: [row] }), ...change })).toEqual({ is: 'fenced' })
      expect(await store.read.run(NAMESPACE, row.id)).toBeNull()
      expect(await lane.commit({ born: [row] })).toEqual({ is: 'committed' })
    })

    test('the same batch a second time is fenced', async () => {
      const batch = lane.batch({ born: [bornRow()] })
      expect(await store.commit(batch)).toEqual({ is: 'committed' })
      expect(await store.commit(batch)).toEqual({ is: 'fenced' })
    })

    test('a batch that checks a claim which no longer stands is unchecked, and the lane is as it was (E17)', async () => {
      const other = await openLane(store)
      const checked = lane.batch({ born: [bornRow()] }, [other.claim.claim])
      expect(await store.commit(checked)).toEqual({ is: 'committed' })
      lane.follow(checked)
      await store.release(other.claim)
      const row = bornRow()
      const unchecked = lane.batch({ born: [row] }, [lane.claim.claim, other.claim.claim])
      expect(await store.commit(unchecked)).toEqual({ is: 'unchecked', claims: [other.claim.claim] })
      expect(await lane.commit({ born: [row] })).toEqual({ is: 'committed' })
    })

    test('a fenced batch is fenced, whatever its checks and its data', async () => {
      const batch = { ...lane.batch({ touched: [touchedRow(bornRow())] }, ['nobody']), sequence: 7 }
      expect(await store.commit(batch)).toEqual({ is: 'fenced' })
    })
  })

  describe('settle (E3)', () => {
    test('a batch that is in is in, however often one asks', async () => {
      const batch = lane.batch({ born: [bornRow()] })
      await store.commit(batch)
      for (let time = 0; time < 3; time++) expect(await store.settle(batch, 'settling')).toBe('in')
      lane.follow(batch)
      expect(await lane.commit({})).toEqual({ is: 'committed' })
    })

    test('a batch that is out never comes in, and the next builds on the settling', async () => {
      const batch = lane.batch({ born: [bornRow()] })
      for (let time = 0; time < 3; time++) expect(await store.settle(batch, 'settling')).toBe('out')
      expect(await store.commit(batch)).toEqual({ is: 'fenced' })
      lane.follow({ ...batch, id: 'settling' })
      expect(await lane.commit({ born: batch.writes.born })).toEqual({ is: 'committed' })
    })

    test("once the lane has gone on or is another's, it is fenced", async () => {
      const batch = lane.batch({})
      await store.commit(batch)
      lane.follow(batch)
      await lane.commit({})
      expect(await store.settle(batch, 'settling')).toBe('fenced')
      await store.release(lane.claim)
      expect(await store.settle(lane.batch({}), 'settling')).toBe('fenced')
      expect(await store.settle({ ...batch, lane: 'nobody' }, 'settling')).toBe('fenced')
    })

    test('another id asking about a batch that was settled out is fenced', async () => {
      const batch = lane.batch({})
      expect(await store.settle(batch, 'one')).toBe('out')
      expect(await store.settle(batch, 'two')).toBe('fenced')
    })

    test('a batch that was in before its claim was revoked is in', async () => {
      const batch = lane.batch({})
      await store.commit(batch)
      await store.release(lane.claim)
      expect(await store.settle(batch, 'settling')).toBe('in')
    })
  })

  describe('claims', () => {
    test('the first lane takes all shards, starts at 0 and an empty id, and is listed', async () => {
      expect(lane.claim).toMatchObject({ sequence: 0, lastBatch: '', shards: Array.from({ length: SHARDS }, (_, shard) => shard) })
      const { lane: id, claim } = lane.claim
      expect(await store.lanes()).toEqual([
        {
          ...{ lane: id, claim, node: lane.node, nodeName: 'test', address: 'http://10.0.0.1:7000' },
          ...{ renewals: 0, version: 0, shards: lane.claim.shards, reads: CLAIMS_READ, canHold: true },
        },
      ])
    })

    test('a second lane gets no shards that are held, and loads nothing', async () => {
      const row = bornRow({ wakeAt: 1, delivered: true, gate: 1, sort: 1 })
      await lane.commit({ born: [row], rates: [rateRow()], holds: [holdRow()], mail: [mailRow()], keys: [keyRow({ run: row.id })] })
      const other = await openLane(store)
      expect(other.claim.shards).toEqual([])
      expect(await store.loadDue(other.claim, 9, { after: null, limit: 9 })).toEqual({ rows: [], next: null })
      expect(await store.loadDelivered(other.claim, { after: null, limit: 9 })).toEqual({ rows: [], next: null })
      expect(await store.loadGroups(other.claim)).toEqual([])
      expect(await store.pageReady(other.claim, [{ group: 1, after: null, limit: 9 }])).toEqual([{ rows: [], next: null }])
      expect(await store.loadRates(other.claim)).toEqual([])
      expect(await store.loadHolds(other.claim)).toEqual([])
      expect(await store.loadMail(other.claim, { after: null, limit: 9 })).toEqual({ rows: [], next: null })
      expect(await store.lastMail(other.claim)).toBe(0)
      expect(await store.loadCounts(other.claim)).toEqual([])
      expect(await store.loadExpired(other.claim, 1e15, 9)).toEqual({ runs: [], keys: [] })
      expect(await store.loadActors(other.claim, [row.id])).toEqual([row])
      expect(await store.findKeys(other.claim, [keyRow({})])).toEqual([keyRow({ run: row.id })])
    })

    test('a lane that wants no shards has none, stands, commits, and leaves all to the next', async () => {
      await store.release(lane.claim)
      const none = await openLane(store, [], [])
      expect(none.claim.shards).toEqual([])
      expect((await store.lanes()).map(({ lane, shards }) => ({ lane, shards }))).toEqual([{ lane: none.claim.lane, shards: [] }])
      expect(await none.commit({})).toEqual({ is: 'committed' })
      expect((await openLane(store)).claim.shards).toHaveLength(SHARDS)
    })

    test('a renewal records the version of the settings that the lane goes by, and answers the one that they have (E21)', async () => {
      await lane.commit({ settings: [{ namespace: NAMESPACE, kind: 'pause', name: 'q', value: '{}', changedAt: 1 }] })
      expect(await store.renew(lane.claim, 0)).toBe(1)
      expect((await store.lanes()).map(({ renewals, version }) => [renewals, version])).toEqual([[1, 0]])
      expect(await store.renew(lane.claim, 1)).toBe(1)
      expect((await store.lanes()).map(({ renewals, version }) => [renewals, version])).toEqual([[2, 1]])
    })

    test('a dead lane is revoked, its shards taken, its batches fenced', async () => {
      const other = await openLane(store, await store.lanes())
      expect(other.claim.shards).toHaveLength(SHARDS)
      expect(await lane.commit({})).toEqual({ is: 'fenced' })
      expect(await store.renew(lane.claim, 0)).toBeNull()
      expect((await store.lanes()).map(row => row.lane)).toEqual([other.claim.lane])
    })

    test('a lane that renewed since it was seen is not dead (E20)', async () => {
      const seen = await store.lanes()
      expect(await store.renew(lane.claim, 0)).toBe(0)
      expect((await openLane(store, seen)).claim.shards).toEqual([])
      expect(await lane.commit({})).toEqual({ is: 'committed' })
      expect((await store.lanes()).find(row => row.lane === lane.claim.lane)?.renewals).toBe(1)
    })

    test('a lane with another claim than seen is not dead', async () => {
      const seen = (await store.lanes()).map(row => ({ ...row, claim: 'another' }))
      expect((await openLane(store, seen)).claim.shards).toEqual([])
      expect(await lane.commit({})).toEqual({ is: 'committed' })
    })

    test('a claim that is repeated answers the one that was made, and where it stands', async () => {
      await lane.commit({})
      expect(await store.claim({ ...lane.request, dead: await store.lanes() })).toEqual({ ...lane.claim, sequence: 1, lastBatch: lane.lastBatch })
    })

    test('a claim that no longer stands is not brought back by repeating it', async () => {
      await store.release(lane.claim)
      await expect(store.claim(lane.request)).rejects.toThrow(StoreFenced)
    })

    test('a released lane gives its shards up at once; releasing again does nothing', async () => {
      await store.release(lane.claim)
      await store.release(lane.claim)
      expect(await store.lanes()).toEqual([])
      expect((await openLane(store)).claim.shards).toHaveLength(SHARDS)
      expect(await store.renew(lane.claim, 0)).toBeNull()
      expect(await lane.commit({})).toEqual({ is: 'fenced' })
    })
  })
}

function refusalsConform(open: Open): void {
  const existing = bornRow()
  const gone = bornRow()
  const held = holdRow()
  const lying = mailRow({ to: 3, from: 2, n: 7 })
  let store: Store
  let lane: Lane
  beforeAll(async () => {
    store = (await open()).store
    lane = await openLane(store)
    await lane.commit({ born: [existing, gone], segments: [{ run: existing.id, first: 0, events: '[]' }], holds: [held], mail: [lying] })
    await lane.commit({ closed: [closingRow(gone)] })
  })
  afterAll(() => store.close())

  test.each<[string, Parameters<Lane['commit']>[0]]>([
    ['a birth of an open run', { born: [existing] }],
    ['a birth of a closed run', { born: [gone] }],
    ['two births of one run', { born: Array(2).fill(bornRow()) }],
    ['a touch of no run', { touched: [touchedRow(bornRow())] }],
    ['a touch of the body of no run', { touched: [touchedRow(bornRow(), { bodyAlone: true })] }],
    ['a touch of a closed run', { touched: [touchedRow(gone)] }],
    ['a closing of no run', { closed: [closingRow(bornRow())] }],
    ['a second closing', { closed: [closingRow(gone)] }],
    ['two closings of one run', { closed: [closingRow(existing), closingRow(existing)] }],
    ['a birth and closing of an open run', { closed: [closingRow(existing, existing)] }],
    ['a birth and closing of a closed run', { closed: [closingRow(gone, gone)] }],
    ['a hold that is there', { holds: [held] }],
    ['two holds of one id', { holds: Array(2).fill(holdRow()) }],
    ['mail that is there', { mail: [{ ...lying, id: 'another' }] }],
    ['mail that is taken and not there', { mailTaken: [mailRow({ n: 8 })] }],
    ['mail that is taken and has another id', { mailTaken: [{ ...lying, id: 'another' }] }],
    ['mail that is taken twice', { mailTaken: [lying, lying] }],
    ['a segment that is there', { segments: [{ run: existing.id, first: 0, events: '[1]' }] }],
  ])('%s: data at fault, nothing written, the lane as it was (E14)', async (_, writes) => {
    // enough good rows around the bad one that a bulk statement is full
    const good = Array.from({ length: 100 }, () => bornRow())
    const answer = await lane.commit({ ...writes, born: [...good, ...(writes.born ?? [])], keys: [keyRow({ key: 'refused' })] })
    expect(answer).toMatchObject({ is: 'refused', resend: false, why: expect.stringMatching(/\w/) })
    expect(await store.loadActors(lane.claim, [existing.id, ...good.map(row => row.id)])).toEqual([existing])
    expect(await store.findKeys(lane.claim, [keyRow({ key: 'refused' })])).toEqual([])
    expect(await lane.commit({ born: good })).toEqual({ is: 'committed' })
  })
}

function revocationsConform(open: Open): void {
  let store: Store
  let lane: Lane
  beforeAll(async () => {
    store = (await open()).store
    lane = await openLane(store)
    await openLane(store, await store.lanes())
  })
  afterAll(() => store.close())

  test.each<[string, (store: Store, claim: Claim) => Promise<unknown>]>([
    ['loadActors', (store, claim) => store.loadActors(claim, [])],
    ['loadDue', (store, claim) => store.loadDue(claim, 1, { after: null, limit: 1 })],
    ['loadDelivered', (store, claim) => store.loadDelivered(claim, { after: null, limit: 1 })],
    ['findKeys', (store, claim) => store.findKeys(claim, [])],
    ['loadGroups', (store, claim) => store.loadGroups(claim)],
    ['pageReady', (store, claim) => store.pageReady(claim, [])],
    ['loadRates', (store, claim) => store.loadRates(claim)],
    ['loadHolds', (store, claim) => store.loadHolds(claim)],
    ['loadMail', (store, claim) => store.loadMail(claim, { after: null, limit: 1 })],
    ['lastMail', (store, claim) => store.lastMail(claim)],
    ['lastId', (store, claim) => store.lastId(claim)],
    ['loadCounts', (store, claim) => store.loadCounts(claim)],
    ['loadExpired', (store, claim) => store.loadExpired(claim, 1, 1)],
  ])('%s with a revoked claim is fenced', async (_, read) => {
    await expect(read(store, lane.claim)).rejects.toThrow(StoreFenced)
  })
}
