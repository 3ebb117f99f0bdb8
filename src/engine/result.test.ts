import { describe, expect, test } from 'vitest'
import type { Entry } from '../machines/workflow/types.ts'
import { openMemoryStore } from '../store/memory/store.ts'
import type { Batch, Store } from '../store/store.ts'
import { settle } from './test-clock.ts'
import { TestNode } from './test-engine.ts'

/** A node, and how often it has read a run for people. */
async function watched(): Promise<{ node: TestNode; reads(): number; fail(): void }> {
  const store = openMemoryStore()
  let reads = 0
  let fails = false
  const run: Store['read']['run'] = (...asked) => {
    reads++
    return store.read.run(...asked)
  }
  const read = { ...store.read, run }
  const commit = (batch: Batch) => (fails ? Promise.resolve({ is: 'fenced' as const }) : store.commit(batch))
  const node = await TestNode.start({ ...store, commit, read } as Store)
  return {
    node,
    reads: () => reads,
    fail: () => {
      fails = true
    },
  }
}

const ENDS: Record<string, (node: TestNode, run: string) => Promise<unknown>> = {
  completed: async node => node.complete((await node.poll()).tasks[0] as never, '{"sent":3}'),
  failed: async node => {
    const [task] = (await node.poll()).tasks
    const { run, attempt, delivery } = task as NonNullable<typeof task>
    const failure = { type: 'Error', message: 'no such mailbox' }
    const result = { run, task: 'main', attempt, delivery, is: 'failed' as const, failure, retry: false }
    return node.engine.tasks.complete('default', 'w1', [result as never])
  },
  cancelled: (node, run) => node.engine.runs.cancel('default', run, { id: 'c1', by: 'ana', why: 'enough' }),
  terminated: (node, run) => node.engine.runs.terminate('default', run, { id: 't1', by: null }),
}

test.each(Object.keys(ENDS))('who waits for a run that is %s is told what the store tells of it, without a read', async state => {
  const { node, reads } = await watched()
  const run = await node.run({ input: '[1]', options: { metadata: '"m"', priority: 3 }, tags: { city: 'Ulm' } } as never)
  const before = reads()
  const waited = node.engine.runs.wait('default', run, 10_000)
  await ENDS[state]?.(node, run)
  const told = await waited
  expect(reads()).toBe(before)
  expect(told.state).toBe(state)
  expect(told).toEqual(await node.engine.runs.get('default', run))
})

test('so is who waits for a workflow, whatever moved to segments and streams', async () => {
  const { node, reads } = await watched()
  await node.engine.definitions.register('default', [{ kind: 'workflow', name: 'order', version: '1', options: {}, schema: null }])
  const run = await node.run({ definition: 'order' })
  const waited = node.engine.runs.wait('default', run, 10_000)
  const { tasks } = await node.poll({ serves: [{ definition: 'order', version: '1' }] })
  const { task, attempt, delivery } = tasks[0] as NonNullable<(typeof tasks)[0]>
  const advance = (call: number, upTo: number, entries: Entry[]) =>
    node.engine.tasks.advance('default', 'w1', [{ run, task, attempt, delivery, call, upTo, yields: false, entries }])
  const steps = Array.from(
    { length: 400 },
    (_, n): Entry => ({ is: 'completed', n: n + 1, name: 'step', attempt: 1, output: `"${'x'.repeat(500)}"` }),
  )
  await advance(1, 1, [...steps, { is: 'write', n: 401, stream: 'words', chunk: '"hello"' }])
  await advance(2, 403, [{ is: 'finished', end: { is: 'completed', output: '"done"' } }])
  const told = await waited
  expect(reads()).toBe(0)
  expect(told).toMatchObject({ state: 'completed', output: '"done"', streams: [{ name: 'words', chunks: 1 }] })
  expect(told).toEqual(await node.engine.runs.get('default', run))
})

test('what is not committed is told to nobody: with the fence lost, the store is asked', async () => {
  const { node, reads, fail } = await watched()
  const run = await node.run()
  let told: unknown = null
  const waited = node.engine.runs.wait('default', run, 3_000).then(answer => {
    told = answer
  })
  fail()
  await node.engine.runs.terminate('default', run, { id: 't1', by: null }).catch(() => {})
  await settle()
  await node.clock.advance(3_000)
  await waited
  expect(reads()).toBeGreaterThan(0)
  expect(told).toMatchObject({ state: 'queued', outcome: null })
})

describe('of many runs', () => {
  test('those that one commit closes are told of together, the others not, and none is read', async () => {
    const { node, reads } = await watched()
    const runs = [await node.run(), await node.run(), await node.run()]
    const asked = node.engine.runs.closed('default', runs, 10_000)
    const { tasks } = await node.poll({ max: 2 })
    await Promise.all(tasks.map(task => node.complete(task, '1')))
    const { closed, missing } = await asked
    expect(closed.map(({ id }) => id).sort()).toEqual(tasks.map(({ run }) => run).sort())
    expect(missing).toEqual([])
    expect(reads()).toBe(0)
    for (const run of closed) expect(run).toEqual(await node.engine.runs.get('default', run.id))
  })

  test('those that are closed by now are told of at once, and those that are not there, of another namespace too', async () => {
    const { node } = await watched()
    const [gone, open] = [await node.run(), await node.run()]
    await node.engine.runs.terminate('default', gone, { id: 't1', by: null })
    const nobody = '01kg0000000000000000000000'
    expect(await node.engine.runs.closed('default', [open, gone, nobody], 10_000)).toMatchObject({ closed: [{ id: gone }], missing: [nobody] })
    expect(await node.engine.runs.closed('other', [gone], 10_000)).toEqual({ closed: [], missing: [gone] })
  })

  test('when the time is over, or nobody waits any more, nothing is told', async () => {
    const { node, reads } = await watched()
    const run = await node.run()
    const late = node.engine.runs.closed('default', [run], 3_000)
    await node.clock.advance(3_000)
    expect(await late).toEqual({ closed: [], missing: [] })
    const stop = new AbortController()
    const stopped = node.engine.runs.closed('default', [run], 3_000, stop.signal)
    stop.abort()
    expect(await stopped).toEqual({ closed: [], missing: [] })
    expect(reads()).toBe(0)
  })
})
