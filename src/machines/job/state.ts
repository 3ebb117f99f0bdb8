import { invariant } from '../../core/errors.ts'
import type { CommandId } from '../../core/ids.ts'
import type { Pending, TaskOrder } from '../../core/machine.ts'
import { ANEW_MS, freed, type Misfit, misfitLabels, withMisfit } from '../../core/misfits.ts'
import type { RunOptions } from '../../core/options.ts'
import { QUEUE_DEFAULT } from '../../core/options.ts'
import { RETRY_DEFAULT } from '../../core/retry.ts'
import { isClosed, type RunState } from '../../core/run.ts'
import { deliveredOf, endTask, evolveTask, newTask, orderOf, postponeTask, type TaskEvent, type TaskPolicy, wakeAtOf } from '../../core/task.ts'
import type { Instant } from '../../core/time.ts'
import { type Anew, type Changed, type Closing, type JobEvent, type JobState, type Started, TASK } from './types.ts'

export function evolve(state: JobState | null, event: JobEvent): JobState {
  if (event.is === 'started') {
    invariant(state === null, 'a run starts once', { definition: event.definition })
    return born(event as Started)
  }
  invariant(state !== null, 'a history begins with started', { event: event.is })
  invariant(state.closing === null, 'a closed run never changes', { event: event.is })
  if (event.is === 'changed') return changed(state, event as Changed)
  if (event.is === 'resumed')
    return { ...freed(state), task: evolveTask(state.task, event as TaskEvent), commands: remembered(state, event.command as CommandId) }
  if (event.is === 'cancel_requested') return { ...state, cancelRequested: true }
  if (isClosed(event.is as RunState)) {
    const closing = event as Closing
    return { ...state, closing, task: endTask(state.task, closing, closing.is === 'completed') }
  }
  if (event.is === 'due' && event.anew === true) return anew(state, event as Anew)
  const next = { ...state, task: evolveTask(state.task, event as TaskEvent) }
  return event.is === 'snoozed' && event.misfit !== undefined ? withMisfit(next, event.misfit as Misfit) : next
}

/** It keeps its place in line. */
function anew(state: JobState, { command }: Anew): JobState {
  return command === undefined ? freed(state) : { ...freed(state), commands: remembered(state, command) }
}

export function pending(state: JobState): Pending {
  if (state.closing !== null) return { ready: [], delivered: [], wakeAt: null }
  const order = readyOrder(state)
  const delivered = deliveredOf(state.task, state.policy)
  return { ready: order === null ? [] : [order], delivered: delivered === null ? [] : [delivered], wakeAt: wakeAt(state) }
}

export function readyOrder(state: JobState): TaskOrder | null {
  const order = orderOf(state.task, state.policy)
  return order === null || state.misfits === undefined ? order : { ...order, labels: { ...order.labels, ...misfitLabels(state) } }
}

/** When it is offered again to versions that could not do it. */
export function anewAt({ task, misfits }: JobState): Instant | null {
  return misfits === undefined || task.phase !== 'ready' ? null : task.since + ANEW_MS
}

/** The earliest that time alone does: due, a time-out, expiry. */
export function wakeAt(state: JobState): Instant | null {
  if (state.closing !== null) return null
  let at = wakeAtOf(state.task, state.policy)
  if (state.totalAt !== null && (at === null || state.totalAt < at)) at = state.totalAt
  if (state.expiresAt !== null && state.task.startedAt === null && (at === null || state.expiresAt < at)) at = state.expiresAt
  const again = anewAt(state)
  if (again !== null && (at === null || again < at)) at = again
  return at
}

function born(started: Started): JobState {
  const options = started.options ?? {}
  const dueAt = Math.max(options.notBefore ?? 0, started.at)
  return {
    started,
    policy: policyOf(started.definition, options),
    ...endsOf(options, dueAt),
    task: newTask(options.notBefore ?? null, started.at),
    cancelRequested: false,
    closing: null,
  }
}

function policyOf(definition: string, options: Options): TaskPolicy {
  const policy: TaskPolicy = {
    task: TASK,
    queue: options.queue ?? QUEUE_DEFAULT,
    definition,
    labels: options.labels ?? null,
    priority: options.priority ?? 0,
    gate: options.gate ?? null,
    retry: options.retry ? { ...RETRY_DEFAULT, ...options.retry } : RETRY_DEFAULT,
    timeouts: options.timeout ?? {},
  }
  if (options.exhausted !== undefined) policy.exhausted = options.exhausted
  return policy
}

type Options = Omit<RunOptions, 'delayMs'>

/** The ends that time alone brings, counted from when it is due. */
function endsOf({ timeout, expiresMs }: Options, dueAt: Instant): Pick<JobState, 'totalAt' | 'expiresAt'> {
  return {
    totalAt: timeout?.total === undefined ? null : dueAt + timeout.total,
    expiresAt: expiresMs === undefined ? null : dueAt + expiresMs,
  }
}

/** It waits, so nobody has been given what is changed here. Once an attempt was made, its time-outs count from where they did. */
function changed(state: JobState, event: Changed): JobState {
  const { started, task } = state
  const options: Options = { ...(event.options ?? started.options) }
  if (event.options !== undefined && started.options?.tags !== undefined) options.tags = started.options.tags
  if (event.priority !== undefined) options.priority = event.priority
  if (event.queue !== undefined) options.queue = event.queue
  const gate = event.gate === undefined ? started.options?.gate : event.gate
  if (gate == null) delete options.gate
  else options.gate = gate
  const notBefore = event.dueAt ?? started.options?.notBefore
  if (notBefore === undefined) delete options.notBefore
  else options.notBefore = notBefore
  const next: JobState = {
    ...state,
    started: { ...started, options },
    policy: policyOf(started.definition, options),
    task: event.dueAt === undefined ? task : postponeTask(task, event.dueAt, event.at),
    commands: remembered(state, event.command),
  }
  const dueAt = event.dueAt ?? dueOf(state)
  const replaced = event.input !== undefined || event.options !== undefined
  return {
    ...next,
    ...(task.startedAt === null ? endsOf(options, dueAt) : {}),
    ...(event.input === undefined ? {} : { input: event.input }),
    task: replaced ? { ...next.task, changed: true } : next.task,
  }
}

/** When a run that has not begun is, or was, due. */
function dueOf({ started }: JobState): Instant {
  return Math.max(started.options?.notBefore ?? 0, started.at)
}

const COMMANDS_MAX = 20

function remembered({ commands = [] }: JobState, command: CommandId): readonly CommandId[] {
  return [...commands.slice(1 - COMMANDS_MAX), command]
}
