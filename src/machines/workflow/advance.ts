import { refuse } from '../../core/decide.ts'
import type { Context, Decision, Message } from '../../core/machine.ts'
import type { Failure, Payload } from '../../core/run.ts'
import { decideTask, type TaskStep } from '../../core/task.ts'
import { childId, orderOf, startMessage, stopChild, stopChildren } from './children.ts'
import { decision, NOTHING } from './decision.ts'
import { advancedBy, evolve, type Fresh, policyOf, taskId } from './state.ts'
import {
  type Advance,
  CHILDREN_OPEN_MAX,
  type Child,
  type Closing,
  ENTRIES_MAX,
  type End,
  type Entry,
  OPEN_MAX,
  type Open,
  type WorkflowEvent,
  type WorkflowState,
} from './types.ts'
import { unanswered } from './updates-kept.ts'

/**
 * What a worker says of the code that it runs. Accepted once: a repeat of a call changes nothing. It keeps the task unless it yields and has seen all that the
 * code may go on with; so whatever its own entries bring about (a signal that was there already) it hears in the answer, and not by another delivery.
 */
export function advanced(state: WorkflowState, input: Advance, context: Context): Decision<WorkflowEvent> {
  const { delivery, call, entries } = input
  const known = state.calls.find(known => known.delivery === delivery)
  if (known !== undefined && call <= known.call) return NOTHING
  if (state.closing !== null) return refuse(delivery, 'closed')
  // A worker that has seen more than there is has seen what the store has lost since (E2).
  if (state.task === null || input.task !== taskId(state) || input.upTo > state.count) return refuse(delivery, 'superseded')
  const { task, attempt, worker } = input
  const isKnown = state.task.phase === 'running' && state.task.delivery === delivery
  const step = isKnown ? KNOWN : decideTask(state.task, policyOf(state), { is: 'report', task, attempt, delivery, worker }, false, context)
  if (step.refused !== undefined) return refuse(delivery, step.refused)
  if (entries.length > ENTRIES_MAX) return refuse(delivery, 'too-many-items')
  if (!areThere(state, entries)) return refuse(delivery, 'superseded')
  const fold = new Fold(state, context)
  for (const event of step.events) fold.add(event as WorkflowEvent)
  const ahead = Math.min(input.ahead ?? 0, entries.length)
  const behind = entries.length - ahead
  for (let index = 0; index < behind; index++) fold.entry(entries[index] as Entry, input.upTo)
  // What has happened meanwhile the code would have heard of before that which these rest on: it is replayed, and may ask for something else.
  if (ahead > 0 && state.news > input.upTo) return fold.decided(input, input.upTo, false)
  const upTo = ahead > 0 ? fold.count : input.upTo
  for (let index = behind; index < entries.length; index++) fold.entry(entries[index] as Entry, upTo)
  return fold.decided(input, upTo)
}

/** The task is as its worker has it. */
const KNOWN: TaskStep = { events: [] }

/** Signals that the code has gone on with are in the state that it has seen, or given back, each once. Where they are not, what its worker has seen is not this history. */
function areThere({ signals, given = [] }: WorkflowState, entries: readonly Entry[]): boolean {
  if (!entries.some(entry => entry.is === 'wait')) return true
  const waits = entries.filter((entry): entry is Entry & { is: 'wait'; taken: number } => entry.is === 'wait' && entry.taken !== undefined)
  if (waits.length === 0) return true
  const dropped = new Set(entries.map(entry => (entry.is === 'dropped' ? entry.n : null)))
  const names = new Map([...signals, ...given.filter(({ n }) => dropped.has(n))].map(({ number, name }) => [number, name]))
  return waits.every(({ signal, taken }) => names.get(taken) === signal && names.delete(taken))
}

function notAnswered(name: string): Failure {
  return { type: 'NotAnswered', message: `the workflow began anew before its handler of "${name}" ended`, code: 'run-closed' }
}

function countOf(open: WorkflowState['open']): number {
  let count = 0
  for (const _ in open) count++
  return count
}

/** Entries become events, each decided on what those before it made of the state. */
class Fold {
  private readonly before: WorkflowState
  private readonly context: Context
  private events: WorkflowEvent[] = []
  private readonly messages: Message[] = []
  /** After it. */
  private state: WorkflowState
  /** Before the last event. */
  private last: WorkflowState
  private output: Payload | null = null
  /** That are open; null: not counted yet. */
  private children: number | null = null

  constructor(before: WorkflowState, context: Context) {
    this.before = before
    this.state = before
    this.last = before
    this.context = context
  }

  get count(): number {
    return this.state.count
  }

  add(event: WorkflowEvent): void {
    // Most calls make one event, and a list that is pushed to gets room for seventeen.
    if (this.events.length === 0) this.events = [event]
    else this.events.push(event)
    this.last = this.state
    this.state = evolve(this.state, event)
  }

  entry(entry: Entry, upTo: number): void {
    if (this.state.closing !== null || this.state.task === null) return // nothing follows the end
    const at = this.context.now
    switch (entry.is) {
      case 'begun':
        return this.add({ is: 'step_begun', at, n: entry.n, name: entry.name })
      case 'completed': {
        const { n, name, attempt, output } = entry
        return this.add({ is: 'step_completed', at, n, name, attempt, ...(output === null ? {} : { output }) })
      }
      case 'failed': {
        const { n, name, attempt, failure, retryMs } = entry
        return this.add({ is: 'step_failed', at, n, name, attempt, failure, ...(retryMs === null ? this.ended(failure) : { retryAt: at + retryMs }) })
      }
      case 'timer':
        return this.add({ is: 'timer_set', at, n: entry.n, dueAt: Math.max(entry.until ?? 0, at + (entry.forMs ?? 0)) })
      case 'patched':
        return this.add({ is: 'patched', at, id: entry.id })
      case 'wait': {
        const { n, signal, timeoutMs } = entry
        if (entry.taken !== undefined) return this.add({ is: 'waiting', at, n, signal, taken: entry.taken, known: true })
        const scoped = entry.scoped === true ? { scoped: true as const } : {}
        const taken = this.state.signals.find(({ name }) => name === signal)
        if (taken !== undefined) return this.add({ is: 'waiting', at, n, signal, taken: taken.number, ...scoped })
        return this.add({ is: 'waiting', at, n, signal, ...(timeoutMs === undefined ? {} : { dueAt: at + timeoutMs }), ...scoped })
      }
      case 'dropped':
        return this.dropped(entry.n)
      case 'promise': {
        const { n, name, token, timeoutMs } = entry
        return this.add({ is: 'promise_made', at, n, name, token, ...(timeoutMs !== undefined && { dueAt: at + timeoutMs }) })
      }
      case 'write':
      case 'close': {
        const { is, n, stream, refused } = entry
        return this.add({ is: is === 'write' ? 'stream_written' : 'stream_closed', at, n, stream, ...(refused !== undefined && { refused }) })
      }
      case 'child':
        return this.child(entry)
      case 'answered':
        return this.answered(entry.update, entry.output, entry.failure)
      case 'shown': {
        const { shown, metadata } = entry
        return this.add({ is: 'shown', at, ...(shown !== undefined && { shown }), ...(metadata !== undefined && { metadata }) })
      }
      case 'finished':
        // It has not heard of an update that was accepted meanwhile: it does, before it ends.
        if (unanswered(this.state).some(({ number }) => number >= upTo)) return
        return this.finished(entry.end)
    }
  }

  /** What has ended meanwhile is told of already, save a wait with its signal: that goes to who has waited longest for one of its name, else it is kept. */
  private dropped(n: number): void {
    const { now: at } = this.context
    const open = this.state.open[n]
    const back = this.state.given?.find(given => given.n === n)
    if (open === undefined && back === undefined) return
    if (open?.is === 'child') this.messages.push(...stopChild(open, this.context))
    this.add({ is: 'dropped', at, n, ...(back !== undefined && { signal: back.number }) })
    if (back === undefined) return
    const next = Object.entries(this.state.open).find(([, other]) => other.is === 'wait' && other.signal === back.name)
    if (next === undefined) return
    const scoped = (next[1] as Open & { is: 'wait' }).scoped === true ? { scoped: true as const } : {}
    this.add({ is: 'waiting', at, n: Number(next[0]), signal: back.name, taken: back.number, ...scoped })
  }

  /** A step without another attempt ends, or waits for a person where the run parks; `Abort` and a cancel are nothing to decide about. */
  private ended({ type, code }: Failure): { parked?: true } {
    const { started, cancelRequested } = this.state
    const isDecided = cancelRequested || type === 'Abort' || type === 'CancelRequested' || code === 'scope-cancelled'
    return started.options?.exhausted !== 'park' || isDecided ? {} : { parked: true }
  }

  /** `seen`: so many events its worker had seen when it called; `upTo`: and so many its code has heard of by now. */
  decided({ call, delivery, upTo: seen, yields: saysSo, entries }: Advance, upTo: number, yields = saysSo): Decision<WorkflowEvent> {
    if (countOf(this.state.open) > OPEN_MAX) this.tooMany()
    const { closing, task, news } = this.state
    if (closing === null && task !== null && yields && news <= upTo) this.add({ is: 'yielded', at: this.context.now, call: 0 })
    const last = this.events.at(-1)
    if (last === undefined) return NOTHING
    // It stands on the last of its events, so that all of them are remembered by it, or none.
    // A call that is full may leave out what was dropped.
    const isSeen = entries.length < ENTRIES_MAX && this.state.given?.some(({ by }) => by < seen) === true
    // Nobody has it yet but, if it closes the run, the state, which keeps it.
    const marked = last as { call?: number; delivery?: string; seen?: number }
    marked.call = call
    if (closing !== null) marked.delivery = delivery
    if (isSeen) marked.seen = seen
    return decision(this.before, this.events, this.messages, this.output, advancedBy(this.last, this.state as Fresh, last))
  }

  private child({ n, definition, input, options, detached, parentClose }: Entry & { is: 'child' }): void {
    this.children ??= Object.values(this.state.open).filter(open => open.is === 'child').length
    if (this.children >= CHILDREN_OPEN_MAX) return this.tooMany()
    this.children++
    const run = childId(this.state.base, n, orderOf(this.context.self, n, { definition, input, options, detached }), this.context)
    const event = { is: 'child_asked', at: this.context.now, n, definition, run } as WorkflowEvent & { is: 'child_asked' }
    if (input !== null) event.input = input
    if (Object.keys(options).length > 0) event.options = options
    if (detached) event.detached = true
    if (parentClose !== undefined) event.parentClose = parentClose
    this.add(event)
    this.messages.push(startMessage(this.context.self, n, this.state.open[n] as Child, false))
  }

  private answered(number: number, output: Payload | null, failure?: Failure): void {
    if (!unanswered(this.state).some(update => update.number === number)) return
    const event = { is: 'update_answered', at: this.context.now, update: number } as WorkflowEvent & { is: 'update_answered' }
    if (output !== null) event.output = output
    if (failure !== undefined) event.failure = failure
    this.add(event)
  }

  private finished(end: End): void {
    const { now: at } = this.context
    this.messages.push(...stopChildren(this.state, this.context))
    switch (end.is) {
      case 'completed':
        this.output = end.output
        return this.add({ is: 'completed', at, ...this.mark('watermark', end.watermark) } as Closing as WorkflowEvent)
      case 'failed':
        return this.add({ is: 'failed', at, reason: end.reason, failure: end.failure } as Closing as WorkflowEvent)
      case 'cancelled':
        return this.add({ is: 'cancelled', at, reason: 'cancelled' } as Closing as WorkflowEvent)
      case 'continued': {
        // What begins anew would never hear of it.
        if (this.state.cancelRequested) return this.add({ is: 'cancelled', at, reason: 'cancelled' } as Closing as WorkflowEvent)
        const { signals } = this.state
        // Code that begins anew hears no more of them.
        for (const { number, name } of unanswered(this.state)) this.answered(number, null, notAnswered(name))
        const event = { is: 'continued', at, call: 0 } as WorkflowEvent & { is: 'continued' }
        if (end.input !== null) event.input = end.input
        if (signals.length > 0) event.signals = signals
        const { trigger } = this.state.started
        const since = trigger !== undefined && 'watermark' in trigger ? trigger.watermark : undefined
        if (since !== undefined) event.watermark = since
        return this.add({ ...event, ...this.mark('said', end.watermark) })
      }
    }
  }

  /** What it has set last, also before it began anew. */
  private mark(name: 'watermark' | 'said', said = this.state.said): Record<string, Payload> {
    return said === undefined ? {} : { [name]: said }
  }

  private tooMany(): void {
    if (this.state.closing !== null) return
    const message = `more than ${CHILDREN_OPEN_MAX} children, or ${OPEN_MAX} operations, were open at once`
    this.finished({ is: 'failed', reason: 'too-many-open', failure: { type: 'TooManyOpen', message, code: 'too-many-open' } })
  }
}
