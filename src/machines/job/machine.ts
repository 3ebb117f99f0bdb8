import { refuse, whoOf } from '../../core/decide.ts'
import { invariant } from '../../core/errors.ts'
import type { Context, Decision, Machine, RunInput, TaskInput } from '../../core/machine.ts'
import { MISFITS_MAX } from '../../core/misfits.ts'
import type { Failure, Outcome } from '../../core/run.ts'
import { decideTask, type TaskEnd, type TaskStep, wakeTask } from '../../core/task.ts'
import { anewAt, evolve, pending, readyOrder, wakeAt } from './state.ts'
import { type Changed, type Closing, type JobEvent, type JobInput, type JobState, type Started, type StartInput, TASK } from './types.ts'
import { view } from './view.ts'

/** A background job: one task, tried until it completes or its attempts are used up. */
export const job: Machine<JobState, JobInput, JobEvent> = { kind: 'job', reads: [1], writes: 1, decide, evolve, pending, view }

function decide(state: JobState | null, input: JobInput, context: Context): Decision<JobEvent> {
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
      return changed(state, input, context)
    default:
      return stepped(state, input, decideTask(state.task, state.policy, bounded(input, state), state.cancelRequested, context), context)
  }
}

/** Who could not do it is remembered, up to a number of versions; beyond, it is an ordinary snooze. */
function bounded(input: TaskInput, { misfits }: JobState): TaskInput {
  if (misfits === undefined || misfits.length < MISFITS_MAX || input.is !== 'result' || input.result.is !== 'snoozed') return input
  const { misfit: _, ...result } = input.result
  return { ...input, result }
}

const NOTHING: Decision<JobEvent> = { events: [] }

function started(state: JobState | null, input: StartInput, context: Context): Decision<JobEvent> {
  invariant(state === null, 'a run starts once', { run: context.self })
  const event: Started = { is: 'started', at: context.now, definition: input.definition }
  for (const _ in input.options) {
    event.options = input.options
    break
  }
  if (input.trigger.is !== 'call' || input.trigger.by !== undefined) event.trigger = input.trigger
  if (input.key !== undefined) event.key = input.key
  if (input.traceparent !== undefined) event.traceparent = input.traceparent
  return decision(null, [event as JobEvent])
}

function woken(state: JobState, context: Context): Decision<JobEvent> {
  const { now } = context
  if (state.totalAt !== null && state.totalAt <= now) return closed(state, { is: 'timed_out', at: now, reason: 'total' })
  if (state.expiresAt !== null && state.task.startedAt === null && state.expiresAt <= now)
    return closed(state, { is: 'timed_out', at: now, reason: 'expired' })
  const step = wakeTask(state.task, state.policy, state.cancelRequested, context)
  if (step.events.length === 0 && step.end === undefined && (anewAt(state) ?? Number.POSITIVE_INFINITY) <= now)
    return decision(state, [{ is: 'due', at: now, anew: true }])
  return stepped(state, null, step, context)
}

function cancelled(state: JobState, input: RunInput & { is: 'cancel' }, context: Context): Decision<JobEvent> {
  if (state.closing !== null) return state.closing.is === 'cancelled' ? NOTHING : refuse(input.command, 'run-closed')
  if (state.cancelRequested) return NOTHING
  const who = whoOf(input)
  // A running handler is asked, and its answer closes the run; nothing else has anybody to ask.
  if (state.task.phase === 'running') return decision(state, [{ is: 'cancel_requested', at: context.now, command: input.command, ...who }])
  return closed(state, { is: 'cancelled', at: context.now, reason: 'cancelled', ...who })
}

function terminated(state: JobState, input: RunInput & { is: 'terminate' }, context: Context): Decision<JobEvent> {
  if (state.closing !== null) return state.closing.is === 'terminated' ? NOTHING : refuse(input.command, 'run-closed')
  const closing: Closing = { is: 'terminated', at: context.now, reason: 'terminated' }
  if (input.by !== null) closing.by = input.by
  if (input.why !== null) closing.why = input.why
  return closed(state, closing)
}

function resumed(state: JobState, input: RunInput & { is: 'resume' }, context: Context): Decision<JobEvent> {
  if (state.commands?.includes(input.command)) return NOTHING
  if (state.closing !== null) return refuse(input.command, 'run-closed')
  const said = { at: context.now, command: input.command, ...whoOf(input) }
  if (anewAt(state) !== null) return decision(state, [{ is: 'due', anew: true, ...said }])
  return state.task.phase === 'parked' ? decision(state, [{ is: 'resumed', ...said }]) : refuse(input.command, 'not-stuck')
}

function changed(state: JobState, input: RunInput & { is: 'change' }, context: Context): Decision<JobEvent> {
  const { command, change } = input
  if (state.commands?.includes(command)) return NOTHING
  if (state.closing !== null) return refuse(command, 'run-closed')
  const { phase } = state.task
  // What is parked is due when somebody resumes it.
  if (phase === 'running' || (phase === 'parked' && change.due !== undefined)) return refuse(command, 'run-begun')
  const { due, ...rest } = change
  const event: Changed = { is: 'changed', at: context.now, command, ...whoOf(input), ...rest }
  const dueAt = due === undefined ? null : due === 'now' ? context.now : Math.max(due, context.now)
  if (dueAt !== null && (phase !== 'ready' || dueAt > context.now)) event.dueAt = dueAt
  const decided = decision(state, [event as JobEvent])
  // It may wait elsewhere now, or in another place, though it is the same task.
  if (phase === 'ready') decided.withdraw = [TASK]
  const order = readyOrder(decided.state as JobState)
  if (order !== null) decided.tasks = [order]
  return decided
}

function stepped(state: JobState, input: TaskInput | null, step: TaskStep, context: Context): Decision<JobEvent> {
  if (step.refused !== undefined) return refuse((input as { delivery: string }).delivery, step.refused)
  if (step.end === undefined) return step.events.length === 0 ? NOTHING : decision(state, step.events as JobEvent[])
  const closing = closingOf(step.end, context.now)
  const decided = decision(state, [...(step.events as JobEvent[]), closing as JobEvent], step.end.is === 'completed' ? step.end.output : null)
  if (step.end.is === 'completed' && decided.outcome !== undefined) {
    const { assets, watermark } = step.end
    if (assets !== undefined) decided.outcome.assets = assets
    if (watermark !== undefined) decided.outcome.watermark = watermark
  }
  return decided
}

function closingOf(end: TaskEnd, at: number): Closing {
  if (end.is === 'timed_out') return { is: 'timed_out', at, reason: end.reason }
  const closing: Closing = { is: end.is, at, delivery: end.delivery, result: end.result }
  if (end.is === 'failed') closing.reason = end.reason
  if (end.is === 'cancelled') closing.reason = 'cancelled'
  if (end.is !== 'completed' && end.failure !== undefined) closing.failure = end.failure
  return closing
}

function closed(state: JobState, closing: Closing): Decision<JobEvent> {
  return decision(state, [closing as JobEvent])
}

/** A job has one task, so what changed follows from what is outstanding before and after. */
function decision(before: JobState | null, events: JobEvent[], output: string | null = null): Decision<JobEvent> {
  const after = events.reduce<JobState | null>(evolve, before) as JobState
  const decided: Decision<JobEvent> = { events, state: after }
  const order = readyOrder(after)
  if (before !== null && outstanding(before) !== null && outstanding(before) !== outstanding(after)) decided.withdraw = [TASK]
  if (order !== null && (before === null || outstanding(before) !== outstanding(after))) decided.tasks = [order]
  const at = wakeAt(after)
  if (before === null ? at !== null : at !== wakeAt(before)) decided.wakeAt = at
  if (after.closing !== null) decided.outcome = outcome(after.closing, output)
  return decided
}

/** What is handed out or about to be: a name that differs when it does. */
function outstanding({ task, misfits }: JobState): string | null {
  if (task.phase === 'ready') return misfits === undefined ? `${task.attempt} ${task.since}` : `${task.attempt} ${task.since} ${misfits}`
  return task.phase === 'running' ? task.delivery : null
}

function outcome(closing: Closing, output: string | null): Outcome {
  const ended: Outcome = { state: closing.is, reason: closing.reason ?? null }
  if (output !== null) ended.output = output
  if (closing.failure !== undefined) ended.failure = closing.failure as Failure
  return ended
}
