import { invariant } from '../../core/errors.ts'
import type { Labels } from '../../core/gates.ts'
import { WORKER_LABEL } from '../../core/gates.ts'
import type { CommandId } from '../../core/ids.ts'
import type { Pending, TaskOrder } from '../../core/machine.ts'
import { freed } from '../../core/misfits.ts'
import { QUEUE_DEFAULT } from '../../core/options.ts'
import type { RetryPolicy } from '../../core/retry.ts'
import { isClosed, type RunState } from '../../core/run.ts'
import { deliveredOf, evolveTask, newTask, orderOf, type TaskEvent, type TaskPolicy, type TaskState, wakeAtOf } from '../../core/task.ts'
import type { Instant } from '../../core/time.ts'
import { dropped, given, seenBy, withGiven } from './given.ts'
import { type Child, type Closing, COMMANDS_MS, type Open, type Started, type WorkflowEvent, type WorkflowState } from './types.ts'
import { accepted, answered } from './updates-kept.ts'
import { anewAt, misfit, routed, versionLabels } from './versions.ts'

/** So long a run that is live on a worker waits for that worker, before any other may have it. */
export const HOLDER_MS = 2_000
/** A start that was not answered is sent again. */
export const RESEND_MS = 10_000
const COMMANDS_MAX = 1_000
const CALLS_MAX = 5

/** Its task has no time-outs: steps have. */
const UNTIMED = { timeouts: {} }

/** A task whose code does not fit its history, or whose worker was lost, is given again for ever: new code may mend it. */
const TASK_RETRY: RetryPolicy = { attempts: 1_000_000_000, initialMs: 1_000, factor: 2, maximumMs: 60_000, jitter: 0.1 }

export function evolve(state: WorkflowState | null, event: WorkflowEvent): WorkflowState {
  if (event.is === 'started') {
    invariant(state === null, 'a run starts once', { definition: event.definition })
    return born(event as Started)
  }
  invariant(state !== null, 'a history begins with started', { event: event.is })
  invariant(state.closing === null, 'a closed run never changes', { event: event.is })
  const next = own(state, evolved(state, event))
  next.count = state.count + 1
  return (event as { call?: number }).call === undefined ? next : advancedBy(state, next, event)
}

/** A state that nobody else has yet, so that it need not be copied again to be changed: most of what is made for a step is its state. */
export type Fresh = { -readonly [Name in keyof WorkflowState]: WorkflowState[Name] }

function own(before: WorkflowState, after: WorkflowState): Fresh {
  return after === before ? { ...before } : after
}

/** What the last event of an advance makes of a state besides: `after` is what it made of `before` without its call, and nobody else's yet. */
export function advancedBy(before: WorkflowState, after: Fresh, event: WorkflowEvent): WorkflowState {
  const { call, seen } = event as { call: number; seen?: number }
  after.calls = called(before, event, call)
  const next = taken(after)
  return seen === undefined ? next : seenBy(next, seen)
}

/** The version that has its task has taken it further. */
function taken(state: WorkflowState): WorkflowState {
  const { version = null, own, started } = state
  if (version === own) return state
  // Of a delivery that is taken over from an owner that is gone nobody knows to which version it was.
  if (version === null) return { ...state, own: null }
  const isPinned = started.options?.versioning === 'pinned' && state.pinned !== true
  return { ...state, own: version, ...(isPinned ? { route: version, pinned: true } : {}) }
}

function born(started: Started): WorkflowState {
  const options = started.options ?? {}
  const dueAt = Math.max(options.notBefore ?? 0, started.at)
  const { timeout, expiresMs } = options
  return {
    started,
    count: 1,
    base: 0,
    news: 1,
    turn: 1,
    task: newTask(options.notBefore ?? null, started.at),
    since: started.at,
    startedAt: null,
    holder: null,
    open: {},
    signals: [],
    commands: [],
    calls: [],
    cancelRequested: false,
    totalAt: timeout?.total === undefined ? null : dueAt + timeout.total,
    expiresAt: expiresMs === undefined ? null : dueAt + expiresMs,
    closing: null,
  }
}

function evolved(state: WorkflowState, event: WorkflowEvent): WorkflowState {
  switch (event.is) {
    case 'step_begun':
      return told(opened(state, event.n as number, { is: 'step', name: event.name as string }), event)
    case 'step_completed':
      return told(ended(state, event.n as number), event)
    case 'step_failed': {
      const { n, name, attempt, failure, retryAt, parked } = event as WorkflowEvent & { is: 'step_failed' }
      if (parked === true) return opened(state, n, { is: 'parked', name, attempt, failure })
      return retryAt === undefined ? told(ended(state, n), event) : opened(state, n, { is: 'backoff', name, attempt, failure, dueAt: retryAt })
    }
    case 'timer_set':
      return opened(state, event.n as number, { is: 'timer', dueAt: event.dueAt as Instant })
    case 'waiting': {
      const { n, signal, dueAt = null, taken, known, scoped } = event as WorkflowEvent & { is: 'waiting' }
      if (taken === undefined) return opened(state, n, { is: 'wait', signal, dueAt, ...(scoped === true && { scoped }) })
      const next = { ...ended(state, n), signals: without(state.signals, taken) }
      if (known === true) return next
      const buffered = state.signals.find(({ number }) => number === taken)
      return told(scoped === true && buffered !== undefined ? given(next, n, buffered) : next, event)
    }
    case 'dropped':
      return dropped(state, event as WorkflowEvent & { is: 'dropped' })
    case 'promise_made': {
      const { n, name, token, dueAt = null } = event as WorkflowEvent & { is: 'promise_made' }
      return told(opened(state, n, { is: 'promise', name, token, dueAt }), event)
    }
    case 'promise_settled':
      return told(ended({ ...state, commands: remembered(state, event.command as CommandId, event.at) }, event.n as number), event)
    case 'retry_due': {
      const { n, command, at } = event as WorkflowEvent & { is: 'retry_due' }
      const next = told(ended(state, n), event)
      return command === undefined ? next : { ...next, commands: remembered(state, command, at) }
    }
    case 'stream_written':
    case 'stream_closed':
    case 'timer_fired':
    case 'wait_timed_out':
    case 'child_refused':
    case 'child_closed':
      return told(ended(state, event.n as number), event)
    case 'child_asked': {
      const { n, definition, run, input = null, options = {}, detached = false, parentClose, at } = event as WorkflowEvent & { is: 'child_asked' }
      const policy = parentClose === undefined ? {} : { parentClose }
      return opened(state, n, { is: 'child', definition, run, detached, ...policy, askedAt: at, order: { input, options } })
    }
    case 'child_started': {
      const n = event.n as number
      const child = state.open[n] as Child
      return child.detached ? told(ended(state, n), event) : opened(state, n, { ...child, order: null })
    }
    case 'signalled':
      return signalled(state, event as WorkflowEvent & { is: 'signalled' })
    case 'update_accepted':
      return told(accepted(state, event as WorkflowEvent & { is: 'update_accepted' }), event)
    case 'update_answered':
      return answered(state, event as WorkflowEvent & { is: 'update_answered' })
    case 'shown': {
      const { shown = state.shown, metadata = state.metadata } = event as WorkflowEvent & { is: 'shown' }
      return { ...state, ...(shown !== undefined && { shown }), ...(metadata !== undefined && { metadata }) }
    }
    case 'yielded': {
      const worker = state.task?.worker
      invariant(worker != null, 'only a worker that has the task yields', { turn: state.turn })
      return { ...state, task: null, since: event.at, holder: { worker, upTo: state.count + 1 } }
    }
    case 'patched':
      return state
    case 'unbound':
      return { ...state, holder: null }
    case 'routed': {
      const { command, at } = event as WorkflowEvent & { is: 'routed' }
      const next = routed(state, event as WorkflowEvent & { is: 'routed' })
      return command === undefined ? next : { ...next, commands: remembered(state, command, at) }
    }
    case 'continued':
      return continued(state, event as WorkflowEvent & { is: 'continued' })
    case 'cancel_requested':
      return told({ ...state, cancelRequested: true, commands: remembered(state, event.command as CommandId, event.at) }, event)
    default:
      return isClosed(event.is as RunState) ? closed(state, event as Closing) : tasked(state, event as TaskEvent)
  }
}

/** The code may go on: it gets its task, if it has none. */
function told(state: WorkflowState, { at }: { at: Instant }): WorkflowState {
  const news = state.count + 1
  if (state.task !== null) return { ...state, news }
  return { ...state, news, turn: state.turn + 1, task: newTask(null, at), since: at }
}

function tasked(state: WorkflowState, event: TaskEvent): WorkflowState {
  invariant(state.task !== null, 'a task event needs a task', { event: event.is })
  const task = evolveTask(state.task, event)
  let next: WorkflowState = { ...state, task, since: event.at, startedAt: state.startedAt ?? task.startedAt }
  if (event.is === 'delivered' && (event.version ?? null) !== (state.version ?? null)) next = { ...next, version: event.version ?? null }
  if (event.is === 'attempt_failed') next = misfit(next, event)
  // Whoever had it has said that it goes, has failed, or is gone.
  if (event.is === 'returned' || event.is === 'attempt_failed') return { ...next, holder: null }
  return event.is === 'resumed' ? { ...freed(next), commands: remembered(state, event.command, event.at) } : next
}

function opened(state: WorkflowState, n: number, open: Open): WorkflowState {
  return { ...state, open: { ...state.open, [n]: open } }
}

function ended(state: WorkflowState, n: number): WorkflowState {
  if (state.open[n] === undefined) return state
  const { [n]: _, ...open } = state.open
  return { ...state, open }
}

function signalled(state: WorkflowState, event: WorkflowEvent & { is: 'signalled' }): WorkflowState {
  const { n, name, payload = null, command, at, times } = event
  const next = times === 0 ? state : { ...state, commands: remembered(state, command, at, times) }
  if (n !== undefined) {
    const wait = state.open[n]
    const after = ended(next, n)
    return told(wait?.is === 'wait' && wait.scoped === true ? given(after, n, { number: state.count, name, payload }) : after, event)
  }
  return { ...next, signals: [...state.signals, { number: state.count, name, payload }] }
}

/** Most often the first is taken. */
function without(signals: WorkflowState['signals'], taken: number): WorkflowState['signals'] {
  return signals[0]?.number === taken ? signals.slice(1) : signals.filter(({ number }) => number !== taken)
}

/** The same run, from its beginning: nothing of what was before is looked at again, save signals that nobody took; so any version fits it. */
function continued(state: WorkflowState, event: WorkflowEvent & { is: 'continued' }): WorkflowState {
  const worker = state.task?.worker
  invariant(worker != null, 'only a worker that has the task goes on anew', { turn: state.turn })
  const { given: _, ...rest } = freed(state)
  const begun = {
    ...rest,
    base: state.count,
    open: {},
    input: event.input ?? null,
    holder: { worker, upTo: state.count },
    task: null,
    ...(event.said !== undefined && { said: event.said }),
  }
  return told(begun, event)
}

function closed(state: WorkflowState, closing: Closing): WorkflowState {
  const rest = state.given === undefined ? state : withGiven(state, [])
  return { ...rest, closing, since: closing.at, open: {}, signals: [], task: endedTask(state.task, closing) }
}

function endedTask(task: TaskState | null, { at, failure }: Closing): TaskState | null {
  return task === null ? null : { ...task, phase: 'ended', since: at, delivery: null, failure: failure ?? null }
}

function remembered({ commands }: WorkflowState, id: CommandId, at: Instant, times?: number): WorkflowState['commands'] {
  const from = commands.findIndex(command => command.at > at - COMMANDS_MS)
  return [...(from < 0 ? [] : commands.slice(Math.max(from, commands.length + 1 - COMMANDS_MAX))), { id, at, ...(times !== undefined && { times }) }]
}

function called({ calls, task }: WorkflowState, event: WorkflowEvent, call: number): WorkflowState['calls'] {
  const delivery = (event as { delivery?: string }).delivery ?? task?.delivery
  invariant(delivery != null, 'whoever advances a run has its task', { event: event.is })
  if (calls.length === 1 && calls[0]?.delivery === delivery) return [{ delivery, call }]
  const others = calls.filter(known => known.delivery !== delivery)
  return [...others.slice(1 - CALLS_MAX), { delivery, call }]
}

export function policyOf(state: WorkflowState): TaskPolicy {
  const { started } = state
  const { queue = QUEUE_DEFAULT, priority = 0, gate = null } = started.options ?? {}
  return {
    task: 'workflow',
    queue,
    definition: started.definition,
    labels: labelsOf(state),
    priority,
    gate,
    retry: TASK_RETRY,
    ...UNTIMED,
  }
}

function labelsOf(state: WorkflowState): Labels | null {
  const { labels = null } = state.started.options ?? {}
  if (state.task?.phase !== 'ready') return labels
  const versions = versionLabels(state)
  if (versions === null && state.holder === null) return labels
  return { ...labels, ...versions, ...(state.holder === null ? {} : { [WORKER_LABEL]: state.holder.worker }) }
}

export function taskId({ turn }: WorkflowState): string {
  return String(turn)
}

export function readyOrder(state: WorkflowState): TaskOrder | null {
  if (state.task?.phase !== 'ready' || state.closing !== null) return null
  const order = orderOf(state.task, policyOf(state))
  return order === null ? null : { ...order, task: taskId(state) }
}

/** The earliest that time alone does. */
export function wakeAt(state: WorkflowState): Instant | null {
  if (state.closing !== null) return null
  const { task, holder, totalAt, expiresAt, startedAt } = state
  let at = task === null ? null : wakeAtOf(task, UNTIMED)
  at = sooner(at, totalAt)
  if (startedAt === null) at = sooner(at, expiresAt)
  if (task?.phase === 'ready' && holder !== null) at = sooner(at, task.since + HOLDER_MS)
  at = sooner(at, anewAt(state))
  for (const n in state.open) at = sooner(at, dueAt(state.open[n] as Open))
  return at
}

function sooner(at: Instant | null, other: Instant | null): Instant | null {
  return at === null || (other !== null && other < at) ? other : at
}

/** When time alone does something to an open operation. */
export function dueAt(open: Open): Instant | null {
  if (open.is === 'step' || open.is === 'parked') return null
  if (open.is === 'child') return open.order === null ? null : open.askedAt + RESEND_MS
  return open.dueAt
}

export function pending(state: WorkflowState): Pending {
  if (state.closing !== null) return { ready: [], delivered: [], wakeAt: null }
  const order = readyOrder(state)
  const delivered = state.task === null ? null : deliveredOf(state.task, { task: taskId(state), ...UNTIMED })
  return {
    ready: order === null ? [] : [order],
    delivered: delivered === null ? [] : [delivered],
    wakeAt: wakeAt(state),
  }
}

/** How many of the first events a worker knows. */
export function journal({ holder, base }: WorkflowState, worker: string): number {
  return holder?.worker === worker ? holder.upTo : base
}
