import { invariant } from '../../core/errors.ts'
import type { RunId } from '../../core/ids.ts'
import type { Pending } from '../../core/machine.ts'
import { isClosed, type RunState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import { deadlineWakeAt, evolveDeadlines } from './deadlines.ts'
import { judge } from './judged.ts'
import { keepOutput, letter, letterOf, letters, placeOf } from './letters.ts'
import type { Memo } from './memo.ts'
import { Outputs } from './outputs.ts'
import type { ENDS } from './rules.ts'
import { type Closing, type DagEvent, type DagState, type Draft, ENDING_OF, type Kept, LETTERS, type Reference, type Started } from './types.ts'
import { evolveBeginning, evolveSettled, evolveSignalled } from './waits-state.ts'

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
  const { freed, freedItems, more } = event as { freed?: readonly number[]; freedItems?: readonly Reference[]; more?: true }
  const isAside = ASIDE.has(event.is)
  // One copy for an event: a DAG's state is what most of its garbage was made of.
  const draft: Draft = { ...state }
  change(draft, event)
  // Until it is due that is when it will be.
  if (!isAside && (state.isDue || event.is === 'due')) draft.since = event.at
  if (freed !== undefined) free(draft, freed)
  if (freedItems !== undefined) freeItems(draft, freedItems)
  if (event.is !== 'begun' && !isAside) draft.isOpen = more === true
  return draft
}

/** What changes nothing of how its tasks stand. */
const ASIDE: ReadonlySet<string> = new Set(['deadline_missed', 'alerted', 'signalled', 'settled', 'watched'])

function born({ kept, ...started }: Started): DagState {
  const { at, size, options = {} } = started
  const dueAt = Math.max(options.notBefore ?? 0, at)
  const state: DagState = {
    started,
    tasks: '.'.repeat(size),
    mapped: {},
    outputs: Outputs.NONE,
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
    // One that waits for its place has not begun.
    totalAt: started.timeline !== undefined || options.timeout?.total === undefined ? null : dueAt + options.timeout.total,
    closing: null,
  }
  return kept === undefined ? state : keeping(state, kept)
}

/** With what stands of another run. */
function keeping(state: DagState, { tasks, items, outputs, runs }: Kept): DagState {
  const mapped = Object.fromEntries(Object.entries(items).map(([n, letters]) => [n, { items: letters, active: 0, outputs: Outputs.NONE }]))
  const runless = [...tasks].flatMap((letter, n) => ('sf'.includes(letter) && runs[n] === undefined ? [n] : []))
  const born: DagState = { ...state, isAnew: true, tasks, mapped, elsewhere: runs, ...(runless.length > 0 && { runless }) }
  const ended = Object.values(endings(born)).reduce((sum, count) => sum + count, 0)
  const { failed, upstream_failed: upstreamFailed } = endings(born)
  const total = state.total + Object.values(items).reduce((sum, letters) => sum + letters.length - 1, 0)
  const draft: Draft = { ...born, total, ended, failed: failed + upstreamFailed }
  for (const [ref, output] of Object.entries(outputs)) keepOutput(draft, Number(ref), output)
  return draft
}

function change(draft: Draft, event: DagEvent): void {
  switch (event.is) {
    case 'queued':
      draft.queuedAt = event.at
      return
    case 'placed': {
      const { n, active, held = [] } = event as DagEvent & { is: 'placed' }
      draft.place = { n, active, held, idle: false }
      return
    }
    case 'idled':
      draft.place = { ...(draft.place as NonNullable<DagState['place']>), idle: event.idle as boolean }
      return
    case 'deadline_missed':
    case 'alerted':
      Object.assign(draft, evolveDeadlines(draft, event))
      return
    case 'due':
      draft.isDue = true
      if (draft.started.deadlines) draft.begunAt = event.at
      draft.totalAt ??= totalFrom(draft, event.at)
      return
    case 'judged':
      return judge(draft, event as DagEvent & { is: 'judged' })
    case 'asked':
      return ask(draft, event as DagEvent & { is: 'asked' })
    case 'begun': {
      const refs = 'refs' in event ? (event.refs as readonly Reference[]) : [event.ref as Reference]
      letters(draft, refs, 'r')
      draft.unanswered -= refs.length
      return
    }
    case 'looked':
      return looked(draft, event as DagEvent & { is: 'looked' })
    case 'ended':
      return end(draft, event as DagEvent & { is: 'ended' })
    case 'marked':
      return mark(draft, event as DagEvent & { is: 'marked' })
    case 'signalled':
      Object.assign(draft, evolveSignalled(draft, event as DagEvent & { is: 'signalled' }))
      return
    case 'settled':
      Object.assign(draft, evolveSettled(draft, event as DagEvent & { is: 'settled' }))
      return
    case 'watched':
      draft.watched = event.tasks as readonly string[]
      return
    case 'cancel_requested':
      draft.cancelRequested = true
      return
    default:
      invariant(isClosed(event.is as RunState), 'an event that is known', { event: event.is })
      close(draft, event as Closing)
  }
}

function totalFrom({ started: { options } }: DagState, at: Instant): Instant | null {
  const total = options?.timeout?.total
  return total === undefined ? null : at + total
}

function ask(draft: Draft, { refs, again, elsewhere, persons, waits, taken, memos, at }: DagEvent & { is: 'asked' }): void {
  draft.askedAt = at
  if (again) return
  letters(draft, refs, 'a', 1)
  draft.startedAt ??= at
  draft.active += refs.length
  draft.unanswered += refs.length
  if (elsewhere !== undefined) draft.elsewhere = { ...draft.elsewhere, ...elsewhere }
  if (persons !== undefined) draft.persons = [...(draft.persons ?? []), ...persons]
  if (waits !== undefined) Object.assign(draft, evolveBeginning(draft, waits, taken))
  if (memos !== undefined) draft.memos = { ...draft.memos, ...memos }
}

function looked(draft: Draft, { refs, elsewhere }: DagEvent & { is: 'looked' }): void {
  const memos = { ...draft.memos }
  for (const ref of refs) memos[ref] = { key: (memos[ref] as Memo).key }
  draft.memos = memos
  if (elsewhere !== undefined) draft.elsewhere = { ...draft.elsewhere, ...elsewhere }
}

function end(draft: Draft, { ref, as, output, run, watermark, cachedAt }: DagEvent & { is: 'ended' }): void {
  if (letterOf(draft, ref) === 'a') draft.unanswered--
  letter(draft, ref, LETTERS[as], -1)
  if (output !== undefined) keepOutput(draft, ref, output)
  if (watermark !== undefined && as === 'success') draft.watermark = watermark
  takeSlotless(draft, [ref])
  if (cachedAt !== undefined) {
    draft.hits = [...(draft.hits ?? []), ref]
    draft.elsewhere = { ...draft.elsewhere, [ref]: run as RunId }
  }
  draft.active--
  draft.ended++
  if (as === 'failed' || as === 'upstream_failed') draft.failed++
}

function mark(draft: Draft, { refs, as, output, command }: DagEvent & { is: 'marked' }): void {
  const runless = refs.filter(ref => draft.mapped[placeOf(draft, ref).n] === undefined && '.q'.includes(letterOf(draft, ref)))
  if (runless.length > 0) draft.runless = [...(draft.runless ?? []), ...runless]
  for (const ref of refs) {
    const was = letterOf(draft, ref)
    const wasActive = 'ar'.includes(was)
    letter(draft, ref, LETTERS[as], wasActive ? -1 : 0)
    if (wasActive) draft.active--
    if (was === 'a') draft.unanswered--
  }
  if (output !== undefined) keepOutput(draft, refs[0] as Reference, output)
  takeSlotless(draft, refs)
  draft.ended += refs.length
  if (as === 'failed') draft.failed += refs.length
  draft.marks = [...(draft.marks ?? []), command].slice(-MARKS_MAX)
}
const MARKS_MAX = 100

function takeSlotless(draft: Draft, refs: readonly Reference[]): void {
  if (draft.persons) draft.persons = draft.persons.filter(ref => !refs.includes(ref))
  if (draft.waits) draft.waits = draft.waits.filter(({ ref }) => !refs.includes(ref))
  if (draft.memos && refs.some(ref => draft.memos?.[ref] !== undefined)) {
    const memos = { ...draft.memos }
    for (const ref of refs) delete memos[ref]
    draft.memos = memos
  }
}

function freeItems(draft: Draft, freed: readonly Reference[]): void {
  const mapped = { ...draft.mapped }
  for (const ref of freed) {
    const { n, item } = placeOf(draft, ref)
    const one = mapped[n]
    if (one === undefined) continue
    const outputs = one.outputs.without(item)
    draft.outputsLength += outputs.length - one.outputs.length
    mapped[n] = { ...one, outputs }
  }
  draft.mapped = mapped
}

function free(draft: Draft, freed: readonly number[]): void {
  for (const n of freed) {
    const { outputs } = draft
    draft.outputs = outputs.without(n)
    draft.outputsLength += draft.outputs.length - outputs.length
    const one = draft.mapped[n]
    if (one === undefined) continue
    draft.outputsLength -= one.outputs.length
    draft.mapped = { ...draft.mapped, [n]: { ...one, outputs: Outputs.NONE } }
  }
}

/** What never began is removed; what was under way is told to stop, and has failed as far as its DAG is concerned. */
function close(draft: Draft, closing: Closing): void {
  const over = (letters: string): string => letters.replaceAll(/[.q]/g, LETTERS.removed).replaceAll(/[ar]/g, LETTERS.failed)
  draft.closing = closing
  draft.tasks = over(draft.tasks)
  draft.mapped = Object.fromEntries(Object.entries(draft.mapped).map(([n, one]) => [n, { items: over(one.items), active: 0, outputs: Outputs.NONE }]))
  draft.outputs = Outputs.NONE
  draft.outputsLength = 0
  draft.active = 0
  draft.unanswered = 0
  if (draft.persons) draft.persons = []
  if (draft.waits) draft.waits = []
  if (draft.memos) draft.memos = {}
  if (draft.signals) draft.signals = []
  if (draft.settled) draft.settled = []
}

/** Outputs are a record in a snapshot. */
export function revive(snapshot: unknown): DagState {
  const state = snapshot as DagState
  const mapped = Object.entries(state.mapped).map(([n, one]) => [n, { ...one, outputs: Outputs.of(one.outputs as never) }])
  return { ...state, outputs: Outputs.of(state.outputs as never), mapped: Object.fromEntries(mapped) }
}

/** The earliest that time alone does. */
export function wakeAt(state: DagState): Instant | null {
  if (state.closing !== null) return null
  const { isDue, isOpen, since, unanswered, askedAt, totalAt } = state
  let at = !isDue ? dueAt(state) : isOpen ? since : unanswered > 0 ? askedAt + RESEND_MS : null
  for (const other of [totalAt, deadlineWakeAt(state)]) if (other !== null && (at === null || other < at)) at = other
  return at
}

/** Once it has its answer it is told when its place is free. */
function dueAt({ since, queuedAt, place }: DagState): Instant | null {
  if (queuedAt === undefined) return since
  return place === undefined ? queuedAt + RESEND_MS : null
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
