import { describe, expect, test } from 'vitest'
import { callRunId } from '../../core/ids.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Store } from '../../store/store.ts'
import type { BatchItem, BatchStart, BulkFilter, Delivery, StartRequest } from '../face.ts'
import { TestClock } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const PATIENT = { leaseMs: 3_600_000, retentionEveryMs: 3_600_000 }
const DEFINITIONS = { mail: { retry: { attempts: 1 } }, told: {} }
const SERVES = ['mail', 'told'].map(definition => ({ definition, version: null }))
const COMMAND = { id: 'c1', by: 'ana', why: 'a test' }

const begin = (store: Store = openMemoryStore(), sizes = {}): Promise<TestNode> =>
  TestNode.start(store, DEFINITIONS, { sizes: { ...PATIENT, ...sizes } })
const job = (changes: Partial<StartRequest> = {}): BatchItem => ({ is: 'job', start: { definition: 'mail', input: null, options: {}, ...changes } })
const jobs = (count: number): BatchItem[] => Array.from({ length: count }, (_, n) => job({ input: String(n) }))
const group = (items: readonly BatchItem[], changes: Partial<BatchStart> = {}): BatchStart => ({
  name: 'import',
  items,
  open: false,
  callbacks: {},
  ...changes,
})
const told = (input: string) => ({ definition: 'told', input: JSON.stringify(input), options: {} })
const ALL = { complete: told('complete'), success: told('success'), firstFailure: told('firstFailure') }

async function start(node: TestNode, batch: BatchStart, callKey: string | null = null): Promise<string> {
  return (await node.engine.batches.start('default', batch, { callKey, by: 'ana' })).batch
}
/** Hands out all that is ready; an answer is of one sort (E16), so it asks until there is nothing left. */
async function poll(node: TestNode): Promise<Delivery[]> {
  const { answer, tasks } = await node.poll({ serves: SERVES, max: 1_000, slots: 1_000, last: answers.get(node) ?? null })
  answers.set(node, answer)
  return tasks.length === 0 ? [] : [...tasks, ...(await poll(node))]
}
const answers = new WeakMap<TestNode, string>()
/** Another node takes over from one whose clock stands still. */
async function successor(store: Store, sizes = {}): Promise<TestNode> {
  const clock = new TestClock()
  const started = TestNode.start(store, DEFINITIONS, { clock, sizes, seed: 2 })
  await clock.advance(2_000)
  return started
}
const fail = (node: TestNode, { run, task, attempt, delivery }: Delivery): Promise<string[]> =>
  node.engine.tasks.complete('default', 'w1', [
    { run, task, attempt, delivery, is: 'failed', failure: { type: 'Error', message: 'no such row' }, retry: false },
  ])
const view = (node: TestNode, id: string) => node.engine.batches.get('default', id)
const counts = async (node: TestNode, id: string) => {
  const { state, reason, jobs: found } = await view(node, id)
  const { total, open, completed, failed, cancelled } = found as NonNullable<typeof found>
  return { state, reason, total, open, completed, failed, cancelled }
}
/** What the callbacks were given, by their own input. */
const callbacks = async (node: TestNode): Promise<Record<string, unknown>> => {
  const { rows } = await node.engine.runs.list({ namespace: 'default', names: ['told'] }, { after: null, limit: 100 })
  const found = await Promise.all(rows.map(({ id }) => node.engine.runs.get('default', id)))
  const inputs = found.map(({ input }) => JSON.parse(input as string) as { batch: unknown; input: string })
  expect(new Set(inputs.map(({ input }) => input)).size).toBe(inputs.length)
  return Object.fromEntries(inputs.map(({ batch, input }) => [input, batch]))
}

describe('a group of jobs', () => {
  test('is born with its jobs, counts them as they end, and starts complete and success once all have completed', async () => {
    const node = await begin()
    const id = await start(node, group(jobs(3), { callbacks: ALL }))
    const tasks = await poll(node)
    expect(tasks.map(({ input }) => input).sort()).toEqual(['0', '1', '2'])
    for (const task of tasks.slice(1)) await node.complete(task)
    expect(await counts(node, id)).toEqual({ state: 'waiting', reason: 'jobs', total: 3, open: 1, completed: 2, failed: 0, cancelled: 0 })
    await node.complete(tasks[0] as Delivery)
    expect(await counts(node, id)).toEqual({ state: 'completed', reason: null, total: 3, open: 0, completed: 3, failed: 0, cancelled: 0 })
    const summary = { batch: id, name: 'import', total: 3, completed: 3, failed: 0, cancelled: 0, failedRuns: [] }
    expect(await callbacks(node)).toEqual({ complete: summary, success: summary })
    expect(JSON.parse((await node.engine.runs.get('default', id)).output as string)).toEqual(summary)
  })

  test('starts firstFailure at the first job that fails, once, and ends as failed', async () => {
    const node = await begin()
    const id = await start(node, group(jobs(3), { callbacks: ALL }))
    const [first, second, third] = (await poll(node)) as [Delivery, Delivery, Delivery]
    await fail(node, first)
    expect(await callbacks(node)).toEqual({
      firstFailure: { batch: id, name: 'import', total: 3, completed: 0, failed: 1, cancelled: 0, failedRuns: [first.run] },
    })
    await fail(node, second)
    await node.complete(third)
    expect(await counts(node, id)).toEqual({ state: 'failed', reason: 'jobs-failed', total: 3, open: 0, completed: 1, failed: 2, cancelled: 0 })
    expect(Object.keys(await callbacks(node)).sort()).toEqual(['complete', 'firstFailure'])
    const { reasons } = await node.engine.runs.explain('default', id)
    expect(reasons).toMatchObject([
      {
        code: 'jobs-failed',
        text: 'failed: 2 of 3 jobs failed, 0 were cancelled',
        command: `mainspring retry --where batch=${id.slice(-5)},state=failed,state=timed_out`,
      },
    ])
  })

  test('takes jobs until it is sealed, and an empty one is complete at once', async () => {
    const node = await begin()
    const id = await start(node, group([], { open: true, callbacks: ALL }))
    expect(await counts(node, id)).toMatchObject({ state: 'waiting', reason: 'open', total: 0 })
    expect((await node.engine.runs.explain('default', id)).reasons).toMatchObject([
      { code: 'open', command: `mainspring batch seal ${id.slice(-5)}` },
    ])
    const call = { callKey: 'add-1', by: null }
    expect(await node.engine.batches.add('default', id, jobs(2), call)).toEqual({ batch: id, existing: false, started: 2, conflicts: [] })
    // A repeat of the call adds nothing (E9).
    expect(await node.engine.batches.add('default', id, jobs(2), call)).toMatchObject({ existing: true, started: 0 })
    for (const task of await poll(node)) await node.complete(task)
    expect(await counts(node, id)).toMatchObject({ state: 'waiting', total: 2, completed: 2 })
    expect(await callbacks(node)).toEqual({})
    await node.engine.batches.seal('default', id, COMMAND)
    expect(await counts(node, id)).toMatchObject({ state: 'completed', total: 2 })
    expect(Object.keys(await callbacks(node)).sort()).toEqual(['complete', 'success'])
    await expect(node.engine.batches.add('default', id, jobs(1), { callKey: 'add-2', by: null })).rejects.toMatchObject({ code: 'batch-closed' })
    expect(await counts(node, await start(node, group([])))).toMatchObject({ state: 'completed', total: 0 })
  })

  test('is all or nothing: an unknown definition starts none, and says where it stands', async () => {
    const node = await begin()
    const items: BatchItem[] = [job(), { is: 'batch', batch: group([job({ definition: 'none' })]) }]
    await expect(start(node, group(items))).rejects.toMatchObject({ code: 'unknown-definition', problem: { at: '/jobs/1/batch/jobs/0/definition' } })
    await expect(start(node, group([], { callbacks: { success: { definition: 'none', input: null, options: {} } } }))).rejects.toMatchObject({
      problem: { at: '/onSuccess/definition' },
    })
    expect((await node.engine.runs.list({ namespace: 'default' }, { after: null, limit: 10 })).rows).toEqual([])
  })

  test('is the same for the same call key, and tells which items have the key of another run', async () => {
    const node = await begin()
    const [taken] = await node.start('before', { key: 'k', input: '1' })
    const items = [job(), job({ key: 'k', input: '1' })]
    const first = await node.engine.batches.start('default', group(items), { callKey: 'call', by: null })
    expect(first).toMatchObject({
      existing: false,
      started: 1,
      conflicts: [{ index: 1, answer: { is: 'existing', run: (taken as { run: string }).run } }],
    })
    expect(await node.engine.batches.start('default', group(items), { callKey: 'call', by: null })).toMatchObject({
      batch: first.batch,
      existing: true,
    })
    expect(await counts(node, first.batch)).toMatchObject({ total: 1, open: 1 })
  })

  test('gathers starts of a debounced definition, also in a run that is not in memory', async () => {
    const store = openMemoryStore()
    const definitions = { ...DEFINITIONS, mail: { debounce: { per: null, forMs: 5_000 } } }
    const node = await TestNode.start(store, definitions, { sizes: { ...PATIENT, actorsCached: 1 } })
    const waiting = await node.run({ input: '"first"' })
    await node.start(null, { definition: 'told' }, { definition: 'told' })
    const { batch, started, conflicts } = await node.engine.batches.start('default', group([job({ input: '"last"' })]), { callKey: 'c', by: null })
    expect([started, conflicts]).toMatchObject([0, [{ index: 0, answer: { is: 'existing', run: waiting } }]])
    expect((await node.engine.runs.get('default', waiting)).input).toBe('"last"')
    expect(await counts(node, batch)).toMatchObject({ state: 'completed', total: 0 })
  })

  test('counts a nested batch as one job, by how it ends', async () => {
    const node = await begin()
    const id = await start(
      node,
      group([job(), { is: 'batch', batch: group(jobs(2), { name: 'part' }) }, { is: 'batch', batch: group([], { name: 'empty' }) }]),
    )
    expect(await counts(node, id)).toMatchObject({ total: 3, open: 2, completed: 1 })
    const { rows } = await node.engine.batches.list('default', { after: null, limit: 10 })
    const part = rows.find(({ name }) => name === 'part')
    expect(part).toMatchObject({ parent: id, jobs: { total: 2 } })
    const [first, ...rest] = (await poll(node)) as [Delivery, ...Delivery[]]
    await fail(node, first)
    for (const task of rest) await node.complete(task)
    expect(await counts(node, id)).toMatchObject({ state: 'failed', open: 0, completed: 2, failed: 1 })
    const deep = (depth: number): BatchStart => group(depth === 1 ? [] : [{ is: 'batch', batch: deep(depth - 1) }])
    expect(await counts(node, await start(node, deep(5)))).toMatchObject({ state: 'completed' })
    await expect(start(node, deep(6))).rejects.toMatchObject({ code: 'invalid-option' })
  })

  test('lets a retry stand in the place of the job that failed, once', async () => {
    const node = await begin()
    const id = await start(node, group(jobs(2), { callbacks: ALL }))
    const [first, second] = (await poll(node)) as [Delivery, Delivery]
    await fail(node, first)
    const again = await node.engine.runs.retry('default', first.run, { id: 'r1', by: null })
    expect(await counts(node, id)).toMatchObject({ state: 'waiting', total: 2, open: 2, failed: 0 })
    expect((await view(node, id)).jobs?.failedRuns).toEqual([])
    // Another retry of the same run is one beside the batch.
    await node.engine.runs.retry('default', first.run, { id: 'r2', by: null })
    expect(await counts(node, id)).toMatchObject({ total: 2, open: 2 })
    for (const task of await poll(node)) await node.complete(task)
    await node.complete(second)
    expect(await counts(node, id)).toMatchObject({ state: 'completed', completed: 2, failed: 0 })
    expect((await node.engine.runs.get('default', again)).trigger).toMatchObject({ is: 'retry', of: first.run, batch: id })
    expect(Object.keys(await callbacks(node)).sort()).toEqual(['complete', 'firstFailure', 'success'])
  })

  test('asks its open jobs and batches to stop when it is cancelled, page by page, and ends when they have', async () => {
    const node = await begin(openMemoryStore(), { pageSize: 2 })
    const id = await start(node, group([...jobs(5), { is: 'batch', batch: group(jobs(3), { name: 'part', open: true }) }], { callbacks: ALL }))
    const other = await node.run()
    const { tasks } = await node.poll({ max: 1, slots: 1 })
    await node.engine.batches.cancel('default', id, COMMAND)
    await node.clock.advance(10)
    expect(await counts(node, id)).toMatchObject({ state: 'waiting', reason: 'cancelling', open: 1 })
    const [running] = tasks as [Delivery]
    await node.engine.tasks.complete('default', 'w1', [{ ...running, is: 'cancelled' }])
    await node.clock.advance(10)
    expect(await counts(node, id)).toEqual({ state: 'cancelled', reason: 'cancelled', total: 6, open: 0, completed: 0, failed: 0, cancelled: 6 })
    expect(Object.keys(await callbacks(node)).sort()).toEqual(['complete', 'firstFailure'])
    expect((await node.engine.runs.get('default', other)).state).toBe('queued')
    await expect(node.engine.batches.add('default', id, jobs(1), { callKey: null, by: null })).rejects.toMatchObject({ code: 'batch-closed' })
  })

  test('goes on where it was when its node has died, and starts no callback twice', async () => {
    const store = openMemoryStore()
    const node = await begin(store, { bodyBytesBeforeSegment: 200, actorsCached: 1 })
    const id = await start(node, group(jobs(20), { callbacks: ALL }))
    for (const task of (await poll(node)).slice(0, 11)) await node.complete(task)
    const next = await successor(store, { bodyBytesBeforeSegment: 200, actorsCached: 1 })
    expect(await counts(next, id)).toMatchObject({ open: 9, completed: 11 })
    // The leases of the dead node's workers end, and attempts: 1 is never given again.
    await next.clock.advance(60_000)
    expect(await counts(next, id)).toMatchObject({ state: 'failed', open: 0, completed: 11, failed: 9 })
    expect(Object.keys(await callbacks(next)).sort()).toEqual(['complete', 'firstFailure'])
    const history = await next.engine.runs.history('default', id)
    expect(history.filter(({ is }) => is === 'child_closed').length).toBe(20)
  })

  test('is told of a nested batch that closes although neither was in memory', async () => {
    const store = openMemoryStore()
    const node = await begin(store)
    const nested = group([job(), { is: 'batch', batch: group([job()], { name: 'part' }) }])
    const id = await start(node, group([{ is: 'batch', batch: nested }]))
    const { rows } = await node.engine.runs.list({ namespace: 'default', names: ['mail'] }, { after: null, limit: 10 })
    const next = await successor(store, { actorsCached: 1 })
    for (const { id: run } of rows) await next.engine.runs.cancel('default', run, COMMAND)
    expect(await counts(next, id)).toMatchObject({ state: 'failed', total: 1, failed: 1 })
  })

  test('is listed and waited for as a run, in no queue, and hides the tags by which it is found', async () => {
    const node = await begin()
    const id = await start(node, group(jobs(1), { tags: { team: 'media' } }))
    const { rows } = await node.engine.runs.list({ namespace: 'default', tags: { team: 'media' } }, { after: null, limit: 10 })
    expect(rows).toMatchObject([{ id, kind: 'batch', definition: 'import', tags: { team: 'media' } }])
    expect((await node.engine.queues.list('default')).map(({ name, depth }) => [name, depth])).toEqual([['default', 1]])
    expect((await poll(node))[0]?.tags).toBeNull()
    await expect(node.engine.runs.retry('default', id, COMMAND)).rejects.toMatchObject({ code: 'run-open' })
    await node.engine.runs.terminate('default', id, COMMAND)
    await expect(node.engine.runs.retry('default', id, COMMAND)).rejects.toMatchObject({ code: 'invalid-input' })
    expect(await node.engine.runs.wait('default', id, 1_000)).toMatchObject({ state: 'terminated' })
  })
})

describe('a bulk operation', () => {
  const bulk = async (node: TestNode, operation: 'cancel' | 'terminate' | 'retry' | 'resume' | 'delete', filter: BulkFilter, id = 'bulk-1') =>
    node.engine.batches.bulk('default', { operation, filter }, { ...COMMAND, id })
  const states = async (node: TestNode) =>
    (await node.engine.runs.list({ namespace: 'default', names: ['mail'] }, { after: null, limit: 1_000 })).rows.map(({ state }) => state).sort()

  test('touches the runs that match when it begins, page by page, and says what became of them', async () => {
    const node = await begin(openMemoryStore(), { pageSize: 3 })
    await node.start(null, ...Array.from({ length: 10 }, (_, n) => ({ options: { tags: { n: String(n % 2) } } })))
    const { batch, matched } = await bulk(node, 'cancel', { tags: { n: '1' } })
    expect(matched).toBe(5)
    await node.clock.advance(1)
    expect(await view(node, batch)).toMatchObject({
      state: 'completed',
      name: 'cancel',
      progress: { value: 1 },
      bulk: { operation: 'cancel', matched: 5, done: 5, skipped: 0, refused: 0, by: 'ana', why: 'a test' },
    })
    expect(await states(node)).toEqual([...Array(5).fill('cancelled'), ...Array(5).fill('queued')])
    const { rows } = await node.engine.runs.list({ namespace: 'default', states: ['cancelled'] }, { after: null, limit: 1 })
    expect((await node.engine.runs.history('default', rows[0]?.id as string)).at(-1)).toMatchObject({ is: 'cancelled', by: 'ana', why: 'a test' })
  })

  test('touches only the runs that are named, and of those the ones in which it can do something', async () => {
    const node = await begin()
    await node.start(null, {}, {}, {})
    const { rows } = await node.engine.runs.list({ namespace: 'default', names: ['mail'] }, { after: null, limit: 10 })
    const [first, second] = rows.map(({ id }) => id) as [string, string]
    await node.engine.runs.cancel('default', second, COMMAND)
    const { matched } = await bulk(node, 'cancel', { runs: [first, second] })
    expect(matched).toBe(1)
    await node.clock.advance(1)
    expect((await node.engine.runs.get('default', first)).state).toBe('cancelled')
    expect(await states(node)).toEqual(['cancelled', 'cancelled', 'queued'])
  })

  test('is previewed without touching anything, by state, reason and error', async () => {
    const node = await begin()
    await node.start(null, {}, {}, {})
    const [first, second] = (await poll(node)) as [Delivery, Delivery]
    await fail(node, first)
    await node.engine.runs.cancel('default', second.run, COMMAND)
    const preview = (filter: BulkFilter) => node.engine.batches.preview('default', { operation: 'retry', filter })
    expect(await preview({})).toMatchObject({ matched: 1, byState: { failed: 1 }, runs: [{ id: first.run }], more: false })
    expect(await preview({ error: 'NO SUCH' })).toMatchObject({ matched: 1 })
    expect(await preview({ error: 'timeout' })).toMatchObject({ matched: 0 })
    expect(await preview({ reason: 'aborted' })).toMatchObject({ matched: 1 })
    await expect(preview({ states: ['queued'] })).rejects.toMatchObject({ code: 'invalid-option' })
    expect(await states(node)).toEqual(['failed', 'running', 'running'])
  })

  test('leaves alone what no longer matches when its turn comes, and what was made after it began', async () => {
    const store = openMemoryStore()
    const node = await begin(store, { pageSize: 2 })
    await node.start(null, {}, {}, {}, {})
    const real = store.read.runs
    let meddled = false
    // Between the read of the first page and its commit: one of its runs leaves the state, and a new one comes.
    Object.assign(store.read, {
      runs: async (...args: Parameters<typeof real>) => {
        const page = await real(...args)
        if (args[1].limit === 2 && !meddled) {
          meddled = true
          await node.engine.runs.terminate('default', page.rows.find(({ kind }) => kind === 'job')?.id as string, { id: 't', by: null })
          await node.run()
        }
        return page
      },
    })
    node.clock.stall(5)
    const { batch } = await bulk(node, 'cancel', {})
    await node.clock.advance(5)
    expect(await view(node, batch)).toMatchObject({ state: 'completed', bulk: { matched: 4, done: 3, skipped: 1 } })
    expect(await states(node)).toEqual(['cancelled', 'cancelled', 'cancelled', 'queued', 'terminated'])
  })

  test('retries: new runs, linked to the old, one each however often it is carried out', async () => {
    const node = await begin(openMemoryStore(), { pageSize: 2 })
    await node.start(null, {}, {}, {}, {}, {})
    for (const task of await poll(node)) await fail(node, task)
    const { batch } = await bulk(node, 'retry', {})
    await bulk(node, 'retry', {})
    await node.clock.advance(1)
    expect((await view(node, batch)).bulk).toMatchObject({ done: 5, refused: 0 })
    expect(await states(node)).toEqual([...Array(5).fill('failed'), ...Array(5).fill('queued')])
  })

  test('deletes closed runs, and keeps what a late repeat of their start needs', async () => {
    const node = await begin(openMemoryStore(), { pageSize: 2 })
    const [kept] = await node.start('call', {})
    await node.start(null, {}, {})
    for (const task of await poll(node)) await node.complete(task)
    const open = await node.run()
    const { batch } = await bulk(node, 'delete', {})
    await node.clock.advance(1)
    expect((await view(node, batch)).bulk).toMatchObject({ done: 3 })
    expect((await node.engine.runs.list({ namespace: 'default', names: ['mail'] }, { after: null, limit: 9 })).rows.map(({ id }) => id)).toEqual([
      open,
    ])
    expect(await node.start('call', {})).toEqual([{ is: 'existing', run: (kept as { run: string }).run, by: 'call' }])
  })

  test('changes runs that wait, lets parked ones go on, and refuses by the codes of one run', async () => {
    const node = await TestNode.start(openMemoryStore(), { mail: { retry: { attempts: 1 }, exhausted: 'park' } }, { sizes: PATIENT })
    await node.start(null, {}, {}, {})
    const [parked, running] = (await node.poll({ max: 2, slots: 2 })).tasks as [Delivery, Delivery]
    await fail(node, parked)
    const change = { operation: 'change' as const, filter: {}, change: { priority: 7, queue: 'fast' } }
    const changed = await node.engine.batches.bulk('default', change, { ...COMMAND, id: 'change' })
    const resumed = await bulk(node, 'resume', { reason: 'parked' })
    await node.clock.advance(1)
    expect((await view(node, changed.batch)).bulk).toMatchObject({ matched: 1, done: 1, refused: 0 })
    expect((await view(node, resumed.batch)).bulk).toMatchObject({ matched: 1, done: 1, refused: 0 })
    const { rows } = await node.engine.runs.list({ namespace: 'default', names: ['mail'] }, { after: null, limit: 9 })
    expect(Object.fromEntries(rows.map(({ id, state, queue, priority }) => [id, [state, queue, priority]]))).toMatchObject({
      [parked.run]: ['queued', 'default', 0],
      [running.run]: ['running', 'default', 0],
    })
    expect(rows.find(({ id }) => id !== parked.run && id !== running.run)).toMatchObject({ state: 'queued', queue: 'fast', priority: 7 })
  })

  test('is paused, resumed and cancelled between two pages', async () => {
    const store = openMemoryStore()
    const node = await begin(store, { pageSize: 1 })
    await node.start(null, {}, {}, {})
    const real = store.read.runs
    let pages = 0
    let act: (() => Promise<unknown>) | null = null
    const batch = callRunId('bulk-1:batch', 0)
    Object.assign(store.read, {
      runs: async (...args: Parameters<typeof real>) => {
        if (args[1].limit !== 1) return real(...args)
        pages++
        await act?.()
        act = null
        return real(...args)
      },
    })
    act = () => node.engine.batches.pause('default', batch, COMMAND)
    expect(await bulk(node, 'cancel', {})).toEqual({ batch, matched: 3 })
    await node.clock.advance(5_000)
    expect(await view(node, batch)).toMatchObject({ state: 'paused', bulk: { done: 0 } })
    expect(pages).toBe(1)
    act = () => node.engine.batches.cancel('default', batch, COMMAND)
    await node.engine.batches.resume('default', batch, COMMAND)
    await node.clock.advance(5_000)
    expect((await view(node, batch)).state).toBe('cancelled')
    expect(await states(node)).toEqual(['queued', 'queued', 'queued'])
  })

  test('goes on after its node has died between any two pages: nothing is forgotten, nothing is done twice (E12)', async () => {
    const store = openMemoryStore()
    const first = await begin(store, { pageSize: 2 })
    await first.start(null, ...Array.from({ length: 9 }, () => ({})))
    const real = store.read.runs
    let [pages, isDead] = [0, false]
    Object.assign(store.read, {
      runs: async (...args: Parameters<typeof real>) => {
        // The node hangs for ever before its third page; the first one has the operation itself in it, which is no job.
        if (args[1].limit === 2 && ++pages >= 3 && !isDead) return new Promise(() => {})
        return real(...args)
      },
    })
    const { batch } = await bulk(first, 'cancel', {})
    await first.clock.advance(1)
    expect((await view(first, batch)).bulk).toMatchObject({ done: 3 })
    isDead = true
    const second = await successor(store, { pageSize: 2 })
    await second.clock.advance(3_000)
    expect(await view(second, batch)).toMatchObject({ state: 'completed', bulk: { matched: 9, done: 9, skipped: 0, refused: 0 } })
    expect(await states(second)).toEqual(Array(9).fill('cancelled'))
  })

  test('tells those that refuse, and goes on', async () => {
    const node = await begin()
    await node.start(null, {}, {})
    await expect(bulk(node, 'change' as 'cancel', {})).rejects.toMatchObject({ code: 'invalid-option' })
    const { batch } = await bulk(node, 'resume', {})
    await node.clock.advance(1)
    expect(await view(node, batch)).toMatchObject({ state: 'completed', bulk: { matched: 0, done: 0 } })
    await expect(view(node, await node.run())).rejects.toMatchObject({ code: 'batch-not-found' })
    await expect(node.engine.batches.seal('default', batch, COMMAND)).rejects.toMatchObject({ code: 'batch-not-found' })
    await expect(node.engine.batches.cancel('default', batch, COMMAND)).rejects.toMatchObject({ code: 'batch-closed' })
  })
})
