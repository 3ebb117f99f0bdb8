import { describe, expect, test } from 'vitest'
import type { Context } from '../../core/machine.ts'
import type { StandingInput } from '../wait/types.ts'
import { timeline } from './machine.ts'
import { RESEND_MS } from './resend.ts'
import type { TimelineEvent, TimelineInput, TimelineState } from './types.ts'

const T = 1_700_000_000_000
const DAY = 86_400_000
const SPEC = { tasks: { a: { job: 'a' }, b: { job: 'b', after: ['a'] } } }

/** Those who wait confirm what they are told, and runs say how their tasks stand. */
class Driven {
  state: TimelineState | null = null
  now = T
  confirms = true
  readonly told = new Map<string, StandingInput[]>()
  readonly asked: string[] = []

  give(input: TimelineInput): void {
    const context = { self: 't', now: this.now, definition: () => SPEC } as unknown as Context
    const before = this.state === null ? null : timeline.pending(this.state).wakeAt
    const { events, messages = [], state, wakeAt } = timeline.decide(this.state, input, context)
    this.state = events.reduce<TimelineState | null>((folded, event) => timeline.evolve(folded, event as TimelineEvent), this.state)
    if (state !== undefined) expect(this.state).toEqual(state)
    if (this.state !== null) expect(timeline.pending(this.state).wakeAt).toBe(wakeAt === undefined ? before : wakeAt)
    for (const message of messages) {
      if (message.is !== 'tell') continue
      if (message.input.is === 'watch') this.asked.push(`${message.to}: ${(message.input as unknown as { tasks: string[] }).tasks}`)
      if (message.input.is !== 'standing') continue
      const said = message.input as StandingInput
      this.told.set(message.to, [...(this.told.get(message.to) ?? []), said])
      if (this.confirms) this.give({ is: 'heard', run: message.to, n: said.n })
    }
  }
  opened(run: string, day: number): void {
    this.give({ is: 'opened', run, for: T + day * DAY })
  }
  ended(run: string, day: number, more: object = {}): void {
    this.give({ is: 'ended', run, for: T + day * DAY, state: 'completed', version: '1', ...more })
  }
  waits(run: string, day: number, tasks: string[] = []): void {
    this.give({ is: 'await', run, for: T + day * DAY, tasks })
  }
  last(run: string): StandingInput['standing'] {
    return this.told.get(run)?.at(-1)?.standing ?? null
  }
}

describe('who waits for the run of a time', () => {
  test('hears that there is none yet, that there is one, and how it ends', () => {
    const line = new Driven()
    line.waits('w', 1)
    expect(line.told.get('w')).toEqual([{ is: 'standing', n: 1, standing: null }])
    line.opened('other', 2)
    expect(line.told.get('w')).toHaveLength(1)
    line.opened('d1', 1)
    expect(line.last('w')).toEqual({ run: 'd1', state: null, tasks: {} })
    line.ended('d1', 1, { state: 'failed' })
    expect(line.last('w')).toMatchObject({ run: 'd1', state: 'failed' })
    line.opened('d1-again', 1)
    line.ended('d1-again', 1)
    expect(line.last('w')).toMatchObject({ run: 'd1-again', state: 'completed' })
  })

  test('hears of one that has ended before, also of its tasks', () => {
    const line = new Driven()
    line.opened('d1', 1)
    line.ended('d1', 1, { state: 'failed', others: { b: 'failed' } })
    line.waits('w', 1, ['a', 'b', 'c'])
    expect(line.last('w')).toEqual({ run: 'd1', state: 'failed', tasks: { a: 'success', b: 'failed', c: 'unknown' } })
  })

  test('of a run that is open its tasks are asked for, once, and told as they end', () => {
    const line = new Driven()
    line.opened('d1', 1)
    line.waits('w', 1, ['a'])
    line.waits('x', 1, ['a'])
    expect(line.asked).toEqual(['d1: a'])
    line.give({ is: 'tasks', run: 'd1', tasks: { a: null } })
    line.give({ is: 'tasks', run: 'd1', tasks: { a: 'success' } })
    for (const run of ['w', 'x']) expect(line.last(run)).toEqual({ run: 'd1', state: null, tasks: { a: 'success' } })
    line.waits('y', 1, ['b'])
    expect(line.asked).toEqual(['d1: a', 'd1: a,b'])
  })

  test('of a run whose tasks are waited for before it is there, they are asked for when it is', () => {
    const line = new Driven()
    line.waits('w', 1, ['a'])
    line.opened('d1', 1)
    expect(line.asked).toEqual(['d1: a'])
  })

  test('hears again what it has not confirmed, and a run is asked again that has not answered', () => {
    const line = new Driven()
    line.confirms = false
    line.opened('d1', 1)
    line.waits('w', 1, ['a'])
    line.now += RESEND_MS
    line.give({ is: 'wake' })
    expect(line.told.get('w')?.map(({ n }) => n)).toEqual([1, 1])
    expect(line.asked).toEqual(['d1: a', 'd1: a'])
    line.give({ is: 'heard', run: 'w', n: 1 })
    line.give({ is: 'tasks', run: 'd1', tasks: { a: null } })
    line.give({ is: 'heard', run: 'w', n: 2 })
    expect(timeline.pending(line.state as TimelineState).wakeAt).toBeNull()
  })

  test('hears nothing more once it waits no longer, and a repeat adds nothing', () => {
    const line = new Driven()
    line.waits('w', 1)
    line.waits('w', 1)
    expect(line.state?.watchers).toHaveLength(1)
    line.give({ is: 'unawait', run: 'w' })
    line.opened('d1', 1)
    expect(line.told.get('w')).toHaveLength(1)
  })

  test('what came in another order changes nothing of how a run has ended', () => {
    const line = new Driven()
    line.ended('d1', 1)
    line.opened('d1', 1)
    line.give({ is: 'tasks', run: 'd1', tasks: { a: null } })
    line.waits('w', 1, ['a'])
    expect(line.last('w')).toMatchObject({ state: 'completed', tasks: { a: 'success' } })
  })

  test('more than are told in one transition are told by further ones', () => {
    const line = new Driven()
    for (let n = 0; n < 1_000; n++) line.waits(`w${n}`, 1)
    line.opened('d1', 1)
    for (let at = timeline.pending(line.state as TimelineState).wakeAt; at !== null && at <= line.now; ) {
      line.give({ is: 'wake' })
      at = timeline.pending(line.state as TimelineState).wakeAt
    }
    expect(line.state?.watchers?.every(({ run }) => line.last(run)?.run === 'd1')).toBe(true)
    expect([...line.told.values()].every(told => told.length === 2)).toBe(true)
  })
})

test('of runs that have closed the last 1,000 are known', () => {
  const line = new Driven()
  for (let day = 0; day < 1_001; day++) line.ended(`d${day}`, day)
  line.waits('old', 0)
  line.waits('new', 1)
  expect(line.last('old')).toBeNull()
  expect(line.last('new')).toMatchObject({ run: 'd1' })
})
