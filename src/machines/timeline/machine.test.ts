import { describe, expect, test } from 'vitest'
import type { Context } from '../../core/machine.ts'
import { timeline } from './machine.ts'
import { RESEND_MS } from './resend.ts'
import type { PlacedInput, TimelineEvent, TimelineInput, TimelineState } from './types.ts'

const T = 1_700_000_000_000
const DAY = 86_400_000

/** Runs that say what theirs would, and confirm what they are told. */
class Driven {
  state: TimelineState | null = null
  now = T
  max: number | undefined
  confirms = true
  readonly told = new Map<string, PlacedInput>()

  constructor(max?: number) {
    this.max = max
  }
  give(input: TimelineInput): void {
    const context = { self: 't', now: this.now, definition: () => (this.max === undefined ? {} : { maxActiveRuns: this.max }) } as unknown as Context
    const before = this.state === null ? null : timeline.pending(this.state).wakeAt
    const { events, messages = [], state, wakeAt } = timeline.decide(this.state, input, context)
    this.state = events.reduce<TimelineState | null>((folded, event) => timeline.evolve(folded, event as TimelineEvent), this.state)
    if (state !== undefined) expect(this.state).toEqual(state)
    if (this.state !== null) expect(timeline.pending(this.state).wakeAt).toBe(wakeAt === undefined ? before : wakeAt)
    for (const message of messages)
      if (message.is === 'tell') {
        const said = message.input as PlacedInput
        this.told.set(message.to, said)
        if (this.confirms) this.give({ is: 'confirm', run: message.to, n: said.n })
      }
  }
  enter(run: string, day: number, tasks: string[] = [], free = false): void {
    this.give({ is: 'enter', run, for: T + day * DAY, free, tasks })
  }
  get active(): string[] {
    return [...this.told].filter(([, { active }]) => active).map(([run]) => run)
  }
  held(run: string): readonly string[] | undefined {
    return this.told.get(run)?.held
  }
}

// https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html and …/administration-and-deployment/scheduler.html: max_active_runs
describe('max active runs', () => {
  test('so many have their place; the others wait, and are let in by their times', () => {
    const line = new Driven(2)
    for (const day of [5, 3, 4, 1]) line.enter(`d${day}`, day)
    expect(line.active).toEqual(['d5', 'd3'])
    line.give({ is: 'leave', run: 'd5', tasks: [] })
    expect(line.active).toContain('d1')
    line.give({ is: 'leave', run: 'd1', tasks: [] })
    expect(line.active).toContain('d4')
  })

  test('what a backfill starts takes no place: its backfill counts it', () => {
    const line = new Driven(1)
    line.enter('d1', 1)
    line.enter('past', 0, [], true)
    line.enter('d2', 2)
    expect(line.active).toEqual(['d1', 'past'])
  })

  test('a DAG that lets more of its runs be active is noticed within a minute', () => {
    const line = new Driven(1)
    line.enter('d1', 1)
    line.enter('d2', 2)
    line.max = 2
    line.now += 60_000
    line.give({ is: 'wake' })
    expect(line.active).toEqual(['d1', 'd2'])
  })

  test('one that asks again is told the same again, and takes no second place', () => {
    const line = new Driven(1)
    line.enter('d1', 1)
    line.enter('d1', 1)
    expect(line.told.get('d1')).toMatchObject({ n: 1, active: true })
    expect(line.state?.entries).toHaveLength(1)
  })

  test('what was not confirmed is told again', () => {
    const line = new Driven(1)
    line.confirms = false
    line.enter('d1', 1)
    line.told.clear()
    line.now += RESEND_MS
    line.give({ is: 'wake' })
    expect(line.told.get('d1')).toMatchObject({ n: 1, active: true })
    line.give({ is: 'confirm', run: 'd1', n: 1 })
    line.told.clear()
    line.now += RESEND_MS
    line.give({ is: 'wake' })
    expect([...line.told]).toEqual([])
  })
})

// https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html#depends-on-past
describe('depends on past', () => {
  test('the first run has nothing before it', () => {
    const line = new Driven()
    line.enter('d1', 1, ['load'])
    expect(line.held('d1')).toEqual([])
  })

  test('a task waits until that of the run before has passed', () => {
    const line = new Driven()
    line.enter('d1', 1, ['load', 'send'])
    line.enter('d2', 2, ['load', 'send'])
    expect(line.held('d2')).toEqual(['load', 'send'])
    line.give({ is: 'pass', run: 'd1', tasks: ['load'] })
    expect(line.held('d2')).toEqual(['send'])
  })

  test('where the run before has failed it waits until another for its time has passed', () => {
    const line = new Driven()
    line.enter('d1', 1, ['load'])
    line.give({ is: 'leave', run: 'd1', tasks: ['load'] })
    line.enter('d2', 2, ['load'])
    expect(line.held('d2')).toEqual(['load'])
    line.enter('d1-again', 1, ['load'])
    line.give({ is: 'pass', run: 'd1-again', tasks: ['load'] })
    expect(line.held('d2')).toEqual([])
  })

  test('a run for a time in between that comes late is the one before from then on', () => {
    const line = new Driven()
    line.enter('d1', 1, ['load'])
    line.give({ is: 'leave', run: 'd1', tasks: [] })
    line.enter('d3', 3, ['load'])
    expect(line.held('d3')).toEqual([])
    line.enter('d2', 2, ['load'])
    expect(line.held('d3')).toEqual(['load'])
    line.give({ is: 'leave', run: 'd2', tasks: [] })
    expect(line.held('d3')).toEqual([])
  })

  test('one that has no place yet is told what it waits for when it gets one', () => {
    const line = new Driven(1)
    line.enter('d1', 1, ['load'])
    line.enter('d2', 2, ['load'])
    expect(line.told.get('d2')).toMatchObject({ active: false, held: [] })
    line.give({ is: 'leave', run: 'd1', tasks: ['load'] })
    expect(line.told.get('d2')).toMatchObject({ active: true, held: ['load'] })
  })
})

describe('both at once', () => {
  test('one that waits for the past alone lends its place to runs for earlier times, and goes on once it is free again', () => {
    const line = new Driven(1)
    line.enter('d1', 1, ['load'])
    line.give({ is: 'leave', run: 'd1', tasks: ['load'] })
    line.enter('d2', 2, ['load'])
    line.give({ is: 'idle', run: 'd2', idle: true })
    line.enter('d3', 3, ['load'])
    expect(line.told.get('d3')?.active).toBe(false)
    line.enter('d1-again', 1, ['load'])
    expect(line.told.get('d1-again')?.active).toBe(true)
    line.give({ is: 'pass', run: 'd1-again', tasks: ['load'] })
    expect(line.held('d2')).toEqual(['load'])
    line.give({ is: 'leave', run: 'd1-again', tasks: [] })
    expect(line.held('d2')).toEqual([])
    expect(line.told.get('d3')?.active).toBe(false)
  })
})
