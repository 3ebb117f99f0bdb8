import { describe, expect, test } from 'vitest'
import type { DagSpec } from '../../machines/dag/spec.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Delivery } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const SERVES = { serves: ['list', 'clean', 'sum'].map(definition => ({ definition, version: null })) }
const SIZES = [{}, { actorsCached: 1, bodyBytesBeforeSegment: 1 }]
const MINUTE = 60_000
const SPEC: DagSpec = {
  tasks: {
    clean: { job: 'clean', input: '{{input}}', cache: { ttlMs: MINUTE } },
    sum: { job: 'sum', input: '{{output.clean}}' },
  },
  output: '{{output.sum}}',
}

async function noded(dag: DagSpec, sizes: object) {
  const node = await TestNode.start(openMemoryStore(), { list: {}, clean: {}, sum: {} }, { sizes })
  await node.engine.definitions.register('default', [{ kind: 'dag', name: 'sales', version: '1', options: {}, schema: null, dag }])
  return node
}
async function begun(node: TestNode, input: string): Promise<string> {
  const run = await node.run({ definition: 'sales', input })
  await pass(node)
  return run
}
const pass = async (node: TestNode, ms = 100): Promise<void> => {
  await node.clock.advance(ms)
  await settle()
}
/** Hands out what there is, and ends it with this. */
async function work(node: TestNode, output = '1'): Promise<string[]> {
  const { tasks } = await node.poll(SERVES)
  for (const one of tasks) await node.complete(one as Delivery, output)
  await pass(node)
  return tasks.map(({ definition, input }) => `${definition} ${input}`)
}
const state = async (node: TestNode, run: string, task = 'clean') => {
  const { tasks } = await node.engine.runs.tasks('default', run, { from: 0, limit: 100 })
  return tasks.find(one => one.task === task)
}

describe.each(SIZES)('a task whose results are kept, with sizes %j', sizes => {
  test('runs once for a key; who asks with the same one is given what it gave, and shown which run that was', async () => {
    const node = await noded(SPEC, sizes)
    const first = await begun(node, '{"day":1}')
    expect([await work(node, '"A"'), await work(node)]).toEqual([['clean {"day":1}'], ['sum "A"']])
    const other = await begun(node, '{"day":2}')
    expect(await work(node, '"B"')).toEqual(['clean {"day":2}'])
    await work(node)
    const again = await begun(node, '{"day":1}')
    expect(await work(node)).toEqual(['sum "A"'])
    const [one, two, three] = [await state(node, first), await state(node, other), await state(node, again)]
    expect([one?.cached, two?.cached, three]).toMatchObject([0, 0, { cached: 1, state: 'success', run: one?.run, startedAt: null, closedAt: null }])
    expect(await node.engine.runs.get('default', again)).toMatchObject({ state: 'completed' })
    const { entries, ...told } = await node.engine.definitions.cache('default', 'sales', 'clean')
    expect([told.count, told.ttlMs, entries.map(({ key, run }) => [key, run])]).toEqual([
      2,
      MINUTE,
      [
        ['{"day":2}', two?.run],
        ['{"day":1}', one?.run],
      ],
    ])
    // A job's run, an approval's and a memo's row are not the same: lists tell of runs.
    const { rows } = await node.engine.runs.list({ namespace: 'default' }, { after: null, limit: 100 })
    expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(['dag', 'job']))
  })

  test('runs again once that is too old, and once it was thrown away', async () => {
    const node = await noded(SPEC, sizes)
    await begun(node, '1')
    await work(node)
    await pass(node, MINUTE)
    await begun(node, '1')
    expect(await work(node)).toEqual(expect.arrayContaining(['clean 1']))
    const by = (id: string) => ({ id, by: 'ana' })
    expect(await node.engine.definitions.uncache('default', 'sales', 'clean', { ...by('c1'), key: '2' })).toEqual({ forgotten: 0 })
    expect(await node.engine.definitions.uncache('default', 'sales', 'clean', by('c2'))).toEqual({ forgotten: 1 })
    await work(node)
    await begun(node, '1')
    expect(await work(node)).toEqual(['clean 1'])
  })

  test('that fails is not kept', async () => {
    const node = await noded({ tasks: { clean: { job: 'clean', cache: { key: 'k' }, options: { retry: { attempts: 1 } } } } }, sizes)
    await begun(node, '1')
    const { tasks } = await node.poll(SERVES)
    const failure = { type: 'E', message: 'no' }
    await node.engine.tasks.complete('default', 'w1', [{ ...(tasks[0] as Delivery), is: 'failed', retry: false, failure }])
    await pass(node)
    await begun(node, '1')
    expect(await work(node)).toEqual(['clean null'])
  })

  test('of 60 that follow each other, all kept, none runs', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => `t${n}`)
    const tasks = Object.fromEntries(ids.map((id, n) => [id, { job: 'clean', cache: { key: 'k' }, ...(n > 0 && { after: [`t${n - 1}`] }) }]))
    const node = await noded({ tasks }, sizes)
    await begun(node, '1')
    for (let n = 0; n < ids.length; n++) expect(await work(node)).toHaveLength(1)
    const run = await begun(node, '1')
    for (let n = 0; n < 50 && (await node.engine.runs.get('default', run)).state !== 'completed'; n++) await pass(node)
    expect(await node.engine.runs.get('default', run)).toMatchObject({ state: 'completed' })
    expect(await work(node)).toEqual([])
  })
})

test('what is no task of a DAG has no cache', async () => {
  const node = await noded(SPEC, {})
  const asked = (name: string, task: string) => node.engine.definitions.cache('default', name, task)
  await expect(asked('list', 'x')).rejects.toMatchObject({ code: 'not-a-dag' })
  await expect(asked('sales', 'cleen')).rejects.toMatchObject({ code: 'unknown-task', problem: { at: '/query/task' } })
})
