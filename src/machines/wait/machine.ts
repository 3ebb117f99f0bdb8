import { invariant } from '../../core/errors.ts'
import { type ActorId, shortId } from '../../core/ids.ts'
import type { Context, Decision, Machine, Message, WatchedRun } from '../../core/machine.ts'
import type { Failure, Payload, RunView } from '../../core/run.ts'
import { commanded, outcomeOf, viewOf } from '../taskless.ts'
import type { WatchInput } from '../timeline/types.ts'
import { closedVerdict, verdictOf } from './standing.ts'
import { evolve, kindOf, pending, wakeAt } from './state.ts'
import type { Closing, GivenInput, StandingInput, Started, StartInput, WaitEvent, WaitInput, WaitState } from './types.ts'

/**
 * A task of a DAG that waits for something to happen, in no queue and without a worker: for a signal to its DAG's run, or what comes under its token (both are told
 * by the DAG's run, which keeps them), for a time, for a run of another DAG (told by the timeline of that one), or for a run by its id (told by that one).
 *
 * ```text
 * started ──▶ asked ──▶ told … ──▶ completed
 *         ├──────────────────────▶ failed (also what is skipped, by its code) · timed_out · cancelled · terminated
 * ```
 */
export const wait: Machine<WaitState, WaitInput, WaitEvent> = {
  kind: 'wait',
  reads: [1],
  writes: 1,
  decide,
  evolve,
  pending,
  view,
  late: ['standing'],
}

const NOTHING: Decision<WaitEvent> = { events: [] }

function decide(state: WaitState | null, input: WaitInput, context: Context): Decision<WaitEvent> {
  if (input.is === 'start') return started(state, input, context)
  invariant(state !== null, 'only a start makes a run', { input: input.is })
  switch (input.is) {
    case 'wake':
      return state.closing === null ? woken(state, context) : NOTHING
    case 'given':
      return state.closing === null ? given(state, input, context) : NOTHING
    case 'standing':
      return state.closing === null ? told(state, input, context) : { events: [], messages: [left(state, context)] }
    case 'watched_run':
      return state.closing === null ? heard(state, input, context) : NOTHING
    default:
      return commanded(state.closing, input, context.now, closing => closed(state, closing, context))
  }
}

function started(state: WaitState | null, input: StartInput, context: Context): Decision<WaitEvent> {
  invariant(state === null, 'a run starts once', { run: context.self })
  const { definition, options, trigger } = input
  const { dag } = JSON.parse(input.input) as WaitState['awaited']
  const timeline = dag === undefined ? undefined : context.timeline?.(dag)
  const event: Started = {
    ...{ is: 'started', at: context.now, definition, options, trigger, input: input.input },
    ...(timeline !== undefined && { timeline }),
  }
  const after = evolve(null, event as WaitEvent)
  return { events: [event as WaitEvent], state: after, wakeAt: wakeAt(after) }
}

function woken(state: WaitState, context: Context): Decision<WaitEvent> {
  const { awaited, started, refusal, time } = state
  const { now: at } = context
  const due = wakeAt(state)
  if (due === null || due > at) return NOTHING
  if (refusal !== null)
    return closed(state, { is: 'failed', at, reason: 'invalid-wait', failure: failureOf('InvalidWait', refusal, 'invalid-wait') }, context)
  if (kindOf(awaited) === 'time' && (time as number) <= at) {
    const output = JSON.stringify(new Date(time as number).toISOString())
    return closed(state, { is: 'completed', at, reason: 'time' }, context, output)
  }
  if (awaited.timeoutMs !== undefined && started.at + awaited.timeoutMs <= at) return timedOut(state, context)
  return asked(state, context)
}

/** It has waited long enough. */
function timedOut(state: WaitState, context: Context): Decision<WaitEvent> {
  const { now: at } = context
  const { default: then, onTimeout } = state.awaited
  if (then !== undefined) return closed(state, { is: 'completed', at, reason: 'default' }, context, JSON.stringify(then))
  if (onTimeout === 'skip') return skipped(state, 'timeout', 'what it waited for had not come in time', context)
  return closed(state, { is: 'timed_out', at, reason: 'timeout' }, context)
}

/** The DAG of its task takes what ended so for skipped. */
function skipped(state: WaitState, reason: string, why: string, context: Context): Decision<WaitEvent> {
  return closed(state, { is: 'failed', at: context.now, reason, failure: failureOf('Skipped', why, 'skipped') }, context)
}

/** The timeline is at hand when time alone has woken it, so what it is asked is asked with the batch that says so. */
function asked(state: WaitState, context: Context): Decision<WaitEvent> {
  const event: WaitEvent = { is: 'asked', at: context.now }
  const after = evolve(state, event)
  const { tasks = [], dag, run } = state.awaited
  const { time } = state
  if (run !== undefined) return { events: [event], state: after, wakeAt: wakeAt(after), messages: [{ is: 'watch', run }] }
  const message = tell(state, { is: 'await', run: context.self, for: time as number, tasks })
  return { events: [event], state: after, wakeAt: wakeAt(after), messages: [{ ...message, creates: { kind: 'timeline', name: dag as string } }] }
}

function tell({ started }: WaitState, input: WatchInput): Message & { is: 'tell' } {
  return { is: 'tell', to: started.timeline as ActorId, input, kept: true }
}

/** What its DAG was sent for it. */
function given(state: WaitState, { output, failure }: GivenInput, context: Context): Decision<WaitEvent> {
  const { now: at } = context
  const reason = kindOf(state.awaited)
  if (failure !== undefined) return closed(state, { is: 'failed', at, reason: 'rejected', failure }, context)
  return closed(state, { is: 'completed', at, reason }, context, output)
}

/** What it is told is confirmed with the batch that keeps it. */
function told(state: WaitState, { n, standing, refused }: StandingInput, context: Context): Decision<WaitEvent> {
  if (refused !== undefined)
    return closed(
      state,
      { is: 'failed', at: context.now, reason: 'too-many-waits', failure: failureOf('TooManyWaits', refused, 'too-many-waits') },
      context,
    )
  const heard = tell(state, { is: 'heard', run: context.self, n })
  if (n <= (state.told?.n ?? 0)) return { events: [], messages: [heard] }
  const event = { is: 'told', at: context.now, n, standing } as WaitEvent
  const after = evolve(state, event)
  const verdict = verdictOf(state.awaited, standing)
  if (verdict.is === 'wait') return { events: [event], state: after, messages: [heard] }
  const decision = concluded(after, verdict, context)
  return { ...decision, events: [event, ...decision.events] }
}

function concluded(state: WaitState, verdict: Exclude<ReturnType<typeof verdictOf>, { is: 'wait' }>, context: Context): Decision<WaitEvent> {
  const { now: at } = context
  const { standing } = state.told as NonNullable<WaitState['told']>
  if (verdict.is === 'skip') return skipped(state, 'awaited-skipped', verdict.why, context)
  if (verdict.is === 'fail')
    return closed(state, { is: 'failed', at, reason: verdict.code, failure: failureOf('AwaitedRun', verdict.why, verdict.code) }, context)
  const output = { run: standing?.run, nominalTime: new Date(state.time as number).toISOString(), states: verdict.states }
  return closed(state, { is: 'completed', at, reason: 'run' }, context, JSON.stringify(output))
}

/** The run that it waits for has closed, once and for all: a retry of it is another run. */
function heard(state: WaitState, { run, found, refused }: WatchedRun, context: Context): Decision<WaitEvent> {
  const { now: at } = context
  const fail = (code: string, why: string): Decision<WaitEvent> =>
    closed(state, { is: 'failed', at, reason: code, failure: failureOf('AwaitedRun', why, code) }, context, undefined, true)
  if (refused !== undefined) return fail(refused.code, refused.why)
  if (found === null) return fail('run-not-found', `there is no run ${run}: it was never there, or its retention has ended`)
  const { definition, state: ended } = found
  const verdict = closedVerdict(state.awaited, ended)
  const why = `run ${shortId(run)} of "${definition}" is ${ended}`
  if (verdict === 'fail') return fail('awaited-failed', why)
  if (verdict === 'skip')
    return closed(state, { is: 'failed', at, reason: 'awaited-skipped', failure: failureOf('Skipped', why, 'skipped') }, context, undefined, true)
  return closed(state, { is: 'completed', at, reason: 'run' }, context, JSON.stringify({ run, definition, state: ended }), true)
}

function failureOf(type: string, message: string, code: string): Failure {
  return { type, message, code }
}

/** `isTold`: nobody has anything more to tell it. */
function closed(state: WaitState, closing: Closing, context: Context, output?: Payload, isTold = false): Decision<WaitEvent> {
  const event = closing as WaitEvent
  return {
    events: [event],
    state: evolve(state, event),
    wakeAt: null,
    outcome: outcomeOf(closing, output),
    ...(state.asked && !isTold && { messages: [left(state, context)] }),
  }
}

/** Nobody is to tell it anything more. */
function left(state: WaitState, { self }: Context): Message {
  const { run } = state.awaited
  if (run !== undefined) return { is: 'watch', run, over: true }
  return tell(state, { is: 'unawait', run: self })
}

function view(state: WaitState): RunView {
  return viewOf(state, kindOf(state.awaited), wakeAt(state))
}
