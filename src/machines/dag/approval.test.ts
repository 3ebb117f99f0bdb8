import { describe, expect, test } from 'vitest'
import { Driven } from '../../../test/support/dag-run.ts'
import { checkDag } from './graph.ts'
import { dag } from './machine.ts'
import { planOf } from './plan.ts'
import type { DagApproval, DagSpec, DagTask } from './spec.ts'

const release = (approval: Partial<DagApproval> = {}, more: Partial<DagTask> = {}): DagSpec => ({
  tasks: {
    check: { job: 'check' },
    release: { after: ['check'], approval: { subject: 'Publish {{output.check:rows}} rows?', ...approval }, ...more },
    publish: { job: 'publish', after: ['release'] },
    tell: { job: 'tell', after: ['publish'], when: 'all_done' },
  },
})
const answered = (approved: boolean, input: unknown = null) => ({ approved, by: 'ana', why: null, at: '2026-11-29T10:00:00.000Z', input }) as never

describe('an approval of a DAG', () => {
  test('is a run of its own kind, under the name of its task, with what is asked filled in', () => {
    const run = new Driven(release({ body: '{{output.check}}', assignees: ['{{input:approvers}}', 'eve'], deadlineMs: 1_000 }), {
      input: '{"approvers":["ana","ben"]}',
    })
    run.end('check', 'completed', { rows: 3 })
    expect(run.open.get('release')?.order).toMatchObject({ definition: 'sales.release', kind: 'approval', options: {} })
    expect(run.inputOf('release')).toEqual({ subject: 'Publish 3 rows?', body: '{"rows":3}', assignees: ['ana', 'ben', 'eve'], deadlineMs: 1_000 })
  })

  // Airflow 3.1, ApprovalOperator: the approval succeeds, what is right behind it is skipped; all behind with ignore_downstream_trigger_rules; fail_on_reject fails it.
  test.each([
    [{}, {}, { release: 'success', publish: 'skipped', tell: 'r' }],
    [{}, { shortCircuit: 'all' }, { release: 'success', publish: 'skipped', tell: 'skipped' }],
    [{ onReject: 'continue' }, {}, { release: 'success', publish: 'r', tell: '.' }],
  ] as const)('that is rejected, %j %j', (approval, more, states) => {
    const run = new Driven(release(approval, more))
    run.end('check')
    run.end('release', 'completed', answered(false))
    expect(run.states).toMatchObject(states)
  })

  test('that is approved goes on, and one that fails fails what follows', () => {
    const run = new Driven(release())
    run.end('check')
    run.end('release', 'completed', answered(true))
    expect(run.states).toMatchObject({ release: 'success', publish: 'r' })
    const other = new Driven(release({ onReject: 'fail' }))
    other.end('check')
    other.end('release', 'failed')
    expect(other.states).toMatchObject({ release: 'failed', publish: 'upstream_failed', tell: 'r' })
  })

  // Airflow 3.1, HITLBranchOperator.
  test('that branches goes on where its form says', () => {
    const tasks = {
      way: { approval: { subject: 'Which way?' }, branch: true },
      left: { job: 'l', after: ['way'] },
      right: { job: 'r', after: ['way'] },
    }
    const run = new Driven({ tasks })
    run.end('way', 'completed', answered(true, { branch: ['left'] }))
    expect(run.states).toEqual({ way: 'success', left: 'r', right: 'skipped' })
    const none = new Driven({ tasks })
    none.end('way', 'completed', answered(false))
    expect(none.states).toEqual({ way: 'success', left: 'skipped', right: 'skipped' })
  })

  test('takes no slot, and needs none', () => {
    const run = new Driven({
      maxActiveTasks: 1,
      tasks: { a: { job: 'a' }, b: { job: 'b' }, ok: { approval: { subject: 'a' } }, z: { approval: { subject: 'z' } } },
    })
    expect([...run.started].sort()).toEqual(['a', 'ok', 'z'])
    run.end('a')
    expect(run.states).toMatchObject({ b: 'r', ok: 'r', z: 'r' })
    expect(dag.view(run.state)).toMatchObject({ state: 'running' })
    run.end('b')
    expect(dag.view(run.state)).toMatchObject({ state: 'waiting', reason: 'approval' })
    run.end('ok', 'completed', answered(true))
    expect(run.state.persons).toEqual([planOf(run.spec).numbers.get('z')])
  })

  test('is asked once for each item that it is mapped over', () => {
    const run = new Driven({
      tasks: { each: { approval: { subject: 'Pay {{item:to}}?', onReject: 'continue' }, map: { over: [{ to: 'ana' }, { to: 'ben' }] } } },
    })
    expect(run.inputOf('each#1')).toMatchObject({ subject: 'Pay ben?' })
    run.end('each#0', 'completed', answered(false))
    run.end('each#1', 'completed', answered(true))
    expect(run.outcome?.state).toBe('completed')
  })

  test.each([
    [{ job: 'x' }, '/tasks/release/approval'],
    [{ input: 1 }, '/tasks/release/approval'],
    [{ map: { over: [1] } }, '/tasks/release/approval/onReject'],
    [{ pool: 'p' }, '/tasks/release/pool'],
  ] as const)('refuses what cannot be, %j', (more, at) => {
    expect(() => checkDag('sales', release({}, more as Partial<DagTask>), '')).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ code: 'invalid-dag', at }) }),
    )
  })

  test('refuses a placeholder of a task that is not there', () => {
    expect(() => checkDag('sales', release({ body: '{{output.chek}}' }), '')).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ at: '/tasks/release/approval/body' }) }),
    )
  })
})
