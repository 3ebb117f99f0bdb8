import { invariant } from '../../core/errors.ts'
import type { Pending } from '../../core/machine.ts'
import { isClosed, type Payload, type RunState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { ENDS } from './rules.ts'
import { type Closing, type DagEvent, type DagState, ENDING_OF, type Kept, LETTERS, type Mapped, type Reference, type Started } from './types.ts'

/** A start that was not answered is sent again. */
export const RESEND_MS = 10_000

/** Knows nothing of the DAG: what follows from it stands in the events. */
export function evolve(state: DagState | null, event: DagEvent): DagState {
  if (event.is === 'started') {
    invariant(state === null, 'a run starts once', { definition: event.definition })
    return born(event as Started)
  }
  invariant(state !== null, 'a history begins with started', { event: event.is })
  invariant(state.closing === null, 'a closed run never changes', { event: event.is })
  const { freed = [], more } = event as { freed?: readonly number[]; more?: true }
  // Until it is due that is when it will be.
  const since = event.is === 'marked' && !state.isDue ? state.since : event.at
  const next = { ...evolved(state, event), since }
  const isOpen = event.is === 'begun' ? state.isOpen : more === true
  return freed.length === 0 ? { ...next, isOpen } : { ...without(next, freed), isOpen }
}

function born({ kept, ...started }: Started): DagState {
  const { at, size, options = {} } = started
  const dueAt = Math.max(options.notBefore ?? 0, at)
  const state: DagState = {
    started,
    tasks: '.'.repeat(size),
    mapped: {},
    outputs: {},
    outputsLength: 0,
    isDue: false,
    isOpen: false,
    active: 0,
    unanswered: 0,
    askedAt: at,
    total: size,
    ended: 0,
    failed: 0,
    elsewhere: {},
    since: dueAt,
    startedAt: null,
    cancelRequested: false,
    totalAt: options.timeout?.total === undefined ? null : dueAt + options.timeout.total,
    closing: null,
  }
  return kept === undefined ? state : keeping(state, kept)
}

/** With what stands of another run. */
function keeping(state: DagState, { tasks, items, outputs, runs }: Kept): DagState {
  const mapped = Object.fromEntries(Object.entries(items).map(([n, letters]) => [n, { items: letters, active: 0, outputs: {} }]))
  const runless = [...tasks].flatMap((letter, n) => ('sf'.includes(letter) && runs[n] === undefined ? [n] : []))
  const born: DagState = { ...state, tasks, mapped, elsewhere: runs, ...(runless.length > 0 && { runless }) }
  const ended = Object.values(endings(born)).reduce((sum, count) => sum + count, 0)
  const { failed, upstream_failed: upstreamFailed } = endings(born)
  const total = state.total + Object.values(items).reduce((sum, letters) => sum + letters.length - 1, 0)
  const counted: DagState = { ...born, total, ended, failed: failed + upstreamFailed }
  return Object.entries(outputs).reduce((next, [ref, output]) => withOutput(next, Number(ref), output), counted)
}

function evolved(state: DagState, event: DagEvent): DagState {
  switch (event.is) {
    case 'due':
      return { ...state, isDue: true }
    case 'judged':
      return judged(state, event as DagEvent & { is: 'judged' })
    case 'asked':
      return asked(state, event as DagEvent & { is: 'asked' })
    case 'begun':
      return { ...lettered(state, event.ref as Reference, 'r'), unanswered: state.unanswered - 1 }
    case 'ended':
      return ended(state, event as DagEvent & { is: 'ended' })
    case 'marked':
      return marked(state, event as DagEvent & { is: 'marked' })
    case 'cancel_requested':
      return { ...state, cancelRequested: true }
    default:
      invariant(isClosed(event.is as RunState), 'an event that is known', { event: event.is })
      return closed(state, event as Closing)
  }
}

/** One after the other, in the order in which they are written: what is mapped has all its items ended at once where they do nothing. */
function judged(state: DagState, event: DagEvent & { is: 'judged' }): DagState {
  const letters = new Map<number, string>()
  for (const n of event.ready ?? []) letters.set(n, 'q')
  for (const n of event.skipped ?? []) letters.set(n, LETTERS.skipped)
  for (const n of event.upstream_failed ?? []) letters.set(n, LETTERS.upstream_failed)
  for (const { n } of event.failed ?? []) letters.set(n, LETTERS.failed)
  for (const { n } of event.ran ?? []) letters.set(n, LETTERS.success)
  const mapped = { ...state.mapped }
  let { outputsLength, total } = state
  let endedItems = 0
  for (const { n, items, ran } of event.mapped ?? []) {
    letters.set(n, 'm')
    const outputs = Array.isArray(ran) ? Object.fromEntries((ran as Payload[]).entries()) : {}
    mapped[n] = { items: (ran === undefined ? 'q' : LETTERS.success).repeat(items), active: 0, outputs }
    outputsLength += lengthOf(outputs)
    total += items - 1
    if (ran !== undefined) endedItems += items
  }
  const outputs = { ...state.outputs }
  for (const { n, output } of event.ran ?? [])
    if (output !== undefined) {
      outputs[n] = output
      outputsLength += output.length
    }
  const endings = [...letters.values()].filter(letter => ENDING_OF[letter] !== undefined).length
  return {
    ...state,
    tasks: withLetters(state.tasks, letters),
    mapped,
    outputs,
    outputsLength,
    total,
    ended: state.ended + endings + endedItems,
    failed: state.failed + (event.failed?.length ?? 0) + (event.upstream_failed?.length ?? 0),
  }
}

function withLetters(tasks: string, letters: ReadonlyMap<number, string>): string {
  if (letters.size === 0) return tasks
  if (letters.size === 1) {
    const [[n, letter]] = letters as unknown as [[number, string]]
    return tasks.slice(0, n) + letter + tasks.slice(n + 1)
  }
  const all = tasks.split('')
  for (const [n, letter] of letters) all[n] = letter
  return all.join('')
}

function asked(state: DagState, { refs, again, elsewhere, at }: DagEvent & { is: 'asked' }): DagState {
  const startedAt = state.startedAt ?? at
  if (again) return { ...state, askedAt: at }
  let next = state
  const plain = new Map<number, string>()
  for (const ref of refs) {
    if (ref < state.tasks.length && state.mapped[ref] === undefined) plain.set(ref, 'a')
    else next = lettered(next, ref, 'a', 1)
  }
  return {
    ...next,
    tasks: withLetters(next.tasks, plain),
    startedAt,
    askedAt: at,
    active: state.active + refs.length,
    unanswered: state.unanswered + refs.length,
    ...(elsewhere === undefined ? {} : { elsewhere: { ...state.elsewhere, ...elsewhere } }),
  }
}

function ended(state: DagState, { ref, as, output }: DagEvent & { is: 'ended' }): DagState {
  const isUnanswered = letterOf(state, ref) === 'a'
  let next = lettered(state, ref, LETTERS[as], -1)
  if (output !== undefined) next = withOutput(next, ref, output)
  const hasFailed = as === 'failed' || as === 'upstream_failed'
  return {
    ...next,
    active: state.active - 1,
    unanswered: state.unanswered - (isUnanswered ? 1 : 0),
    ended: state.ended + 1,
    failed: state.failed + (hasFailed ? 1 : 0),
  }
}

function marked(state: DagState, { refs, as, output, command }: DagEvent & { is: 'marked' }): DagState {
  let next = state
  const runless = refs.filter(ref => state.mapped[placeOf(state, ref).n] === undefined && '.q'.includes(letterOf(state, ref)))
  if (runless.length > 0) next = { ...next, runless: [...(state.runless ?? []), ...runless] }
  for (const ref of refs) {
    const letter = letterOf(state, ref)
    const wasActive = 'ar'.includes(letter)
    next = lettered(next, ref, LETTERS[as], wasActive ? -1 : 0)
    next = { ...next, active: next.active - (wasActive ? 1 : 0), unanswered: next.unanswered - (letter === 'a' ? 1 : 0) }
  }
  if (output !== undefined) next = withOutput(next, refs[0] as Reference, output)
  return {
    ...next,
    ended: next.ended + refs.length,
    failed: next.failed + (as === 'failed' ? refs.length : 0),
    marks: [...(next.marks ?? []), command].slice(-MARKS_MAX),
  }
}
const MARKS_MAX = 100

function withOutput(state: DagState, ref: Reference, output: Payload): DagState {
  const { n, item } = placeOf(state, ref)
  const outputsLength = state.outputsLength + output.length
  const mapped = state.mapped[n]
  if (mapped === undefined) return { ...state, outputsLength, outputs: { ...state.outputs, [n]: output } }
  return { ...state, outputsLength, mapped: { ...state.mapped, [n]: { ...mapped, outputs: { ...mapped.outputs, [item]: output } } } }
}

function without(state: DagState, freed: readonly number[]): DagState {
  const outputs = { ...state.outputs }
  const mapped = { ...state.mapped }
  let { outputsLength } = state
  for (const n of freed) {
    outputsLength -= outputs[n]?.length ?? 0
    delete outputs[n]
    const one = mapped[n]
    if (one === undefined) continue
    outputsLength -= lengthOf(one.outputs)
    mapped[n] = { ...one, outputs: {} }
  }
  return { ...state, outputs, mapped, outputsLength }
}

function lengthOf(outputs: Readonly<Record<number, Payload>>): number {
  return Object.values(outputs).reduce((sum, output) => sum + output.length, 0)
}

/** What never began is removed; what was under way is told to stop, and has failed as far as its DAG is concerned. */
function closed(state: DagState, closing: Closing): DagState {
  const over = (letters: string): string => letters.replaceAll(/[.q]/g, LETTERS.removed).replaceAll(/[ar]/g, LETTERS.failed)
  const mapped = Object.fromEntries(Object.entries(state.mapped).map(([n, one]) => [n, { items: over(one.items), active: 0, outputs: {} }]))
  return { ...state, closing, tasks: over(state.tasks), mapped, outputs: {}, outputsLength: 0, isOpen: false, active: 0, unanswered: 0 }
}

export function placeOf({ started: { size } }: DagState, ref: Reference): { n: number; item: number } {
  return { n: ref % size, item: Math.floor(ref / size) }
}

export function letterOf(state: DagState, ref: Reference): string {
  const { n, item } = placeOf(state, ref)
  const mapped = state.mapped[n]
  return mapped === undefined ? (state.tasks[n] as string) : (mapped.items[item] ?? '')
}

/** Every task and every item that is asked for or under way. */
export function activeRefs(state: DagState, letters: RegExp = /[ar]/g): Reference[] {
  const { size } = state.started
  const plain = [...state.tasks.matchAll(letters)].map(({ index }) => index)
  const items = Object.entries(state.mapped).flatMap(([n, { items }]) => [...items.matchAll(letters)].map(({ index }) => index * size + Number(n)))
  return [...plain, ...items]
}

function lettered(state: DagState, ref: Reference, letter: string, more = 0): DagState {
  const { n, item } = placeOf(state, ref)
  const mapped = state.mapped[n]
  if (mapped === undefined) return { ...state, tasks: state.tasks.slice(0, n) + letter + state.tasks.slice(n + 1) }
  const items = mapped.items.slice(0, item) + letter + mapped.items.slice(item + 1)
  const one: Mapped = { ...mapped, items, active: mapped.active + more }
  return { ...state, mapped: { ...state.mapped, [n]: one } }
}

/** The earliest that time alone does. */
export function wakeAt(state: DagState): Instant | null {
  if (state.closing !== null) return null
  const { isDue, isOpen, since, unanswered, askedAt, totalAt } = state
  let at = !isDue || isOpen ? since : unanswered > 0 ? askedAt + RESEND_MS : null
  if (totalAt !== null && (at === null || totalAt < at)) at = totalAt
  return at
}

/** It has no task of its own: its tasks are runs. */
export function pending(state: DagState): Pending {
  return { ready: [], delivered: [], wakeAt: wakeAt(state) }
}

/** How many have ended so, items of mapped tasks one by one. */
export function endings(state: DagState): Record<(typeof ENDS)[number], number> {
  const counts = { success: 0, failed: 0, skipped: 0, upstream_failed: 0, removed: 0 }
  for (const letters of [state.tasks, ...Object.values(state.mapped).map(({ items }) => items)])
    for (const letter of letters) {
      const ending = ENDING_OF[letter]
      if (ending !== undefined) counts[ending]++
    }
  return counts
}
