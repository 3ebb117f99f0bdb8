import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { partOfResource } from '../../core/ids.ts'
import { ALL_SHARDS, type Claim, SHARDS, type Store } from '../store.ts'
import {
  bornRow,
  byId,
  closingRow,
  holdRow,
  idIn,
  keyRow,
  type Lane,
  mailRow,
  NAMESPACE,
  type Open,
  openLane,
  pages,
  rateRow,
  readyOf,
} from './fixtures.ts'

/** Who holds which shards, and that a lane sees what lives on its own (E1, E15, E20). For stores that can be shared. */
export function shardsConform(open: Open): void {
  let store: Store
  beforeEach(async () => {
    store = (await open()).store
  })
  afterEach(() => store.close())

  const evens = ALL_SHARDS.filter(shard => shard % 2 === 0)
  const odds = ALL_SHARDS.filter(shard => shard % 2 === 1)
  const holders = async () => new Map((await store.lanes()).map(({ lane, shards }) => [lane, shards]))

  describe('shards', () => {
    test('a lane gets of those that it wants what nobody holds, in order', async () => {
      const one = await openLane(store, [], [9, 4, 5])
      const two = await openLane(store, [], [5, 6, 4, 3])
      expect([one.claim.shards, two.claim.shards]).toEqual([
        [4, 5, 9],
        [3, 6],
      ])
      expect((await openLane(store)).claim.shards).toHaveLength(SHARDS - 5)
    })

    test("of a dead lane it gets what it wants, and the rest is nobody's", async () => {
      const dead = await openLane(store, [], [1, 2, 3])
      const alive = await openLane(store, [], [4])
      const heir = await openLane(
        store,
        (await store.lanes()).filter(({ lane }) => lane === dead.claim.lane),
        [2, 4],
      )
      expect(heir.claim.shards).toEqual([2])
      expect(await holders()).toEqual(
        new Map([
          [alive.claim.lane, [4]],
          [heir.claim.lane, [2]],
        ]),
      )
      expect((await openLane(store, [], [1, 2, 3])).claim.shards).toEqual([1, 3])
    })

    test('a claim that is repeated gets no more than the first time', async () => {
      const held = await openLane(store, [], [7])
      const lane = await openLane(store, [], [7, 8])
      await store.release(held.claim)
      expect((await store.claim(lane.request)).shards).toEqual([8])
      expect((await openLane(store, [], [7])).claim.shards).toEqual([7])
    })

    test('many that claim at once share without overlap', async () => {
      const lanes = await Promise.all(Array.from({ length: 4 }, () => openLane(store, [], [0, 1, 2])))
      expect(lanes.flatMap(({ claim }) => claim.shards).sort()).toEqual([0, 1, 2])
    })

    test('one of many that revoke the same lane gets its shards', async () => {
      await openLane(store)
      const seen = await store.lanes()
      const lanes = await Promise.all(Array.from({ length: 4 }, () => openLane(store, seen)))
      expect(lanes.map(({ claim }) => claim.shards.length).sort((a, b) => a - b)).toEqual([0, 0, 0, SHARDS])
    })
  })

  describe('a lane sees what lives on its shards, and by id or key all there is', () => {
    const all = { after: null, limit: 999 }

    test('actors, groups, keys, rates, holds and mail of two lanes', async () => {
      const lanes = { even: await openLane(store, [], evens), odd: await openLane(store, [], odds) }
      const parts = ALL_SHARDS
      const mine = (lane: Lane) => (part: number) => lane.claim.shards.includes(part)
      const rows = parts.map(part => bornRow({ id: idIn(part), wakeAt: 1, delivered: true, gate: 1 + (part % 8), sort: part }))
      const ended = parts.map(part => bornRow({ id: idIn(part) }))
      const keys = ended.map((row, part) => keyRow({ key: `${part}`, run: row.id, expiresAt: part }))
      const rates = parts.map(part => rateRow({ key: `${part}` }))
      const holds = parts.map(part => holdRow({ part }))
      const mail = parts.map(part => mailRow({ to: part, from: (part + 4) % 256, n: part + 1 }))
      await lanes.even.commit({ born: [...rows, ...ended], keys, rates, holds, mail })
      await lanes.odd.commit({ closed: ended.map((row, part) => closingRow(row, null, { purgeAt: part })) })

      const partOf = new Map([...rows, ...ended].map(({ id }, index) => [id, index % 256]))
      for (const lane of [lanes.even, lanes.odd]) {
        const { claim } = lane
        const ours = parts.filter(mine(lane))
        const oursOf = <T>(all: readonly T[]) => ours.map(part => all[part] as T)
        expect(ours).toHaveLength(128)
        const due = await pages(after => store.loadDue(claim, 1, { after, limit: 50 }))
        expect(due.map(({ id }) => id)).toEqual(
          oursOf(rows)
            .sort(byId)
            .map(({ id }) => id),
        )
        expect(await pages(after => store.loadDelivered(claim, { after, limit: 50 }))).toEqual(oursOf(rows).sort(byId))
        expect((await store.loadGroups(claim)).sort((a, b) => a.group - b.group)).toEqual(
          [...new Set(ours.map(part => 1 + (part % 8)))].sort().map(group => ({ group, sort: ours.find(part => 1 + (part % 8) === group) })),
        )
        expect(await readyOf(store, claim, 1, 5)).toEqual(oursOf(rows).filter(({ gate }) => gate === 1))
        expect((await store.loadRates(claim)).map(({ key }) => key).sort()).toEqual(
          rates
            .filter(row => mine(lane)(partOfResource(row)))
            .map(({ key }) => key)
            .sort(),
        )
        expect((await store.loadHolds(claim)).sort(byId)).toEqual(oursOf(holds).sort(byId))
        const expected = oursOf(mail).sort((a, b) => a.from - b.from)
        expect(await pages(after => store.loadMail(claim, { after, limit: 50 }))).toEqual(expected)
        expect(await store.lastMail(claim)).toBe(Math.max(...mail.filter(({ from }) => mine(lane)(from)).map(({ n }) => n)))
        expect(await store.loadCounts(claim)).toEqual([{ namespace: NAMESPACE, queue: 'default', name: 'job', state: 'queued', count: 128 }])
        const expired = await store.loadExpired(claim, 99, 999)
        const expiredParts = ours.filter(part => part <= 99)
        expect(expired.runs.map(({ id }) => partOf.get(id))).toEqual(expiredParts)
        expect(expired.keys.map(({ key }) => Number(key))).toEqual(expiredParts)
        expect(
          await store.loadActors(
            claim,
            rows.map(({ id }) => id),
          ),
        ).toHaveLength(256)
        expect(await store.findKeys(claim, keys)).toHaveLength(256)
      }
      expect((await store.read.runs({ namespace: NAMESPACE }, all)).rows).toHaveLength(512)
    })

    test('a few shards by themselves', async () => {
      const claims: Claim[] = []
      for (const from of [0, 124, 252]) claims.push((await openLane(store, [], [from, from + 1, from + 2, from + 3])).claim)
      const writer = await openLane(store, [], [])
      const rows = [0, 3, 4, 123, 124, 127, 128, 251, 252, 255].map(part => bornRow({ id: idIn(part), gate: 1, sort: part }))
      await writer.commit({ born: rows })
      const found = await Promise.all(claims.map(async claim => (await readyOf(store, claim, 1, 9)).map(({ sort }) => sort)))
      expect(found).toEqual([
        [0, 3],
        [124, 127],
        [252, 255],
      ])
    })
  })
}
