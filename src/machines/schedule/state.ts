import { invariant } from '../../core/errors.ts'
import type { LedgerEntry } from '../../core/ledger.ts'
import type { Pending } from '../../core/machine.ts'
import type { Payload } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import { watermarkOf } from '../asset/state.ts'
import type { Watermark } from '../asset/types.ts'
import { dueOf, timetableOf } from './timetables.ts'
import type { Backfill, ScheduleEvent, ScheduleState } from './types.ts'
import { evolveAssets, linkAt, withoutAnswered } from './waits.ts'

/** Runs of one schedule that are followed for its overlap policy. With more open than that, the oldest are no longer waited for. */
export const OPEN_MAX = 1_000
/** Commands are remembered for so long, and so many of them (E9). */
const COMMANDS_KEPT_MS = 86_400_000
const COMMANDS_MAX = 200
/** What was not answered is sent again. */
export const RESEND_MS = 10_000
/** While it is paused, a schedule accounts for its times so often, not at each. */
const PAUSED_STEP_MS = 3_600_000
/** A deleted schedule keeps its ledger so long, and is the same again if it is made anew. */
export const DELETED_KEPT_MS = 30 * 86_400_000

export function evolve(state: ScheduleState | null, event: ScheduleEvent): ScheduleState {
  if (event.is === 'created') return created(state, event)
  invariant(state !== null, 'a history begins with created', { event: event.is })
  const now = event.entries === undefined ? state : withoutAnswered(entered(state, event.entries))
  switch (event.is) {
    case 'edited':
      return {
        ...now,
        base: event.spec,
        origin: event.origin,
        spec: { ...event.spec, ...now.override },
        editedAt: event.at,
        accounted: Math.max(now.accounted, event.at),
      }
    case 'overridden': {
      const spec = { ...now.base, ...event.override }
      return { ...now, override: event.override, spec, editedAt: event.at, accounted: Math.max(now.accounted, event.at) }
    }
    case 'paused': {
      const { by, note, until, gone } = event
      return { ...now, paused: { by, note, since: event.at, until, gone }, tail: null }
    }
    case 'resumed':
      return { ...now, paused: null, tail: null }
    case 'accounted': {
      const { stopping, at } = event
      const open = stopping === undefined ? now.open : now.open.map(one => (stopping.includes(one.run) ? { ...one, stopAskedAt: at } : one))
      return { ...now, accounted: Math.max(now.accounted, event.through), open }
    }
    case 'triggered':
      return remember(now, event.command, event.at, event.value)
    case 'answered':
      return answered(state, now, event)
    case 'unbuffered':
    case 'backfilled':
      return now
    case 'assets_asked':
    case 'asset_linked':
    case 'asset_heard':
    case 'assets_fired':
      return evolveAssets(now, event)
    case 'child_closed':
      return closed(state, now, event)
    case 'watermark_set':
      return marked(now, event.watermark, { at: event.at, ...(event.by !== null && { by: event.by }) }, event.n)
    case 'backfill_asked':
      return remember({ ...now, backfills: [...now.backfills, event.backfill] }, event.backfill.id, event.at, event.value)
    case 'backfill_advanced': {
      const started = event.entries ?? []
      return changeBackfill(now, event.backfill, backfill => ({
        ...backfill,
        through: event.through,
        started: backfill.started + started.length,
        active: [...backfill.active, ...started.flatMap(({ run }) => (run === null ? [] : [run]))],
      }))
    }
    case 'backfill_ended':
      return { ...now, backfills: now.backfills.filter(({ id }) => id !== event.backfill) }
    case 'deleted':
      return { ...now, deletedAt: event.at, backfills: [], paused: null, override: null }
    case 'ended':
      return now
  }
}

function created(state: ScheduleState | null, event: ScheduleEvent & { is: 'created' }): ScheduleState {
  invariant(state === null || state.deletedAt !== null, 'a schedule is created once', { name: event.name })
  return {
    name: event.name,
    createdAt: event.at,
    editedAt: event.at,
    origin: event.origin,
    base: event.spec,
    override: null,
    spec: event.spec,
    accounted: event.at,
    next: state?.next ?? 0,
    tail: null,
    outstanding: state?.outstanding ?? [],
    buffered: [],
    ...(state?.carried && { carried: state.carried }),
    open: state?.open ?? [],
    paused: null,
    backfills: [],
    commands: state?.commands ?? [],
    fired: 0,
    last: null,
    deletedAt: null,
  }
}

/** Lines of the ledger: those that are intended are asked for when they name a run, else they wait in the buffer. */
function entered(state: ScheduleState, entries: readonly LedgerEntry[]): ScheduleState {
  let { next, tail, outstanding, buffered, fired, last } = state
  for (const entry of entries) {
    const { n, account, run } = entry
    if (outstanding.some(other => other.n === n)) outstanding = outstanding.filter(other => other.n !== n)
    if (buffered.some(other => other.n === n)) buffered = buffered.filter(other => other.n !== n)
    if (account === 'intended' && run !== null) outstanding = [...outstanding, entry]
    if (account === 'intended' && run === null) buffered = [...buffered, entry]
    if (account === 'fired' || account === 'recovered') {
      fired++
      last = entry
    }
    if (n >= next) next = n + 1
    if (n === next - 1) tail = isStretch(entry) ? entry : null
  }
  return { ...state, next, tail, outstanding, buffered, fired, last }
}

/** A line that further times may join. */
function isStretch({ source, account }: LedgerEntry): boolean {
  return source === 'time' && (account === 'skipped' || account === 'excluded' || account === 'blacked_out' || account === 'paused')
}

function answered(before: ScheduleState, now: ScheduleState, { n, run, closed: isClosed }: ScheduleEvent & { is: 'answered' }): ScheduleState {
  const line = before.outstanding.find(entry => entry.n === n) as LedgerEntry
  if (line.source !== 'backfill') {
    if (run === null || isClosed) return now
    return { ...now, open: [...now.open.slice(now.open.length >= OPEN_MAX ? 1 : 0), { run, n, stopAskedAt: null }] }
  }
  return run !== null && !isClosed ? now : leaveBackfill(now, line.run as string)
}

function closed(before: ScheduleState, now: ScheduleState, { run, at, n, watermark }: ScheduleEvent & { is: 'child_closed' }): ScheduleState {
  const open = before.open.some(one => one.run === run) ? now.open.filter(one => one.run !== run) : now.open
  const left = leaveBackfill({ ...now, open }, run)
  return n === undefined || watermark === undefined ? left : marked(left, watermark, { at, run }, n)
}

function marked({ watermark: _, ...state }: ScheduleState, value: Payload | null, said: Omit<Watermark, 'value'>, n: number): ScheduleState {
  const watermark = watermarkOf(value, said)
  return { ...state, watermarkLine: n, ...(watermark !== undefined && { watermark }) }
}

function leaveBackfill(state: ScheduleState, run: string): ScheduleState {
  const backfill = state.backfills.find(({ active }) => active.includes(run))
  if (backfill === undefined) return state
  return changeBackfill(state, backfill.id, known => ({ ...known, active: known.active.filter(other => other !== run) }))
}

function changeBackfill(state: ScheduleState, id: string, change: (backfill: Backfill) => Backfill): ScheduleState {
  return { ...state, backfills: state.backfills.map(backfill => (backfill.id === id ? change(backfill) : backfill)) }
}

function remember(state: ScheduleState, id: string, at: Instant, value: string): ScheduleState {
  const kept = state.commands.filter(command => command.at > at - COMMANDS_KEPT_MS).slice(1 - COMMANDS_MAX)
  return { ...state, commands: [...kept, { id, at, value }] }
}

/** A run of this schedule is open or asked for: what the overlap policy looks at. */
export function isBusy({ open, outstanding }: ScheduleState): boolean {
  return open.length > 0 || outstanding.some(({ source }) => source !== 'backfill')
}

/** A backfill goes on as soon as it may, one after the other: it starts more while its range has times, and ends when all of it has closed. */
export function backfillToAdvance({ backfills }: ScheduleState): Backfill | null {
  const first = backfills[0]
  if (first === undefined) return null
  return first.active.length < (first.through < first.until ? first.maxActive : 1) ? first : null
}

/** The earliest that time alone does. */
export function wakeAt(state: ScheduleState): Instant | null {
  if (state.deletedAt !== null) return state.deletedAt + DELETED_KEPT_MS
  const askAt = linkAt(state)
  const { paused, outstanding, buffered, open } = state
  const next = timetableOf(state).next(state.accounted)
  let at = next === null ? null : dueOf(state, next.at)
  if (paused !== null) {
    if (at !== null) at = Math.max(at, state.accounted + PAUSED_STEP_MS)
    if (paused.until !== null && (at === null || paused.until < at)) at = paused.until
  }
  for (const { accountedAt } of outstanding) if (at === null || accountedAt + RESEND_MS < at) at = accountedAt + RESEND_MS
  if (buffered.length > 0)
    for (const { stopAskedAt } of open) if (stopAskedAt !== null && (at === null || stopAskedAt + RESEND_MS < at)) at = stopAskedAt + RESEND_MS
  if (askAt !== null && (at === null || askAt < at)) at = askAt
  if (backfillToAdvance(state) !== null) at = state.createdAt
  return at
}

export function pending(state: ScheduleState): Pending {
  return { ready: [], delivered: [], wakeAt: wakeAt(state) }
}

/** Specs, overrides and origins come in one canonical form: what says the same is the same text. */
export function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
