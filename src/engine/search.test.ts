import { beforeEach, describe, expect, test } from 'vitest'
import { openMemoryStore } from '../store/memory/store.ts'
import type { RunFilter } from '../store/store.ts'
import { boundedRuns } from './bounded.ts'
import type { RunSearch } from './face.ts'
import { LOOKED_THROUGH_MAX, searchRuns, tallyRuns } from './search.ts'
import { TestNode } from './test-engine.ts'

let node: TestNode
beforeEach(async () => {
  node = await TestNode.start(openMemoryStore(), { mail: {}, bill: { retry: { attempts: 1 } } })
})

const find = (search: Partial<RunSearch>, limit = 50, after: string | null = null) =>
  node.engine.runs.list({ namespace: 'default', ...search }, { after, limit })

/** One run that failed so, one that completed, one that waits. */
async function day() {
  const failed = await node.run({ definition: 'bill', options: { metadata: '{"tenant":"acme","n":7,"nested":{"a":1}}' } })
  const { tasks } = await node.poll({ serves: [{ definition: 'bill', version: null }] })
  const [task] = tasks
  if (task === undefined) throw new Error('nothing was delivered')
  const { run, task: name, attempt, delivery } = task
  const failure = { type: 'CardDeclined', message: 'Card 42 was refused' }
  await node.engine.tasks.complete('default', 'w1', [{ run, task: name, attempt, delivery, is: 'failed', retry: false, failure }])
  await node.clock.advance(1_000)
  const done = await node.run({ options: { metadata: '{"tenant":"acme"}' } })
  for (const delivered of (await node.poll()).tasks) await node.complete(delivered)
  await node.clock.advance(1_000)
  const waits = await node.run({ options: { metadata: '{"tenant":"other"}' } })
  return { failed, done, waits }
}

describe('what stands in the bodies of runs', () => {
  test.each<[Partial<RunSearch>, ('failed' | 'done' | 'waits')[]]>([
    [{ error: 'carddeclined' }, ['failed']],
    [{ error: 'was REFUSED' }, ['failed']],
    [{ error: 'declined: Card 42' }, ['failed']],
    [{ error: 'timeout' }, []],
    [{ reasons: ['aborted'] }, ['failed']],
    [{ reasons: ['expired'] }, []],
    [{ reasons: ['aborted'], states: ['completed'] }, []],
    [{ metadata: { tenant: 'acme' } }, ['done', 'failed']],
    [{ metadata: { tenant: 'acme', n: '7' } }, ['failed']],
    [{ metadata: { nested: '{"a":1}' } }, ['failed']],
    [{ metadata: { n: 'seven' } }, []],
    [{ metadata: { tenant: 'acme' }, states: ['completed'] }, ['done']],
    [{ names: ['mail'] }, ['waits', 'done']],
  ])('%j', async (search, expected) => {
    const runs = await day()
    const { rows, next, through } = await find(search)
    expect(rows.map(({ id }) => id)).toEqual(expected.map(name => runs[name]))
    expect([next, through]).toEqual([null, null])
  })

  test('is counted by the step of its creation', async () => {
    await day()
    const from = node.clock.now() - 2_000
    const tally = await node.engine.runs.tally({ namespace: 'default', metadata: { tenant: 'acme' } }, { from, stepMs: 1_000 })
    expect(tally).toEqual({
      counts: [
        { step: 1, state: 'completed', count: 1 },
        { step: 0, state: 'failed', count: 1 },
      ],
      through: null,
    })
    const all = await node.engine.runs.tally({ namespace: 'default' }, { from, stepMs: 1_000 })
    expect(all.counts.map(({ state }) => state).sort()).toEqual(['completed', 'failed', 'queued'])
  })

  test('is looked for in so many runs a call, and goes on from there', async () => {
    const wanted = await node.run({ options: { metadata: '{"tenant":"acme"}' } })
    await node.clock.advance(10)
    const since = node.clock.now()
    for (let n = 0; n <= LOOKED_THROUGH_MAX; n += 500) await node.start(null, ...Array.from({ length: 500 }, () => ({})))
    const first = await find({ metadata: { tenant: 'acme' } })
    expect(first).toMatchObject({ rows: [], next: expect.any(String), through: since })
    const second = await find({ metadata: { tenant: 'acme' } }, 50, first.next)
    expect([second.rows.map(({ id }) => id), second.next, second.through]).toEqual([[wanted], null, null])
    const tally = await node.engine.runs.tally({ namespace: 'default', metadata: { tenant: 'acme' } }, { from: 0, stepMs: 1_000 })
    expect(tally).toEqual({ counts: [], through: since })
  })
})

test('what no index knows is looked for in so many rows a call, and goes on from there', async () => {
  const asked: unknown[] = []
  const rows = { rows: [], next: null }
  const read = {
    runs: async (filter: unknown) => {
      asked.push(filter)
      return rows
    },
    runCounts: async (filter: unknown) => {
      asked.push(filter)
      return { counts: [], through: null }
    },
    runsDepth: async () => 700,
  }
  const search = { namespace: 'default', took: { atLeastMs: 1, now: 0 } }
  const page = { after: null, limit: 5 }
  expect(await searchRuns(read, search, page)).toEqual({ rows: [], next: '700_', through: 700 })
  expect(await searchRuns(read, { ...search, error: 'x' }, page)).toEqual({ rows: [], next: '700_', through: 700 })
  expect(await searchRuns(read, { ...search, createdAfter: 800 }, page)).toEqual({ rows: [], next: null, through: null })
  expect(await searchRuns(read, { namespace: 'default', queues: ['q'] }, page)).toEqual({ rows: [], next: '700_', through: 700 })
  expect(await searchRuns(read, { namespace: 'default' }, page)).toEqual({ rows: [], next: null, through: null })
  expect(asked.map(filter => (filter as { createdAfter?: number }).createdAfter)).toEqual([700, 700, 800, 700, undefined])
  const steps = { from: 0, stepMs: 1 }
  expect((await tallyRuns(read, search, steps)).through).toBe(700)
  expect((await tallyRuns(read, { namespace: 'default' }, steps)).through).toBeNull()
})

test.each<[Omit<RunFilter, 'namespace'>, { open: boolean; closed: boolean } | null]>([
  [{}, null],
  [{ createdAfter: 1, createdBefore: 2 }, null],
  [{ states: ['failed', 'cancelled'] }, null],
  [{ states: ['completed'] }, { open: false, closed: true }],
  [{ states: ['queued'] }, { open: true, closed: false }],
  [{ states: ['queued', 'failed'] }, { open: true, closed: false }],
  [{ names: ['a'] }, { open: true, closed: false }],
  [{ names: ['a', 'b'] }, { open: true, closed: true }],
  [
    { names: ['a'], states: ['failed'] },
    { open: false, closed: true },
  ],
  [{ queues: ['q'] }, { open: true, closed: true }],
  [
    { kinds: ['job'], states: ['failed'] },
    { open: false, closed: true },
  ],
  [{ tags: { a: '1' } }, { open: true, closed: true }],
])('%j is bounded where rows are gone through that do not fit', async (filter, expected) => {
  let asked: unknown = null
  const read = {
    runs: async () => ({ rows: [], next: null }),
    async runsDepth(_filter: RunFilter, _after: string | null, _rows: number, tables: { open: boolean; closed: boolean }) {
      asked = tables
      return null
    },
  }
  expect(await boundedRuns(read, { namespace: 'default', ...filter }, { after: null, limit: 5 })).toEqual({ rows: [], next: null, through: null })
  expect(asked).toEqual(expected)
})
