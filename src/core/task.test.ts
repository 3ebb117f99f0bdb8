import { describe, expect, test } from 'vitest'
import type { Context, TaskInput } from './machine.ts'
import { RETRY_DEFAULT } from './retry.ts'
import { decideTask, evolveTask, newTask, type TaskEvent, type TaskPolicy, type TaskState, wakeAtOf, wakeTask } from './task.ts'

const T = 1_000
const policy = (changes: Partial<TaskPolicy> = {}): TaskPolicy => ({
  task: 't1',
  queue: 'default',
  definition: 'mail',
  labels: null,
  gate: null,
  priority: 0,
  retry: { ...RETRY_DEFAULT, jitter: 0 },
  timeouts: {},
  ...changes,
})
const context = (now: number): Context => ({ self: 'r1', now, random: () => 0.5, id: () => 'id', home: () => 0 })
const state = (changes: Partial<TaskState>): TaskState => ({ ...newTask(null, T), ...changes })
const timeouts = { attempt: 30, scheduleToStart: 70 }

describe('when time alone has something to do', () => {
  test.each<[TaskState['phase'], number | null]>([
    ['scheduled', T],
    ['backoff', T],
    ['ready', T + 70],
    ['running', T + 30],
    ['ended', null],
  ])('in phase %s: %s', (phase, at) => {
    const task = state({ phase, delivery: phase === 'running' ? 'd1' : null })
    expect(wakeAtOf(task, policy({ timeouts }))).toBe(at)
    if (at === null) return
    expect(wakeTask(task, policy({ timeouts }), false, context(at - 1))).toEqual({ events: [] })
    const step = wakeTask(task, policy({ timeouts }), false, context(at))
    expect(step.events.length + (step.end === undefined ? 0 : 1)).toBe(1)
  })

  test('without time-outs, a task that is ready or running waits for ever', () => {
    expect([wakeAtOf(state({ phase: 'ready' }), policy()), wakeAtOf(state({ phase: 'running' }), policy())]).toEqual([null, null])
  })
})

test('a task is scheduled only for a time to come', () => {
  expect([newTask(null, T), newTask(T, T), newTask(T + 1, T)].map(({ phase, since }) => [phase, since])).toEqual([
    ['ready', T],
    ['ready', T],
    ['scheduled', T + 1],
  ])
})

test('once a stop is asked for, whatever ends the attempt ends the task', () => {
  const running = state({ phase: 'running', delivery: 'd1', worker: 'w1' })
  const ref = { task: 't1', attempt: 1, delivery: 'd1' }
  const inputs: TaskInput[] = [
    { is: 'lost', ...ref },
    { is: 'silent', ...ref },
    { is: 'result', ...ref, worker: 'w1', result: { is: 'returned' } },
    { is: 'result', ...ref, worker: 'w1', result: { is: 'failed', retry: true, failure: { type: 'E', message: '' } } },
  ]
  for (const input of inputs) expect(decideTask(running, policy(), input, true, context(T))).toMatchObject({ events: [], end: { is: 'cancelled' } })
  expect(wakeTask(running, policy({ timeouts }), true, context(T + 30)).end?.is).toBe('cancelled')
})

test('the memory of answered deliveries is bounded, and holds the latest', () => {
  let task = newTask(null, T)
  for (let attempt = 1; attempt <= 50; attempt++) {
    const delivered: TaskEvent = { is: 'delivered', at: T, attempt, delivery: `d${attempt}`, worker: 'w1' }
    const failed: TaskEvent = { is: 'attempt_failed', at: T, attempt, delivery: `d${attempt}`, result: 'failed', why: 'failed', retryAt: T }
    task = evolveTask(evolveTask(task, delivered), failed)
  }
  expect(task.attempt).toBe(51)
  expect(task.answered.length).toBeLessThanOrEqual(20)
  expect(task.answered.at(-1)).toEqual({ delivery: 'd50', is: 'failed' })
})
