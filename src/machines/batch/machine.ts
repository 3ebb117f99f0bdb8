import { refuse } from '../../core/decide.ts'
import { invariant } from '../../core/errors.ts'
import { callRunId, type RunId } from '../../core/ids.ts'
import type { Answered, ChildClosed, Context, Decision, Machine, Message, StartOrder } from '../../core/machine.ts'
import { BATCH_CALLBACKS, type BatchCallback } from '../../core/run.ts'
import { askedRun, askedTime, lateTimes, ledgerMessage, roomOf, startTime, timeAsked } from './backfill.ts'
import { activeSweep, evolve, pending, RESEND_MS, wakeAt } from './state.ts'
import type { AskedCallback, AskedTime, BatchEvent, BatchInput, BatchState, Closing, Jobs, PageInput, StartInput, TimesInput } from './types.ts'
import { callbackInput, summary, view } from './view.ts'

/**
 * A batch, of one of these sorts:
 * - a group of jobs. It is told of each that closes, in the same commit, and starts its callbacks, each once. It takes jobs until it is sealed, and closes when it is
 *   sealed, all of them have ended and its callbacks have been started.
 * - a bulk operation on runs that are there. Somebody reads a page of them; what became of it, and where the next begins, come back in one commit with the commands to
 *   those runs (E12). A group that is cancelled goes through its own jobs like that.
 * - a backfill of a schedule: a group that starts its jobs itself, a few at a time. Somebody looks up its next times and what is there for them (backfill.ts).
 */
export const batch: Machine<BatchState, BatchInput, BatchEvent> = { kind: 'batch', reads: [1], writes: 1, decide, evolve, pending, view }

const NOTHING: Decision<BatchEvent> = { events: [] }

function decide(state: BatchState | null, input: BatchInput, context: Context): Decision<BatchEvent> {
  if (input.is === 'start') return started(state, input, context)
  invariant(state !== null, 'only a start makes a batch', { input: input.is })
  if (state.closing !== null) return late(state, input)
  const at = context.now
  switch (input.is) {
    case 'wake':
      return woken(state, context)
    case 'added':
      return added(state, input, context)
    case 'item_answered':
      return itemAnswered(state, input.run, context)
    case 'commanded':
      return state.sweep === null ? NOTHING : go(state, [{ ...input, at }], context)
    case 'seal':
      return state.jobs === null || state.jobs.sealed ? NOTHING : go(state, [{ is: 'sealed', at, by: input.by }], context)
    case 'child_closed':
      return childClosed(state, input, context)
    case 'times':
      return times(state, input, context)
    case 'child_retried':
      return go(state, [{ is: 'child_retried', at, run: input.run, of: input.of, state: input.state }], context)
    case 'answered':
      return answered(state, input, context)
    case 'page':
      return paged(state, input, context)
    case 'pause':
      return (activeSweep(state) === null || state.jobs !== null) && !mayPause(state)
        ? NOTHING
        : go(state, [{ is: 'paused', at, by: input.by, why: input.why }], context)
    case 'resume':
      return state.paused === null ? NOTHING : go(state, [{ is: 'resumed', at, by: input.by }], context)
    case 'cancel':
      return cancelled(state, input, context)
    case 'change':
      return refuse(input.command, 'run-begun')
    case 'terminate':
      return go(state, [closing('terminated', at, 'terminated', input)], context)
  }
}

function started(state: BatchState | null, { name, options, trigger, plan }: StartInput, context: Context): Decision<BatchEvent> {
  invariant(state === null, 'a batch starts once', { batch: context.self })
  return go(null, [{ is: 'started', at: context.now, name, plan, options, trigger }], context)
}

function late(state: BatchState, input: BatchInput): Decision<BatchEvent> {
  const { is } = state.closing as Closing
  switch (input.is) {
    case 'cancel':
      return is === 'cancelled' ? NOTHING : refuse(input.command, 'run-closed')
    case 'terminate':
      return is === 'terminated' ? NOTHING : refuse(input.command, 'run-closed')
    case 'resume':
    case 'change':
      return refuse(input.command, 'run-closed')
    default:
      return NOTHING
  }
}

function woken(state: BatchState, context: Context): Decision<BatchEvent> {
  const { now } = context
  const due = wakeAt(state)
  if (due === null || due > now) return NOTHING
  const events: BatchEvent[] = []
  const sweep = activeSweep(state)
  if (sweep !== null && sweep.lookAt <= now) events.push({ is: 'looked', at: now })
  else if (roomOf(state) > 0 && (state.backfill?.lookAt ?? 0) <= now) events.push({ is: 'looked', at: now })
  const late = lateTimes(state, now)
  if (late.length > 0) events.push({ is: 'times_asked_again', at: now, ns: late.map(({ n }) => n) })
  const again = (state.jobs?.callbacks ?? []).filter(({ answered, askedAt }) => !answered && askedAt + RESEND_MS <= now)
  for (const { callback, run } of again) events.push({ is: 'callback_asked', at: now, callback, run })
  const after = events.reduce<BatchState>(evolve, state)
  const messages = [...again.map(asked => startMessage(after, asked, true, context)), ...late.map(time => startTime(after, time, true, context))]
  return { events, state: after, wakeAt: wakeAt(after), messages }
}

function added(state: BatchState, { count, asked = 0 }: BatchInput & { is: 'added' }, context: Context): Decision<BatchEvent> {
  if (count + asked === 0) return NOTHING
  return go(state, [{ is: 'added', at: context.now, count, ...(asked === 0 ? {} : { asked }) }], context)
}

/** One that was started after its batch was cancelled is not among those that the operation finds. */
function itemAnswered(state: BatchState, run: RunId | null, context: Context): Decision<BatchEvent> {
  const decision = go(state, [{ is: 'item_answered', at: context.now, run }], context)
  if (run === null || !state.cancelRequested) return decision
  const { by = null, why = null } = state.sweep ?? {}
  const cancel = { is: 'cancel', command: `${context.self}:${run}`, by, why }
  return { ...decision, messages: [...(decision.messages ?? []), { is: 'tell', to: run, input: cancel }] }
}

/** The next times of a backfill: those that are to be started are. */
function times(state: BatchState, input: TimesInput, context: Context): Decision<BatchEvent> {
  const { backfill } = state
  if (backfill === undefined || backfill.through !== input.from || roomOf(state) < input.starts.length || roomOf(state) === 0) return NOTHING
  const { through, over, skips } = input
  const starts = input.starts.map((time, index) => timeAsked(state, time, backfill.next + index, context))
  const decision = go(state, [{ is: 'times', at: context.now, through, over, starts, skips }], context)
  return { ...decision, messages: [...(decision.messages ?? []), ...starts.map(time => startTime(state, time, false, context))] }
}

function mayPause({ backfill, paused, cancelRequested }: BatchState): boolean {
  return backfill !== undefined && !backfill.over && paused === null && !cancelRequested
}

/** That it has closed says that it had started. */
function childClosed(state: BatchState, { run, state: ended }: ChildClosed, context: Context): Decision<BatchEvent> {
  const time = askedRun(state, run)
  const closed: BatchEvent = { is: 'child_closed', at: context.now, run, state: ended }
  return time === undefined ? go(state, [closed], context) : timeAnswered(state, time, null, context, [closed])
}

function timeAnswered(state: BatchState, time: AskedTime, refusal: string | null, context: Context, more: BatchEvent[] = []): Decision<BatchEvent> {
  const run = refusal === null ? time.run : null
  const decision = go(state, [{ is: 'time_answered', at: context.now, n: time.n, run, refusal }, ...more], context)
  return { ...decision, messages: [...(decision.messages ?? []), ledgerMessage(state, time, run, refusal, context)] }
}

function answered(state: BatchState, { reference, refusal, closed }: Answered, context: Context): Decision<BatchEvent> {
  const time = askedTime(state, reference)
  if (time !== undefined) {
    // Of one that was there before and is gone nobody tells how it ended.
    const gone: BatchEvent[] = refusal === null && closed ? [{ is: 'child_closed', at: context.now, run: time.run, state: 'completed' }] : []
    return timeAnswered(state, time, refusal, context, gone)
  }
  const callback = BATCH_CALLBACKS[reference] as BatchCallback
  const asked = state.jobs?.callbacks.find(one => one.callback === callback)
  if (asked === undefined || asked.answered) return NOTHING
  return go(state, [{ is: 'callback_answered', at: context.now, callback, refused: refusal }], context)
}

function paged(state: BatchState, page: PageInput, context: Context): Decision<BatchEvent> {
  const sweep = activeSweep(state)
  invariant(sweep !== null && sweep.cursor === page.from, 'a page begins where the last one ended', { batch: context.self, from: page.from })
  return go(state, [{ ...page, at: context.now }], context)
}

function cancelled(state: BatchState, input: BatchInput & { is: 'cancel' }, context: Context): Decision<BatchEvent> {
  if (state.cancelRequested) return NOTHING
  if (state.jobs === null) return go(state, [closing('cancelled', context.now, 'cancelled', input)], context)
  return go(state, [{ is: 'cancel_requested', at: context.now, by: input.by, why: input.why }], context)
}

/** What has happened, the callbacks that are due by it, and the close. */
function go(before: BatchState | null, happened: BatchEvent[], context: Context): Decision<BatchEvent> {
  const events = [...happened]
  let state = events.reduce<BatchState | null>(evolve, before) as BatchState
  const messages: Message[] = []
  const add = (event: BatchEvent): void => {
    events.push(event)
    state = evolve(state, event)
  }
  if (state.closing === null && state.jobs !== null)
    for (const callback of dueCallbacks(state, state.jobs)) {
      const run = callbackId(context.self, callback, context.home(orderOf(state, callback, context)))
      add({ is: 'callback_asked', at: context.now, callback, run })
      messages.push(startMessage(state, { callback, run }, false, context))
    }
  const end = state.closing === null ? endOf(state, context.now) : null
  if (end !== null) add(end)
  const decision: Decision<BatchEvent> = { events, state }
  if (messages.length > 0) decision.messages = messages
  const at = wakeAt(state)
  if (before === null ? at !== null : at !== wakeAt(before)) decision.wakeAt = at
  if (state.closing !== null) {
    const { is, reason, failure } = state.closing
    decision.outcome = { state: is, reason, output: JSON.stringify(summary(context.self, state)), ...(failure === null ? {} : { failure }) }
  }
  return decision
}

function dueCallbacks({ started: { plan } }: BatchState, jobs: Jobs): BatchCallback[] {
  if (plan.is !== 'jobs') return []
  const isDue: Record<BatchCallback, boolean> = {
    firstFailure: jobs.failed + jobs.cancelled > 0,
    complete: haveEnded(jobs),
    success: haveEnded(jobs) && jobs.completed === jobs.total,
  }
  return BATCH_CALLBACKS.filter(
    callback => isDue[callback] && plan.callbacks[callback] !== undefined && !jobs.callbacks.some(asked => asked.callback === callback),
  )
}

function haveEnded({ sealed, open, awaited }: Jobs): boolean {
  return sealed && open === 0 && (awaited ?? 0) === 0
}

function endOf({ jobs, sweep, cancelRequested, backfill }: BatchState, at: number): BatchEvent | null {
  if (jobs === null) return sweep?.over && (sweep.awaited ?? 0) === 0 ? { is: 'completed', at, reason: null, failure: null } : null
  if (!haveEnded(jobs) || jobs.callbacks.some(({ answered }) => !answered)) return null
  if (cancelRequested) return { is: 'cancelled', at, reason: 'cancelled', failure: null }
  const refused = backfill?.refused ?? 0
  if (jobs.completed === jobs.total && refused === 0) return { is: 'completed', at, reason: null, failure: null }
  const message = `${jobs.failed} of ${jobs.total} jobs failed, ${jobs.cancelled} were cancelled${refused > 0 ? `, ${refused} times were refused` : ''}`
  return { is: 'failed', at, reason: 'jobs-failed', failure: { type: 'BatchFailed', message } }
}

function closing(is: 'cancelled' | 'terminated', at: number, reason: string, { by, why }: { by: string | null; why: string | null }): BatchEvent {
  return { is, at, reason, failure: null, ...(by === null ? {} : { by }), ...(why === null ? {} : { why }) }
}

/** It follows from the batch and the event: asked for again, it is the same run. */
export function callbackId(batch: string, callback: BatchCallback, slot: number): string {
  return callRunId(`${batch}:${callback}`, 0, slot)
}

function startMessage(state: BatchState, { callback, run }: Pick<AskedCallback, 'callback' | 'run'>, again: boolean, context: Context): Message {
  return { is: 'start', reference: BATCH_CALLBACKS.indexOf(callback), run, again, order: orderOf(state, callback, context) }
}

function orderOf(state: BatchState, callback: BatchCallback, { self }: Context): StartOrder {
  const { plan } = state.started
  const wanted = plan.is === 'jobs' ? plan.callbacks[callback] : undefined
  invariant(wanted !== undefined, 'only what was asked for is started', { batch: self, callback })
  const { definition, input, options } = wanted
  return { definition, input: callbackInput(self, state, input), options, trigger: { is: 'batch', batch: self, callback } }
}
