import { describe, expect, test } from 'vitest'
import { Driven, T } from '../../../test/support/dag-run.ts'
import type { PlacedInput, TimelineInput } from '../timeline/types.ts'
import { dag } from './machine.ts'
import { planOf } from './plan.ts'
import type { DagSpec } from './spec.ts'
import { RESEND_MS } from './state.ts'

const LOAD: DagSpec = {
  maxActiveRuns: 1,
  tasks: { load: { job: 'load', dependsOnPast: true }, send: { job: 'send', after: ['load'] } },
}

/** Its timeline says nothing by itself. */
class Ordered extends Driven {
  get said(): (TimelineInput & { is: string })[] {
    return this.told.filter(({ to }) => to === 'timeline').map(({ input }) => input as TimelineInput)
  }
  placed(n: number, active: boolean, held: string[] = []): void {
    this.give({ is: 'placed', n, active, held } satisfies PlacedInput)
    this.wake()
  }
}
const begun = (spec = LOAD) => new Ordered(spec, { timeline: 'timeline' })

describe('a run whose DAG keeps its runs in order', () => {
  test('asks for its place when it is due, again until it is answered, and then waits to be told', () => {
    const run = begun()
    expect(run.said).toEqual([{ is: 'enter', run: run.self, for: T, free: false, tasks: ['load'] }])
    run.now += RESEND_MS
    run.wake()
    expect(run.said).toHaveLength(2)
    run.placed(1, false)
    expect(run.said.at(-1)).toEqual({ is: 'confirm', run: run.self, n: 1 })
    run.now += 10 * RESEND_MS
    run.wake()
    expect(run.said).toHaveLength(3)
    expect(run.started).toEqual([])
    run.placed(2, true)
    expect(run.started).toEqual(['load'])
  })

  test('says what has passed, and when it closes what has not', () => {
    const run = begun()
    run.placed(1, true)
    run.end('load')
    expect(run.said.at(-1)).toEqual({ is: 'pass', run: run.self, tasks: ['load'] })
    run.end('send', 'failed')
    expect(run.said.at(-1)).toEqual({ is: 'leave', run: run.self, tasks: [] })
    const other = begun()
    other.placed(1, true)
    other.end('load', 'failed')
    expect(other.said.at(-1)).toEqual({ is: 'leave', run: other.self, tasks: ['load'] })
  })

  test('a task that waits for the past begins once that has passed; what is told late changes nothing', () => {
    const run = begun()
    run.placed(2, true, ['load'])
    expect(run.started).toEqual([])
    expect(run.said.at(-1)).toEqual({ is: 'idle', run: run.self, idle: true })
    run.placed(1, true, [])
    expect(run.started).toEqual([])
    run.placed(3, true)
    expect(run.started).toEqual(['load'])
  })

  test('one that a person marks goes on with what follows it, and is idle no more', () => {
    const run = begun()
    run.placed(1, true, ['load'])
    const load = planOf(LOAD).numbers.get('load') as number
    run.give({ is: 'mark', command: 'c', by: 'ana', why: null, n: load, as: 'success' })
    run.wake()
    expect(run.started).toEqual(['send'])
    expect(run.said.filter(({ is }) => is === 'idle').map(said => (said as { idle: boolean }).idle)).toEqual([true, false])
  })
})

// https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/priority-weight.html: weighting methods
test.each([
  ['absolute', { a: 1, b: 2, c: 3, d: undefined }],
  ['downstream', { a: 1 + 2 + 3 + 1, b: 2 + 1, c: 3 + 1, d: 1 }],
  ['upstream', { a: 1, b: 1 + 2, c: 1 + 3, d: 1 + 2 + 3 + 1 }],
] as const)('priorities of tasks by weight rule %s: %j', (weightRule, priorities) => {
  const weighted = (priority: number, ...after: string[]) => ({ job: 'x', after, options: { priority } })
  const { tasks } = planOf({ weightRule, tasks: { a: weighted(1), b: weighted(2, 'a'), c: weighted(3, 'a'), d: { job: 'x', after: ['b', 'c'] } } })
  expect(Object.fromEntries(tasks.map(({ id, options }) => [id, options.priority]))).toEqual(priorities)
})

// https://airflow.apache.org/docs/apache-airflow/stable/howto/deadline-alerts.html: DAGRUN_QUEUED_AT, DAGRUN_LOGICAL_DATE
describe('deadlines', () => {
  const SLOW: DagSpec = {
    deadlines: [
      { from: 'queued', withinMs: 60_000, job: 'page' },
      { from: 'started', withinMs: 30_000, job: 'mail' },
    ],
    tasks: { load: { job: 'load' } },
  }
  test('a run that is open still is told of once, by a run of the job that its DAG names', () => {
    const run = new Driven(SLOW)
    run.now += 30_000
    run.wake()
    expect(run.alerts.map(({ order }) => order.definition)).toEqual(['mail'])
    expect(JSON.parse(run.alerts[0]?.order.input as string)).toEqual({
      event: 'deadline',
      run: run.self,
      definition: 'sales',
      deadline: { from: 'started', withinMs: 30_000, at: T + 30_000 },
      at: T + 30_000,
    })
    run.now += 30_000
    run.wake()
    run.now += 600_000
    run.wake()
    expect(run.alerts.map(({ order }) => order.definition)).toEqual(['mail', 'page'])
    run.end('load')
    expect(run.outcome?.state).toBe('completed')
  })

  test('one that goes on after its deadline is told of, though time has not woken it', () => {
    const run = new Driven({ ...SLOW, tasks: { load: { job: 'load' }, save: { job: 'save', after: ['load'] } } })
    run.now += 30_000
    run.end('load')
    expect(run.alerts.map(({ order }) => order.definition)).toEqual(['mail'])
    run.wake()
    expect(run.alerts).toHaveLength(1)
    run.end('save')
    expect(run.outcome?.state).toBe('completed')
  })

  test('one that has closed in time is told of by nobody; an alert that was not answered is asked for again', () => {
    const run = new Driven(SLOW)
    run.end('load')
    expect(dag.pending(run.state).wakeAt).toBeNull()
    const other = new Driven(SLOW)
    other.answers = false
    other.now += 30_000
    other.wake()
    other.now += RESEND_MS
    other.wake()
    expect(other.alerts.map(({ run: id, again }) => [id, again])).toEqual([
      [other.alerts[0]?.run, false],
      [other.alerts[0]?.run, true],
    ])
  })
})
