import { refuse, whoOf } from '../../core/decide.ts'
import { invariant } from '../../core/errors.ts'
import type { Answered, ChildClosed, Context, Decision, Machine, RunInput } from '../../core/machine.ts'
import type { Failure, Outcome } from '../../core/run.ts'
import type { LookedInput } from '../memo/types.ts'
import type { PlacedInput, WatchedInput } from '../timeline/types.ts'
import { isForTime, tasksMessage } from './announce.ts'
import { alertMessages, alertOf, deadlinesDue } from './deadlines.ts'
import { Follow } from './follow.ts'
import { letterOf } from './letters.ts'
import { assetsMade } from './making.ts'
import { planOf } from './plan.ts'
import type { TaskEnding } from './rules.ts'
import { type DagSpec, OUTPUTS_LENGTH_MAX } from './spec.ts'
import { evolve, pending, RESEND_MS, revive, wakeAt } from './state.ts'
import { type Closing, type DagEvent, type DagInput, type DagState, ENDING_OF, type MarkInput, type Started, type StartInput } from './types.ts'
import { view } from './view.ts'
import { settled, signalled } from './waits.ts'

/**
 * A run of a DAG: it has no task of its own. Each of its tasks is a run, started when those before it have ended as its trigger rule asks, at most
 * `maxActiveTasks` at a time; what has ended is judged by what is right behind it (follow.ts).
 *
 * ```text
 * started ──▶ due ──▶ judged ──▶ asked ──▶ begun ──▶ ended ──▶ judged … ──▶ closed, once every task has ended
 * ```
 */
export const dag: Machine<DagState, DagInput, DagEvent> = {
  kind: 'dag',
  reads: [1],
  writes: 1,
  decide,
  evolve,
  pending,
  view,
  revive,
  answersTogether: true,
}

const NOTHING: Decision<DagEvent> = { events: [] }

function decide(state: DagState | null, input: DagInput, context: Context): Decision<DagEvent> {
  if (input.is === 'start') return started(state, input, context)
  invariant(state !== null, 'only a start makes a run', { input: input.is })
  const missed = input.is === 'wake' || state.closing !== null ? [] : deadlinesDue(state, context.now).filter(({ again }) => again !== true)
  return missed.length === 0 ? follows(state, input, context) : late(state, missed, input, context)
}

/** It goes on after a deadline of which no timer has told it yet: that comes first. At its end nobody is asked for an alert any more. */
function late(state: DagState, missed: DagEvent[], input: Exclude<DagInput, StartInput>, context: Context): Decision<DagEvent> {
  const alert = alerted(state, missed, context)
  const before = alert.state as DagState
  const rest = follows(before, input, context)
  if (rest.events.length === 0 || rest.outcome !== undefined) return follows(state, input, context)
  return {
    ...alert,
    ...rest,
    events: [...alert.events, ...rest.events],
    state: rest.state ?? rest.events.reduce<DagState>(evolve, before),
    messages: [...(alert.messages ?? []), ...(rest.messages ?? [])],
  }
}

function follows(state: DagState, input: Exclude<DagInput, StartInput>, context: Context): Decision<DagEvent> {
  switch (input.is) {
    case 'wake':
      return state.closing === null ? woken(state, context) : NOTHING
    case 'cancel':
      return cancelled(state, input, context)
    case 'terminate':
      return terminated(state, input, context)
    case 'resume':
      return refuse(input.command, state.closing === null ? 'not-stuck' : 'run-closed')
    case 'change':
      return refuse(input.command, state.closing === null ? 'run-begun' : 'run-closed')
    case 'placed':
      return placed(state, input, context)
    case 'watch':
      return watched(state, input, context)
    case 'signal':
      return told(state, signalled(state, input, specOf(state, context), context))
    case 'settle':
      return told(state, settled(state, input, planOf(specOf(state, context)), context))
    case 'mark':
      return marked(state, input, context)
    case 'answered':
      return answered(state, [input], context)
    case 'all_answered':
      return answered(state, input.answers, context)
    case 'looked':
      return looked(state, input, context)
    case 'child_closed':
      return childClosed(state, input, context)
  }
}

/** Its tasks begin in a transition of their own: a DAG that is a task of itself goes on one step at a time. */
function started(state: DagState | null, input: StartInput, context: Context): Decision<DagEvent> {
  invariant(state === null, 'a run starts once', { run: context.self })
  const { definition, options, trigger, key, traceparent, fork } = input
  const version = fork?.version ?? input.version
  const spec = context.definition?.(version) as DagSpec | undefined
  invariant(spec !== undefined, 'a DAG that starts is registered', { definition, version })
  const plan = planOf(spec)
  const event: Started = { is: 'started', at: context.now, definition, version, size: plan.ids.length, options }
  if (trigger.is !== 'call' || trigger.by !== undefined) event.trigger = trigger
  if (plan.usesInput && input.input !== undefined) event.input = input.input
  if (key !== undefined) event.key = key
  if (traceparent !== undefined) event.traceparent = traceparent
  if (fork !== undefined) {
    invariant(fork.kept.tasks.length === event.size, 'what is kept has a letter for each task', { version })
    event.kept = fork.kept
    if (Object.keys(fork.choices).length > 0) event.choices = fork.choices
  }
  const timeline = plan.isOrdered ? context.timeline?.() : undefined
  if (timeline !== undefined) event.timeline = timeline
  const registry = isForTime(trigger) ? context.timeline?.() : undefined
  if (registry !== undefined) event.registry = registry
  const secrets = plan.callbacks.flatMap(() => context.secret?.() ?? [])
  if (secrets.length > 0) event.secrets = secrets
  if (plan.making.length > 0) event.assets = assetsMade(plan)
  if (spec.deadlines !== undefined)
    event.deadlines = spec.deadlines.map(({ from, withinMs, job }) => ({ from, withinMs, ...(job === undefined && { quiet: true }) }))
  const after = evolve(null, event as DagEvent)
  return { events: [event as DagEvent], state: after, wakeAt: wakeAt(after) }
}

/** What time alone does. */
function woken(state: DagState, context: Context): Decision<DagEvent> {
  const { now: at } = context
  const { totalAt, isDue, isOpen, since, unanswered, askedAt } = state
  if (totalAt !== null && totalAt <= at) return closed(state, { is: 'timed_out', at, reason: 'total' }, context)
  const missed = deadlinesDue(state, at)
  // The rest follows at once, by another transition.
  if (missed.length > 0) return alerted(state, missed, context)
  if (!isDue && (since > at || state.place !== undefined)) return NOTHING
  const isLate = unanswered > 0 && askedAt + RESEND_MS <= at
  if (isDue && !isOpen && !isLate) return NOTHING
  const follow = new Follow(state, context)
  if (!isDue && state.started.timeline !== undefined) {
    follow.enter()
  } else if (!isDue) {
    follow.due()
  } else if (isLate) {
    follow.askAgain()
    return follow.decided(false)
  }
  return follow.decided()
}

/** Of a run that is closed the timeline hears nothing more: it has left. */
function placed(state: DagState, input: PlacedInput, context: Context): Decision<DagEvent> {
  if (state.closing !== null || state.queuedAt === undefined) return NOTHING
  const follow = new Follow(state, context)
  follow.placed(input)
  return follow.decided()
}

/** What its tasks do follows from what those that wait do with it. */
function told(state: DagState, decision: Decision<DagEvent>): Decision<DagEvent> {
  return decision.events.length === 0 ? decision : { ...decision, state: decision.events.reduce<DagState>(evolve, state) }
}

function specOf(state: DagState, context: Context): DagSpec {
  const { version } = state.started
  const spec = context.definition?.(version) as DagSpec | undefined
  if (spec === undefined) throw new Error(`version ${version} of this DAG is not known here`)
  return spec
}

/** Others wait for tasks of it: it says how these stand, and from now on when one ends. Of one that has closed they have heard. */
function watched(state: DagState, { tasks }: WatchedInput, context: Context): Decision<DagEvent> {
  if (state.closing !== null || state.started.registry === undefined) return NOTHING
  const events: DagEvent[] = [{ is: 'watched', at: context.now, tasks }]
  const message = tasksMessage(planOf(specOf(state, context)), state, tasks, context)
  return { ...told(state, { events }), messages: [message] }
}

/** It goes on as it was; a run of the job that its DAG names is told. */
function alerted(state: DagState, events: DagEvent[], context: Context): Decision<DagEvent> {
  const after = events.reduce<DagState>(evolve, state)
  const spec = context.definition?.(state.started.version) as DagSpec
  return { events, state: after, wakeAt: wakeAt(after), messages: alertMessages(planOf(spec), state, events, context) }
}

function closed(state: DagState, closing: Closing, context: Context): Decision<DagEvent> {
  const follow = new Follow(state, context)
  follow.close(closing)
  return follow.decided()
}

/** What runs is told to stop, what waits is skipped, teardowns do their work; then it ends as cancelled. */
function cancelled(state: DagState, input: RunInput & { is: 'cancel' }, context: Context): Decision<DagEvent> {
  if (state.closing !== null) return state.closing.is === 'cancelled' ? NOTHING : refuse(input.command, 'run-closed')
  if (state.cancelRequested) return NOTHING
  const { now: at } = context
  if (!state.isDue) return closed(state, { is: 'cancelled', at, reason: 'cancelled', ...whoOf(input) }, context)
  const follow = new Follow(state, context)
  follow.cancel({ is: 'cancel_requested', at, command: input.command, ...whoOf(input) } as DagEvent)
  return follow.decided(false)
}

function terminated(state: DagState, input: RunInput & { is: 'terminate' }, context: Context): Decision<DagEvent> {
  if (state.closing !== null) return state.closing.is === 'terminated' ? NOTHING : refuse(input.command, 'run-closed')
  return closed(state, { is: 'terminated', at: context.now, reason: 'terminated', ...whoOf(input) }, context)
}

/** What of it runs is told to stop, and is not heard of again. */
function marked(state: DagState, input: MarkInput, context: Context): Decision<DagEvent> {
  const { command, n, item, as, output } = input
  if (state.marks?.includes(command)) return NOTHING
  if (state.closing !== null) return refuse(command, 'run-closed')
  const { size } = state.started
  const all = Array.from(state.mapped[n]?.items ?? ' ', (_, index) => index * size + n)
  const refs = (item === undefined ? all : [item * size + n]).filter(ref => ENDING_OF[letterOf(state, ref)] === undefined)
  if (refs.length === 0) return refuse(command, 'task-ended')
  if (state.outputsLength + (output?.length ?? 0) > OUTPUTS_LENGTH_MAX) return refuse(command, 'outputs-too-large')
  const follow = new Follow(state, context)
  follow.marked(
    { is: 'marked', at: context.now, refs, task: follow.plan.ids[n], as, command, ...whoOf(input) } as DagEvent & { is: 'marked' },
    output,
  )
  return follow.decided(false)
}

function answered(state: DagState, answers: readonly Answered[], context: Context): Decision<DagEvent> {
  if (state.closing !== null) return NOTHING
  const alerted = answers.flatMap(({ reference }): DagEvent[] => {
    const n = alertOf(reference)
    return n !== null && state.alerts?.some(alert => alert.n === n) ? [{ is: 'alerted', at: context.now, n }] : []
  })
  const before = alerted.reduce<DagState>(evolve, state)
  // Of the others they are repeats, or their end was told before.
  const heard = answers.filter(({ reference }) => letterOf(before, reference) === 'a')
  if (heard.length === 0) return alerted.length === 0 ? NOTHING : { events: alerted, state: before, wakeAt: wakeAt(before) }
  const follow = new Follow(before, context)
  follow.begun(heard.flatMap(({ reference, refusal }) => (refusal === null ? [reference] : [])))
  for (const { reference, run, refusal } of heard)
    if (refusal !== null) follow.end(reference, 'failed', { reason: refusal, ...(run === null ? {} : { run }) })
  const decision = follow.decided(false)
  return alerted.length === 0 ? decision : { ...decision, events: [...alerted, ...decision.events], wakeAt: wakeAt(decision.state as DagState) }
}

/** A repeat, or of a task that a person has marked, says nothing. What follows a result that was kept begins in a transition of its own: many of them may follow each other. */
function looked(state: DagState, input: LookedInput, context: Context): Decision<DagEvent> {
  if (state.closing !== null || state.memos?.[input.ref]?.looking !== true) return NOTHING
  const follow = new Follow(state, context)
  follow.looked(input)
  return follow.decided(false)
}

function childClosed(state: DagState, { run, state: ended, outcome, reference: ref }: ChildClosed, context: Context): Decision<DagEvent> {
  if (state.closing !== null || ref === undefined || !'ar'.includes(letterOf(state, ref) || '-')) return NOTHING
  const follow = new Follow(state, context)
  const { reason, output, failure, watermark } = (outcome ?? {}) as Partial<Outcome>
  const as = endingOf(ended, failure)
  const said = reason ?? (ended === 'completed' || ended === 'failed' ? null : ended)
  follow.end(ref, as, {
    run,
    ...(as === 'success' || said === null ? {} : { reason: said }),
    ...(output === undefined ? {} : { output }),
    ...(watermark === undefined ? {} : { watermark }),
  })
  return follow.decided()
}

/** A handler may say that there is nothing to do: its task is skipped, and what follows by its rules. */
function endingOf(state: ChildClosed['state'], failure: Failure | undefined): TaskEnding {
  if (state === 'completed') return 'success'
  return state === 'failed' && failure?.code === 'skipped' ? 'skipped' : 'failed'
}
