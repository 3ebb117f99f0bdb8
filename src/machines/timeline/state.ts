import { invariant } from '../../core/errors.ts'
import type { Pending } from '../../core/machine.ts'
import type { Instant } from '../../core/time.ts'
import { RESEND_MS } from './resend.ts'
import type { Entry, Past, TimelineEvent, TimelineState } from './types.ts'
import { evolveWatch, isOfWatch, watchWakeAt } from './watch-state.ts'

/** Times whose last run is remembered after its close; beyond, what closed first is forgotten. */
const PAST_MAX = 1_000

const EMPTY: TimelineState = { entries: [], past: [], lookAt: null }

export function evolve(before: TimelineState | null, event: TimelineEvent): TimelineState {
  const state = before ?? EMPTY
  if (isOfWatch(event)) return evolveWatch(state, event)
  switch (event.is) {
    case 'entered':
      return entered(state, event as TimelineEvent & { is: 'entered' })
    case 'passed': {
      const { run, tasks } = event as TimelineEvent & { is: 'passed' }
      return changed(state, run, entry => ({ ...entry, open: entry.open.filter(task => !tasks.includes(task)) }))
    }
    case 'idled': {
      const { run, idle } = event as TimelineEvent & { is: 'idled' }
      return changed(state, run, entry => ({ ...entry, idle }))
    }
    case 'left':
      return left(state, event as TimelineEvent & { is: 'left' })
    case 'told': {
      const { run, active, held, at } = event as TimelineEvent & { is: 'told' }
      return changed(state, run, entry => ({ ...entry, active, held, told: entry.told + 1, toldAt: at, idle: false }))
    }
    case 'told_again': {
      const { runs, at } = event as TimelineEvent & { is: 'told_again' }
      return { ...state, entries: state.entries.map(entry => (runs.includes(entry.run) ? { ...entry, toldAt: at } : entry)) }
    }
    case 'confirmed': {
      const { run, n } = event as TimelineEvent & { is: 'confirmed' }
      return changed(state, run, entry => ({ ...entry, confirmed: Math.max(entry.confirmed, n) }))
    }
    case 'looked':
      return { ...state, lookAt: (event as TimelineEvent & { is: 'looked' }).next }
    default:
      invariant(false, 'no such event', { event: (event as TimelineEvent).is })
  }
}

/** Of several runs for one time the newest counts, and all that are open: what was known of its time is over. */
function entered(state: TimelineState, { at, run, for: time, free, open }: TimelineEvent & { is: 'entered' }): TimelineState {
  const entry: Entry = { run, for: time, free, active: false, open, told: 0, toldAt: at, held: [], confirmed: 0, idle: false }
  const after = state.entries.findIndex(other => other.for > time)
  const place = after < 0 ? state.entries.length : after
  return { ...state, entries: state.entries.toSpliced(place, 0, entry), past: state.past.filter(other => other.for !== time) }
}

function left(state: TimelineState, { run, open }: TimelineEvent & { is: 'left' }): TimelineState {
  const entry = entryOf(state, run)
  invariant(entry !== null, 'only one that is here leaves', { run })
  const entries = state.entries.filter(other => other !== entry)
  const known = state.past.find(other => other.for === entry.for)
  const past: Past = { for: entry.for, run, open: [...new Set([...(known?.open ?? []), ...open])] }
  return { ...state, entries, past: [...state.past.filter(other => other !== known), past].slice(-PAST_MAX) }
}

function changed(state: TimelineState, run: string, change: (entry: Entry) => Entry): TimelineState {
  return { ...state, entries: state.entries.map(entry => (entry.run === run ? change(entry) : entry)) }
}

export function entryOf({ entries }: TimelineState, run: string): Entry | null {
  return entries.find(entry => entry.run === run) ?? null
}

/** The runs for the last time before one, open or closed; none: nothing is known before it. */
export function runsBefore({ entries, past }: TimelineState, time: Instant): readonly Pick<Entry, 'run' | 'for' | 'open'>[] {
  let latest: Instant | null = null
  for (const other of [...entries, ...past]) if (other.for < time && (latest === null || other.for > latest)) latest = other.for
  return [...past, ...entries].filter(other => other.for === latest)
}

/** Tasks that wait for the run before it. */
export function heldOf(state: TimelineState, entry: Pick<Entry, 'for'>): string[] {
  return [...new Set(runsBefore(state, entry.for).flatMap(({ open }) => open))].sort()
}

/** Who has the places that a run for this time could have. */
export function holdersFor({ entries }: TimelineState, { run, for: time }: Pick<Entry, 'run' | 'for'>): Entry[] {
  return entries.filter(other => other.active && !other.free && other.run !== run && !(other.idle && other.for > time))
}

function isUnconfirmed({ told, confirmed }: Entry): boolean {
  return told > confirmed
}

/** Those that were told something and have not confirmed it in time. */
export function lateTo({ entries }: TimelineState, now: Instant): Entry[] {
  return entries.filter(entry => isUnconfirmed(entry) && entry.toldAt + RESEND_MS <= now)
}

export function wakeAt(state: TimelineState): Instant | null {
  const { entries, lookAt } = state
  let at = lookAt
  const watchAt = watchWakeAt(state)
  if (watchAt !== null && (at === null || watchAt < at)) at = watchAt
  for (const entry of entries) if (isUnconfirmed(entry) && (at === null || entry.toldAt + RESEND_MS < at)) at = entry.toldAt + RESEND_MS
  return at
}

export function pending(state: TimelineState): Pending {
  return { ready: [], delivered: [], wakeAt: wakeAt(state) }
}
