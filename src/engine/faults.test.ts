import { describe, expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory/store.ts'
import { type Store, type StoreFault, StoreUnavailable } from '../store/store.ts'
import type { Delivery } from './face.ts'
import { SIZES } from './options.ts'
import { settle } from './test-clock.ts'
import { TestNode } from './test-engine.ts'

const FULL: StoreFault = { is: 'full', what: 'the disk of the database is full', remedy: 'make room on it' }

/** A store whose disk takes nothing while it is at fault; `small`: only a batch with rows does not fit. */
class FaultyStore {
  readonly inner = openMemoryStore()
  fault: StoreFault | null = null
  small = false
  readonly sent: string[] = []
  readonly store: Store

  constructor() {
    const { inner } = this
    const check = (): void => {
      if (this.fault !== null && !this.small) throw new StoreUnavailable('disk', { fault: this.fault })
    }
    this.store = {
      ...inner,
      can: inner.can,
      read: inner.read,
      commit: async batch => {
        this.sent.push('commit')
        return this.fault === null ? inner.commit(batch) : { is: 'unknown', fault: this.fault }
      },
      settle: async (batch, settling) => {
        this.sent.push('settle')
        return this.fault === null || this.small ? inner.settle(batch, settling) : 'unknown'
      },
      claim: async request => {
        check()
        return inner.claim(request)
      },
      renew: async (claim, version) => {
        check()
        return inner.renew(claim, version)
      },
    }
  }
}

const full = {
  code: 'unavailable',
  problem: { status: 503, retryAfter: 1, hint: 'the disk of the database is full: make room on it, and the server goes on by itself' },
}
const told = (node: TestNode) => node.logged.filter(({ message }) => message.includes('the disk of the store')).map(({ message }) => message)

describe('while the disk is at fault', () => {
  test('calls under way and new ones are refused with the reason; what was sent is done once, when the disk is well', async () => {
    const faulty = new FaultyStore()
    const node = await TestNode.start(faulty.store)
    faulty.fault = FULL
    const underWay = node.start('call', {}).catch(error => error)
    await settle()
    expect(await underWay).toMatchObject(full)
    await expect(node.start('other', {})).rejects.toMatchObject(full)
    await expect(node.engine.pauses.set({ namespace: 'default', scope: 'queue', name: 'q' }, { by: null, note: null })).rejects.toMatchObject(full)
    await expect(node.engine.tasks.complete('default', 'w1', [])).rejects.toMatchObject(full)
    expect([node.engine.ready(), node.engine.fault()]).toEqual([false, full.problem.hint])

    faulty.fault = null
    await node.clock.advance(2_000)
    expect([node.engine.ready(), node.engine.fault()]).toEqual([true, null])
    const [repeated] = await node.start('call', {})
    expect((await node.engine.runs.list({ namespace: 'default' }, { after: null, limit: 9 })).rows.map(({ id }) => id)).toEqual([
      (repeated as { run: string }).run,
    ])
    expect(told(node)).toEqual(['the disk of the store is at fault: nothing is acknowledged until it is well', 'the disk of the store is well again'])
  })

  test('a disk with room for small writes alone is not well, and is not tried without a pause', async () => {
    const faulty = new FaultyStore()
    const node = await TestNode.start(faulty.store)
    Object.assign(faulty, { fault: FULL, small: true })
    node.start('call', {}).catch(() => {})
    await settle()
    faulty.sent.length = 0
    await node.clock.advance(10_000)
    expect(node.engine.fault()).toBe(full.problem.hint)
    expect(told(node)).toHaveLength(1)
    // 20, 40, 80 … 1,000 ms: at most 16 times in 10 s
    expect(faulty.sent.filter(sent => sent === 'commit').length).toBeLessThanOrEqual(16)
    faulty.fault = null
    await node.clock.advance(1_000)
    expect(node.engine.ready()).toBe(true)
  })

  test('nothing is handed out, and no worker loses its task for it', async () => {
    const faulty = new FaultyStore()
    const node = await TestNode.start(faulty.store)
    await node.run()
    const [task] = (await node.poll()).tasks as [Delivery]
    await node.clock.advance(1_000)
    await node.run()
    Object.assign(faulty, { fault: FULL, small: true })
    node.start('call', {}).catch(() => {})
    await settle()
    const { tasks } = await node.poll({ worker: 'w2', waitMs: 2 * SIZES.leaseMs })
    expect(tasks).toEqual([])
    faulty.fault = null
    await node.clock.advance(2_000)
    expect(await node.complete(task)).toEqual(['accepted'])
    expect((await node.poll({ worker: 'w2' })).tasks).toHaveLength(2)
  })

  test('renewals notice it before anybody calls, and when it is over', async () => {
    const faulty = new FaultyStore()
    const node = await TestNode.start(faulty.store)
    faulty.fault = FULL
    await node.clock.advance(SIZES.claimTtlMs / 4)
    expect([node.engine.ready(), node.engine.fault()]).toEqual([false, full.problem.hint])
    await expect(node.start('call', {})).rejects.toMatchObject(full)
    faulty.fault = null
    await node.clock.advance(SIZES.claimTtlMs / 4)
    expect([node.engine.ready(), node.engine.fault()]).toEqual([true, null])
    expect(await node.start('call', {})).toMatchObject([{ is: 'started' }])
  })

  test('a node stops all the same', async () => {
    const faulty = new FaultyStore()
    const node = await TestNode.start(faulty.store)
    faulty.fault = FULL
    const refused = node.start('call', {}).catch(error => error)
    await settle()
    await node.engine.stop()
    expect(await refused).toMatchObject(full)
  })

  test('a node does not start', async () => {
    const faulty = new FaultyStore()
    faulty.fault = FULL
    await expect(TestNode.start(faulty.store)).rejects.toMatchObject({ name: 'StoreUnavailable', fault: FULL })
  })
})

describe('while the store does not answer', () => {
  /** Whatever is asked waits until it is back. */
  async function silent() {
    const inner = openMemoryStore()
    let back: Promise<void> | null = null
    let come = (): void => {}
    const waiting =
      <Given extends unknown[], Result>(call: (...given: Given) => Promise<Result>) =>
      async (...given: Given): Promise<Result> => {
        await back
        return call(...given)
      }
    const wrapped = <T extends object>(calls: T): T =>
      Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, typeof call === 'function' ? waiting(call) : call])) as T
    const node = await TestNode.start({ ...wrapped(inner), can: { share: true }, read: wrapped(inner.read) })
    return {
      node,
      goAway: () => (back = new Promise(resolve => (come = resolve))),
      comeBack: () => {
        back = null
        come()
      },
    }
  }
  const refusal = { code: 'unavailable', problem: { status: 503, retryAfter: 1, hint: expect.stringContaining('the database does not answer') } }
  const told = (node: TestNode) =>
    node.logged.filter(({ message }) => /the store (does not answer|answers)/.test(message)).map(({ message }) => message)

  test('calls that wait are refused after a while, new ones at once; what was sent is done once, when it is back', async () => {
    const { node, goAway, comeBack } = await silent()
    goAway()
    const call = node.start('call', {}).catch(error => error)
    const list = node.engine.runs.list({ namespace: 'default' }, { after: null, limit: 9 }).catch(error => error)
    await node.clock.advance(4_500)
    expect(node.engine.fault()).toBeNull()
    await node.clock.advance(1_000)
    expect([await call, await list]).toMatchObject([refusal, refusal])
    expect([node.engine.ready(), node.engine.fault()]).toEqual([false, refusal.problem.hint])
    await expect(node.start('other', {})).rejects.toMatchObject(refusal)
    await node.clock.advance(60_000)

    comeBack()
    await settle()
    await node.clock.advance(1_000)
    expect([node.engine.ready(), node.engine.fault()]).toEqual([true, null])
    const [repeated] = await node.start('call', {})
    const { rows } = await node.engine.runs.list({ namespace: 'default' }, { after: null, limit: 9 })
    expect(rows.map(({ id }) => id)).toEqual([(repeated as { run: string }).run])
    expect(told(node)).toEqual(['the store does not answer: nothing is acknowledged until it does', 'the store answers again'])
  })

  test('a node that stood still itself does not take that for silence', async () => {
    const { node, goAway, comeBack } = await silent()
    goAway()
    const call = node.start('call', {})
    await settle()
    node.clock.stall(60_000)
    await node.clock.advance(0)
    comeBack()
    expect(await call).toMatchObject([{ is: 'started' }])
    expect(told(node)).toEqual([])
  })
})
