import { describe, expect, test } from 'vitest'
import type { Context, Decision } from '../../core/machine.ts'
import { approval } from './machine.ts'
import type { ApprovalEvent, ApprovalInput, ApprovalState, Asked } from './types.ts'

const T = Date.parse('2026-11-29T10:00:00Z')
const ANA = { command: 'c1', by: 'ana', why: null }
const FORM = { type: 'object', properties: { amount: { type: 'number', default: 5 } } }

class Driven {
  state: ApprovalState
  readonly events: ApprovalEvent[] = []
  wakeAt: number | null
  constructor(asked: Partial<Asked> = {}) {
    const input = JSON.stringify({ subject: 'Publish?', ...asked })
    const decision = approval.decide(null, { is: 'start', definition: 'sales.release', options: {}, trigger: { is: 'call' }, input }, context(T))
    this.state = fold(null, decision)
    this.wakeAt = decision.wakeAt ?? null
  }
  give(input: ApprovalInput, now = T + 1_000): Decision<ApprovalEvent> {
    const decision = approval.decide(this.state, input, context(now))
    this.state = fold(this.state, decision)
    this.events.push(...decision.events)
    return decision
  }
}
const context = (now: number): Context => ({ self: 'r1', now, random: () => 0.5, id: () => 'id', home: () => 0 })
const fold = (state: ApprovalState | null, { events }: Decision<ApprovalEvent>) =>
  events.reduce<ApprovalState | null>(approval.evolve, state) as ApprovalState
const refusal = (decision: Decision<ApprovalEvent>) => decision.replies?.map(({ reply }) => (reply.ok ? 'ok' : reply.code))
const given = ({ outcome }: Decision<ApprovalEvent>) => ({
  ...outcome,
  output: outcome?.output === undefined ? undefined : JSON.parse(outcome.output),
})

describe('an approval', () => {
  test('waits, for nothing that a worker or time alone does', () => {
    const run = new Driven()
    expect(approval.view(run.state)).toMatchObject({ state: 'waiting', reason: 'approval', nextAt: null })
    expect(approval.pending(run.state)).toEqual({ ready: [], delivered: [], wakeAt: null })
    expect(run.give({ is: 'wake' }).events).toEqual([])
  })

  test('gives who approved it, when and why, and what its form asked for, defaults filled in', () => {
    const run = new Driven({ form: FORM })
    expect(given(run.give({ is: 'approve', ...ANA, why: 'looks right', input: '{"note":"n"}' }))).toEqual({
      state: 'completed',
      reason: 'approved',
      output: { approved: true, by: 'ana', why: 'looks right', at: '2026-11-29T10:00:01.000Z', input: { note: 'n', amount: 5 } },
    })
    expect(run.events).toMatchObject([{ is: 'completed', reason: 'approved', by: 'ana', why: 'looks right' }])
  })

  // Airflow 3.1: a rejection is an answer, unless `fail_on_reject`.
  test.each([
    ['skip', { state: 'completed', reason: 'rejected', output: { approved: false, by: 'ana', input: null } }],
    ['continue', { state: 'completed', reason: 'rejected', output: { approved: false } }],
    ['fail', { state: 'failed', reason: 'rejected', failure: { code: 'rejected', message: 'rejected by ana' } }],
  ] as const)('that is rejected with onReject %s ends so', (onReject, expected) => {
    expect(given(new Driven({ onReject }).give({ is: 'reject', ...ANA }))).toMatchObject(expected)
  })

  // Airflow 3.1: `defaults` at the timeout, HITLTimeoutError without them.
  test.each([
    ['approve', { state: 'completed', reason: 'approved', output: { approved: true, by: null, input: { amount: 5 } } }],
    ['reject', { state: 'completed', reason: 'rejected', output: { approved: false, by: null } }],
    [undefined, { state: 'timed_out', reason: 'deadline' }],
  ] as const)('that nobody answers by its deadline ends by its default %s', (by, expected) => {
    const run = new Driven({ form: FORM, deadlineMs: 60_000, ...(by !== undefined && { default: by }) })
    expect(run.wakeAt).toBe(T + 60_000)
    expect(run.give({ is: 'wake' }, T + 59_999).events).toEqual([])
    expect(given(run.give({ is: 'wake' }, T + 60_000))).toMatchObject(expected)
  })

  test('is answered by those alone whom it is for', () => {
    const run = new Driven({ assignees: ['ana', 'ben'] })
    expect(refusal(run.give({ is: 'approve', ...ANA, by: 'eve' }))).toEqual(['not-assigned'])
    expect(refusal(run.give({ is: 'approve', ...ANA, by: null }))).toEqual(['not-assigned'])
    expect(run.give({ is: 'approve', ...ANA }).outcome?.state).toBe('completed')
  })

  test('is answered once: a repeat of the answer changes nothing, another one is refused', () => {
    const run = new Driven()
    run.give({ is: 'approve', ...ANA })
    expect(run.give({ is: 'approve', ...ANA })).toEqual({ events: [] })
    expect(refusal(run.give({ is: 'reject', ...ANA, command: 'c2' }))).toEqual(['run-closed'])
    expect(run.give({ is: 'wake' })).toEqual({ events: [] })
  })

  test.each([
    ['cancel', 'cancelled'],
    ['terminate', 'terminated'],
  ] as const)('%s ends it at once, and once', (is, state) => {
    const run = new Driven()
    expect(run.give({ is, ...ANA }).outcome).toEqual({ state, reason: state })
    expect(run.give({ is, ...ANA })).toEqual({ events: [] })
    expect(refusal(run.give({ is: 'approve', ...ANA, command: 'c2' }))).toEqual(['run-closed'])
  })
})
