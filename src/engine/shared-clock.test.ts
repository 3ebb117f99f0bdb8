import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sharedClock } from './shared-clock.ts'

const HOUR_MS = 3_600_000

/** A machine and a database, each with a clock of its own; an answer takes as long as it is told to. */
async function scene(machineAheadMs: number) {
  const timers: { at: number; call: () => void }[] = []
  const told: number[] = []
  const world = { now: 10_000, machineAheadMs, databaseAheadMs: 0, there: 0, back: 0, away: false }
  const own = {
    now: () => Math.floor(1e12 + world.now + world.machineAheadMs),
    monotonic: () => world.now,
    after: (ms: number, call: () => void) => {
      const timer = { at: world.now + ms, call }
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer), 1)
    },
    soon: () => {},
  }
  const store = {
    async now() {
      if (world.away) throw new Error('it is away')
      world.now += world.there
      const said = Math.floor(1e12 + world.now + world.databaseAheadMs)
      world.now += world.back
      return said
    },
  }
  const { clock, stop } = await sharedClock(store, own, ahead => told.push(ahead))
  return {
    world,
    told,
    clock,
    stop,
    timers,
    aheadMs: () => clock.now() - (1e12 + world.now + world.databaseAheadMs),
    async pass(ms: number) {
      for (const until = world.now + ms; ; ) {
        const [next] = timers.sort((a, b) => a.at - b.at)
        if (next === undefined || next.at > until) {
          world.now = Math.max(world.now, until)
          return
        }
        timers.shift()
        world.now = Math.max(world.now, next.at)
        next.call()
        await new Promise(resolve => setImmediate(resolve))
      }
    },
  }
}

test.each([HOUR_MS, -HOUR_MS])(
  "a machine that is off by %i ms goes by the database's clock, from the first moment on, and is told once",
  async ahead => {
    const { aheadMs, pass, told } = await scene(ahead)
    expect(Math.abs(aheadMs())).toBeLessThanOrEqual(1)
    await pass(10_000)
    expect(Math.abs(aheadMs())).toBeLessThanOrEqual(1)
    expect(told).toEqual([expect.closeTo(ahead, -1)])
  },
)

test('that a machine is set right, or steps, changes nothing', async () => {
  const { world, aheadMs, pass, told } = await scene(0)
  for (const step of [HOUR_MS, 0, -HOUR_MS]) {
    world.machineAheadMs = step
    await pass(1_500)
    expect(Math.abs(aheadMs())).toBeLessThanOrEqual(1)
  }
  expect(told).toEqual([expect.closeTo(HOUR_MS, -1), expect.closeTo(-HOUR_MS, -1)])
})

test('a step of the database is followed within a second', async () => {
  const { world, aheadMs, pass } = await scene(0)
  for (const step of [HOUR_MS, -HOUR_MS]) {
    world.databaseAheadMs = step
    await pass(1_001)
    expect(Math.abs(aheadMs())).toBeLessThanOrEqual(1)
  }
})

test('while the database is away time goes on', async () => {
  const { world, aheadMs, pass } = await scene(HOUR_MS)
  world.away = true
  await pass(60_000)
  expect(Math.abs(aheadMs())).toBeLessThanOrEqual(1)
})

test('slow and uneven answers never make it more wrong than the quickest one allows, and time never goes back for them', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(400), fc.nat(400)), { minLength: 1, maxLength: 20 }), async delays => {
      const { world, clock, aheadMs, pass } = await scene(HOUR_MS)
      let last = clock.now()
      for (const [there, back] of delays) {
        Object.assign(world, { there, back })
        await pass(1_100)
        expect(Math.abs(aheadMs())).toBeLessThanOrEqual(1)
        expect(clock.now()).toBeGreaterThanOrEqual(last)
        last = clock.now()
      }
    }),
    { numRuns: 50 },
  ))

test('once it is stopped nobody is asked any more', async () => {
  const { stop, timers } = await scene(0)
  stop()
  expect(timers).toEqual([])
})
