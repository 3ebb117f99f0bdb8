import { describe, expect, test } from 'vitest'
import type { Entry } from '../../machines/workflow/types.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { DefinitionOptions, Delivery } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const WAIT: Entry = { is: 'wait', n: 1, signal: 'go' }
const DIVERGED = { type: 'Diverged', message: 'Step 2 was charge, the code asks for refund.', code: 'diverged' }

/** Workers of several versions of one workflow. */
class Fleet {
  readonly node: TestNode
  #signals = 0
  constructor(node: TestNode) {
    this.node = node
  }
  static async with(versions: readonly string[], options: DefinitionOptions = {}): Promise<Fleet> {
    const fleet = new Fleet(await TestNode.start(openMemoryStore()))
    for (const version of versions) {
      await fleet.node.engine.definitions.register('default', [{ kind: 'workflow', name: 'order', version, options, schema: null }])
      await fleet.node.clock.advance(1_000)
    }
    return fleet
  }
  /** What the worker of a version gets. */
  async poll(version: string): Promise<Delivery | undefined> {
    const { tasks } = await this.node.poll({ worker: `w-${version}`, workerName: version, serves: [{ definition: 'order', version }] })
    return tasks[0]
  }
  async waits(version: string, task: Delivery | undefined, entries: Entry[] = [WAIT]): Promise<void> {
    const { run, attempt, delivery, journal, task: id } = task as Delivery
    const upTo = (journal?.from ?? 0) + (journal?.events?.length ?? 0)
    const call = { run, task: id, attempt, delivery, call: 1, upTo, yields: true, entries }
    const [answer] = await this.node.engine.tasks.advance('default', `w-${version}`, [call])
    expect(answer?.is).toBe('yielded')
  }
  async diverges(version: string, task: Delivery | undefined): Promise<void> {
    const { run, attempt, delivery, task: id } = task as Delivery
    const result = { run, task: id, attempt, delivery, is: 'failed' as const, failure: DIVERGED, retry: true }
    expect(await this.node.engine.tasks.complete('default', `w-${version}`, [result])).toEqual(['accepted'])
    await settle()
  }
  /** It goes on, and whoever has it live has had his time. */
  async goes(run: string): Promise<void> {
    await this.node.engine.runs.signal('default', run, { name: 'go', payload: null }, { id: `s${this.#signals++}`, by: null })
    await this.node.clock.advance(2_100)
  }
  async why(run: string): Promise<string> {
    const { reasons, clear } = await this.node.engine.runs.explain('default', run)
    return [...reasons.map(({ code, text }) => `${code}: ${text}`), ...clear].join('\n')
  }
  async begun(version: string): Promise<string> {
    const run = await this.node.run({ definition: 'order' })
    await this.waits(version, await this.poll(version))
    return run
  }
  async states(): Promise<Record<string, string>> {
    const { versions } = await this.node.engine.versions.get('default', 'order')
    return Object.fromEntries(versions.map(({ version, state, percent, open }) => [version, `${state} ${percent} ${open}`]))
  }
}

describe('by default a run goes on with whatever code its history fits', () => {
  test('a version that it fits takes it over', async () => {
    const fleet = await Fleet.with(['v1', 'v2'])
    const run = await fleet.begun('v1')
    await fleet.goes(run)
    await fleet.waits('v2', await fleet.poll('v2'), [{ is: 'wait', n: 2, signal: 'go' }])
    expect((await fleet.node.engine.runs.get('default', run)).version).toBe('v2')
  })

  test('one that it does not fit gives it back to its own at once, and does not get it again', async () => {
    const fleet = await Fleet.with(['v1', 'v2'])
    const run = await fleet.begun('v1')
    await fleet.goes(run)
    await fleet.diverges('v2', await fleet.poll('v2'))
    expect(await fleet.poll('v2')).toBeUndefined()
    expect(await fleet.why(run)).toContain('it keeps to version v1: its history does not fit v2 (Step 2 was charge, the code asks for refund.)')
    await fleet.waits('v1', await fleet.poll('v1'), [{ is: 'wait', n: 2, signal: 'go' }])
    await fleet.goes(run)
    expect(await fleet.poll('v2')).toBeUndefined()
    expect(await fleet.poll('v1')).toBeDefined()
    expect((await fleet.node.engine.runs.get('default', run)).version).toBe('v1')
  })

  test('with no other version alive it waits and says why; a third version gets it at once, and after a minute any does', async () => {
    const fleet = await Fleet.with(['v1', 'v2', 'v3'])
    const run = await fleet.begun('v1')
    await fleet.goes(run)
    await fleet.node.engine.tasks.gone('default', 'w-v1')
    await fleet.diverges('v2', await fleet.poll('v2'))
    expect(await fleet.why(run)).toContain('no-version: its history does not fit version v2, and no live worker serves another version of "order"')
    await fleet.diverges('v3', await fleet.poll('v3'))
    expect([await fleet.poll('v2'), await fleet.poll('v3')]).toEqual([undefined, undefined])
    await fleet.node.clock.advance(61_000)
    expect(await fleet.poll('v2')).toBeDefined()
  })

  test('a person who has mended the code need not wait', async () => {
    const fleet = await Fleet.with(['v1', 'v2'])
    const run = await fleet.begun('v1')
    await fleet.goes(run)
    await fleet.diverges('v2', await fleet.poll('v2'))
    await fleet.node.engine.runs.resume('default', run, { id: 'r', by: null })
    expect(await fleet.poll('v2')).toBeDefined()
  })

  test('a run that begins anew has a history that fits any', async () => {
    const fleet = await Fleet.with(['v1', 'v2'])
    const run = await fleet.begun('v1')
    await fleet.goes(run)
    await fleet.diverges('v2', await fleet.poll('v2'))
    const { attempt, delivery, journal, task } = (await fleet.poll('v1')) as Delivery
    const upTo = (journal?.from ?? 0) + (journal?.events?.length ?? 0)
    const entries: Entry[] = [{ is: 'finished', end: { is: 'continued', input: null } }]
    await fleet.node.engine.tasks.advance('default', 'w-v1', [{ run, task, attempt, delivery, call: 1, upTo, yields: true, entries }])
    await fleet.node.clock.advance(2_100)
    expect((await fleet.poll('v2'))?.run).toBe(run)
  })

  test('a fork whose kept steps do not fit the code that has it goes to another at once', async () => {
    const fleet = await Fleet.with(['v1', 'v2'])
    const run = await fleet.begun('v1')
    await fleet.goes(run)
    await fleet.waits('v1', await fleet.poll('v1'), [{ ...WAIT, n: 2 }])
    const fork = await fleet.node.engine.runs.fork('default', run, { from: 2, reset: true }, { id: 'f', by: null })
    await fleet.diverges('v2', await fleet.poll('v2'))
    expect(await fleet.poll('v2')).toBeUndefined()
    expect(await fleet.why(fork)).toContain('its history does not fit v2 (Step 2 was charge, the code asks for refund.)')
    expect((await fleet.poll('v1'))?.run).toBe(fork)
  })

  test('a divergence of the version that began it stops that run alone, which is tried again later and later', async () => {
    const fleet = await Fleet.with(['v1'])
    const [run, other] = [await fleet.begun('v1'), await fleet.begun('v1')]
    await fleet.goes(run)
    await fleet.diverges('v1', await fleet.poll('v1'))
    expect(await fleet.node.engine.runs.get('default', run)).toMatchObject({ state: 'paused', reason: 'diverged' })
    await fleet.goes(other)
    expect((await fleet.poll('v1'))?.run).toBe(other)
  })
})

describe('a pinned run stays with the version that began it', () => {
  // Temporal, Worker Versioning: "Pinned Workflows are guaranteed to complete on a single Worker Deployment Version".
  test('and says that no live worker serves it', async () => {
    const fleet = await Fleet.with(['v1', 'v2'], { versioning: 'pinned' })
    const run = await fleet.begun('v1')
    await fleet.goes(run)
    expect(await fleet.poll('v2')).toBeUndefined()
    await fleet.node.engine.tasks.gone('default', 'w-v1')
    await fleet.node.clock.advance(600_000)
    expect(await fleet.poll('v2')).toBeUndefined()
    expect(await fleet.why(run)).toContain('no-version: no live worker serves version v1 of "order"; those that serve it have v2')
    expect((await fleet.node.engine.queues.list('default'))[0]?.untaken).toEqual(['order'])
    expect(fleet.node.engine.stats().queues).toMatchObject([{ queue: 'default', untaken: 1 }])
    expect(await fleet.poll('v1')).toBeDefined()
  })

  test('until a person has it go on with another', async () => {
    const fleet = await Fleet.with(['v1', 'v2'], { versioning: 'pinned' })
    const run = await fleet.begun('v1')
    await fleet.node.engine.runs.resume('default', run, { id: 'r', by: 'ana', version: 'v2' })
    await fleet.goes(run)
    expect(await fleet.poll('v1')).toBeUndefined()
    expect(await fleet.poll('v2')).toBeDefined()
    expect((await fleet.node.engine.runs.get('default', run)).version).toBe('v2')
  })
})

describe('an operator ramps a version', () => {
  const many = 40
  async function shares(fleet: Fleet, versions: readonly string[]): Promise<number[]> {
    for (let n = 0; n < many; n++) await fleet.node.run({ definition: 'order' })
    return Promise.all(
      versions.map(async version => {
        const serves = [{ definition: 'order', version }]
        return (await fleet.node.poll({ worker: `w-${version}`, serves, max: 100 })).tasks.length
      }),
    )
  }

  // Temporal, set-ramping-version: "a percentage of traffic"; the same workflow stays on its side while the share only grows.
  test('so many per cent of new runs go to it, the others to the current one, and nothing to others', async () => {
    const fleet = await Fleet.with(['v0', 'v1', 'v2'])
    await fleet.node.engine.versions.ramp('default', 'order', { version: 'v2', percent: 20 }, 'ana')
    const [v0, v1, v2] = await shares(fleet, ['v0', 'v1', 'v2'])
    expect(v0).toBe(0)
    expect((v1 as number) + (v2 as number)).toBe(many)
    expect(v2).toBeGreaterThan(0)
    expect(v2).toBeLessThan(many / 2)
    expect(await fleet.states()).toMatchObject({ v1: `current 80 ${v1}`, v2: `ramping 20 ${v2}`, v0: 'drained 0 0' })
  })

  test('100 % makes it current, a rollback goes back; open runs of the other drain', async () => {
    const fleet = await Fleet.with(['v1', 'v2'])
    await fleet.begun('v1')
    const { versions } = fleet.node.engine
    await versions.ramp('default', 'order', { version: 'v2', percent: 100 }, null)
    expect(await fleet.states()).toEqual({ v2: 'current 100 0', v1: 'draining 0 1' })
    expect(await shares(fleet, ['v1', 'v2'])).toEqual([0, many])
    await versions.rollback('default', 'order', null)
    expect(await fleet.states()).toMatchObject({ v1: 'current 100 1', v2: `draining 0 ${many}` })
    await expect(versions.rollback('default', 'order', null)).rejects.toMatchObject({ code: 'nothing-to-roll-back' })
  })

  test('a rollback of a ramp takes what waits for it with it, once nobody has taken it for a minute', async () => {
    const fleet = await Fleet.with(['v1', 'v2'])
    const { versions } = fleet.node.engine
    await versions.ramp('default', 'order', { version: 'v2', percent: 99.99 }, null)
    const run = await fleet.node.run({ definition: 'order' })
    expect(await fleet.poll('v1')).toBeUndefined()
    expect(await fleet.why(run)).toContain('no-version: no live worker serves version v2')
    await versions.rollback('default', 'order', null)
    await fleet.node.clock.advance(61_000)
    expect((await fleet.poll('v1'))?.run).toBe(run)
  })

  test('open runs that go on follow it, but for those whose history does not fit', async () => {
    const fleet = await Fleet.with(['v1', 'v2'])
    const run = await fleet.begun('v1')
    await fleet.node.engine.versions.ramp('default', 'order', { version: 'v2', percent: 100 }, null)
    await fleet.goes(run)
    expect(await fleet.poll('v1')).toBeUndefined()
    await fleet.diverges('v2', await fleet.poll('v2'))
    await fleet.waits('v1', await fleet.poll('v1'), [{ is: 'wait', n: 2, signal: 'go' }])
    await fleet.goes(run)
    expect(await fleet.poll('v2')).toBeUndefined()
    expect(await fleet.poll('v1')).toBeDefined()
  })

  test.each([
    ['a version that nobody registered', 'v9', 20, 'unknown-version'],
    ['the current one', 'v2', 20, 'invalid-input'],
  ])('%s is refused', async (_, version, percent, code) => {
    const fleet = await Fleet.with(['v1', 'v2'])
    await fleet.node.engine.versions.ramp('default', 'order', { version: 'v2', percent: 100 }, null)
    await expect(fleet.node.engine.versions.ramp('default', 'order', { version, percent }, null)).rejects.toMatchObject({ code })
  })

  test('a job has none', async () => {
    const { node } = await Fleet.with([])
    await expect(node.engine.versions.ramp('default', 'mail', { version: '1', percent: 1 }, null)).rejects.toMatchObject({
      code: 'not-a-workflow',
    })
  })
})
