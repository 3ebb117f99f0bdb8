import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Entry, SIGNALS_MAX } from '../../machines/workflow/types.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import { openSqliteStore } from '../../store/sqlite/store.ts'
import type { Batch, Store } from '../../store/store.ts'
import type { Delivery } from '../face.ts'
import { TestNode } from '../test-engine.ts'

/** What has been asked of a store. */
interface Work {
  commits: number
  rows: number
  bytes: number
  reads: number
  /** Of one row's body. */
  bodyBytesMax: number
}

function counting(store: Store, work: Work): Store {
  const commit = (batch: Batch) => {
    const { born, touched, closed, segments } = batch.writes
    const rows = [...born, ...touched, ...closed]
    work.commits++
    work.rows += rows.length + segments.length
    for (const { body } of rows) work.bodyBytesMax = Math.max(work.bodyBytesMax, body.length)
    for (const { body } of rows) work.bytes += body.length
    for (const { events } of segments) work.bytes += events.length
    return store.commit(batch)
  }
  const counted = <T extends object>(of: T): T =>
    new Proxy(of, {
      get: (target, name) => {
        const value = target[name as keyof T] as unknown
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          if (READS.has(name as string)) work.reads++
          return Reflect.apply(value, target, given)
        }
      },
    })
  const read = counted(store.read)
  return new Proxy(counted(store), { get: (target, name) => (name === 'commit' ? commit : name === 'read' ? read : Reflect.get(target, name)) })
}
const READS = new Set(['run', 'segments', 'loadActors', 'pageReady', 'loadDue', 'loadDelivered'])

/** A workflow whose code this test is. */
class Live {
  readonly node: TestNode
  readonly run: string
  n = 0
  #call = 0
  #upTo = 0
  #task: Delivery | null = null

  constructor(node: TestNode, run: string) {
    this.node = node
    this.run = run
  }

  static async start(store: Store): Promise<Live> {
    const node = await TestNode.start(store)
    await node.engine.definitions.register('default', [{ kind: 'workflow', name: 'order', version: '1', options: {}, schema: null }])
    const live = new Live(node, await node.run({ definition: 'order' }))
    live.#task = (await node.poll({ serves: [{ definition: 'order', version: null }] })).tasks[0] as Delivery
    live.#upTo = live.#task.journal?.events?.length ?? 0
    return live
  }

  /** The events that it has not heard of. */
  async advance(entries: Entry[]): Promise<{ number: number; is: string }[]> {
    const { run, task, attempt, delivery } = this.#task as Delivery
    const call = { run, task, attempt, delivery, call: ++this.#call, upTo: this.#upTo, yields: false, entries }
    const [answer] = await this.node.engine.tasks.advance('default', 'w1', [call])
    expect(answer?.is).toBe('held')
    const from = answer?.journal.from as number
    const events = answer?.journal.events ?? (await this.node.engine.runs.history('default', run, from))
    this.#upTo = from + events.length
    return events.map(({ is }, index) => ({ number: from + index, is }))
  }

  async steps(count: number): Promise<void> {
    const entries = Array.from({ length: count }, (): Entry => ({ is: 'completed', n: ++this.n, name: 'step', attempt: 1, output: '"ok"' }))
    await this.advance(entries)
  }

  signals(id: string, count: number): Promise<number> {
    const tick = { name: 'tick', payload: '"a tick that says something"' }
    return this.node.engine.runs.signals(
      'default',
      this.run,
      Array.from({ length: count }, () => tick),
      { id, by: null },
    )
  }

  /** Takes those that are there, as code in a loop does. */
  async takeAll(): Promise<number> {
    const there = (await this.advance([])).filter(({ is }) => is === 'signalled')
    const entries = there.map(({ number }): Entry => ({ is: 'wait', n: ++this.n, signal: 'tick', taken: number }))
    for (let at = 0; at < entries.length; at += 500) await this.advance(entries.slice(at, at + 500))
    return there.length
  }
}

async function withStores(act: (store: Store, work: Work, name: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-long-'))
  try {
    for (const [name, store] of [
      ['memory', openMemoryStore()],
      ['SQLite', await openSqliteStore({ file: join(folder, 'long.db'), nodeName: 'test' })],
    ] as const) {
      const work: Work = { commits: 0, rows: 0, bytes: 0, reads: 0, bodyBytesMax: 0 }
      await act(counting(store, work), work, name)
      await store.close()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What `act` asked of the store, for one of so many. */
async function costOf(work: Work, count: number, act: () => Promise<void>): Promise<Record<string, number>> {
  const before = { ...work }
  await act()
  const { bodyBytesMax: _, ...counted } = work
  return Object.fromEntries(Object.entries(counted).map(([what, now]) => [what, (now - before[what as keyof Work]) / count]))
}

const PER_CALL = 500
const CALLS = 400

test('a step of a run with 200,000 events costs the store what one of its first thousands does, and its row is as small', async () => {
  await withStores(async (store, work, name) => {
    const live = await Live.start(store)
    const stretch = (calls: number) =>
      costOf(work, calls * PER_CALL, async () => {
        for (let call = 0; call < calls; call++) await live.steps(PER_CALL)
      })
    await stretch(2)
    const first = await stretch(20)
    await stretch(CALLS - 42)
    const last = await stretch(20)
    // Numbers have more digits.
    const { bytes: bytesFirst = 0, ...rest } = first
    const { bytes: bytesLast = 0, ...restLast } = last
    expect(restLast, name).toEqual(rest)
    expect(bytesLast / bytesFirst, name).toBeLessThan(1.05)
    expect(rest.reads, name).toBe(0)
    expect(work.bodyBytesMax, name).toBeLessThan(40_000)
    expect((await live.node.engine.runs.history('default', live.run)).length, name).toBeGreaterThan(200_000)
    // Its end is read as cheaply: one row, and the segments from there on.
    const read = await costOf(work, 1, async () => {
      const page = await live.node.engine.runs.events('default', live.run, CALLS * PER_CALL - 10, 5)
      expect([page.events.length, page.next], name).toEqual([5, CALLS * PER_CALL - 5])
    })
    expect(read.reads, name).toBe(2)
  })
}, 60_000)

test('a run that everybody signals costs the same for each, however many there were, and has a bounded row', async () => {
  await withStores(async (store, work, name) => {
    const live = await Live.start(store)
    let batches = 0
    const stretch = (rounds: number) =>
      costOf(work, rounds * 200, async () => {
        for (let round = 0; round < rounds; round++) {
          // Ten callers at once: one commit for all of them.
          await Promise.all(Array.from({ length: 10 }, () => live.signals(`b${batches++}`, 20)))
          expect(await live.takeAll()).toBe(200)
        }
      })
    await stretch(105) // by then as many calls are remembered as there ever are
    const first = await stretch(10)
    const last = await stretch(10)
    const { bytes: bytesFirst = 0, ...rest } = first
    const { bytes: bytesLast = 0, ...restLast } = last
    expect(restLast, name).toEqual(rest)
    expect(bytesLast / bytesFirst, name).toBeLessThan(1.05)
    // One of the signals, two of the code.
    expect(rest.commits, name).toBe(3 / 200)
    expect(rest.reads, name).toBe(0)
    expect(work.bodyBytesMax, name).toBeLessThan(400_000)
  })
}, 60_000)

test('what a run has no room for is refused, and others on its lane go on in the same commits', async () => {
  await withStores(async (store, work, name) => {
    const live = await Live.start(store)
    const flood = () => Promise.allSettled(Array.from({ length: 30 }, (_, index) => live.signals(`${name}-${work.commits}-${index}`, 1_000)))
    const before = work.commits
    const [sent, other] = await Promise.all([flood(), live.node.run()])
    // The flood came first, and nobody waits for more than the commit that was to come anyway.
    expect(work.commits - before, name).toBeLessThanOrEqual(2)
    expect(other, name).toBeTruthy()
    const kept = sent.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
    expect(kept, name).toEqual([SIGNALS_MAX])
    const refused = sent.flatMap(one => (one.status === 'rejected' ? [one.reason] : []))
    expect(refused[0], name).toMatchObject({ code: 'too-many-signals', problem: { status: 429, retryAfter: 1 } })
    expect(await live.takeAll(), name).toBe(SIGNALS_MAX)
    expect(
      (await flood()).filter(({ status }) => status === 'fulfilled'),
      name,
    ).toHaveLength(1)
  })
})
