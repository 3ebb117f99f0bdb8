import type { RunId } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'
import { SIGNALS_MAX, type StartInput, type WorkflowEvent } from './types.ts'

/** Where a new run leaves an old one: an operation by its number, or by its name where that is the only one; null: the step that failed last, else the last. */
export type From = number | string | null

export interface Point {
  n: number
  /** Of the step, signal or child; a timer has none. */
  name: string
  fork: NonNullable<StartInput['fork']>
}
export interface NoPoint {
  refused: 'unknown-step' | 'history-too-long'
  hint: string
}

/** What one start may keep. */
export const KEPT_EVENTS_MAX = 10_000
export const KEPT_BYTES_MAX = 4 * 1024 * 1024

/**
 * The point of a run's history from which another goes on: all that ended before the history first tells of that operation is kept, with its result. What was under
 * way then is asked for again. Signals that came later are kept for who waits for them, with `later`; else they are left out.
 */
export function pointOf(self: RunId, history: readonly WorkflowEvent[], from: From, later: boolean): Point | NoPoint {
  const base = Math.max(
    0,
    history.findLastIndex(({ is }) => is === 'continued'),
  )
  const told = operationsOf(history.slice(base), String(history[0]?.definition))
  const found = chosen(told, from)
  if ('refused' in found) return found
  const { n, name, at } = found
  const cut = base + at
  const before = history.slice(base + 1, cut)
  if (before.some(({ is }) => is === 'cancel_requested'))
    return { refused: 'unknown-step', hint: `operation ${n} came after the run was asked to stop: choose one before that` }
  const events = keptOf(history[base] as WorkflowEvent, before, base + 1)
  if (later) for (const signal of signalsOf(history.slice(cut), SIGNALS_MAX)) events.push(signal)
  if (events.length > KEPT_EVENTS_MAX || bytesOf(events) > KEPT_BYTES_MAX)
    return { refused: 'history-too-long', hint: `at most ${KEPT_EVENTS_MAX} events, or ${KEPT_BYTES_MAX} bytes, go with a new run` }
  return { n, name, fork: { ...beginning(self, history[base] as WorkflowEvent, base), kept: events } }
}

interface Told {
  n: number
  name: string
  isStep: boolean
  /** Index of the first event of it. */
  at: number
  /** A step of which no attempt is left. */
  failed: boolean
}

function operationsOf(events: readonly WorkflowEvent[], definition: string): Map<number, Told> {
  const told = new Map<number, Told>()
  for (const [at, event] of events.entries()) {
    const n = event.n as number | undefined
    if (n === undefined) continue
    const queued = event.is === 'child_asked' && String(event.definition).startsWith(`${definition}.`)
    const isStep = queued || event.is.startsWith('step_')
    const known = told.get(n)
    const name = queued ? String(event.definition).slice(definition.length + 1) : nameOf(event)
    if (known === undefined) told.set(n, { n, name, isStep, at, failed: false })
    else if (event.is === 'step_completed') known.failed = false
    else if (event.is === 'child_closed' && event.state !== 'completed') known.failed = known.isStep
    if (event.is === 'step_failed' && event.retryAt === undefined) (told.get(n) as Told).failed = true
  }
  return told
}

function nameOf(event: WorkflowEvent): string {
  return String(event.name ?? event.signal ?? event.definition ?? event.stream ?? '')
}

function chosen(told: ReadonlyMap<number, Told>, from: From): Told | NoPoint {
  const all = [...told.values()].sort((a, b) => a.n - b.n)
  if (from === null) {
    const steps = all.filter(({ isStep }) => isStep)
    const last = steps.findLast(({ failed }) => failed) ?? steps.at(-1) ?? all.at(-1)
    return last ?? { refused: 'unknown-step', hint: 'it has not come to any step: start it again' }
  }
  const found = typeof from === 'number' ? all.filter(({ n }) => n === from) : all.filter(({ name }) => name === from)
  if (found.length === 1) return found[0] as Told
  const some = (found.length > 1 ? found : all).slice(0, HINTS_MAX).map(({ n, name }) => (name === '' ? String(n) : `${n} (${name})`))
  return { refused: 'unknown-step', hint: `${found.length > 1 ? 'several are called so: name one by its number' : 'there are'} ${some.join(', ')}` }
}
const HINTS_MAX = 10

const ENDS = new Set([
  'step_completed',
  'timer_fired',
  'wait_timed_out',
  'child_refused',
  'child_closed',
  'promise_settled',
  'stream_written',
  'stream_closed',
])

function ends(event: WorkflowEvent, detached: ReadonlySet<number>): boolean {
  if (ENDS.has(event.is)) return true
  if (event.is === 'step_failed') return event.retryAt === undefined && event.parked === undefined
  if (event.is === 'waiting') return event.taken !== undefined
  if (event.is === 'child_started') return detached.has(event.n as number)
  return event.is === 'signalled' && event.n !== undefined
}

/** `first`: the number of the first of them in the old history. */
function keptOf(began: WorkflowEvent, before: readonly WorkflowEvent[], first: number): WorkflowEvent[] {
  const detached = new Set(before.filter(({ is, detached }) => is === 'child_asked' && detached === true).map(({ n }) => n as number))
  const ended = new Set(before.filter(event => ends(event, detached)).map(({ n }) => n as number))
  const dropped = new Set(before.filter(({ is }) => is === 'dropped').map(({ n }) => n as number))
  /** Signals are taken by the numbers of their events. */
  const numbers = new Map<number, number>()
  const kept: WorkflowEvent[] = []
  const keep = (event: WorkflowEvent, number: number): void => {
    numbers.set(number, kept.length + 1)
    kept.push(event)
  }
  for (const { number, name, payload } of (began.is === 'continued' ? (began.signals ?? []) : []) as {
    number: number
    name: string
    payload: string | null
  }[])
    keep(bufferedSignal({ at: began.at, name, command: `kept:${number}`, ...(payload === null ? {} : { payload }) }), number)
  for (const [index, event] of before.entries()) {
    const { call: _, delivery: __, seen: ___, ...rest } = event as WorkflowEvent & { call?: number; delivery?: string; seen?: number }
    // What was dropped is asked for again, and dropped again by the code; a signal that it gave back was never taken.
    if (dropped.has(event.n as number) && event.is !== 'promise_made') {
      if (event.is === 'signalled') keep(bufferedSignal(event as WorkflowEvent & { is: 'signalled' }), first + index)
      continue
    }
    // Its handler goes on where it stood, or has ended and is not heard of again.
    if (event.is === 'update_answered') keep({ ...rest, update: numbers.get(event.update as number) } as WorkflowEvent, first + index)
    // The code has gone on with its token.
    else if (
      event.is === 'patched' ||
      event.is === 'promise_made' ||
      event.is === 'update_accepted' ||
      (event.is === 'signalled' && event.n === undefined)
    )
      keep(rest as WorkflowEvent, first + index)
    else if (event.n !== undefined && ended.has(event.n as number))
      keep((event.taken === undefined ? rest : { ...rest, taken: numbers.get(event.taken as number) }) as WorkflowEvent, first + index)
  }
  return kept
}

function signalsOf(events: readonly WorkflowEvent[], most: number): WorkflowEvent[] {
  return events
    .filter(({ is }) => is === 'signalled')
    .map(event => bufferedSignal(event as WorkflowEvent & { is: 'signalled' }))
    .slice(0, most)
}

function bufferedSignal({ at, name, payload, command, by }: Omit<WorkflowEvent & { is: 'signalled' }, 'is'>): WorkflowEvent {
  return { is: 'signalled', at, name, command, ...(payload === undefined ? {} : { payload }), ...(by === undefined ? {} : { by }) } as WorkflowEvent
}

function bytesOf(events: readonly WorkflowEvent[]): number {
  return events.reduce((sum, event) => sum + 100 + String(event.output ?? event.payload ?? event.input ?? '').length, 0)
}

/**
 * Promises that nobody has settled go on open in the new run: with its id in their tokens, which lead to it, and all their time. Who knows the old token and the
 * new run knows the new one.
 */
export function promisedAnew(self: RunId, kept: readonly WorkflowEvent[], now: Instant): readonly WorkflowEvent[] {
  const ended = new Set(kept.flatMap(event => (event.n !== undefined && ends(event, NONE) ? [event.n] : [])))
  return kept.map(event => {
    if (event.is !== 'promise_made' || ended.has(event.n)) return event
    const { token, dueAt, at } = event as WorkflowEvent & { is: 'promise_made' }
    return { ...event, token: `${self}${token.slice(self.length)}`, ...(dueAt !== undefined && { dueAt: now + (dueAt - at) }) } as WorkflowEvent
  })
}
const NONE: ReadonlySet<number> = new Set()

/** What random numbers and the time of the beginning follow from: those of the first run of the chain, so that the code sees the same again. */
function beginning(self: RunId, began: WorkflowEvent, base: number): { seed: string; beganAt: Instant } {
  const { seed = `${self}:${base}`, beganAt = began.at } = began as { seed?: string; beganAt?: Instant }
  return { seed, beganAt }
}
