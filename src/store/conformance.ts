import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../core/ids.ts'
import { bornRow, keyRow, type Lane, type Open, type Opened, openLane } from './conformance/fixtures.ts'
import { lanesConform } from './conformance/lanes.ts'
import { listsConform } from './conformance/lists.ts'
import { comparable, histories, Model } from './conformance/model.ts'
import { rowsConform } from './conformance/rows.ts'
import { schedulesConform } from './conformance/schedules.ts'
import { shardsConform } from './conformance/shards.ts'
import { type Store, type StoreCan, StoreUnavailable } from './store.ts'

/** What store.ts promises, sentence by sentence, of any implementation. */
export function conformance(name: string, can: StoreCan, open: Open): void {
  describe(`${name} keeps the port's promises`, () => {
    lanesConform(open)
    if (can.share) describe('lanes beside each other', () => shardsConform(open))
    describe('a batch', () => rowsConform(open))
    listsConform(open)
    schedulesConform(open)

    describe('as a whole', () => {
      let opened: Opened
      let store: Store
      let lane: Lane
      beforeEach(async () => {
        opened = await open()
        store = opened.store
        lane = await openLane(store)
      })
      afterEach(() => store.close())

      test('it can what it says', () => expect(store.can).toEqual(can))

      test('after close, everything is unavailable; closing again does nothing', async () => {
        await store.close()
        await store.close()
        await expect(lane.commit({})).rejects.toThrow(StoreUnavailable)
        await expect(store.lanes()).rejects.toThrow(StoreUnavailable)
        await expect(store.now()).rejects.toThrow(StoreUnavailable)
        await expect(store.read.settings()).rejects.toThrow(StoreUnavailable)
      })

      test('what was committed is there when the store is opened again, and the old claim can be revoked', async () => {
        if (opened.reopen === undefined) return
        const row = bornRow({ tags: { a: '1' }, input: '{}' })
        await lane.commit({ born: [row], keys: [keyRow({ run: row.id })] })
        await store.close()
        store = await opened.reopen()
        expect((await store.lanes()).map(({ lane }) => lane)).toEqual([lane.claim.lane])
        const next = await openLane(store, await store.lanes())
        expect(await lane.commit({}, store)).toEqual({ is: 'fenced' })
        expect(await store.loadActors(next.claim, [row.id])).toEqual([row])
        expect(await store.findKeys(next.claim, [keyRow({})])).toEqual([keyRow({ run: row.id })])
      })

      test('any history of batches answers and leaves what a simple model does', async () => {
        await fc.assert(
          fc.asyncProperty(histories, async history => {
            const namespace = newId(Date.now(), Math.random)
            const model = new Model(namespace)
            for (const step of history) {
              const { writes, accepted } = model.apply(step)
              const answer = await lane.commit(writes)
              expect(answer.is).toBe(accepted ? 'committed' : 'refused')
            }
            expect(await comparable(store, lane.claim, namespace)).toEqual(model.comparable())
          }),
          { numRuns: 60 },
        )
      })
    })
  })
}
