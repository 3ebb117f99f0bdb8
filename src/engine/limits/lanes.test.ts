import { describe, expect, test } from 'vitest'
import type { Limit } from '../../core/limits.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import { type Actor, groupFor } from '../actor.ts'
import type { DefinitionOptions } from '../face.ts'
import { settle } from '../test-clock.ts'
import type { Bound } from './resource.ts'
import { holdersOf, standingOf } from './standing.ts'
import { type TestLane, TestLanes } from './test-lanes.ts'

const ONE = { mail: { limits: [{ concurrency: 1 }] } }
const COMPARED = { compareHoldsMs: 100 }

/** The lane that counts a limit, and another one. */
async function pair(definitions: Record<string, DefinitionOptions>, name: string) {
  const lanes = await TestLanes.of(openMemoryStore, definitions, 2, COMPARED)
  const [first, second] = lanes.lanes as [TestLane, TestLane]
  const isFirst = resource(first, name).borrowed === null
  return { lanes, home: isFirst ? first : second, other: isFirst ? second : first }
}

function resource(lane: TestLane, name: string) {
  return lane.current().limits.resource('default', name, '')
}

function setLimit(lane: TestLane, name: string, set: object): Promise<void> {
  return lane.submit<void>(settled => ({
    ids: [],
    bytes: 100,
    execute: transaction => transaction.set({ namespace: 'default', kind: 'limit', name, value: JSON.stringify(set), changedAt: 1 }),
    done: () => settled.resolve(undefined),
    failed: settled.reject,
  }))
}

/** The next commit of a lane waits until it is told to go on. */
function holdCommit(lanes: TestLanes, of: TestLane): () => void {
  let go = (): void => {}
  const gone = new Promise<void>(resolve => {
    go = resolve
  })
  let waits = true
  lanes.faults = {
    ...lanes.faults,
    commit: async (lane, batch, send) => {
      if (lane === of && waits && batch.checks.length > 0) {
        waits = false
        await gone
      }
      return send()
    },
  }
  return go
}

describe('a limit that another lane counts (E17)', () => {
  test('holds over both: what one has begun keeps the other from beginning, and each goes on when the other lets go', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await other.start('mail', 1, 2)
    await home.start('mail', 3)
    expect(await other.take()).toEqual([1])
    expect(lanes.inner.tables().holds.size).toBe(1)
    expect([await home.take(), await other.take()]).toEqual([[], []])
    await other.done()
    expect(lanes.inner.tables().holds.size).toBe(0)
    expect(await home.take(10, 500)).toEqual([3])
    expect(await other.take(10, 500)).toEqual([])
    await home.done()
    expect(await other.take(10, 500)).toEqual([2])
  })

  test('a poll that waits is answered when another lane lets go', async () => {
    const { home, other } = await pair(ONE, 'mail')
    await home.start('mail', 1)
    await other.start('mail', 2)
    expect(await home.take()).toEqual([1])
    const poll = other.poll(1, 5_000)
    await settle()
    await home.done()
    await settle(20)
    expect(await poll).toEqual([2])
  })

  test('lanes that wait for it take turns, the one that counts it as well', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await home.start('mail', ...Array.from({ length: 20 }, () => 'home'))
    await other.start('mail', ...Array.from({ length: 20 }, () => 'other'))
    const order: unknown[] = []
    for (let turn = 0; turn < 20; turn++) {
      const polls = [home, other].map(lane => lane.poll(5, 200))
      await settle()
      await lanes.clock.advance(200)
      for (const taken of await Promise.all(polls)) order.push(...taken)
      for (const lane of [home, other]) if (lane.running.length > 0) await lane.done()
    }
    expect(order.length).toBeGreaterThanOrEqual(19)
    expect(order.filter(of => of === 'other').length).toBeGreaterThanOrEqual(order.length / 2 - 2)
    expect(order.filter(of => of === 'home').length).toBeGreaterThanOrEqual(order.length / 2 - 2)
  })

  test('a task that needs two such limits has both or none: what is granted and not used goes back', async () => {
    const lanes = await TestLanes.of(openMemoryStore, { mail: { limits: [{ name: 'a', concurrency: 1 }, { name: 'b', concurrency: 1 }] }, a: { limits: [{ name: 'a', concurrency: 1 }] }, b: { limits: [{ name: 'b', concurrency: 1 }] } }, 3) // biome-ignore format: read together
    for (const lane of lanes.lanes) await lane.start('b', 'b')
    const [first, second, third] = lanes.lanes as [TestLane, TestLane, TestLane]
    expect(await first.take(10, 100)).toEqual(['b'])
    await second.start('mail', 'both')
    expect(await second.take(10, 400)).toEqual([])
    await third.start('a', 'a')
    expect(await third.take(1, 400)).toEqual(['a'])
    await first.done()
    await third.done()
    for (let turn = 0; turn < 10; turn++)
      for (const lane of [second, third]) {
        await lane.take(10, 200)
        while (lane.running.length > 0) await lane.done()
      }
    expect([...lanes.inner.tables().closed.values()].filter(({ name }) => name === 'mail')).toHaveLength(1)
  })

  test('a home grants one of one and is gone; its successor finds no holder and grants again: only one is delivered', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await other.start('mail', 1)
    await home.start('mail', 2)
    const go = holdCommit(lanes, other)
    const late = other.take()
    await settle(20)
    home.kill()
    const successor = await lanes.takeOver(home)
    expect(await successor.take()).toEqual([2])
    go()
    expect(await late).toEqual([])
    await lanes.clock.advance(100)
    expect(lanes.held().get('mail ')).toEqual({ weight: 1, max: 1 })
    expect(other.fenced).toBe(false)
    await successor.done()
    expect(await other.take(10, 500)).toEqual([1])
  })

  test('works of the same batch are not lost with it: they are decided anew', async () => {
    const { lanes, home, other } = await pair({ ...ONE, plain: {} }, 'mail')
    await other.start('mail', 1)
    const go = holdCommit(lanes, other)
    const late = other.take()
    await settle(20)
    const started = other.start('plain', 'x')
    await settle()
    home.kill()
    await lanes.takeOver(home)
    go()
    expect(await started).toHaveLength(1)
    expect(await late).toEqual([])
    const taken = [...(await other.take(10, 500)), ...(await other.take(10, 500))]
    expect(taken.sort()).toEqual([1, 'x'])
  })

  test('who takes over a home counts what was delivered before, in whatever lane it runs', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await other.start('mail', 1)
    await home.start('mail', 2)
    expect(await other.take()).toEqual([1])
    home.kill()
    const successor = await lanes.takeOver(home)
    expect(await successor.take(10, 500)).toEqual([])
    await other.done()
    expect(await successor.take(10, 500)).toEqual([2])
  })

  test('who takes over home and run together counts it once', async () => {
    const { lanes, home, other } = await pair({ mail: { limits: [{ concurrency: 2 }] } }, 'mail')
    await other.start('mail', 1, 1, 1)
    expect(await other.take(1)).toEqual([1])
    for (const lane of [home, other]) lane.kill()
    const successor = await lanes.open([...home.claim.shards, ...other.claim.shards], {}, [home, other])
    expect(resource(successor, 'mail').used).toBe(1)
    expect(await successor.take()).toEqual([1])
    expect(await other.done()).toEqual(['accepted'])
    await successor.done()
    expect([resource(successor, 'mail').used, lanes.inner.tables().holds.size]).toEqual([0, 0])
  })

  test('a late word that a hold is over frees no other: it names the hold', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await other.start('mail', 1, 2)
    const repeated: (() => Promise<unknown>)[] = []
    lanes.faults = {
      ...lanes.faults,
      call: (_to, { ended }, send) => {
        if (ended.length > 0) repeated.push(send)
        return send()
      },
    }
    expect(await other.take()).toEqual([1])
    await other.done()
    expect(await other.take(10, 500)).toEqual([2])
    expect(repeated.length).toBeGreaterThan(0)
    for (const send of repeated) await send()
    expect(resource(home, 'mail').used).toBe(1)
  })

  test('that a hold is over is said until it is answered', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await other.start('mail', 1)
    await home.start('mail', 2)
    expect(await other.take()).toEqual([1])
    let lost = 0
    lanes.faults = {
      ...lanes.faults,
      call: (_to, { ended }, send) => {
        if (ended.length === 0 || ++lost > 2) return send()
        return Promise.reject(new Error('lost'))
      },
    }
    await other.done()
    expect(await home.take(10, 1_000)).toEqual([2])
    expect(lost).toBeGreaterThan(2)
  })

  test('a call that is late says nothing: what is asked for in it was given back since', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await other.start('mail', 1)
    const repeated: (() => Promise<unknown>)[] = []
    lanes.faults = {
      ...lanes.faults,
      call: (_to, { asks }, send) => {
        if (asks.length > 0) repeated.push(send)
        return send()
      },
    }
    expect(await other.take()).toEqual([1])
    await other.done()
    await settle()
    for (const send of repeated) await send()
    await lanes.clock.advance(200)
    expect(resource(home, 'mail').used).toBe(0)
  })

  test('an owner that is gone before it recorded what it was granted leaves nothing behind', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await other.start('mail', 1)
    await home.start('mail', 2)
    void holdCommit(lanes, other)
    void other.take().catch(() => {})
    await settle(20)
    expect(resource(home, 'mail').used).toBe(1)
    other.kill()
    await lanes.takeOver(other)
    expect(await home.take(10, 100)).toEqual([2])
  })

  test('a comparison ends nothing that was granted while it read, or that a living lane is about to record', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await other.start('mail', 1)
    await home.start('mail', 2)
    const go = holdCommit(lanes, other)
    const late = other.take()
    await settle(20)
    await lanes.clock.advance(3 * COMPARED.compareHoldsMs)
    expect(resource(home, 'mail').used).toBe(1)
    go()
    await lanes.clock.advance(10)
    expect(await late).toEqual([1])
    expect(await home.take(10, 100)).toEqual([])
  })

  test('what no home was told of is found by a comparison', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await other.start('mail', 1)
    expect(await other.take()).toEqual([1])
    home.kill()
    const successor = await lanes.takeOver(home, COMPARED)
    lanes.faults = { ...lanes.faults, call: () => Promise.reject(new Error('partition')) }
    await other.done()
    await lanes.clock.advance(1)
    expect(resource(successor, 'mail').used).toBe(1)
    await lanes.clock.advance(COMPARED.compareHoldsMs + 1)
    expect(resource(successor, 'mail').used).toBe(0)
  })

  test('a home whose memory is made anew still counts what it has granted', async () => {
    const { lanes, home, other } = await pair({ ...ONE, plain: {} }, 'mail')
    await other.start('mail', 1)
    await home.start('mail', 2)
    const go = holdCommit(lanes, other)
    const late = other.take()
    await settle(20)
    lanes.poison = 'POISON'
    await expect(home.start('plain', 'POISON')).rejects.toMatchObject({ code: 'refused-data' })
    lanes.poison = null
    await settle(20)
    expect(home.renewed).toBe(1)
    expect(await home.take(10, 100)).toEqual([])
    go()
    await lanes.clock.advance(10)
    expect(await late).toEqual([1])
  })

  test('an owner whose memory is made anew gives back what it had not used', async () => {
    const { lanes, home, other } = await pair({ ...ONE, plain: {} }, 'mail')
    await other.start('mail', 1)
    let lost = 0
    lanes.faults = {
      ...lanes.faults,
      call: async (_to, { asks }, send) => {
        const answer = await send()
        if (asks.length === 0 || lost > 0) return answer
        lost++
        return new Promise(() => {})
      },
    }
    expect(await other.take()).toEqual([])
    expect(resource(home, 'mail').used).toBe(1)
    lanes.poison = 'POISON'
    await expect(other.start('plain', 'POISON')).rejects.toMatchObject({ code: 'refused-data' })
    lanes.poison = null
    await lanes.clock.advance(500)
    expect([other.renewed, resource(home, 'mail').used]).toEqual([1, 0])
  })

  test('a limit that is set while tasks run counts those that run elsewhere', async () => {
    const { lanes, home, other } = await pair({ mail: {} }, 'few')
    await other.start('mail', 1, 2)
    await home.start('mail', 3)
    expect(await other.take()).toEqual([1, 2])
    await setLimit(home, 'few', { on: { scope: 'definition', name: 'mail' }, max: 2, by: null })
    await other.catalog.load()
    void other.poll(1, 100)
    await lanes.clock.advance(200)
    expect(resource(home, 'few').used).toBe(2)
    expect(await home.take(10, 100)).toEqual([])
    await other.done()
    expect(await home.take(10, 100)).toEqual([3])
  })

  test('while what runs is counted anew by other rules, nothing is free for a moment', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await home.start('mail', 1)
    await other.start('mail', 2)
    expect(await home.take()).toEqual([1])
    const poll = other.poll(1, 2_000)
    await lanes.clock.advance(50)
    await setLimit(home, 'rest', { on: { scope: 'definition', name: 'rest' }, max: 2, by: null })
    expect(await home.take(1, 500)).toEqual([])
    await lanes.clock.advance(1_500)
    expect(await poll).toEqual([])
  })

  test('what people see of it elsewhere is what its home says', async () => {
    const { home, other } = await pair(ONE, 'mail')
    const [waiting] = await other.start('mail', 1)
    const [running] = await home.start('mail', 2)
    const stands = async (lane: TestLane, run: string) => {
      const { limits, lane: actors } = lane.current()
      await limits.look(groupFor(actors.actors.get(run) as Actor))
      const { used, holders, freeAt } = standingOf(limits, limits.rules.get('default', 'mail') as Limit, resource(lane, 'mail'))
      return { used, runs: holders.map(({ run }) => run), isFree: freeAt === null }
    }
    expect(await stands(other, waiting as string)).toEqual({ used: 0, runs: [], isFree: true })
    expect(await home.take()).toEqual([2])
    expect(await stands(other, waiting as string)).toEqual({ used: 1, runs: [running], isFree: false })
    await home.done()
    expect(await other.take(1, 200)).toEqual([1])
    await home.asHome.look([{ namespace: 'default', limit: 'mail', key: '' }])
    expect(holdersOf(resource(home, 'mail')).map(({ run }) => run)).toEqual([waiting])
  })

  test('and whether there is enough for one that weighs more', async () => {
    const shared = { name: 'all', rate: 3, everyMs: 10_000 }
    const definitions = { light: { limits: [shared] }, heavy: { limits: [{ ...shared, weight: 2 }] } }
    const { home, other } = await pair(definitions, 'all')
    const [waiting] = await other.start('heavy', 1)
    await home.start('light', 2, 3)
    expect(await home.take(2)).toHaveLength(2)
    const { limits, lane } = other.current()
    const group = groupFor(lane.actors.get(waiting as string) as Actor)
    await limits.look(group)
    const [{ applied, resource: seen }] = limits.boundsOf(group) as [Bound]
    const { used, freeAt } = standingOf(limits, applied.limit, seen, applied.weight)
    expect([used, applied.limit.max, freeAt]).toEqual([2, 3, expect.any(Number)])
  })

  test('a lane that is drained has nobody meet the end of its claim', async () => {
    const { lanes, home, other } = await pair(ONE, 'mail')
    await other.start('mail', 1)
    const go = holdCommit(lanes, other)
    const taken = other.take()
    await settle(20)
    const drained = home.current().drain()
    await lanes.clock.advance(20)
    go()
    expect(await taken).toEqual([1])
    await lanes.clock.advance(200)
    await drained
    const successor = await lanes.open(home.claim.shards)
    expect([resource(successor, 'mail').used, other.renewed]).toEqual([1, 0])
  })

  test('within one lane a hold has a row where home and run are of different parts, and no call is made', async () => {
    const lanes = await TestLanes.of(openMemoryStore, ONE, 1)
    const [lane] = lanes.lanes as [TestLane]
    lanes.faults = { ...lanes.faults, call: () => Promise.reject(new Error('nobody else is there')) }
    await lane.start('mail', 1, 2)
    expect(await lane.take()).toEqual([1])
    expect([...lanes.inner.tables().holds.values()]).toMatchObject([{ limit: 'mail', key: '', weight: 1 }])
    await lane.done()
    expect(await lane.take()).toEqual([2])
    await lane.done()
    expect(lanes.inner.tables().holds.size).toBe(0)
  })
})

describe('a rate that another lane counts (E18)', () => {
  const RARE = { mail: { limits: [{ rate: 1, everyMs: 60_000 }] } }
  const name = 'mail/60000ms'

  test('holds over both, and no token is spent for a lane that has no use for it', async () => {
    const { lanes, home, other } = await pair(RARE, name)
    await other.take(10, 100) // nothing waits
    await home.start('mail', 1, 2)
    expect(await home.take()).toEqual([1])
    await other.start('mail', 3)
    expect(await other.take(10, 1_000)).toEqual([])
    // Its only task goes while it waits for the token.
    await other.submit<void>(settled => ({
      ids: [...lanes.inner.tables().open.values()].filter(({ input }) => input === '3').map(({ id }) => id),
      bytes: 1,
      execute(transaction) {
        for (const id of this.ids) transaction.apply(transaction.actor(id) as never, { is: 'terminate', command: 'c', by: null, why: null } as never)
      },
      done: () => settled.resolve(undefined),
      failed: settled.reject,
    }))
    const [there, here] = [other.poll(10, 60_000), home.poll(10, 60_000)]
    await lanes.clock.advance(60_000)
    expect([await here, await there]).toEqual([[2], []])
  })

  test('what is spent is written by its home, and by nobody else', async () => {
    const { lanes, home, other } = await pair(RARE, name)
    await other.start('mail', 1)
    expect(await other.take(10, 200)).toEqual([1])
    expect(resource(home, name).spent).not.toBeNull()
    expect([...lanes.inner.tables().rates.values()]).toMatchObject([{ limit: name, spent: expect.any(String) }])
    home.kill()
    const successor = await lanes.takeOver(home)
    await successor.start('mail', 2)
    expect(await successor.take(10, 55_000)).toEqual([])
  })

  test('a token leaves its home once it is written as spent', async () => {
    const { lanes, home, other } = await pair(RARE, name)
    await other.start('mail', 1)
    let go = (): void => {}
    const gone = new Promise<void>(resolve => {
      go = resolve
    })
    lanes.faults = {
      ...lanes.faults,
      commit: async (lane, { writes }, send) => {
        if (lane === home && writes.rates.length > 0) await gone
        return send()
      },
    }
    const poll = other.poll(1, 400)
    await lanes.clock.advance(100)
    expect(lanes.inner.tables().rates.size).toBe(0)
    expect(other.running).toEqual([])
    go()
    await lanes.clock.advance(300)
    expect(await poll).toEqual([1])
  })

  test('the other lane gets the next token when it is its turn', async () => {
    const { lanes, home, other } = await pair({ mail: { limits: [{ rate: 1, everyMs: 10_000 }] } }, 'mail/10000ms')
    await home.start('mail', 'home', 'home')
    await other.start('mail', 'other')
    expect(await home.take()).toEqual(['home'])
    const polls = [home.poll(10, 25_000), other.poll(10, 25_000)]
    await lanes.clock.advance(31_000)
    expect(await Promise.all(polls)).toEqual([['home'], ['other']])
    const times = [...lanes.spent().values()].flatMap(({ times }) => times)
    for (const [index, at] of times.slice(1).entries()) expect(at - (times[index] as number)).toBeGreaterThanOrEqual(10_000)
  })

  test('a token that comes too late is not used, and what was spent of it counts on', async () => {
    const { lanes, home, other } = await pair({ mail: { limits: [{ rate: 1, everyMs: 1_000 }] } }, 'mail/1000ms')
    await other.start('mail', 1)
    await home.start('mail', 2)
    let slow = true
    lanes.faults = {
      ...lanes.faults,
      call: async (_to, { asks }, send) => {
        const answer = await send()
        if (slow && asks.some(({ is }) => is === 'token')) await new Promise<void>(resolve => lanes.clock.after(400, resolve))
        return answer
      },
    }
    expect(await other.take(10, 600)).toEqual([])
    expect(resource(home, 'mail/1000ms').spent?.used(home.current().limits.now(), 1_000)).toBeGreaterThan(0)
    slow = false
    expect(await other.take(10, 3_000)).toEqual([1])
    expect(await home.take(10, 3_000)).toEqual([2])
  })

  test("a target's pause is its home's", async () => {
    const { home, other } = await pair({ mail: { limits: [{ rate: 10, everyMs: 1_000 }] } }, 'mail/1000ms')
    const [run] = await other.start('mail', 1)
    await home.start('mail', 2)
    expect(await other.take(10, 200)).toEqual([1])
    const actor = other.current().lane.actors.get(run as string)
    expect(other.current().slow(actor as never, 5_000)).toEqual([])
    await settle(20)
    expect(await home.take(10, 4_000)).toEqual([])
    expect(await home.take(10, 2_000)).toEqual([2])
  })
})
