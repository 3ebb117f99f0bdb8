import { describe, expect, test } from 'vitest'
import { newId, type RunId } from '../../core/ids.ts'
import type { DagSpec, DagWait } from '../../machines/dag/spec.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Delivery, StartRequest } from '../face.ts'
import { settle, TestClock } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'
import { WATCHERS_MAX } from '../watchers.ts'

const by = (id: string) => ({ id, by: null, why: null })
const CALL = { is: 'call' as const }
const SIZES = [{}, { actorsCached: 1, bodyBytesBeforeSegment: 1 }]
const waiting = (more: DagWait = {}): DagSpec => ({
  tasks: { wait: { wait: { run: '{{input:run}}', ...more } }, after: { after: ['wait'], input: '{{output.wait}}' } },
  output: '{{output.after}}',
})

async function noded(dags: Record<string, DagSpec>, sizes = {}) {
  const node = await TestNode.start(openMemoryStore(), { mail: {} }, { sizes })
  await register(node, dags)
  return node
}
function register(node: TestNode, dags: Record<string, DagSpec>, namespace = 'default') {
  const specs = Object.entries(dags).map(([name, dag]) => ({ kind: 'dag' as const, name, version: '1', options: {}, schema: null, dag }))
  return node.engine.definitions.register(namespace, specs)
}
const pass = async (node: TestNode, ms = 100): Promise<void> => {
  await node.clock.advance(ms)
  await settle()
}
const get = (node: TestNode, run: RunId) => node.engine.runs.get('default', run)
const waitsOf = async (node: TestNode) => (await node.engine.runs.list({ namespace: 'default', kinds: ['wait'] }, { after: null, limit: 1_000 })).rows
/** A DAG that waits for the run, and has begun to. */
async function awaiting(node: TestNode, definition: string, run: RunId): Promise<RunId> {
  const dag = await node.run({ definition, input: JSON.stringify({ run }) })
  await pass(node)
  return dag
}

describe.each(SIZES)('a task that waits for a run by its id, with sizes %j', sizes => {
  test('goes on once that closes, with how it did', async () => {
    const node = await noded({ down: waiting() }, sizes)
    const up = await node.run()
    const down = await awaiting(node, 'down', up)
    const [wait] = await waitsOf(node)
    expect((await node.engine.runs.explain('default', wait?.id as string)).reasons).toEqual([
      {
        code: 'run',
        since: expect.any(Number),
        text: `it waits for run ${up.slice(-5)} to end as success`,
        runs: [up],
        command: `mainspring explain ${up.slice(-5)}`,
      },
    ])
    const [task] = (await node.poll()).tasks
    await node.complete(task as Delivery)
    await pass(node)
    expect(await get(node, down)).toMatchObject({ state: 'completed', output: JSON.stringify({ run: up, definition: 'mail', state: 'completed' }) })
  })

  test('whatever its kind: a DAG, a batch, another wait', async () => {
    const gate: DagSpec = { tasks: { go: { wait: { signal: 'go' } } } }
    const node = await noded({ down: waiting(), gate }, sizes)
    const up = await node.run({ definition: 'gate' })
    await pass(node)
    const [go] = await waitsOf(node)
    const { batch } = await node.engine.batches.start('default', { name: 'batch', items: [], open: true, callbacks: {} }, { callKey: 'b', by: null })
    const downs = [await awaiting(node, 'down', up), await awaiting(node, 'down', go?.id as string), await awaiting(node, 'down', batch)]
    expect(await Promise.all(downs.map(async run => (await get(node, run)).state))).toEqual(['waiting', 'waiting', 'waiting'])
    await node.engine.runs.signal('default', up, { name: 'go', payload: null }, by('g'))
    await node.engine.runs.cancel('default', batch, by('cancelled'))
    await pass(node, 2_000)
    expect(await Promise.all(downs.map(async run => (await get(node, run)).state))).toEqual(['completed', 'completed', 'failed'])
  })

  test('at once where that has closed, and not at all where there is none', async () => {
    const node = await noded({ down: waiting(), lax: waiting({ states: ['success', 'failed'] }) }, sizes)
    const up = await node.run()
    await node.engine.runs.terminate('default', up, by('t'))
    await pass(node)
    const ends = async (definition: string, run: RunId) => {
      const dag = await awaiting(node, definition, run)
      await pass(node)
      const { state, failure } = await get(node, dag)
      const [wait] = await waitsOf(node)
      return [state, wait?.reason, failure?.message]
    }
    expect(await ends('lax', up)).toEqual(['completed', 'run', undefined])
    expect(await ends('down', up)).toEqual(['failed', 'awaited-failed', expect.any(String)])
    expect(
      await ends(
        'down',
        newId(node.clock.now(), () => 0.3),
      ),
    ).toEqual(['failed', 'run-not-found', expect.any(String)])
    // Of another namespace it is not there.
    await node.engine.definitions.register('other', [{ kind: 'job', name: 'mail', version: '1', options: {}, schema: null }])
    const start = { definition: 'mail', input: null, options: {}, trigger: CALL }
    const [elsewhere] = await node.engine.runs.start('other', { callKey: null, by: null, starts: [start] })
    expect(await ends('down', (elsewhere as { run: RunId }).run)).toEqual(['failed', 'run-not-found', expect.any(String)])
  })

  test('is forgotten once it waits no longer; a terminate is a close', async () => {
    const node = await noded({ down: waiting(), short: waiting({ timeoutMs: 1_000 }) }, sizes)
    const up = await node.run()
    const short = await awaiting(node, 'short', up)
    await pass(node, 2_000)
    expect(await get(node, short)).toMatchObject({ state: 'failed' })
    const down = await awaiting(node, 'down', up)
    await node.engine.runs.terminate('default', up, by('t'))
    await pass(node)
    expect(await get(node, down)).toMatchObject({ state: 'failed' })
  })
})

test('more than so many are refused, with the reason, and one that leaves makes room', async () => {
  const one: DagSpec = { tasks: { wait: { wait: { run: '{{item:run}}' }, map: { over: '{{input}}' } } } }
  const node = await noded({ many: one, down: waiting() })
  const up = await node.run()
  const many = await node.run({ definition: 'many', input: JSON.stringify(Array.from({ length: WATCHERS_MAX }, () => ({ run: up }))) })
  await pass(node, 5_000)
  const late = await awaiting(node, 'down', up)
  expect(await get(node, late)).toMatchObject({ state: 'failed' })
  const [refused] = await waitsOf(node)
  expect(refused).toMatchObject({ reason: 'too-many-waits' })
  expect((await get(node, refused?.id as RunId)).failure?.message).toBe(`${WATCHERS_MAX} tasks wait for this run already`)
  const [, waits] = await waitsOf(node)
  await node.engine.runs.cancel('default', waits?.id as RunId, by('c'))
  const heard = await awaiting(node, 'down', up)
  expect(await get(node, heard)).toMatchObject({ state: 'waiting' })
  await node.complete((await node.poll()).tasks[0] as Delivery)
  await pass(node, 2_000)
  expect(await get(node, heard)).toMatchObject({ state: 'completed' })
  expect((await get(node, many)).state).not.toBe('waiting')
})

test('the watched run may live on another node, and tells by letter (E7)', async () => {
  const clock = new TestClock()
  const store = openMemoryStore()
  const during = async <T>(call: Promise<T>): Promise<T> => {
    let isOver = false
    const over = () => {
      isOver = true
    }
    call.then(over, over)
    while (!isOver) await clock.advance(50)
    return call
  }
  const here = await TestNode.start(store, undefined, { clock })
  await register(here, { down: waiting() })
  const there = await during(TestNode.start(store, undefined, { clock, seed: 3 }))
  await clock.advance(5_000)
  /** One that lives on this node. */
  const runOn = async (node: TestNode, request: Partial<StartRequest>): Promise<RunId> => {
    for (let n = 0; ; n++) {
      const call = {
        callKey: `${node === here}${n}`,
        by: null,
        starts: [{ definition: 'mail', input: null, options: {}, trigger: CALL, ...request }],
      }
      const [slot] = node.engine.homes.starts('default', call)
      if (!node.engine.places.holds(slot as number)) continue
      const [answer] = await during(node.engine.runs.start('default', call))
      return (answer as { run: RunId }).run
    }
  }
  const up = await runOn(there, {})
  const down = await runOn(here, { definition: 'down', input: JSON.stringify({ run: up }) })
  await clock.advance(3_000)
  const state = async () => (await during(get(here, down))).state
  expect(await state()).toBe('waiting')
  await during(there.engine.runs.terminate('default', up, by('t')))
  await clock.advance(3_000)
  expect(await state()).toBe('failed')
})
