import type { Instant } from '../../core/time.ts'
import { RESEND_MS } from './resend.ts'
import type { KnownRun, TimelineEvent, TimelineState, Watcher } from './types.ts'

/** Runs that have closed and are remembered: what waits for one that closed before these waits for another. Open ones. */
const CLOSED_RUNS_MAX = 1_000
const OPEN_RUNS_MAX = 10_000

const OF_WATCH = ['opened', 'ended', 'tasks', 'awaited', 'unawaited', 'spread', 'heard', 'watched'] as const
export type WatchEvent = TimelineEvent & { is: (typeof OF_WATCH)[number] }

export function isOfWatch(event: TimelineEvent): event is WatchEvent {
  return (OF_WATCH as readonly string[]).includes(event.is)
}

export function evolveWatch(state: TimelineState, event: WatchEvent): TimelineState {
  const { at } = event
  switch (event.is) {
    case 'opened': {
      const { run, for: time } = event as WatchEvent & { is: 'opened' }
      return known(state, { run, for: time, state: null }, at)
    }
    case 'ended': {
      const { at: _, is: __, ...run } = event as WatchEvent & { is: 'ended' }
      // One that goes on where it ended has been opened meanwhile: that one counts.
      const other = runFor(state, run.for)
      return other !== null && other.run !== run.run ? state : known(state, run, at)
    }
    case 'tasks': {
      const { run, tasks } = event as WatchEvent & { is: 'tasks' }
      const found = runOf(state, run)
      if (found === null) return state
      const { watch } = found
      const next = { ...found, tasks: { ...found.tasks, ...tasks }, ...(watch && { watch: { ...watch, heard: true } }) }
      return due({ ...state, runs: (state.runs ?? []).map(one => (one === found ? next : one)) }, found.for, at)
    }
    case 'watched': {
      const { run, tasks } = event as WatchEvent & { is: 'watched' }
      return { ...state, runs: (state.runs ?? []).map(one => (one.run === run ? { ...one, watch: { tasks, at, heard: false } } : one)) }
    }
    case 'awaited': {
      const { run, for: time, tasks } = event as WatchEvent & { is: 'awaited' }
      const watcher: Watcher = { run, for: time, tasks, dueAt: at, told: 0, toldAt: at, confirmed: 0 }
      return { ...state, watchers: [...(state.watchers ?? []), watcher] }
    }
    case 'unawaited':
      return { ...state, watchers: (state.watchers ?? []).filter(({ run }) => run !== event.run) }
    case 'heard': {
      const { run, n } = event as WatchEvent & { is: 'heard' }
      return changed(state, watcher => (watcher.run === run ? { ...watcher, confirmed: Math.max(watcher.confirmed, n) } : watcher))
    }
    case 'spread': {
      const { runs, again } = event as WatchEvent & { is: 'spread' }
      const told = new Set(runs)
      const tell = (watcher: Watcher): Watcher => ({ ...watcher, toldAt: at, ...(!again && { told: watcher.told + 1, dueAt: null }) })
      return changed(state, watcher => (told.has(watcher.run) ? tell(watcher) : watcher))
    }
  }
}

/** The newest run for a time is the one that counts; those who wait for it are to hear. */
function known(state: TimelineState, run: KnownRun, at: Instant): TimelineState {
  const others = (state.runs ?? []).filter(other => other.for !== run.for)
  const isOpen = run.state === null
  const alike = others.filter(other => (other.state === null) === isOpen)
  const tooMany = alike.length >= (isOpen ? OPEN_RUNS_MAX : CLOSED_RUNS_MAX) ? alike[0] : undefined
  return due({ ...state, runs: [...others.filter(other => other !== tooMany), run] }, run.for, at)
}

function due(state: TimelineState, time: Instant, at: Instant): TimelineState {
  return changed(state, watcher => (watcher.for === time && watcher.dueAt === null ? { ...watcher, dueAt: at } : watcher))
}

function changed(state: TimelineState, change: (watcher: Watcher) => Watcher): TimelineState {
  return state.watchers === undefined ? state : { ...state, watchers: state.watchers.map(change) }
}

export function runFor({ runs = [] }: TimelineState, time: Instant): KnownRun | null {
  return runs.find(run => run.for === time) ?? null
}

export function runOf({ runs = [] }: TimelineState, id: string): KnownRun | null {
  return runs.find(({ run }) => run === id) ?? null
}

export function isUnheard({ told, confirmed, dueAt }: Watcher): boolean {
  return dueAt === null && told > confirmed
}

export function isUnanswered({ state, watch }: KnownRun): boolean {
  return state === null && watch !== undefined && !watch.heard
}

export function watchWakeAt({ watchers = [], runs = [] }: TimelineState): Instant | null {
  let at: Instant | null = null
  const earlier = (other: Instant): void => {
    if (at === null || other < at) at = other
  }
  for (const watcher of watchers) {
    if (watcher.dueAt !== null) earlier(watcher.dueAt)
    else if (isUnheard(watcher)) earlier(watcher.toldAt + RESEND_MS)
  }
  for (const run of runs) if (isUnanswered(run)) earlier((run.watch as NonNullable<KnownRun['watch']>).at + RESEND_MS)
  return at
}
