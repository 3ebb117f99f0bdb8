import { afterAll, beforeEach, expect, test } from 'vitest'
import { newId } from '../../core/ids.ts'
import { openLane } from '../conformance/fixtures.ts'
import { ALL_SHARDS, CLAIMS_READ, type Store } from '../store.ts'
import { INCARNATION } from './commit.ts'
import { openPostgresStore } from './store.ts'
import { query, schemaOfOwn } from './testing.ts'

const opened: Store[] = []
let store: Store
let schema: string
beforeEach(async () => {
  const own = schemaOfOwn()
  schema = own.schema
  store = await openPostgresStore({ url: own.url })
  opened.push(store)
})
afterAll(() => Promise.all(opened.map(store => store.close())))

const id = () => newId(Date.now(), Math.random)
const WANTED = Array.from({ length: 64 }, (_, shard) => shard)

/** What a node of schema version 3 writes to claim: it knows 64 shards, and nothing of what it reads. */
async function olderClaim(wanted: readonly number[]): Promise<{ lane: string; shards: number[] }> {
  const lane = id()
  await query(`set search_path to "${schema}";
    update cluster set claims = claims + 1, claimant = '${lane}';
    insert into lane_claim(lane, claim, node, node_name, address, stands, incarnation)
      select '${lane}', '${lane}', '${lane}', 'older:1', null, true, ${INCARNATION};
    insert into lane_renewal(lane, claim, stands, renewals, version) select '${lane}', '${lane}', true, 0, 0;
    insert into lane_link(lane, sequence, batch) select '${lane}', 0, '';
    update shard s set lane = '${lane}' where s.shard = any('{${wanted.join()}}'::int2[]) and not exists (
      select 1 from lane_claim c where c.lane = s.lane and c.stands and c.incarnation = ${INCARNATION})`)
  const rows = await query<{ shard: number }>(`select shard from "${schema}".shard where lane = '${lane}' order by shard`)
  return { lane, shards: rows.map(({ shard }) => shard) }
}

const numbers = async () => (await query<{ shard: number }>(`select shard from "${schema}".shard order by shard`)).map(({ shard }) => shard)

test('beside a node of the version before shards stay the 64 that it knows, and each has one owner (E11)', async () => {
  const older = await olderClaim(WANTED.slice(0, 32))
  expect(older.shards).toHaveLength(32)
  const { claim } = await openLane(store, [], ALL_SHARDS)
  expect(claim.shards, 'the rest, part by part').toEqual(ALL_SHARDS.slice(128))
  const lanes = await store.lanes()
  expect(lanes.map(({ nodeName, reads, canHold, shards }) => [nodeName, reads, canHold, shards.length])).toEqual([
    ['older:1', 1, true, 128],
    [expect.any(String), CLAIMS_READ, true, 128],
  ])
  expect(await numbers()).toEqual(WANTED)
  await store.release(claim)
  const { claim: next } = await openLane(store, [], [128, 129, 130, 132, 133, 134, 135])
  expect(next.shards, 'of a shard that it knows whole nobody has a part').toEqual([132, 133, 134, 135])
})

test('once nobody of the version before is there, shards are single parts, whose they were; and it finds none to take any more (E11)', async () => {
  const older = await olderClaim(WANTED.slice(0, 32))
  const { claim: kept } = await openLane(store, [], ALL_SHARDS)
  const dead = (await store.lanes()).filter(({ lane }) => lane === older.lane)
  const { claim } = await openLane(store, dead, [1])
  expect(claim.shards, 'of what the dead one had').toEqual([1])
  expect((await store.lanes()).find(({ lane }) => lane === kept.lane)?.shards, 'what another has stays').toEqual(kept.shards)
  expect(await numbers()).toHaveLength(ALL_SHARDS.length)
  expect((await olderClaim(WANTED)).shards).toEqual([])
  expect((await store.lanes()).map(({ nodeName, canHold }) => [nodeName, canHold]).at(-1)).toEqual(['older:1', false])
})

test('rows become those of a later form once every node reads it, and stay whose they are; one that reads only the form before finds none (E11)', async () => {
  const open = (reads: number, wanted: readonly number[]) =>
    store.claim({ ...{ lane: id(), claim: id(), node: id(), nodeName: `reads ${reads}`, address: null }, wanted, dead: [], reads })
  const before = await open(2, ALL_SHARDS.slice(0, 100))
  const kept = await open(CLAIMS_READ, ALL_SHARDS.slice(0, 200))
  expect([before.shards.length, kept.shards]).toEqual([100, ALL_SHARDS.slice(100, 200)])
  expect(await numbers(), 'of form 2').toEqual(ALL_SHARDS.map(part => 256 + part))
  await store.release(before)
  const next = await open(CLAIMS_READ, [1, 2])
  expect(next.shards).toEqual([1, 2])
  expect(await numbers(), 'of form 3').toEqual(ALL_SHARDS.map(part => 512 + part))
  await open(0, [])
  const lanes = (await store.lanes()).map(({ nodeName, canHold, shards }) => [nodeName, canHold, shards.length])
  expect(lanes, 'one that has met what it does not know is left no share').toEqual([
    ['reads 3', true, 100],
    ['reads 3', true, 2],
    ['reads 0', false, 0],
  ])
  // A node of form 2 looks for rows of the forms that it knows.
  expect((await olderClaim([...WANTED, ...ALL_SHARDS.map(part => 256 + part)])).shards).toEqual([])
})
