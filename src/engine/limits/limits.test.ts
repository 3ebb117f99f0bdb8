import { describe, expect, test } from 'vitest'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { DefinitionOptions, Delivery } from '../face.ts'
import { TestNode } from '../test-engine.ts'

const SERVES = ['mail', 'other'].map(definition => ({ definition, version: null }))

/** Nobody beats here. */
const SIZES = { leaseMs: 1_000_000 }

/** A node with what its workers hold. */
class Scene {
  readonly node: TestNode
  readonly running: Delivery[] = []
  last: string | null = null
  constructor(node: TestNode) {
    this.node = node
  }
  static async of(definitions: Record<string, DefinitionOptions>): Promise<Scene> {
    return new Scene(await TestNode.start(openMemoryStore(), definitions, { sizes: SIZES }))
  }
  async start(...inputs: unknown[]): Promise<string[]> {
    const answers = await this.node.start(null, ...inputs.map(input => ({ input: JSON.stringify(input) })))
    return answers.map(answer => (answer as { run: string }).run)
  }
  /** What is handed out now, up to `max`: the inputs. */
  async take(max = 10, units?: Record<string, number>): Promise<unknown[]> {
    const poll = { serves: SERVES, max, slots: max, last: this.last, ...(units && { units, unitsTotal: units }) }
    const { answer, tasks } = await this.node.poll(poll)
    this.last = answer
    this.running.push(...tasks)
    return tasks.map(({ input }) => JSON.parse(input as string) as unknown)
  }
  async done(index = 0): Promise<void> {
    const [task] = this.running.splice(index, 1)
    expect(await this.node.complete(task as Delivery)).toEqual(['accepted'])
  }
  async fail(index = 0, retry = true, delayMs = 1_000): Promise<void> {
    const [task] = this.running.splice(index, 1) as [Delivery]
    const { run, attempt, delivery } = task
    const failure = { type: 'Error', message: 'no' }
    const result = { run, attempt, delivery, task: task.task, is: 'failed' as const, failure, retry, delayMs }
    expect(await this.node.engine.tasks.complete('default', 'w1', [result])).toEqual(['accepted'])
  }
  async snooze(delayMs: number, slow: boolean): Promise<void> {
    const [task] = this.running.splice(0, 1) as [Delivery]
    const { run, attempt, delivery } = task
    await this.node.engine.tasks.complete('default', 'w1', [{ run, attempt, delivery, task: task.task, is: 'snoozed', delayMs, slow }])
  }
  async reasons(run: string): Promise<string[]> {
    return (await this.node.engine.runs.explain('default', run)).reasons.map(({ text }) => text)
  }
}

describe('concurrency', () => {
  test('of a definition: so many at once, and the next when one has ended', async () => {
    const scene = await Scene.of({ mail: { limits: [{ concurrency: 2 }] } })
    await scene.start('a', 'b', 'c')
    expect(await scene.take()).toEqual(['a', 'b'])
    expect(await scene.take()).toEqual([])
    await scene.done()
    expect(await scene.take()).toEqual(['c'])
  })

  test('of a key: others go on, and explain names the holder', async () => {
    const scene = await Scene.of({ mail: { limits: [{ per: 'user.id', concurrency: 1 }] } })
    const of = (id: string, n: number) => ({ user: { id }, n })
    const [first, second] = await scene.start(of('u1', 1), of('u1', 2), of('u2', 3))
    expect(await scene.take()).toEqual([of('u1', 1), of('u2', 3)])
    expect(await scene.reasons(second as string)).toContain('limit "mail/user.id" is full: 1 of 1 for user.id=u1 (in line before it: 0)')
    const detail = await scene.node.engine.limits.get('default', 'mail/user.id')
    expect(detail.byKey.map(({ key, used, holders }) => [key, used, holders.map(({ run }) => run)])).toContainEqual(['u1', 1, [first]])
    await scene.done()
    expect(await scene.take()).toEqual([of('u1', 2)])
  })

  test('of definition, queue and pool together, by weight: what is handed out fits all of them', async () => {
    const scene = await Scene.of({
      mail: { limits: [{ pool: 'db', weight: 2 }, { concurrency: 3 }] },
      other: { limits: [{ pool: 'db' }] },
    })
    await scene.start(1, 2, 3)
    expect(await scene.take()).toEqual([])
    await scene.node.engine.limits.set('default', 'db', { max: 5 }, null)
    await scene.node.engine.limits.set('default', 'all', { on: { scope: 'queue', name: 'default' }, max: 3 }, null)
    await scene.node.clock.advance(1)
    await scene.node.start(null, { definition: 'other', input: '4' }, { definition: 'other', input: '5' })
    // The pool has 5: two of weight 2, then one of weight 1; the queue lets 3 run.
    expect(await scene.take()).toEqual([1, 2, 4])
    await scene.node.engine.limits.set('default', 'all', null, null)
    expect(await scene.take()).toEqual([])
    await scene.done()
    expect(await scene.take()).toEqual([3])
  })

  test('changed at run time is in force at once, and shows where it comes from', async () => {
    const scene = await Scene.of({ mail: { limits: [{ concurrency: 1 }] } })
    const [, , third] = await scene.start(1, 2, 3)
    expect(await scene.take()).toEqual([1])
    await scene.node.engine.limits.set('default', 'mail', { max: 2 }, 'ana')
    expect(await scene.take()).toEqual([2])
    const set = { by: 'ana', since: scene.node.clock.now() }
    const [limit] = await scene.node.engine.limits.list('default')
    expect(limit).toMatchObject({ name: 'mail', max: 2, used: 2, from: 'operator', declared: { max: 1 }, set })
    expect(await scene.reasons(third as string)).toContain(
      `limit "mail" is full: 2 of 2, set by ana at ${new Date(set.since).toISOString()} (the code says 1) (in line before it: 0)`,
    )
    await scene.node.engine.limits.set('default', 'mail', null, null)
    await scene.done()
    expect(await scene.take()).toEqual([])
    await scene.done()
    expect(await scene.take()).toEqual([3])
  })

  test('set while tasks run counts those that run', async () => {
    const scene = await Scene.of({ mail: {} })
    await scene.start(1, 2, 3)
    expect(await scene.take(2)).toEqual([1, 2])
    await scene.node.engine.limits.set('default', 'few', { on: { scope: 'definition', name: 'mail' }, max: 2 }, null)
    expect(await scene.take()).toEqual([])
    await scene.done()
    expect(await scene.take()).toEqual([3])
  })

  test('survives a takeover: what was delivered holds its place (E17)', async () => {
    const store = openMemoryStore()
    const node = await TestNode.start(store, { mail: { limits: [{ per: 'user', concurrency: 1 }] } })
    const scene = new Scene(node)
    await scene.start({ user: 'a', n: 1 }, { user: 'a', n: 2 }, { user: 'b', n: 3 })
    expect(await scene.take(1)).toEqual([{ user: 'a', n: 1 }])
    const stopped = node.engine.stop()
    await node.clock.advance(100)
    await stopped
    const second = new Scene(
      await TestNode.start(store, { mail: { limits: [{ per: 'user', concurrency: 1 }] } }, { clock: node.clock, sizes: SIZES }),
    )
    expect(await second.take()).toEqual([{ user: 'b', n: 3 }])
    second.running.unshift(...scene.running)
    await second.done()
    expect(await second.take()).toEqual([{ user: 'a', n: 2 }])
  })

  test('an attempt that failed lets go while it waits for the next', async () => {
    const scene = await Scene.of({ mail: { limits: [{ concurrency: 1 }] } })
    await scene.start(1, 2)
    expect(await scene.take()).toEqual([1])
    await scene.fail()
    expect(await scene.take()).toEqual([2])
  })
})

describe('rates', () => {
  test('no window of the length has more, wherever it begins; the next comes when the oldest is out of it', async () => {
    const scene = await Scene.of({ mail: { limits: [{ rate: 2, everyMs: 10_000 }] } })
    const runs = await scene.start(1, 2, 3, 4)
    expect(await scene.take(1)).toEqual([1])
    await scene.node.clock.advance(6_000)
    expect(await scene.take()).toEqual([2])
    expect((await scene.reasons(runs[2] as string))[0]).toMatch(/^rate "mail\/10000ms": 2 of 2 in 10s are spent; the next token comes at /)
    await scene.node.clock.advance(3_900)
    expect(await scene.take()).toEqual([])
    await scene.node.clock.advance(100)
    expect(await scene.take()).toEqual([3])
    await scene.node.clock.advance(5_900)
    expect(await scene.take()).toEqual([])
    await scene.node.clock.advance(100)
    expect(await scene.take()).toEqual([4])
  })

  test('a poll that waits is answered when a token comes', async () => {
    const scene = await Scene.of({ mail: { limits: [{ rate: 1, everyMs: 5_000, per: 'user' }] } })
    await scene.start({ user: 'a', n: 1 }, { user: 'a', n: 2 })
    expect(await scene.take()).toHaveLength(1)
    const { tasks } = await scene.node.poll({ serves: SERVES, last: scene.last, waitMs: 6_000 })
    expect(tasks).toHaveLength(1)
  })

  test('several windows at once: all of them hold', async () => {
    const scene = await Scene.of({
      mail: {
        limits: [
          { rate: 2, everyMs: 1_000 },
          { rate: 3, everyMs: 60_000 },
        ],
      },
    })
    await scene.start(1, 2, 3, 4)
    expect(await scene.take()).toEqual([1, 2])
    await scene.node.clock.advance(1_000)
    expect(await scene.take()).toEqual([3])
    await scene.node.clock.advance(58_000)
    expect(await scene.take()).toEqual([])
    await scene.node.clock.advance(1_000)
    expect(await scene.take()).toEqual([4])
  })

  test('what was spent is known after a takeover (E18)', async () => {
    const store = openMemoryStore()
    const options = { mail: { limits: [{ rate: 1, everyMs: 10_000 }] } }
    const node = await TestNode.start(store, options, { sizes: SIZES })
    const scene = new Scene(node)
    await scene.start(1, 2)
    expect(await scene.take()).toEqual([1])
    await scene.done()
    const stopped = node.engine.stop()
    await node.clock.advance(100)
    await stopped
    const second = new Scene(await TestNode.start(store, options, { clock: node.clock, sizes: SIZES }))
    expect(await second.take()).toEqual([])
    await node.clock.advance(10_000)
    expect(await second.take()).toEqual([2])
  })

  test("a target's Retry-After slows the whole rate, counts no attempt, and other keys go on", async () => {
    const scene = await Scene.of({ mail: { limits: [{ rate: 100, everyMs: 1_000, per: 'host' }] } })
    await scene.start({ host: 'a', n: 1 }, { host: 'a', n: 2 }, { host: 'b', n: 3 })
    expect(await scene.take(1)).toEqual([{ host: 'a', n: 1 }])
    await scene.snooze(30_000, true)
    expect(await scene.take()).toEqual([{ host: 'b', n: 3 }])
    await scene.node.clock.advance(30_000)
    expect(await scene.take()).toEqual([
      { host: 'a', n: 2 },
      { host: 'a', n: 1 },
    ])
    expect(scene.running.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
  })
})

describe('fair share', () => {
  test('one tenant has a thousand, the first of another goes next', async () => {
    const scene = await Scene.of({ mail: { fair: { per: 'tenant' } } })
    await scene.start(...Array.from({ length: 1_000 }, (_, n) => ({ tenant: 'big', n })))
    expect(await scene.take(5)).toHaveLength(5)
    await scene.start({ tenant: 'small', n: 0 })
    expect(await scene.take(2)).toContainEqual({ tenant: 'small', n: 0 })
  })

  test('weights hold', async () => {
    const scene = await Scene.of({ mail: { fair: { per: 'tenant', weights: { a: 3 } } } })
    await scene.start(...Array.from({ length: 100 }, (_, n) => ({ tenant: n % 2 === 0 ? 'a' : 'b', n })))
    const taken = (await scene.take(40)) as { tenant: string }[]
    expect(taken.filter(({ tenant }) => tenant === 'a')).toHaveLength(30)
  })

  test('priority orders within a share', async () => {
    const scene = await Scene.of({ mail: { fair: { per: 'tenant' } } })
    await scene.start({ tenant: 'a', n: 1 })
    await scene.node.start(null, { input: JSON.stringify({ tenant: 'a', n: 2 }), options: { priority: 5 } })
    await scene.start({ tenant: 'b', n: 3 })
    const taken = (await scene.take(3)) as { n: number }[]
    expect(taken.map(({ n }) => n).filter(n => n !== 3)).toEqual([2, 1])
  })
})

describe('a sequence', () => {
  const sequence = (onFailure: 'stop' | 'skip') => ({ mail: { sequence: { per: 'order', onFailure } } })
  const of = (order: string, n: number) => ({ order, n })

  test('is one at a time and in order, whatever the priorities', async () => {
    const scene = await Scene.of(sequence('stop'))
    const runs = await scene.start(...Array.from({ length: 20 }, (_, n) => of('o1', n)))
    await scene.node.start(null, { input: JSON.stringify(of('o1', 20)), options: { priority: 100 } })
    await scene.node.clock.advance(1)
    await scene.start(of('o2', 0))
    expect(await scene.take()).toEqual([of('o1', 0), of('o2', 0)])
    expect(await scene.reasons(runs[1] as string)).toContain(`it is the turn of ${runs[0]?.slice(-5)} in its sequence "o1"`)
    for (let n = 1; n <= 20; n++) {
      await scene.done(scene.running.findIndex(({ input }) => input?.includes('o1')))
      expect(await scene.take()).toEqual([of('o1', n)])
    }
  })

  test('waits through the back-off of the one whose turn it is', async () => {
    const scene = await Scene.of(sequence('skip'))
    await scene.start(of('o', 1), of('o', 2))
    expect(await scene.take()).toEqual([of('o', 1)])
    await scene.fail(0, true, 5_000)
    expect(await scene.take()).toEqual([])
    await scene.node.clock.advance(5_000)
    expect(await scene.take()).toEqual([of('o', 1)])
    await scene.done()
    expect(await scene.take()).toEqual([of('o', 2)])
  })

  test('skips a failed one, or stops until a person says so', async () => {
    for (const onFailure of ['skip', 'stop'] as const) {
      const scene = await Scene.of(sequence(onFailure))
      const runs = await scene.start(of('o', 1), of('o', 2))
      await scene.take()
      await scene.fail(0, false)
      expect(await scene.take()).toEqual(onFailure === 'skip' ? [of('o', 2)] : [])
      if (onFailure === 'skip') continue
      expect((await scene.reasons(runs[1] as string))[0]).toMatch(
        /^its sequence "o" stopped when .{5} failed; to go on without it: mainspring sequence resume mail o$/,
      )
      await scene.node.engine.limits.resumeSequence('default', 'mail', 'o', { id: 'c', by: null })
      expect(await scene.take()).toEqual([of('o', 2)])
    }
  })

  test('that stopped goes on with the retry of the failed one, which goes first', async () => {
    const scene = await Scene.of(sequence('stop'))
    const [first] = await scene.start(of('o', 1), of('o', 2))
    await scene.take()
    await scene.fail(0, false)
    await scene.node.engine.runs.retry('default', first as string, { id: 'again', by: null })
    expect(await scene.take()).toEqual([of('o', 1)])
    await scene.done()
    expect(await scene.take()).toEqual([of('o', 2)])
  })

  test('holds across a takeover, also while its turn is in back-off', async () => {
    const { mail } = sequence('stop')
    const store = openMemoryStore()
    const node = await TestNode.start(store, { mail }, { sizes: SIZES })
    const scene = new Scene(node)
    await scene.start(of('o', 1), of('o', 2))
    await scene.take()
    await scene.fail(0, true, 20_000)
    const stopped = node.engine.stop()
    await node.clock.advance(100)
    await stopped
    const second = new Scene(await TestNode.start(store, { mail }, { clock: node.clock, sizes: SIZES }))
    expect(await second.take()).toEqual([])
    await node.clock.advance(20_000)
    expect(await second.take()).toEqual([of('o', 1)])
  })
})

describe('a batch', () => {
  const options = { mail: { batch: { size: 3, withinMs: 5_000 } } }

  test('goes when it is full, as one bundle; the rest when its first has waited', async () => {
    const scene = await Scene.of(options)
    await scene.start(1, 2, 3, 4)
    expect(await scene.take(2)).toEqual([1, 2, 3])
    expect(new Set(scene.running.map(({ bundle }) => bundle)).size).toBe(1)
    expect(scene.running[0]?.bundle).not.toBeNull()
    await scene.node.clock.advance(4_900)
    expect(await scene.take()).toEqual([])
    await scene.node.clock.advance(100)
    expect(await scene.take()).toEqual([4])
  })

  test('one that waits is filled by what comes', async () => {
    const scene = await Scene.of(options)
    const [run] = await scene.start(1, 2)
    expect(await scene.take()).toEqual([])
    expect((await scene.reasons(run as string))[0]).toMatch(/^gathers a batch: 2 of 3; what there is goes at /)
    await scene.node.clock.advance(1)
    await scene.start(3)
    expect(await scene.take(1)).toEqual([1, 2, 3])
  })
})

describe('cost', () => {
  test('is taken of the slots and units that a worker has free', async () => {
    const scene = await Scene.of({ mail: { cost: { slots: 2, cpu: 3 } } })
    const [run] = await scene.start(1, 2, 3)
    expect(await scene.take(5, { cpu: 2 })).toEqual([])
    expect((await scene.reasons(run as string)).length).toBeGreaterThan(0)
    expect(await scene.take(5, { cpu: 7 })).toEqual([1, 2])
    expect(await scene.take(1, { cpu: 100 })).toEqual([])
    expect(await scene.take(2, { cpu: 100 })).toEqual([3])
  })
})
