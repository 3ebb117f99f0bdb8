import type { HistoryEvent } from '../../api/client.ts'

export type ChapterKind = 'step' | 'sleep' | 'signal' | 'promise' | 'child' | 'update'

/** Something that the code asked for, or that it was asked, and what came of it. */
export interface Chapter {
  /** Of the operation; of an update the number of its event. */
  n: number
  kind: ChapterKind
  name: string
  askedAt: string
  /** Null: it is open. */
  answeredAt: string | null
  /** `dropped`: the code does not wait for it any more. */
  outcome: 'completed' | 'failed' | 'timed_out' | 'dropped' | 'open'
  /** Attempts of a step that have ended. */
  attempts: number
  by: string | null
  failure: { type: string; message: string } | null
  /** Of a child. */
  run: string | null
}

/**
 * The history of a workflow by what was asked and answered, in the order of asking, since its code began. The journal tells only how a step ended: it was asked for when
 * the code went on last before that. `first`: the number of the first event; answers to what was asked before it are left out.
 */
export function storyOf(events: readonly HistoryEvent[], first = 0): Chapter[] {
  const base = Math.max(
    0,
    events.findLastIndex(({ is }) => is === 'continued'),
  )
  const chapters = new Map<string, Chapter>()
  let wentOnAt = events[base]?.at ?? ''
  for (const [index, event] of events.slice(base).entries()) {
    const number = first + base + index
    const key = keyOf(event, number)
    if (key !== null) {
      const known = chapters.get(key) ?? begun(event, number, wentOnAt)
      if (known !== null) chapters.set(key, told(known, event))
    }
    if (GOES_ON.has(event.is)) wentOnAt = event.at
  }
  return [...chapters.values()]
}

/** Its code goes on with these. */
const GOES_ON = new Set([
  'started',
  'continued',
  'step_completed',
  'timer_fired',
  'wait_timed_out',
  'signalled',
  'promise_settled',
  'child_started',
  'child_closed',
  'update_accepted',
  'retry_due',
])
const KINDS: Record<string, ChapterKind> = {
  step_begun: 'step',
  step_completed: 'step',
  step_failed: 'step',
  timer_set: 'sleep',
  waiting: 'signal',
  promise_made: 'promise',
  child_asked: 'child',
  update_accepted: 'update',
}
const NAMES: Partial<Record<ChapterKind, string>> = { signal: 'signal', child: 'definition' }

function keyOf(event: HistoryEvent, number: number): string | null {
  if (event.is === 'update_accepted') return `update ${number}`
  if (event.is === 'update_answered') return `update ${event.update}`
  return typeof event.n === 'number' ? String(event.n) : null
}

/** Null: it was asked for before. */
function begun(event: HistoryEvent, number: number, wentOnAt: string): Chapter | null {
  const kind = KINDS[event.is]
  if (kind === undefined) return null
  const n = kind === 'update' ? number : (event.n as number)
  const asked = event.is === 'step_completed' || event.is === 'step_failed' ? wentOnAt : event.at
  const chapter = {
    n,
    kind,
    name: String(event[NAMES[kind] ?? 'name'] ?? ''),
    askedAt: asked,
    answeredAt: null,
    outcome: 'open',
    attempts: 0,
  } as const
  return { ...chapter, by: null, failure: null, run: typeof event.run === 'string' ? event.run : null }
}

function told(chapter: Chapter, event: HistoryEvent): Chapter {
  const failure = (event.failure as Chapter['failure'] | undefined) ?? null
  const by = typeof event.by === 'string' ? event.by : chapter.by
  const answered = { ...chapter, by, failure, answeredAt: event.at }
  switch (event.is) {
    case 'step_completed':
      return { ...answered, failure: null, outcome: 'completed', attempts: event.attempt as number }
    case 'step_failed': {
      const goesOn = event.retryAt !== undefined || event.parked === true
      // It was asked to stop, and did.
      if ((event.failure as { code?: string } | undefined)?.code === 'scope-cancelled')
        return { ...answered, failure: null, outcome: 'dropped', attempts: event.attempt as number }
      return goesOn
        ? { ...chapter, failure, attempts: event.attempt as number }
        : { ...answered, outcome: 'failed', attempts: event.attempt as number }
    }
    case 'waiting':
      return event.taken === undefined ? chapter : { ...answered, outcome: 'completed' }
    case 'dropped':
      return { ...answered, by: null, outcome: 'dropped' }
    case 'timer_fired':
    case 'signalled':
      return { ...answered, outcome: 'completed' }
    case 'wait_timed_out':
      return { ...answered, outcome: 'timed_out' }
    case 'update_answered':
    case 'promise_settled':
      return { ...answered, outcome: failure === null ? 'completed' : 'failed' }
    case 'child_refused':
      return { ...answered, outcome: 'failed', failure: { type: 'refused', message: String(event.code) } }
    case 'child_closed':
      return { ...answered, outcome: event.state === 'completed' ? 'completed' : event.state === 'timed_out' ? 'timed_out' : 'failed' }
    default:
      return chapter
  }
}
