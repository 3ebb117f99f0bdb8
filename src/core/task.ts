import { invariant } from './errors.ts'
import { countedSince, type Labels, sortKey } from './gates.ts'
import type { CommandId, DeliveryId, TaskId, WorkerId } from './ids.ts'
import type { GateKeys } from './limits.ts'
import type { Context, Delivered, TaskInput, TaskOrder, TaskResult } from './machine.ts'
import type { Misfit } from './misfits.ts'
import type { OutletFacts, Timeouts } from './options.ts'
import { type RetryPolicy, retryDelayMs } from './retry.ts'
import type { Failure, Payload, Progress } from './run.ts'
import type { Instant } from './time.ts'

/**
 * The task sub-machine: attempts, retries and time-outs, embedded by every kind, so that a DAG's task retries exactly as a job does.
 *
 * ```text
 * scheduled ──due──▶ ready ──delivered──▶ running ──▶ ended
 *                     ▲  ▲                 │   │
 *                     │  └────returned─────┘   │ attempt_failed
 *                     ├────due──── backoff ◀───┤
 *                     ├──resumed── parked ◀────┘ attempts used up, and the policy says `park`
 *                     └────due──── snoozed ◀ at the handler's wish: the same attempt again
 * ```
 * A delivery that its owner forgot (E16: it left unrecorded, the owner crashed) is adopted when its worker speaks: any delivery of the current attempt
 * is, while none is recorded. With at most once there is no such delivery: it is recorded before it leaves.
 */
export interface TaskState {
  readonly phase: 'scheduled' | 'ready' | 'running' | 'backoff' | 'snoozed' | 'parked' | 'ended'
  /** The current attempt, 1 is the first; never restarts. */
  readonly attempt: number
  /** Attempts before the last resume: the policy's are counted from there. */
  readonly spent?: number
  /** What it is to do was changed since: a delivery that nobody recorded was of something else, and is not adopted. */
  readonly changed?: boolean
  /** scheduled, backoff, snoozed: when it is due · ready: since when · running: delivered when · parked, ended: when. */
  readonly since: Instant
  readonly delivery: DeliveryId | null
  readonly worker: WorkerId | null
  readonly startedAt: Instant | null
  readonly checkpoint: Payload | null
  readonly progress: Progress | null
  readonly failure: Failure | null
  /** How the last deliveries ended, newest last: what makes `complete` idempotent (E16). */
  readonly answered: readonly { readonly delivery: DeliveryId; readonly is: string }[]
}

const ANSWERED_MAX = 20

export interface TaskPolicy {
  task: TaskId
  queue: string
  definition: string
  labels: Labels | null
  priority: number
  /** When the attempts are used up. Default: it ends as failed. */
  exhausted?: 'fail' | 'park'
  /** What gates it besides (limits.ts). */
  gate: GateKeys | null
  retry: RetryPolicy
  timeouts: Timeouts
}

type At = { at: Instant }
export type TaskEvent =
  | (At & { is: 'due' })
  | (At & { is: 'delivered'; attempt: number; delivery: DeliveryId; worker: WorkerId; version?: string })
  | (At & { is: 'reported'; progress?: Progress; checkpoint?: Payload })
  | (At & { is: 'returned'; delivery: DeliveryId })
  | (At & { is: 'snoozed'; delivery: DeliveryId; dueAt: Instant; misfit?: Misfit })
  | (At & { is: 'attempt_failed'; attempt: number; delivery: DeliveryId; result: string; why: FailedWhy; failure?: Failure; retryAt: Instant })
  | (At & { is: 'parked'; delivery: DeliveryId; result: string; reason: string; failure?: Failure })
  | (At & { is: 'resumed'; command: CommandId; by?: string; why?: string })

/** failed: the handler threw · lost: no result by the lease's end · timed_out: the attempt's time-out · silent: its heartbeat time-out. */
export type FailedWhy = 'failed' | 'lost' | 'timed_out' | 'silent'

/** How a task ends; the embedding machine writes the event. `delivery` is null where nothing was delivered, `result` what its worker said (or we did). */
export type TaskEnd =
  | { is: 'completed'; delivery: DeliveryId; result: 'completed'; output: Payload | null; assets?: readonly OutletFacts[]; watermark?: Payload }
  | { is: 'failed'; delivery: DeliveryId; result: string; reason: string; failure?: Failure }
  | { is: 'cancelled'; delivery: DeliveryId; result: string; failure?: Failure }
  | { is: 'timed_out'; reason: string }

export interface TaskStep {
  events: TaskEvent[]
  end?: TaskEnd
  /** The input was refused: late, or of another delivery. */
  refused?: 'superseded' | 'closed'
}

const NOTHING: TaskStep = { events: [] }

export function newTask(notBefore: Instant | null, now: Instant): TaskState {
  const scheduled = notBefore !== null && notBefore > now
  return {
    phase: scheduled ? 'scheduled' : 'ready',
    attempt: 1,
    since: scheduled ? notBefore : now,
    delivery: null,
    worker: null,
    startedAt: null,
    checkpoint: null,
    progress: null,
    failure: null,
    answered: [],
  }
}

export function evolveTask(task: TaskState, event: TaskEvent): TaskState {
  switch (event.is) {
    case 'due':
      return { ...task, phase: 'ready', since: event.at }
    case 'delivered':
      return {
        ...task,
        phase: 'running',
        since: event.at,
        delivery: event.delivery,
        worker: event.worker,
        startedAt: task.startedAt ?? event.at,
        ...(task.changed === true ? { changed: false } : {}),
      }
    case 'reported':
      return { ...task, progress: event.progress ?? task.progress, checkpoint: event.checkpoint ?? task.checkpoint }
    case 'returned':
      return { ...task, phase: 'ready', since: event.at, delivery: null, worker: null, answered: answer(task, event.delivery, 'returned') }
    case 'snoozed':
      return { ...task, phase: 'snoozed', since: event.dueAt, delivery: null, worker: null, answered: answer(task, event.delivery, 'snoozed') }
    case 'attempt_failed':
      return {
        ...task,
        phase: event.retryAt > event.at ? 'backoff' : 'ready',
        attempt: event.attempt + 1,
        since: event.retryAt,
        delivery: null,
        worker: null,
        failure: event.failure ?? null,
        answered: answer(task, event.delivery, event.result),
      }
    case 'parked':
      return {
        ...task,
        phase: 'parked',
        since: event.at,
        delivery: null,
        worker: null,
        failure: event.failure ?? null,
        answered: answer(task, event.delivery, event.result),
      }
    case 'resumed':
      return { ...task, phase: 'ready', since: event.at, attempt: task.attempt + 1, spent: task.attempt }
  }
}

/** `end`: the embedding machine's closing event. */
export function endTask(
  task: TaskState,
  end: { at: Instant; delivery?: DeliveryId; result?: string; failure?: Failure },
  completed: boolean,
): TaskState {
  return {
    ...task,
    phase: 'ended',
    since: end.at,
    delivery: null,
    failure: completed ? null : (end.failure ?? task.failure),
    answered: end.delivery === undefined ? task.answered : answer(task, end.delivery, end.result as string),
  }
}

/** It waits, and is due at another time from now on. */
export function postponeTask(task: TaskState, due: Instant, at: Instant): TaskState {
  if (due <= at) return task.phase === 'ready' ? task : { ...task, phase: 'ready', since: at }
  return { ...task, phase: task.phase === 'backoff' || task.phase === 'snoozed' ? task.phase : 'scheduled', since: due }
}

/** The attempt that the next failure leaves; its number among those that the policy counts. */
export function attemptOf(task: TaskState): number {
  return task.attempt - (task.spent ?? 0)
}

/** Attempts in all, those before a resume included. */
export function attemptsOf(task: TaskState, policy: TaskPolicy): number {
  return (task.spent ?? 0) + policy.retry.attempts
}

/** `stopping`: the run is asked to stop, so whatever ends the attempt ends the task. */
export function decideTask(task: TaskState, policy: TaskPolicy, input: TaskInput, stopping: boolean, context: Context): TaskStep {
  switch (input.is) {
    case 'deliver':
      if (task.phase !== 'ready' || input.attempt !== task.attempt) return { events: [], refused: 'superseded' }
      return { events: [delivered(input, context.now)] }
    case 'report':
      return spoken(task, policy, input, context, adopted => {
        const event: TaskEvent = { is: 'reported', at: context.now }
        if (input.progress) event.progress = input.progress
        if (input.checkpoint !== undefined) event.checkpoint = input.checkpoint
        return { events: input.progress || input.checkpoint !== undefined ? [...adopted, event] : adopted }
      })
    case 'lost':
      if (task.phase !== 'running' || input.delivery !== task.delivery) return NOTHING
      return attemptFailed(task, policy, { why: 'lost', failure: lostFailure(policy), stopping, delivery: task.delivery, result: 'lost' }, context)
    case 'silent':
      if (task.phase !== 'running' || input.delivery !== task.delivery) return NOTHING
      return attemptFailed(
        task,
        policy,
        { why: 'silent', failure: silentFailure(policy), stopping, delivery: task.delivery, result: 'silent' },
        context,
      )
    case 'result':
      return result(task, policy, input, stopping, context)
  }
}

/** What time alone does: called at `wakeAtOf` or later. */
export function wakeTask(task: TaskState, policy: TaskPolicy, stopping: boolean, context: Context): TaskStep {
  const { now } = context
  if ((task.phase === 'scheduled' || task.phase === 'backoff' || task.phase === 'snoozed') && task.since <= now)
    return { events: [{ is: 'due', at: now }] }
  const { attempt, scheduleToStart } = policy.timeouts
  if (task.phase === 'ready' && scheduleToStart !== undefined && task.since + scheduleToStart <= now)
    return { events: [], end: { is: 'timed_out', reason: 'schedule-to-start' } }
  if (task.phase === 'running' && attempt !== undefined && task.since + attempt <= now) {
    const failure: Failure = { type: 'AttemptTimeout', message: `attempt ${task.attempt} took longer than ${attempt} ms` }
    return attemptFailed(task, policy, { why: 'timed_out', failure, stopping, delivery: task.delivery, result: 'timed_out' }, context)
  }
  return NOTHING
}

/** When `wakeTask` has something to do next. */
export function wakeAtOf(task: TaskState, { timeouts }: Pick<TaskPolicy, 'timeouts'>): Instant | null {
  const { attempt, scheduleToStart } = timeouts
  switch (task.phase) {
    case 'scheduled':
    case 'backoff':
    case 'snoozed':
      return task.since
    case 'ready':
      return scheduleToStart === undefined ? null : task.since + scheduleToStart
    case 'running':
      return attempt === undefined ? null : task.since + attempt
    case 'parked':
    case 'ended':
      return null
  }
}

export function orderOf(task: TaskState, policy: TaskPolicy): TaskOrder | null {
  if (task.phase !== 'ready') return null
  return {
    task: policy.task,
    attempt: task.attempt,
    queue: policy.queue,
    definition: policy.definition,
    labels: policy.labels,
    sort: sortOf(task, policy),
    atMostOnce: policy.retry.attempts === 1,
    gate: policy.gate,
    ...(policy.gate?.since !== undefined && { readyAt: task.since }),
  }
}

/** In a sequence the one that has begun goes before all that wait behind it, wherever their places are. */
function sortOf({ since, startedAt }: TaskState, { gate, priority }: TaskPolicy): number {
  if (gate?.place === undefined) return sortKey(gate?.since === undefined ? since : countedSince(since, gate.since), priority)
  return startedAt === null ? gate.place : Number.MIN_SAFE_INTEGER
}

export function deliveredOf(task: TaskState, policy: Pick<TaskPolicy, 'task' | 'timeouts'>): Delivered | null {
  if (task.phase !== 'running') return null
  invariant(task.delivery !== null && task.worker !== null, 'a running task has a delivery', { task: policy.task })
  return { task: policy.task, attempt: task.attempt, delivery: task.delivery, worker: task.worker, heartbeatMs: policy.timeouts.heartbeat ?? null }
}

function result(task: TaskState, policy: TaskPolicy, input: TaskInput & { is: 'result' }, stopping: boolean, context: Context): TaskStep {
  const { delivery, result } = input
  return spoken(task, policy, input, context, adopted => {
    if (result.is === 'completed') {
      const { output, assets, watermark } = result
      const said = { ...(assets !== undefined && { assets }), ...(watermark !== undefined && { watermark }) }
      return { events: adopted, end: { is: 'completed', delivery, result: 'completed', output, ...said } }
    }
    if (result.is === 'returned' && !stopping && policy.retry.attempts !== 1)
      return { events: [...adopted, { is: 'returned', at: context.now, delivery }] }
    if (result.is === 'snoozed' && !stopping && policy.retry.attempts !== 1)
      return { events: [...adopted, ...snoozed(result, delivery, context.now)] }
    const failed = failureOf(result, policy)
    return join(adopted, attemptFailed(task, policy, { ...failed, stopping, delivery, result: result.is }, context))
  })
}

function snoozed({ delayMs, misfit }: TaskResult & { is: 'snoozed' }, delivery: DeliveryId, at: Instant): TaskEvent[] {
  if (misfit === undefined) return [{ is: 'snoozed', at, delivery, dueAt: at + delayMs }]
  return [
    { is: 'snoozed', at, delivery, dueAt: at, misfit },
    { is: 'due', at },
  ]
}

function failureOf(result: Exclude<TaskResult, { is: 'completed' }>, policy: TaskPolicy): { why: FailedWhy; failure?: Failure; asked?: Asked } {
  switch (result.is) {
    case 'failed':
      return { why: 'failed', failure: result.failure, asked: result }
    case 'returned':
      return { why: 'lost', failure: lostFailure(policy) }
    case 'snoozed':
      return { why: 'failed', failure: notSnoozed(result) }
    case 'cancelled':
      return { why: 'failed', failure: { type: 'Cancelled', message: 'the handler stopped by itself' } }
  }
}

function notSnoozed({ misfit }: TaskResult & { is: 'snoozed' }): Failure {
  if (misfit === undefined) return { type: 'Snoozed', message: 'attempts: 1 is never delivered again, so it cannot be snoozed' }
  const { version, why } = misfit
  return { type: 'Diverged', message: `version ${version} does not fit, and attempts: 1 is never delivered again: ${why}`, code: 'diverged' }
}

/** A worker speaks of a delivery: is it the one that counts? Adopts it where the owner knows of none. */
function spoken(
  task: TaskState,
  policy: TaskPolicy,
  input: TaskInput & { is: 'report' | 'result' },
  context: Context,
  then: (adopted: TaskEvent[]) => TaskStep,
): TaskStep {
  if (task.phase === 'running' && task.delivery === input.delivery) return then([])
  const before = task.answered.find(answered => answered.delivery === input.delivery)
  if (before !== undefined && input.is === 'result' && before.is === input.result.is) return NOTHING
  if (before === undefined && task.phase === 'ready' && task.changed !== true && task.attempt === input.attempt && policy.retry.attempts !== 1)
    return then([delivered({ ...input, version: null }, context.now)])
  return { events: [], refused: task.phase === 'ended' ? 'closed' : 'superseded' }
}

type Asked = { retry: boolean; delayMs?: number }
interface AttemptEnd {
  why: FailedWhy
  failure?: Failure
  /** What the worker asked for. */
  asked?: Asked
  stopping: boolean
  delivery: DeliveryId | null
  /** The worker's own word for it, or ours where it did not speak. */
  result: string
}

function attemptFailed(task: TaskState, policy: TaskPolicy, end: AttemptEnd, context: Context): TaskStep {
  const { why, failure, asked, delivery, result } = end
  invariant(delivery !== null, 'an attempt that fails was delivered', { attempt: task.attempt })
  const told = failure === undefined ? { delivery, result } : { delivery, result, failure }
  if (end.stopping)
    return {
      events: [],
      end:
        result === 'cancelled' || result === 'returned' || result === 'snoozed'
          ? { is: 'cancelled', delivery, result }
          : { is: 'cancelled', ...told },
    }
  const usedUp = (reason: string): TaskStep =>
    policy.exhausted === 'park'
      ? { events: [{ is: 'parked', at: context.now, reason, ...told }] }
      : { events: [], end: { is: 'failed', reason, ...told } }
  if (asked?.retry === false) return usedUp('aborted')
  const policyMs = retryDelayMs(policy.retry, attemptOf(task), context.random)
  if (policyMs === null) return usedUp(why === 'failed' ? exhaustedBy(failure) : why)
  // A lost attempt is tried again at once: nothing says that the handler is at fault. Its number counts all the same, which bounds a handler that kills its worker.
  const delayMs = why === 'lost' ? 0 : (asked?.delayMs ?? policyMs)
  const event: TaskEvent = { is: 'attempt_failed', at: context.now, attempt: task.attempt, why, retryAt: context.now + delayMs, ...told }
  return { events: [event] }
}

/** Out of memory is a reason of its own: more attempts would not help, more memory would. */
function exhaustedBy(failure: Failure | undefined): string {
  return failure?.code === 'out-of-memory' ? 'out-of-memory' : 'attempts-exhausted'
}

function delivered(input: { attempt: number; delivery: DeliveryId; worker: WorkerId; version: string | null }, at: Instant): TaskEvent {
  const event: TaskEvent = { is: 'delivered', at, attempt: input.attempt, delivery: input.delivery, worker: input.worker }
  if (input.version !== null) event.version = input.version
  return event
}

function join(adopted: TaskEvent[], step: TaskStep): TaskStep {
  return adopted.length === 0 ? step : { ...step, events: [...adopted, ...step.events] }
}

function answer(task: TaskState, delivery: DeliveryId, is: string): TaskState['answered'] {
  return [...task.answered.slice(1 - ANSWERED_MAX), { delivery, is }]
}

function lostFailure(policy: TaskPolicy): Failure {
  return {
    type: 'Lost',
    message:
      policy.retry.attempts === 1
        ? 'delivery uncertain: the worker gave no result, and attempts: 1 is never delivered again'
        : 'the worker gave no result by the end of its lease',
  }
}

function silentFailure(policy: TaskPolicy): Failure {
  return { type: 'HeartbeatTimeout', message: `no sign of life within ${policy.timeouts.heartbeat} ms` }
}
