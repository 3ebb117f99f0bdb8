import { invariant } from '../../core/errors.ts'
import type { Pending, TaskOrder } from '../../core/machine.ts'
import { QUEUE_DEFAULT } from '../../core/options.ts'
import { RETRY_DEFAULT } from '../../core/retry.ts'
import { isClosed, type RunState } from '../../core/run.ts'
import { deliveredOf, endTask, evolveTask, newTask, orderOf, type TaskEvent, wakeAtOf } from '../../core/task.ts'
import type { Instant } from '../../core/time.ts'
import { type Closing, type JobEvent, type JobState, type Started, TASK } from './types.ts'

export function evolve(state: JobState | null, event: JobEvent): JobState {
  if (event.is === 'started') {
    invariant(state === null, 'a run starts once', { definition: event.definition })
    return born(event as Started)
  }
  invariant(state !== null, 'a history begins with started', { event: event.is })
  invariant(state.closing === null, 'a closed run never changes', { event: event.is })
  if (event.is === 'cancel_requested') return { ...state, cancelRequested: true }
  if (isClosed(event.is as RunState)) {
    const closing = event as Closing
    return { ...state, closing, task: endTask(state.task, closing, closing.is === 'completed') }
  }
  return { ...state, task: evolveTask(state.task, event as TaskEvent) }
}

export function pending(state: JobState): Pending {
  if (state.closing !== null) return { ready: [], delivered: [], wakeAt: null }
  const order = readyOrder(state)
  const delivered = deliveredOf(state.task, state.policy)
  return { ready: order === null ? [] : [order], delivered: delivered === null ? [] : [delivered], wakeAt: wakeAt(state) }
}

export function readyOrder(state: JobState): TaskOrder | null {
  return orderOf(state.task, state.policy)
}

/** The earliest that time alone does: due, a time-out, expiry. */
export function wakeAt(state: JobState): Instant | null {
  if (state.closing !== null) return null
  let at = wakeAtOf(state.task, state.policy)
  if (state.totalAt !== null && (at === null || state.totalAt < at)) at = state.totalAt
  if (state.expiresAt !== null && state.task.startedAt === null && (at === null || state.expiresAt < at)) at = state.expiresAt
  return at
}

function born(started: Started): JobState {
  const options = started.options ?? {}
  const timeouts = options.timeout ?? {}
  const dueAt = Math.max(options.notBefore ?? 0, started.at)
  return {
    started,
    policy: {
      task: TASK,
      queue: options.queue ?? QUEUE_DEFAULT,
      definition: started.definition,
      labels: options.labels ?? null,
      priority: options.priority ?? 0,
      gate: options.gate ?? null,
      retry: options.retry ? { ...RETRY_DEFAULT, ...options.retry } : RETRY_DEFAULT,
      timeouts,
    },
    totalAt: timeouts.total === undefined ? null : dueAt + timeouts.total,
    expiresAt: options.expiresMs === undefined ? null : dueAt + options.expiresMs,
    task: newTask(options.notBefore ?? null, started.at),
    cancelRequested: false,
    closing: null,
  }
}
