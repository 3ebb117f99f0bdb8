import { expect, test } from 'vitest'
import { Driven } from '../../../test/support/dag-run.ts'
import type { UserError } from '../../core/errors.ts'
import { checkCalls } from './calls.ts'
import { type DagSpec, DEPTH_MAX } from './spec.ts'

const dag = (...jobs: string[]): DagSpec => ({ tasks: Object.fromEntries(jobs.map((job, n) => [`t${n}`, { job }])) })
const problem = (name: string, all: Record<string, DagSpec>): unknown => {
  try {
    checkCalls(name, all[name] as DagSpec, other => all[other], '')
    return null
  } catch (error) {
    return (error as UserError).problem
  }
}

test('DAGs that are tasks of each other are refused, with the way', () => {
  expect(problem('a', { a: dag('x', 'b'), b: dag('c'), c: dag('y', 'a') })).toMatchObject({
    code: 'invalid-dag',
    at: '/tasks/t1/job',
    found: 'a → b → c → a',
  })
})

test.each<[string, Record<string, DagSpec>]>([
  ['one that is a task of two others', { a: dag('b', 'c'), b: dag('d'), c: dag('d'), d: dag('x') }],
  ['others that go round without it', { a: dag('b'), b: dag('c'), c: dag('b') }],
])('not %s', (_, all) => {
  expect(problem('a', all)).toBeNull()
})

test('one that nobody saw ends at a depth, with the reason', () => {
  const spec: DagSpec = { tasks: { again: { job: 'other' } } }
  const trigger = (depth: number) =>
    ({ is: 'dag', run: '01k7x9v2q7e0080w4qgxdtewvh', n: 0, task: 't', nominalAt: 0, intervalStart: 0, depth }) as const
  const last = new Driven(spec, { trigger: trigger(DEPTH_MAX - 1), kind: () => 'dag' })
  expect(last.open.get('again')?.order.trigger).toMatchObject({ depth: DEPTH_MAX })
  const beyond = new Driven(spec, { trigger: trigger(DEPTH_MAX), kind: () => 'dag' })
  expect(beyond.outcome).toMatchObject({
    state: 'failed',
    failure: { message: expect.stringMatching(/again: too-deep: 21 DAGs within each other, and there may be 20/) },
  })
})
