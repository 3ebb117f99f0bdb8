import { SIGNALS_PER_CALL_MAX } from '../../core/bounds.ts'
import { refuse, whoOf } from '../../core/decide.ts'
import { invariant } from '../../core/errors.ts'
import type { ActorId } from '../../core/ids.ts'
import type { Answered, ChildClosed, Context, Decision, Machine, RunInput, TaskInput, TaskResult } from '../../core/machine.ts'
import { decideTask, type TaskState, type TaskStep, wakeTask } from '../../core/task.ts'
import type { Instant } from '../../core/time.ts'
import { advanced } from './advance.ts'
import { cancelChildren, childOf, startMessage, withChildren } from './children.ts'
import { decision, NOTHING } from './decision.ts'
import { promisedAnew } from './point.ts'
import { settled } from './promises.ts'
import { routing } from './routing.ts'
import { dueAt, evolve, HOLDER_MS, journal, pending, policyOf, taskId } from './state.ts'
import {
  type Child,
  type Closing,
  type Open,
  SIGNAL_BYTES_MAX,
  SIGNALS_MAX,
  type SignalInput,
  type SignalsInput,
  type Started,
  type StartInput,
  type WorkflowEvent,
  type WorkflowInput,
  type WorkflowState,
} from './types.ts'
import { updated } from './updates.ts'
import { anewAt, isMisfit } from './versions.ts'
import { view } from './view.ts'

/**
 * A durable workflow: code whose history is its journal. Its one task, the workflow task, says that the code is to go on; the worker that has it runs the code, and
 * answers with entries of the journal (advance.ts) until nothing of it runs any more. Then the run waits, without a task, for what its open operations wait for.
 *
 * ```text
 *              ┌────────────── timer, signal, child, retry, cancel ─────────────┐
 * started ──▶ task ready ──delivered──▶ task running ──yielded──▶ waiting ──────┘
 *               ▲                        │  │  └────── advanced: entries, and the code goes on
 *               └─ returned, lost, failed┘  └─finished──▶ closed, or continued: from the beginning
 * ```
 */
export const workflow: Machine<WorkflowState, WorkflowInput, WorkflowEvent> = {
  kind: 'workflow',
  reads: [1],
  writes: 1,
  decide: (state, input, context) => routing(state, decide(state, input, context), context),
  evolve,
  pending,
  view,
  journal,
}

function decide(state: WorkflowState | null, input: WorkflowInput, context: Context): Decision<WorkflowEvent> {
  if (input.is === 'start') return started(state, input, context)
  invariant(state !== null, 'only a start makes a run', { input: input.is })
  switch (input.is) {
    case 'wake':
      return state.closing === null ? woken(state, context) : NOTHING
    case 'cancel':
      return cancelled(state, input, context)
    case 'terminate':
      return terminated(state, input, context)
    case 'resume':
      return resumed(state, input, context)
    case 'change':
      return refuse(input.command, state.closing === null ? 'run-begun' : 'run-closed')
    case 'signal':
      return signalled(state, input, context)
    case 'signals':
      return allSignalled(state, input, context)
    case 'update':
      return updated(state, input, context)
    case 'settle':
      return settled(state, input, context)
    case 'answered':
      return answered(state, input, context)
    case 'child_closed':
      return childClosed(state, input, context)
    case 'advance':
      return advanced(state, input, context)
    default:
      return tasked(state, input, context)
  }
}

function started(state: WorkflowState | null, input: StartInput, context: Context): Decision<WorkflowEvent> {
  invariant(state === null, 'a run starts once', { run: context.self })
  const { definition, options, trigger, key, traceparent, fork } = input
  const event: Started = { is: 'started', at: context.now, definition, options }
  if (trigger.is !== 'call' || trigger.by !== undefined) event.trigger = trigger
  if (key !== undefined) event.key = key
  if (traceparent !== undefined) event.traceparent = traceparent
  if (fork === undefined) return decision(null, [event as WorkflowEvent])
  const { kept, ...first } = fork
  return decision(null, [{ ...event, ...first, kept: kept.length } as WorkflowEvent, ...promisedAnew(context.self, kept, context.now)])
}

/** What time alone does, all of it that is due. */
function woken(state: WorkflowState, context: Context): Decision<WorkflowEvent> {
  const { now: at } = context
  if (state.totalAt !== null && state.totalAt <= at) return closed(state, { is: 'timed_out', at, reason: 'total' }, context)
  if (state.expiresAt !== null && state.startedAt === null && state.expiresAt <= at)
    return closed(state, { is: 'timed_out', at, reason: 'expired' }, context)
  const events: WorkflowEvent[] = []
  const unanswered: [number, Child][] = []
  for (const [key, open] of Object.entries(state.open)) {
    const due = dueAt(open)
    if (due === null || due > at) continue
    const n = Number(key)
    if (open.is === 'child') unanswered.push([n, open])
    else events.push({ is: DUE[open.is as keyof typeof DUE], at, n } as WorkflowEvent)
  }
  if (state.task !== null) events.push(...(wakeTask(state.task, policyOf(state), false, context).events as WorkflowEvent[]))
  if (isUnclaimed(state, at)) events.push({ is: 'unbound', at })
  if ((anewAt(state) ?? Number.POSITIVE_INFINITY) <= at) events.push({ is: 'routed', at, anew: true })
  const again = unanswered.slice(0, STARTS_AGAIN_MAX).map(([n, child]) => startMessage(context.self, n, child, true))
  return decision(state, events, again)
}

const DUE = { backoff: 'retry_due', timer: 'timer_fired', wait: 'wait_timed_out', promise: 'wait_timed_out' } as const
const STARTS_AGAIN_MAX = 500

function isUnclaimed({ task, holder }: WorkflowState, now: Instant): boolean {
  return task?.phase === 'ready' && holder !== null && task.since + HOLDER_MS <= now
}

/** The code is told, and ends in its own way; one that nobody has begun has nothing to end. */
function cancelled(state: WorkflowState, input: RunInput & { is: 'cancel' }, context: Context): Decision<WorkflowEvent> {
  if (state.closing !== null) return state.closing.is === 'cancelled' ? NOTHING : refuse(input.command, 'run-closed')
  if (state.cancelRequested) return NOTHING
  const { now: at } = context
  if (state.startedAt === null) return closed(state, { is: 'cancelled', at, reason: 'cancelled', ...whoOf(input) }, context)
  const event = { is: 'cancel_requested', at, command: input.command, ...whoOf(input) } as WorkflowEvent
  return decision(state, [event], cancelChildren(state, context))
}

function terminated(state: WorkflowState, input: RunInput & { is: 'terminate' }, context: Context): Decision<WorkflowEvent> {
  if (state.closing !== null) return state.closing.is === 'terminated' ? NOTHING : refuse(input.command, 'run-closed')
  return closed(state, { is: 'terminated', at: context.now, reason: 'terminated', ...whoOf(input) }, context)
}

/** Its code did not fit its history, and is tried again by itself; a person who has mended it need not wait. */
function resumed(state: WorkflowState, input: RunInput & { is: 'resume' }, context: Context): Decision<WorkflowEvent> {
  if (state.commands.some(({ id }) => id === input.command)) return NOTHING
  if (state.closing !== null) return refuse(input.command, 'run-closed')
  const { command, version } = input
  const { now: at } = context
  const events: WorkflowEvent[] = []
  if (state.task?.phase === 'backoff') events.push({ is: 'resumed', at, command, ...whoOf(input) } as WorkflowEvent)
  for (const [n, open] of Object.entries(state.open))
    if (open.is === 'parked') events.push({ is: 'retry_due', at, n: Number(n), command, ...whoOf(input) } as WorkflowEvent)
  if (version !== undefined) events.push({ is: 'routed', at, version, pinned: true, anew: true, command, ...whoOf(input) } as WorkflowEvent)
  else if (events.length === 0 && state.task?.phase === 'ready' && state.misfits !== undefined)
    events.push({ is: 'routed', at, anew: true, command, ...whoOf(input) } as WorkflowEvent)
  return events.length === 0 ? refuse(command, 'not-stuck') : decision(state, events)
}

function closed(state: WorkflowState, closing: Closing, context: Context): Decision<WorkflowEvent> {
  return withChildren(state, decision(state, [closing as WorkflowEvent]), context)
}

/** Goes to who has waited longest for one of its name, else it is kept until somebody does. */
function signalled(state: WorkflowState, input: SignalInput, context: Context): Decision<WorkflowEvent> {
  const { command, name, payload, by } = input
  if (state.commands.some(({ id }) => id === command)) return NOTHING
  if (state.closing !== null) return refuse(command, 'run-closed')
  const events = taking(state, { command, signals: [{ name, payload }], by }, context)
  return events.length === 0 ? refuse(command, 'too-many-signals') : decision(state, events)
}

/** As many of the first as there is room for: how many that are is the reply, also to a repeat. */
function allSignalled(state: WorkflowState, input: SignalsInput, context: Context): Decision<WorkflowEvent> {
  const { command } = input
  const known = state.commands.find(({ id }) => id === command)
  if (known !== undefined) return { ...NOTHING, replies: [{ command, reply: { ok: true, value: String(known.times ?? 1) } }] }
  if (state.closing !== null) return refuse(command, 'run-closed')
  const events = taking(state, input, context)
  if (events.length === 0) return refuse(command, 'too-many-signals')
  return { ...decision(state, events), replies: [{ command, reply: { ok: true, value: String(events.length) } }] }
}

/** The events of those that there is room for: each goes to a wait of its own. */
function taking(state: WorkflowState, { command, signals, by }: Omit<SignalsInput, 'is'>, { now: at }: Context): WorkflowEvent[] {
  const waits = waitsOf(state)
  const kept = state.given === undefined ? state.signals : [...state.signals, ...state.given]
  let count = kept.length
  let bytes = kept.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0)
  const events: WorkflowEvent[] = []
  for (const { name, payload } of signals.slice(0, SIGNALS_PER_CALL_MAX)) {
    const n = waits.get(name)?.shift()
    // What a wait in a scope is given is kept until the code has seen it.
    if (n === undefined || (state.open[n] as Open & { is: 'wait' }).scoped === true) {
      bytes += payload?.length ?? 0
      if (count >= SIGNALS_MAX || (count > 0 && bytes > SIGNAL_BYTES_MAX)) break
      count++
    }
    const event = { is: 'signalled', at, name, command } as WorkflowEvent & { is: 'signalled' }
    if (payload !== null) event.payload = payload
    if (by !== null) event.by = by
    if (n !== undefined) event.n = n
    if (events.length > 0) event.times = 0
    events.push(event)
  }
  if (events.length > 1) (events[0] as WorkflowEvent & { is: 'signalled' }).times = events.length
  return events
}

/** Operations that wait, by the names of their signals, those that have waited longest first. */
function waitsOf({ open }: WorkflowState): Map<string, number[]> {
  const waits = new Map<string, number[]>()
  // Keys that are numbers are in their order.
  for (const [key, { is, signal }] of Object.entries(open) as [string, { is: string; signal: string }][]) {
    if (is !== 'wait') continue
    const known = waits.get(signal)
    if (known === undefined) waits.set(signal, [Number(key)])
    else known.push(Number(key))
  }
  return waits
}

function answered(state: WorkflowState, { reference: n, run, refusal }: Answered, context: Context): Decision<WorkflowEvent> {
  const child = state.open[n]
  // A repeat, or of one that was asked for before the code began anew.
  if (state.closing !== null || child?.is !== 'child' || child.order === null || (refusal === null && run !== child.run)) return NOTHING
  const { now: at } = context
  if (refusal === null) return decision(state, [{ is: 'child_started', at, n }])
  return decision(state, [{ is: 'child_refused', at, n, code: refusal, ...(run === null ? {} : { other: run }) }])
}

function childClosed(state: WorkflowState, { run, state: ended, outcome }: ChildClosed, context: Context): Decision<WorkflowEvent> {
  const n = state.closing === null ? childOf(state, run as ActorId) : null
  if (n === null) return NOTHING
  const event = { is: 'child_closed', at: context.now, n, run, state: ended } as WorkflowEvent & { is: 'child_closed' }
  if (outcome?.reason != null) event.reason = outcome.reason
  if (outcome?.output !== undefined) event.output = outcome.output
  if (outcome?.failure !== undefined) event.failure = outcome.failure
  return decision(state, [event])
}

function tasked(state: WorkflowState, input: TaskInput, context: Context): Decision<WorkflowEvent> {
  const { task, closing } = state
  const speaks = input.is === 'result' || input.is === 'report'
  if (closing !== null) return speaks ? refuse(input.delivery, 'closed') : NOTHING
  if (task === null || input.task !== taskId(state)) return speaks || input.is === 'deliver' ? refuse(input.delivery, 'superseded') : NOTHING
  const step: TaskStep = decideTask(task, policyOf(state), patient(input, state), false, context)
  if (step.refused !== undefined) return refuse((input as { delivery: string }).delivery, step.refused)
  return step.events.length === 0 ? NOTHING : decision(state, step.events as WorkflowEvent[])
}

/** A lost task is given again at once, so many times: code that kills its workers must not kill all of them, one after the other, without a pause. */
const LOST_AT_ONCE_MAX = 5

function patient(input: TaskInput, state: WorkflowState): TaskInput {
  const { worker, attempt } = state.task as TaskState
  if (input.is === 'result') {
    const result = neverLast(input.result)
    // Another version may fit.
    return { ...input, result: result.is === 'failed' && isMisfit(state, result.failure.code) ? { ...result, delayMs: 0 } : result }
  }
  if (input.is !== 'lost' || attempt <= LOST_AT_ONCE_MAX) return input
  const failure = { type: 'Lost', message: `its worker gave no answer by the end of its lease, ${attempt} times in a row`, code: 'lost' }
  return { ...input, is: 'result', worker: worker ?? '', result: { is: 'failed', retry: true, failure } }
}

/** Only `advance` ends a workflow: whatever else is said of its task, it is tried again. */
function neverLast(result: TaskResult): TaskResult {
  if (result.is === 'returned') return result
  if (result.is === 'failed') return { ...result, retry: true }
  return { is: 'failed', retry: true, failure: { type: 'NoJournal', message: `a workflow goes on by tasks/advance; its worker said "${result.is}"` } }
}
