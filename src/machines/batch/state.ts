import { invariant } from '../../core/errors.ts'
import type { Pending } from '../../core/machine.ts'
import { type ClosedState, isClosed, OPEN_STATES, type RunState } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import { evolveBackfill, newBackfill, wakeAtOf } from './backfill.ts'
import type { BatchEvent, BatchState, BulkFilter, Closing, Jobs, PageInput, Started, Sweep } from './types.ts'

/** Failed jobs and refusals that are told by name. */
export const FAILED_RUNS_MAX = 100
export const REFUSALS_MAX = 20
/** A start that was not answered is sent again. */
export const RESEND_MS = 10_000
/** A page that was not reported by then: somebody looks whether it is under way. */
export const LOOK_MS = 2_000

export function evolve(state: BatchState | null, event: BatchEvent): BatchState {
  const after = evolved(state, event)
  return after.backfill === undefined || event.is === 'started' ? after : { ...after, backfill: evolveBackfill(after.backfill, event) }
}

function evolved(state: BatchState | null, event: BatchEvent): BatchState {
  if (event.is === 'started') {
    invariant(state === null, 'a batch starts once', { name: event.name })
    return born(event as Started)
  }
  invariant(state !== null, 'a history begins with started', { event: event.is })
  invariant(state.closing === null, 'a closed batch never changes', { event: event.is })
  if (isClosed(event.is as RunState)) return { ...state, closing: event as Closing }
  switch (event.is) {
    case 'added': {
      const jobs = jobsOf(state)
      const { count, asked = 0 } = event
      return { ...state, jobs: { ...jobs, total: jobs.total + count, open: jobs.open + count, awaited: (jobs.awaited ?? 0) + asked } }
    }
    case 'item_answered': {
      const jobs = jobsOf(state)
      const started = event.run === null ? 0 : 1
      return { ...state, jobs: { ...jobs, total: jobs.total + started, open: jobs.open + started, awaited: (jobs.awaited ?? 0) - 1 } }
    }
    case 'sealed':
      return { ...state, jobs: { ...jobsOf(state), sealed: true } }
    case 'child_closed':
      return { ...state, jobs: childClosed(jobsOf(state), event.run, event.state) }
    case 'child_retried':
      return { ...state, jobs: childRetried(jobsOf(state), event.of, event.state) }
    case 'callback_asked': {
      const { callback, run, at: askedAt } = event
      const jobs = jobsOf(state)
      const others = jobs.callbacks.filter(asked => asked.callback !== callback)
      return { ...state, jobs: { ...jobs, callbacks: [...others, { callback, run, askedAt, answered: false, refused: null }] } }
    }
    case 'callback_answered': {
      const jobs = jobsOf(state)
      const { callback, refused } = event
      const callbacks = jobs.callbacks.map(asked => (asked.callback === callback ? { ...asked, answered: true, refused } : asked))
      return { ...state, jobs: { ...jobs, callbacks } }
    }
    case 'times': {
      const jobs = jobsOf(state)
      return { ...state, jobs: { ...jobs, awaited: (jobs.awaited ?? 0) + event.starts.length, sealed: jobs.sealed || event.over } }
    }
    case 'times_asked_again':
      return state
    case 'time_answered': {
      const jobs = jobsOf(state)
      const started = event.run === null ? 0 : 1
      return { ...state, jobs: { ...jobs, total: jobs.total + started, open: jobs.open + started, awaited: (jobs.awaited ?? 0) - 1 } }
    }
    case 'page':
      return { ...state, sweep: paged(sweepOf(state), event) }
    case 'commanded':
      return { ...state, sweep: commanded(sweepOf(state), event) }
    case 'looked':
      if (state.sweep === null) return state
      return { ...state, sweep: { ...sweepOf(state), lookAt: event.at + LOOK_MS } }
    case 'paused':
      return { ...state, paused: { by: event.by, why: event.why, since: event.at } }
    case 'resumed':
      return { ...state, paused: null, sweep: state.sweep && { ...state.sweep, lookAt: event.at + LOOK_MS } }
    case 'cancel_requested':
      return cancelling(state, event)
    default:
      invariant(false, 'no such event', { event: (event as BatchEvent).is })
  }
}

function born(started: Started): BatchState {
  const { plan, at } = started
  const blank = { started, paused: null, cancelRequested: false, closing: null }
  if (plan.is === 'bulk') {
    const { operation, filter, change, by, why } = plan
    return { ...blank, jobs: null, sweep: newSweep({ operation, filter, change, by, why }, at) }
  }
  if (plan.is === 'backfill') return { ...blank, sweep: null, jobs: { ...NO_JOBS, sealed: false }, backfill: newBackfill(plan, at) }
  const { total, asked = 0, sealed } = plan
  return {
    ...blank,
    sweep: null,
    jobs: { ...NO_JOBS, total, open: total, awaited: asked, sealed },
  }
}

const NO_JOBS: Omit<Jobs, 'sealed'> = { total: 0, open: 0, awaited: 0, completed: 0, failed: 0, cancelled: 0, failedRuns: [], callbacks: [] }

function newSweep(what: Pick<Sweep, 'operation' | 'filter' | 'change' | 'by' | 'why'>, at: Instant): Sweep {
  return { ...what, until: at, cursor: null, over: false, done: 0, skipped: 0, refused: 0, refusals: [], awaited: 0, lookAt: at + LOOK_MS }
}

/** Nothing is added any more, and its open jobs are asked to stop. */
function cancelling(state: BatchState, { at, by, why }: BatchEvent & { is: 'cancel_requested' }): BatchState {
  const jobs = jobsOf(state)
  const filter: BulkFilter = { states: OPEN_STATES }
  // A backfill starts nothing further, and its runs go on (Airflow 3).
  const isOver = state.backfill !== undefined || jobs.open + (jobs.awaited ?? 0) === 0
  const sweep = isOver ? null : newSweep({ operation: 'cancel', filter, change: null, by, why }, at)
  return { ...state, cancelRequested: true, jobs: { ...jobs, sealed: true }, sweep }
}

function childClosed(jobs: Jobs, run: string, state: ClosedState): Jobs {
  invariant(jobs.open > 0, 'no more jobs end than are open', { run })
  const count = countOf(state)
  const failedRuns = count === 'failed' && jobs.failedRuns.length < FAILED_RUNS_MAX ? [...jobs.failedRuns, run] : jobs.failedRuns
  return { ...jobs, open: jobs.open - 1, [count]: jobs[count] + 1, failedRuns }
}

/** The new run stands where the old one stood. */
function childRetried(jobs: Jobs, of: string, state: ClosedState): Jobs {
  const count = countOf(state)
  invariant(jobs[count] > 0, 'what is retried has been counted', { run: of, state })
  return { ...jobs, open: jobs.open + 1, [count]: jobs[count] - 1, failedRuns: jobs.failedRuns.filter(run => run !== of) }
}

function countOf(state: ClosedState): 'completed' | 'failed' | 'cancelled' {
  if (state === 'completed') return state
  return state === 'failed' || state === 'timed_out' ? 'failed' : 'cancelled'
}

function paged(sweep: Sweep, { at, next, sent = 0, ...result }: { at: Instant } & PageInput): Sweep {
  return { ...counted(sweep, result), cursor: next, over: next === null, awaited: (sweep.awaited ?? 0) + sent, lookAt: at + LOOK_MS }
}

function commanded(sweep: Sweep, result: Pick<PageInput, 'done' | 'skipped' | 'refusals'>): Sweep {
  const { done, skipped, refusals } = result
  return { ...counted(sweep, result), awaited: (sweep.awaited ?? 0) - done - skipped - refusals.length }
}

function counted(sweep: Sweep, { done, skipped, refusals }: Pick<PageInput, 'done' | 'skipped' | 'refusals'>): Sweep {
  return {
    ...sweep,
    done: sweep.done + done,
    skipped: sweep.skipped + skipped,
    refused: sweep.refused + refusals.length,
    refusals: [...sweep.refusals, ...refusals].slice(0, REFUSALS_MAX),
  }
}

function jobsOf(state: BatchState): Jobs {
  invariant(state.jobs !== null, 'only a group has jobs', { name: state.started.name })
  return state.jobs
}

function sweepOf(state: BatchState): Sweep {
  invariant(state.sweep !== null, 'only an operation has pages', { name: state.started.name })
  return state.sweep
}

/** The operation whose next page is to be worked on now. */
export function activeSweep(state: BatchState): Sweep | null {
  const { sweep, paused, closing } = state
  return sweep === null || sweep.over || paused !== null || closing !== null ? null : sweep
}

/** The earliest that time alone does. */
export function wakeAt(state: BatchState): Instant | null {
  if (state.closing !== null) return null
  let at = activeSweep(state)?.lookAt ?? null
  const times = wakeAtOf(state)
  if (times !== null && (at === null || times < at)) at = times
  for (const { answered, askedAt } of state.jobs?.callbacks ?? [])
    if (!answered && (at === null || askedAt + RESEND_MS < at)) at = askedAt + RESEND_MS
  return at
}

export function pending(state: BatchState): Pending {
  return { ready: [], delivered: [], wakeAt: wakeAt(state) }
}
