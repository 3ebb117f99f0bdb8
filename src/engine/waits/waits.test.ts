import { describe, expect, test } from 'vitest'
import { callRunId } from '../../core/ids.ts'
import type { DagSpec, DagWait } from '../../machines/dag/spec.ts'
import { openMemoryStore } from '../../store/memory/store.ts'
import type { Delivery, Reason } from '../face.ts'
import { settle } from '../test-clock.ts'
import { TestNode } from '../test-engine.ts'

const SERVES = { serves: ['load', 'ship', 'ask'].map(definition => ({ definition, version: null })) }
const DAY = 86_400_000
const SIZES = [{}, { actorsCached: 1, bodyBytesBeforeSegment: 1 }]
const by = (id = 'c1') => ({ id, by: null, why: null })
const refused = (code: string) => expect.objectContaining({ code })

async function noded(dags: Record<string, DagSpec>, sizes = {}) {
  const node = await TestNode.start(openMemoryStore(), { load: {}, ship: {}, ask: {} }, { sizes })
  await register(node, dags)
  return node
}
const register = (node: TestNode, dags: Record<string, DagSpec>) =>
  node.engine.definitions.register(
    'default',
    Object.entries(dags).map(([name, dag]) => ({ kind: 'dag' as const, name, version: '1', options: {}, schema: null, dag })),
  )
const pass = async (node: TestNode, ms = 100): Promise<void> => {
  await node.clock.advance(ms)
  await settle()
}
async function forDay(node: TestNode, definition: string, day: number): Promise<string> {
  const trigger = {
    is: 'schedule' as const,
    schedule: definition,
    id: callRunId(`schedule ${definition}`, 0),
    n: day,
    nominalAt: day * DAY,
    source: 'time' as const,
  }
  const run = await node.run({ definition, trigger: trigger as never, options: { retry: { attempts: 1 } } })
  await pass(node)
  return run
}
const polled = async (node: TestNode): Promise<Delivery[]> => (await node.poll(SERVES)).tasks
const states = async (node: TestNode, run: string) => {
  const { tasks } = await node.engine.runs.tasks('default', run, { from: 0, limit: 100 })
  return Object.fromEntries(tasks.map(({ task, state }) => [task, state]))
}
const waiting = (wait: DagWait): DagSpec => ({ tasks: { wait: { wait }, ship: { job: 'ship', input: '{{output.wait}}' } } })

describe.each(SIZES)('tasks that wait, with sizes %j', sizes => {
  test('for a signal: without a worker, until it is sent, once', async () => {
    const node = await noded({ sales: waiting({ signal: 'paid' }) }, sizes)
    const run = await node.run({ definition: 'sales' })
    await pass(node)
    expect(await node.engine.runs.get('default', run)).toMatchObject({ state: 'waiting', reason: 'wait' })
    const [reason] = (await node.engine.runs.explain('default', run)).reasons
    expect(reason).toMatchObject({
      code: 'wait',
      text: expect.stringContaining('"wait" waits for the signal "paid"'),
      command: expect.stringMatching(/^mainspring signal .{5} paid$/),
    })
    await expect(node.engine.runs.signal('default', run, { name: 'payed', payload: null }, by())).rejects.toThrow(refused('unknown-signal'))
    await node.engine.runs.signal('default', run, { name: 'paid', payload: '{"sum":3}' }, by())
    await node.engine.runs.signal('default', run, { name: 'paid', payload: '{"sum":3}' }, by())
    await settle()
    const [ship] = await polled(node)
    expect(ship?.input).toBe('{"sum":3}')
    const [child] = (await node.engine.runs.list({ namespace: 'default', kinds: ['wait'] }, { after: null, limit: 10 })).rows
    expect(child).toMatchObject({ definition: 'sales.wait', state: 'completed', reason: 'signal' })
    await node.complete(ship as Delivery, '1')
    await settle()
    await expect(node.engine.runs.signal('default', run, { name: 'paid', payload: null }, by('c2'))).rejects.toThrow(refused('run-closed'))
    await expect(node.engine.runs.retry('default', child?.id as string, by('c3'))).rejects.toThrow(refused('invalid-input'))
  })

  test('for several signals that come in one call, each for a task of its own, and a repeat changes nothing', async () => {
    const tasks = Object.fromEntries([1, 2, 3].map(n => [`wait${n}`, { wait: { signal: 'paid' } }]))
    const node = await noded({ sales: { tasks } }, sizes)
    const run = await node.run({ definition: 'sales' })
    await pass(node)
    const paid = (sum: number) => ({ name: 'paid', payload: `{"sum":${sum}}` })
    const send = () => node.engine.runs.signals('default', run, [paid(1), paid(2)], by())
    expect([await send(), await send()]).toEqual([2, 2])
    await settle()
    expect(Object.values(await states(node, run)).toSorted()).toEqual(['started', 'success', 'success'])
    // The first of them ends the run: nobody takes the second.
    expect(await node.engine.runs.signals('default', run, [paid(3), paid(4)], by('c2'))).toBe(1)
    await settle()
    expect(await node.engine.runs.get('default', run)).toMatchObject({ state: 'completed' })
  })

  test('for a signal that came before, and until a time', async () => {
    const node = await noded(
      { sales: { tasks: { late: { wait: { until: '{{nominalTime}}', plusMs: 60_000 } }, paid: { after: ['late'], wait: { signal: 'paid' } } } } },
      sizes,
    )
    const run = await node.run({ definition: 'sales' })
    await pass(node)
    await node.engine.runs.signal('default', run, { name: 'paid', payload: null }, by())
    expect(await states(node, run)).toEqual({ late: 'started', paid: 'waiting' })
    await pass(node, 60_000)
    expect(await states(node, run)).toEqual({ late: 'success', paid: 'success' })
    expect(await node.engine.runs.get('default', run)).toMatchObject({ state: 'completed' })
  })

  test('for a callback: another task hands out the token, and whoever has it settles it, once', async () => {
    const dag = waiting({ callback: true })
    const node = await noded({ sales: { ...dag, tasks: { ...dag.tasks, ask: { job: 'ask', input: '{{callback.wait}}' } } } }, sizes)
    await node.run({ definition: 'sales' })
    await pass(node)
    const [ask] = await polled(node)
    const token = JSON.parse(ask?.input as string) as string
    await node.complete(ask as Delivery)
    await node.engine.runs.settle('default', token, { output: '"yes"' }, by())
    await node.engine.runs.settle('default', token, { output: '"yes"' }, by())
    await expect(node.engine.runs.settle('default', token, { output: '"no"' }, by('c2'))).rejects.toThrow(refused('promise-not-found'))
    await settle()
    expect((await polled(node)).map(({ input }) => input)).toContain('"yes"')
  })

  test('for the run of another DAG: one that comes later, one that has ended, one of its tasks', async () => {
    const SOLD: DagSpec = { tasks: { load: { job: 'load' }, more: { job: 'load', after: ['load'] } } }
    const node = await noded(
      { sold: SOLD, report: waiting({ dag: 'sold', earlierMs: DAY }), early: waiting({ dag: 'sold', tasks: ['load'] }) },
      sizes,
    )
    const report = await forDay(node, 'report', 11)
    const [reason] = (await node.engine.runs.explain('default', report)).reasons
    const [wait] = (reason as Reason).runs ?? []
    const why = async () => (await node.engine.runs.explain('default', wait as string)).reasons[0]
    expect((await why())?.text).toBe(
      'it waits for the run of "sold" for 1970-01-11T00:00:00.000Z to end as success; there is no run for that time yet',
    )
    const early = await forDay(node, 'early', 10)
    const sold = await forDay(node, 'sold', 10)
    await pass(node, 2_000)
    expect(await why()).toMatchObject({ code: 'run', runs: [sold], text: expect.stringMatching(/; run .{5} is open$/) })
    const [load] = await polled(node)
    await node.complete(load as Delivery)
    await pass(node, 2_000)
    expect([await states(node, early), await states(node, report)]).toEqual([
      { wait: 'success', ship: 'started' },
      { wait: 'started', ship: 'waiting' },
    ])
    for (const task of await polled(node)) await node.complete(task)
    await pass(node, 2_000)
    const [ship] = await polled(node)
    expect(JSON.parse(ship?.input as string)).toEqual({ run: sold, nominalTime: '1970-01-11T00:00:00.000Z', states: 'success' })
    const again = await forDay(node, 'report', 11)
    await pass(node, 2_000)
    expect(await states(node, again)).toEqual({ wait: 'success', ship: 'started' })
  })

  test('for the run of another DAG that fails: another run for its time is waited for', async () => {
    const node = await noded({ sold: { tasks: { load: { job: 'load' } } }, report: waiting({ dag: 'sold' }) }, sizes)
    const sold = await forDay(node, 'sold', 10)
    const [load] = await polled(node)
    const { run, task, attempt, delivery } = load as Delivery
    await node.engine.tasks.complete('default', 'w1', [
      { run, task, attempt, delivery, is: 'failed', failure: { type: 'Error', message: 'no' }, retry: false },
    ])
    await pass(node)
    const report = await forDay(node, 'report', 10)
    await pass(node, 2_000)
    expect(await states(node, report)).toMatchObject({ wait: 'started' })
    await node.engine.runs.fork('default', sold, { from: null, reset: false }, by())
    await pass(node, 2_000)
    for (const again of await polled(node)) await node.complete(again)
    await pass(node, 2_000)
    expect(await states(node, report)).toMatchObject({ wait: 'success' })
  })
})

test('what a run waits for is over with it, and begins anew when it runs again', async () => {
  const node = await noded({ sales: waiting({ signal: 'paid' }) })
  const run = await node.run({ definition: 'sales' })
  await pass(node)
  await node.engine.runs.cancel('default', run, by())
  await settle()
  const waits = async () =>
    (await node.engine.runs.list({ namespace: 'default', kinds: ['wait'] }, { after: null, limit: 10 })).rows.map(({ state }) => state)
  expect(await waits()).toEqual(['cancelled'])
  const again = (await node.engine.runs.fork('default', run, { from: null, reset: false }, by('c2'))) as string
  await pass(node)
  expect(await waits()).toEqual(['waiting', 'cancelled'])
  await node.engine.runs.mark('default', again, { task: 'wait', as: 'success', output: '7' }, by('c3'))
  await settle()
  expect(await waits()).toEqual(['cancelled', 'cancelled'])
  expect((await polled(node)).map(({ input }) => input)).toEqual(['7'])
})
