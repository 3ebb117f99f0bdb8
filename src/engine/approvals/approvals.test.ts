import { expect, test } from 'vitest'
import type { DagSpec } from '../../machines/dag/spec.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { ApprovalView, Delivery } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const SALES: DagSpec = {
  tasks: {
    check: { job: 'check' },
    release: { after: ['check'], approval: { subject: 'Publish {{output.check}} rows?', assignees: ['ana'], deadlineMs: 60_000, default: 'reject' } },
    publish: { job: 'publish', input: '{{output.release}}' },
  },
}
const SERVES = { serves: ['check', 'publish'].map(definition => ({ definition, version: null })) }
const PAGE = { after: null, limit: 10 }
const refused = (code: string) => expect.objectContaining({ code })

async function asked(sizes = {}) {
  const node = await TestNode.start(openMemoryStore(), { check: {}, publish: {} }, { sizes })
  await node.engine.definitions.register('default', [{ kind: 'dag', name: 'sales', version: '1', options: {}, schema: null, dag: SALES }])
  const run = await node.run({ definition: 'sales' })
  await node.clock.advance(10)
  const [check] = (await node.poll(SERVES)).tasks
  await node.complete(check as Delivery, '3')
  await settle()
  const [approval] = (await node.engine.approvals.list('default', PAGE)).rows
  return { node, run, approval: approval as ApprovalView, approvals: node.engine.approvals }
}
const by = (who: string | null, id = 'c1') => ({ id, by: who, why: null })
const states = async (node: TestNode, run: string) => {
  const { tasks } = await node.engine.runs.tasks('default', run, { from: 0, limit: 100 })
  return Object.fromEntries(tasks.map(({ task, state }) => [task, state]))
}

test.each([{}, { actorsCached: 1, bodyBytesBeforeSegment: 1 }])(
  'an approval waits without a worker, is listed, and goes on when it is approved: sizes %j',
  async sizes => {
    const { node, run, approval, approvals } = await asked(sizes)
    expect(approval).toMatchObject({
      definition: 'sales.release',
      state: 'waiting',
      dag: { run, task: 'release', item: null },
      asked: { subject: 'Publish 3 rows?' },
    })
    expect(approval.deadlineAt).toBe(approval.since + 60_000)
    expect((await node.poll(SERVES)).tasks).toEqual([])
    expect((await node.engine.runs.list({ namespace: 'default', kinds: ['approval'] }, PAGE)).rows).toMatchObject([
      { id: approval.run, kind: 'approval', state: 'waiting', reason: 'approval' },
    ])
    await expect(approvals.answer('default', approval.run, { is: 'approve' }, by('eve'))).rejects.toThrow(refused('not-assigned'))
    await approvals.answer('default', approval.run, { is: 'approve' }, by('ana'))
    await approvals.answer('default', approval.run, { is: 'approve' }, by('ana'))
    await settle()
    expect((await approvals.list('default', PAGE)).rows).toEqual([])
    const [publish] = (await node.poll(SERVES)).tasks
    expect(JSON.parse(publish?.input as string)).toMatchObject({ approved: true, by: 'ana', input: null })
    await expect(approvals.answer('default', approval.run, { is: 'reject' }, by('ana', 'c2'))).rejects.toThrow(refused('run-closed'))
    await expect(approvals.answer('default', run, { is: 'reject' }, by('ana', 'c3'))).rejects.toThrow(refused('not-an-approval'))
  },
)

test('its deadline answers it, and what is behind a rejection is skipped', async () => {
  const { node, run } = await asked()
  await node.clock.advance(60_000)
  await settle()
  expect(await states(node, run)).toEqual({ check: 'success', release: 'success', publish: 'skipped' })
  expect(await node.engine.runs.get('default', run)).toMatchObject({ state: 'completed' })
})

test('explain says who is to answer, of it and of its DAG', async () => {
  const { node, run, approval } = await asked()
  const own = await node.engine.runs.explain('default', approval.run)
  expect(own.reasons).toMatchObject([
    { code: 'approval', text: expect.stringMatching(/^it waits for ana to approve or reject "Publish 3 rows\?"; it is rejected at /) },
  ])
  const dag = await node.engine.runs.explain('default', run)
  expect(dag.reasons).toMatchObject([{ code: 'approval', text: expect.stringContaining('the approval "release"'), runs: [approval.run] }])
})

test('it ends with its DAG, and is asked for anew when the DAG runs again', async () => {
  const { node, run, approval, approvals } = await asked()
  await node.engine.runs.cancel('default', run, by(null))
  await settle()
  expect(await node.engine.runs.get('default', approval.run)).toMatchObject({ state: 'cancelled' })
  await expect(node.engine.runs.retry('default', approval.run, by(null, 'c2'))).rejects.toThrow(refused('invalid-input'))
  await node.engine.runs.fork('default', run, { from: null, reset: false }, by(null, 'c3'))
  await node.clock.advance(10)
  await settle()
  expect((await approvals.list('default', PAGE)).rows).toMatchObject([{ asked: { subject: 'Publish 3 rows?' } }])
})
