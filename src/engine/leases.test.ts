import { describe, expect, test } from 'vitest'
import { type Lease, Leases } from './leases.ts'
import { TestClock } from './test-clock.ts'

const LEASE = 1_000

function make(heartbeatMs: number | null = null) {
  const clock = new TestClock()
  const lapses: { delivery: string; why: string; at: number }[] = []
  const world = { clock, lapses, fresh: true, leases: null as unknown as Leases, lease: null as unknown as Lease }
  world.leases = new Leases(
    clock,
    LEASE,
    () => world.fresh,
    (lease, why) => {
      lapses.push({ delivery: lease.delivery, why, at: clock.monotonic() })
      world.leases.drop(lease)
    },
  )
  world.leases.add({
    run: 'r1',
    task: 'job',
    attempt: 1,
    delivery: 'd1',
    namespace: 'default',
    definition: 'mail',
    worker: 'w1',
    since: 0,
    heartbeatMs,
    cancelling: false,
    atMostOnce: false,
  })
  world.lease = world.leases.of({ run: 'r1', delivery: 'd1' }) as Lease
  return world
}

/** They are looked at every twentieth of their length. */
const LOOK = LEASE / 20

describe('a lease (E20)', () => {
  test('that nobody renews is lost at its end, and not before', async () => {
    const world = make()
    await world.clock.advance(LEASE - 1)
    expect(world.lapses).toEqual([])
    await world.clock.advance(LOOK + 1)
    expect(world.lapses).toMatchObject([{ delivery: 'd1', why: 'lost' }])
  })

  test('is kept by beats, for as long as they come', async () => {
    const world = make()
    for (let beat = 0; beat < 20; beat++) {
      await world.clock.advance(LEASE * 0.8)
      world.leases.beat(world.lease, false)
    }
    expect(world.lapses).toEqual([])
    await world.clock.advance(LEASE + LOOK)
    expect(world.lapses).toHaveLength(1)
  })

  test('whose handler is silent ends by its heartbeat time-out, though its worker beats', async () => {
    const world = make(300)
    for (let beat = 0; beat < 8; beat++) {
      await world.clock.advance(50)
      world.leases.beat(world.lease, false)
    }
    expect(world.lapses).toMatchObject([{ why: 'silent', at: 300 }])
  })

  test('whose handler gives signs of life stays', async () => {
    const world = make(300)
    for (let beat = 0; beat < 20; beat++) {
      await world.clock.advance(200)
      world.leases.beat(world.lease, true)
    }
    expect(world.lapses).toEqual([])
  })

  test('starts afresh after a stall: it says nothing about the workers', async () => {
    const world = make(300)
    world.clock.stall(10 * LEASE)
    await world.clock.advance(LOOK)
    expect(world.lapses).toEqual([])
    await world.clock.advance(LEASE - 2 * LOOK)
    world.leases.beat(world.lease, true)
    await world.clock.advance(LEASE + LOOK)
    expect(world.lapses).toHaveLength(1)
  })

  test('does not end while the lane cannot be sure of its claim', async () => {
    const world = make()
    world.fresh = false
    await world.clock.advance(5 * LEASE)
    expect(world.lapses).toEqual([])
    world.fresh = true
    await world.clock.advance(LEASE - LOOK)
    expect(world.lapses).toEqual([])
    await world.clock.advance(3 * LOOK)
    expect(world.lapses).toMatchObject([{ why: 'lost' }])
  })

  test('belongs to its very delivery and run', () => {
    const { leases, lease } = make()
    expect(leases.of({ run: 'r1', delivery: 'd1' })).toBe(lease)
    expect([leases.of({ run: 'r1', delivery: 'd2' }), leases.of({ run: 'r2', delivery: 'd1' })]).toEqual([null, null])
    expect([leases.ofWorker('w1'), leases.ofWorker('w2')]).toEqual([[lease], []])
    leases.drop(lease)
    expect([leases.of({ run: 'r1', delivery: 'd1' }), leases.ofWorker('w1')]).toEqual([null, []])
  })

  test('is looked at no more once they have ended', async () => {
    const world = make()
    world.leases.end()
    await world.clock.advance(10 * LEASE)
    expect(world.lapses).toEqual([])
  })
})
