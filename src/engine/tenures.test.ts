import { describe, expect, test } from 'vitest'
import { newId } from '../core/ids.ts'
import { seeded } from '../core/seeded.ts'
import { openMemoryStore } from '../store/memory/store.ts'
import { ALL_SHARDS, CLAIMS_READ, type Claim, SHARDS, type Store } from '../store/store.ts'
import { Catalog } from './catalog.ts'
import { SIZES } from './options.ts'
import { SHARDS_SETTING } from './settings.ts'
import { sharesOf } from './shares.ts'
import type { Tenure } from './tenure.ts'
import { Tenures } from './tenures.ts'
import { settle, TestClock } from './test-clock.ts'
import { TestNode } from './test-engine.ts'

const TTL = 1_000

interface Seen {
  /** What the other holds. */
  held?: readonly number[]
  reads?: number
}

/** A node that watches a store in which another lane holds all shards. */
async function watching(can = { share: true }, { held = ALL_SHARDS, reads = CLAIMS_READ }: Seen = {}) {
  const clock = new TestClock()
  const random = seeded(1)
  const inner = openMemoryStore()
  const id = () => newId(clock.now(), random)
  const other = await inner.claim({ lane: id(), claim: id(), node: id(), nodeName: 'other', address: null, wanted: held, dead: [] })
  const catalog = new Catalog(inner.read)
  const world = {
    catalog,
    clock,
    inner,
    other,
    away: false,
    slowMs: 0,
    served: [] as Claim[],
    ends: [] as ((next: null) => void)[],
    tenures: null as unknown as Tenures,
  }
  const store: Store = {
    ...inner,
    can,
    read: inner.read,
    lanes: async () => {
      if (world.away) throw new Error('away')
      if (world.slowMs > 0) await new Promise<void>(resolve => clock.after(world.slowMs, resolve))
      return (await inner.lanes()).map(lane => (lane.nodeName === 'other' ? { ...lane, reads } : lane))
    },
  }
  world.tenures = new Tenures(
    store,
    { clock, random, retentionMs: () => 0, log: () => {}, home: () => null },
    { ...SIZES, claimTtlMs: TTL },
    catalog,
    { name: 'me', address: null },
    (beginning, ended) => {
      world.served.push(beginning.claim)
      world.ends.push(ended)
      return { load: async () => {}, drain: async () => {}, end: ended } as unknown as Tenure
    },
  )
  return world
}

describe('a lane is dead when its renewals have stood still for a whole TTL (E20)', () => {
  test('then its shards are taken, and not before', async () => {
    const world = await watching()
    void world.tenures.start()
    await world.clock.advance(TTL - 1)
    expect(world.served).toEqual([])
    await world.clock.advance(1)
    await settle()
    expect(world.served.map(({ shards }) => shards.length)).toEqual([SHARDS])
    expect(await world.inner.renew(world.other, 0)).toBeNull()
  })

  test('a lane that renews lives, however long one watches', async () => {
    const world = await watching()
    void world.tenures.start()
    for (let round = 0; round < 30; round++) {
      await world.clock.advance(TTL * 0.9)
      expect(await world.inner.renew(world.other, 0)).toBe(0)
    }
    expect(world.served).toEqual([])
  })

  test('a failed read starts the count again: a store that was away is no reason to take from all', async () => {
    const world = await watching()
    void world.tenures.start()
    await world.clock.advance(TTL * 0.7)
    world.away = true
    await world.clock.advance(60 * TTL)
    world.away = false
    await world.clock.advance(TTL)
    expect(world.served).toEqual([])
    await world.clock.advance(TTL / 2)
    expect(world.served).toHaveLength(1)
  })

  test('so does a read whose answer was kept back: what it says was not watched', async () => {
    const world = await watching()
    void world.tenures.start()
    await world.clock.advance(TTL * 0.7)
    world.slowMs = 60 * TTL
    await world.clock.advance(TTL / 8)
    world.slowMs = 0
    await world.clock.advance(60 * TTL)
    expect(world.served).toEqual([])
    await world.clock.advance(TTL * 1.2)
    expect(world.served).toHaveLength(1)
  })

  test('the wall clock has no say: an hour forward or back kills nobody and saves nobody', async () => {
    for (const step of [3_600_000, -3_600_000]) {
      const world = await watching()
      void world.tenures.start()
      await world.clock.advance(TTL / 2)
      world.clock.step(step)
      await world.clock.advance(TTL / 2 - 1)
      expect(world.served).toEqual([])
      await world.clock.advance(1)
      expect(world.served).toHaveLength(1)
    }
  })

  test('where nobody can share the store, what another left is taken at once', async () => {
    const world = await watching({ share: false })
    await world.tenures.start()
    expect(world.served).toHaveLength(1)
  })
})

describe('of those that share, a node has so many of the shards that there are', () => {
  const held = ALL_SHARDS.slice(0, 64)
  test.each([
    [64, CLAIMS_READ, 64],
    [256, CLAIMS_READ, 256],
    // Nodes of the version before know 64, whatever is set (E11).
    [256, 1, 64],
  ])('of %i, beside one that reads form %i: of %i', async (set, reads, count) => {
    const world = await watching(undefined, { held, reads })
    world.catalog.settings.put({ kind: SHARDS_SETTING, namespace: '', name: '', value: JSON.stringify({ count: set }), changedAt: 0 })
    void world.tenures.start()
    await settle()
    const { node } = (await world.inner.lanes()).find(({ nodeName }) => nodeName === 'other') as { node: string }
    const share = sharesOf(world.tenures.node, [world.tenures.node, node], count)
    expect(world.served.map(({ shards }) => shards)).toEqual([share.filter(part => !held.includes(part))])
  })
})

describe('a node’s life', () => {
  test('shards that were given up are taken without a TTL (E25)', async () => {
    const world = await watching()
    await world.inner.release(world.other)
    await world.tenures.start()
    expect([world.served.length, world.clock.monotonic()]).toEqual([1, 0])
  })

  test('when its claim is lost it begins anew, with a lane of another id', async () => {
    const world = await watching({ share: false })
    await world.tenures.start()
    world.ends[0]?.(null)
    expect([world.tenures.current, world.tenures.fenced]).toEqual([null, 1])
    await world.clock.advance(TTL)
    expect(world.served).toHaveLength(2)
    expect(world.served[1]?.lane).not.toBe(world.served[0]?.lane)
  })

  test('once stopped it claims nothing more', async () => {
    const world = await watching()
    void world.tenures.start()
    await world.tenures.stop()
    await world.clock.advance(10 * TTL)
    expect(world.served).toEqual([])
  })
})

test('a successor goes on where its predecessor stood still, and the old one, awake again, is fenced (E1, E3)', async () => {
  const store = openMemoryStore()
  const old = await TestNode.start(store)
  const run = await old.run()
  const successorClock = new TestClock()
  const successor = TestNode.start(store, undefined, { clock: successorClock, seed: 3 })
  await successorClock.advance(2_000)
  const node = await successor
  expect((await node.poll()).tasks).toMatchObject([{ run, attempt: 1 }])
  const late = await old.start(null, {}).catch(error => error.code)
  expect(late).toBe('unavailable')
})
