import type { Explanation, HistoryEvent, RunDetail } from '../../api/client.ts'

/**
 * What a run did with its time, without a gap: waiting until it is due, in line for a slot (queued, or held while something is paused), running, and what
 * lies between its attempts; `earlier` is what lies before the events that are known. Made of its history alone; only what holds a run that waits now is told by explain.
 */
export type PhaseKind = 'due' | 'queued' | 'held' | 'running' | 'waiting' | 'backoff' | 'snoozed' | 'parked' | 'stuck' | 'earlier'

export interface Phase {
  kind: PhaseKind
  from: number
  to: number
  /** It goes on: `to` is now. */
  open: boolean
  /** Still to come: from now until it is due. */
  ahead: boolean
  attempt: number
  worker: string | null
  version: string | null
  /** Of a running one that is over: completed, failed, lost, timed_out, silent, returned, snoozed, parked, cancelled, terminated. */
  result: string | null
  failure: { type: string; message: string } | null
}

/** Something that happened at one instant and ended no phase. */
export interface Moment {
  at: number
  text: string
}

export interface Course {
  phases: Phase[]
  moments: Moment[]
}

/** Between the start and the close, or now. `isWhole`: the events are all, from the first. */
export function courseOf(
  events: readonly HistoryEvent[],
  run: Pick<RunDetail, 'kind' | 'createdAt' | 'closedAt' | 'nextAt' | 'state' | 'reason'>,
  now: number,
  isWhole = true,
): Course {
  const phases: Phase[] = []
  const moments: Moment[] = []
  let attempt = 1
  let current: Phase | null = null
  const enter = (kind: PhaseKind, at: number, more: Partial<Phase> = {}): void => {
    leave(at)
    current = { kind, from: at, to: at, open: true, ahead: false, attempt, worker: null, version: null, result: null, failure: null, ...more }
  }
  const leave = (at: number, more: Partial<Phase> = {}): void => {
    if (current === null) return
    const ended = { ...current, to: Math.max(at, current.from), open: false, ...more }
    // What took no time at all and did nothing is not worth a place: a retry that was due at once.
    if (ended.kind === 'running' || ended.to > ended.from) phases.push(ended)
    current = null
  }
  if (!isWhole) enter('earlier', Date.parse(run.createdAt))
  for (const event of events) {
    const at = Date.parse(event.at)
    // Somebody had it already.
    if (AT_WORK.has(event.is) && (current as Phase | null)?.kind === 'earlier') enter('running', at)
    switch (event.is) {
      case 'started': {
        const due = instantOf((event.options as { notBefore?: unknown } | undefined)?.notBefore)
        enter(run.kind === 'batch' ? 'running' : due !== null && due > at ? 'due' : 'queued', at)
        break
      }
      case 'due':
        enter('queued', at)
        break
      case 'delivered':
        attempt = numberOf(event.attempt) ?? attempt
        enter('running', at, { worker: textOf(event.worker), version: textOf(event.version) })
        break
      case 'returned':
        leave(at, { result: 'returned' })
        enter('queued', at)
        break
      case 'yielded':
        leave(at, { result: 'yielded' })
        enter('waiting', at)
        break
      // What a workflow waited for has come: its code is to go on.
      case 'timer_fired':
      case 'retry_due':
      case 'wait_timed_out':
      case 'signalled':
      case 'child_closed':
      case 'child_refused':
      case 'continued':
        if (event.is === 'continued') leave(at, { result: 'yielded' })
        if ((event.is !== 'signalled' || event.n !== undefined) && (current as Phase | null)?.kind !== 'running') enter('queued', at)
        break
      case 'snoozed':
        leave(at, { result: 'snoozed' })
        enter('snoozed', at)
        break
      case 'attempt_failed': {
        leave(at, { result: textOf(event.why) ?? 'failed', failure: failureOf(event.failure) })
        attempt = (numberOf(event.attempt) ?? attempt) + 1
        const retry = instantOf(event.retryAt)
        enter(retry !== null && retry > at ? 'backoff' : 'queued', at)
        break
      }
      case 'parked':
        leave(at, { result: 'failed', failure: failureOf(event.failure) })
        enter('parked', at)
        break
      case 'resumed':
        attempt++
        moments.push({ at, text: `resumed${whoWhy(event)}` })
        enter('queued', at)
        break
      case 'changed': {
        const due = instantOf(event.dueAt)
        moments.push({ at, text: `changed${whoWhy(event)}` })
        if (due !== null && due <= at) enter('queued', at)
        else if (due !== null && current !== null && (current as Phase).kind === 'queued') enter('due', at)
        break
      }
      case 'cancel_requested':
        moments.push({ at, text: `asked to stop${whoWhy(event)}` })
        if ((current as Phase | null)?.kind === 'waiting') enter('queued', at)
        break
      case 'completed':
      case 'failed':
      case 'timed_out':
      case 'cancelled':
      case 'terminated':
        leave(at, current !== null && (current as Phase).kind === 'running' ? { result: event.is, failure: failureOf(event.failure) } : {})
        break
    }
  }
  if (current !== null) {
    const last = current as Phase
    const kind = run.state === 'paused' && run.reason !== 'parked' ? 'stuck' : last.kind
    phases.push({ ...last, kind, to: Math.max(now, last.from) })
    const due = run.nextAt === null ? Number.NaN : Date.parse(run.nextAt)
    if ((kind === 'due' || kind === 'backoff' || kind === 'snoozed') && due > now)
      phases.push({ ...last, from: now, to: due, open: false, ahead: true })
  }
  return { phases, moments }
}

/** Told by whoever has it. */
const AT_WORK: ReadonlySet<string> = new Set(['reported', 'step_begun', 'step_completed', 'yielded', 'attempt_failed', 'completed'])

/** A run in line may be held because something is paused: since then, that is what it waits for. */
export function withHold(phases: readonly Phase[], explanation: Explanation | undefined): readonly Phase[] {
  const last = phases.at(-1)
  const pause = explanation?.reasons.find(reason => reason.code === 'paused' && reason.since !== undefined)
  if (last?.kind !== 'queued' || !last.open || pause?.since === undefined) return phases
  const since = Date.parse(pause.since)
  if (since >= last.to) return phases
  if (since <= last.from) return [...phases.slice(0, -1), { ...last, kind: 'held' }]
  return [...phases.slice(0, -1), { ...last, to: since, open: false }, { ...last, kind: 'held', from: since }]
}

export interface AttemptCourse {
  attempt: number
  phases: Phase[]
  /** Its last delivery. */
  running: Phase | null
}

/** Phases by attempt: how it waited for one, and how that went. */
export function attemptsOf(phases: readonly Phase[]): AttemptCourse[] {
  const attempts: AttemptCourse[] = []
  for (const phase of phases) {
    let entry = attempts.at(-1)
    if (entry === undefined || entry.attempt !== phase.attempt) {
      entry = { attempt: phase.attempt, phases: [], running: null }
      attempts.push(entry)
    }
    entry.phases.push(phase)
    if (phase.kind === 'running') entry.running = phase
  }
  return attempts
}

function whoWhy(event: HistoryEvent): string {
  const by = textOf(event.by)
  const why = textOf(event.why)
  return `${by === null ? '' : ` by ${by}`}${why === null ? '' : `: ${why}`}`
}
function failureOf(value: unknown): Phase['failure'] {
  return typeof value === 'object' && value !== null && 'type' in value && 'message' in value
    ? { type: String(value.type), message: String(value.message) }
    : null
}
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)
/** Top-level facts of events are ISO 8601; what lies deeper is the engine's milliseconds. */
function instantOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? null : at
}
