import type { HistoryEvent } from '../api/client.ts'
import { durationText } from '../format/time.ts'
import { hookEventText, versionText } from '../format/word.ts'
import type { IconName } from '../parts/icons.tsx'

export interface EventWords {
  text: string
  /** Who did it, where a person or another run did. */
  by: string | null
  why: string | null
  icon: IconName
  tone: 'failed' | 'completed' | 'running' | 'paused' | 'soft'
}

/** One event of a history as a sentence. What is not known here is told by its verb: another kind of run may write its own. */
export function wordsOf(event: HistoryEvent, workerName: (id: string) => string): EventWords {
  const words = sentenceOf(event, workerName)
  return { icon: 'dot', tone: 'soft', ...words, by: textOf(event.by), why: words.why ?? (event.is === 'attempt_failed' ? null : textOf(event.why)) }
}

function sentenceOf(event: HistoryEvent, workerName: (id: string) => string): Partial<EventWords> & { text: string } {
  const failure = failureText(event.failure)
  switch (event.is) {
    case 'started':
      return { text: startedText(event), icon: 'plus' }
    case 'due':
      return { text: event.anew === true ? 'is offered again to versions that did not fit' : 'became due, and went in line', icon: 'clock' }
    case 'delivered': {
      const worker = textOf(event.worker)
      return { text: `attempt ${event.attempt} went to ${worker === null ? 'a worker' : workerName(worker)}`, icon: 'play', tone: 'running' }
    }
    case 'reported': {
      const progress = event.progress as { value: number; message?: string } | undefined
      const done = progress && `${Math.round(progress.value * 100)} %${progress.message === undefined ? '' : ` ${progress.message}`}`
      const kept = event.checkpoint === undefined ? '' : 'kept a checkpoint'
      return { text: [done && `reported ${done}`, kept].filter(Boolean).join(', and ') || 'gave a sign of life' }
    }
    case 'returned':
      return { text: 'was given back by its worker; that costs no attempt', icon: 'half' }
    case 'snoozed':
      if (event.misfit !== undefined) return { text: misfitText(event.misfit as { version: string }), icon: 'half' }
      return { text: `asked to be called again ${inText(event.at, event.dueAt)}`, icon: 'clock' }
    case 'attempt_failed': {
      const how = FAILED[String(event.why)] ?? 'failed'
      return { text: `attempt ${event.attempt} ${how}${failure}; the next is due ${inText(event.at, event.retryAt)}`, icon: 'failed', tone: 'failed' }
    }
    case 'yielded':
      return { text: 'went on as far as it could, and waits', icon: 'half' }
    case 'step_begun':
      return { text: `step "${event.name}" begins, once`, icon: 'play' }
    case 'step_completed':
      return { text: `step "${event.name}" completed${tried(event)}`, icon: 'completed', tone: 'completed' }
    case 'step_failed': {
      const then =
        event.parked === true
          ? ', and is parked until somebody resumes it'
          : event.retryAt === undefined
            ? ', for good'
            : `; the next attempt is due ${inText(event.at, event.retryAt)}`
      return { text: `step "${event.name}" failed in attempt ${event.attempt}${failure}${then}`, icon: 'failed', tone: 'failed' }
    }
    case 'retry_due':
      return { text: `the next attempt of step ${event.n} is due`, icon: 'clock' }
    case 'patched':
      return { text: `takes the new way of change "${event.id}"` }
    case 'routed':
      return { text: routedText(event), icon: 'half' }
    case 'timer_set':
      return { text: `sleeps: wakes ${inText(event.at, event.dueAt)}`, icon: 'clock' }
    case 'timer_fired':
      return { text: 'woke', icon: 'clock' }
    case 'waiting': {
      const taken = event.taken === undefined ? '' : `, and took one that was there`
      const until = event.dueAt === undefined ? '' : `, which ends ${inText(event.at, event.dueAt)}`
      return { text: `asked for signal "${event.signal}"${taken}${until}`, icon: 'half' }
    }
    case 'dropped':
      return { text: `waits no more for operation ${event.n}${event.signal === undefined ? '' : ', which gives its signal back'}`, icon: 'dash' }
    case 'wait_timed_out':
      return { text: 'waited for its signal for as long as it would', icon: 'timeout' }
    case 'signalled':
      return {
        text: `was told "${event.name}"${event.n === undefined && event.ref === undefined ? ', which is kept until it asks for it' : ''}`,
        icon: 'play',
      }
    case 'update_accepted':
      return { text: `took the update "${event.name}"`, icon: 'play' }
    case 'update_answered':
      return event.failure === undefined
        ? { text: 'answered an update', icon: 'completed', tone: 'completed' }
        : { text: `failed in an update${failure}`, icon: 'failed', tone: 'failed' }
    case 'shown':
      return { text: event.shown === undefined ? 'set its metadata' : 'shows another state', icon: 'half' }
    case 'promise_made': {
      const until = event.dueAt === undefined ? '' : `, until ${inText(event.at, event.dueAt)}`
      return { text: `made the promise "${event.name}", for others to settle${until}`, icon: 'half' }
    }
    case 'promise_settled':
      return event.failure === undefined
        ? { text: 'was given what it was promised', icon: 'completed', tone: 'completed' }
        : { text: `was told that what it was promised does not come${failure}`, icon: 'failed', tone: 'failed' }
    case 'child_asked':
      return {
        text: `asked for ${event.definition} ${shortOf(event.run)}${event.detached === true ? ', which goes on by itself' : ''}`,
        icon: 'plus',
      }
    case 'child_started':
      return { text: 'what it asked for was started' }
    case 'child_refused':
      return { text: `what it asked for was refused: ${event.code}`, icon: 'failed', tone: 'failed' }
    case 'child_closed':
      if (event.n === undefined) return { text: `child closed${factsText(event)}` }
      return { text: `${shortOf(event.run)} gave its answer: ${event.state}${failure}`, icon: event.state === 'completed' ? 'completed' : 'failed' }
    case 'unbound':
      return { text: 'its worker did not come back for it: any other may have it' }
    case 'continued':
      return { text: 'begins anew, with another input', icon: 'retry' }
    case 'parked':
      return { text: `was parked, since its attempts are used up${failure}`, icon: 'pause', tone: 'paused' }
    case 'resumed':
      return { text: 'was resumed, with all its attempts again', icon: 'play' }
    case 'cancel_requested':
      return { text: 'was asked to stop', icon: 'stop' }
    case 'changed':
      return { text: changedText(event), icon: 'settings' }
    case 'completed':
      return { text: 'completed', icon: 'completed', tone: 'completed' }
    case 'failed':
      return { text: `failed${reasonText(event)}${failure}`, icon: 'failed', tone: 'failed' }
    case 'timed_out':
      return { text: `timed out${reasonText(event)}${failure}`, icon: 'timeout', tone: 'failed' }
    case 'cancelled':
      return { text: 'was cancelled', icon: 'dash' }
    case 'terminated':
      return { text: 'was terminated', icon: 'stop' }
    default:
      return { text: `${event.is.replaceAll('_', ' ')}${factsText(event)}` }
  }
}

function tried({ attempt }: HistoryEvent): string {
  return attempt === 1 ? '' : ` in attempt ${attempt}`
}
const shortOf = (run: unknown): string => (typeof run === 'string' ? run.slice(-5) : '')

const FAILED: Record<string, string> = {
  failed: 'failed',
  lost: 'was lost: no result came by the end of its lease',
  timed_out: 'took too long',
  silent: 'gave no sign of life for too long',
}
const REASONS: Record<string, string> = {
  'attempts-exhausted': ', since its attempts are used up',
  aborted: ', since its handler said that no retry helps',
  threw: ', since its code threw',
  'compensation-failed': ', and not all that it had done was undone',
  'too-many-open': ', since too much of it was open at once',
  'out-of-memory': ', since its handler ran out of memory',
  lost: ', since its worker gave no result in time',
  silent: ', since its handler gave no sign of life',
  total: ', since its total time-out was over',
  expired: ', since it had not begun when it expired',
  'schedule-to-start': ', since no worker took it in time',
}
function reasonText(event: HistoryEvent): string {
  const reason = textOf(event.reason)
  return reason === null || reason === event.is ? '' : (REASONS[reason] ?? `: ${reason}`)
}

function misfitText({ version }: { version: string }): string {
  return `was given back: its workflow's history does not fit version ${versionText(version)}`
}

function routedText({ version, pinned, anew }: HistoryEvent): string {
  if (typeof version !== 'string') return anew === true ? 'is offered to any version of its code again' : 'goes to any version of its code'
  return `goes on with version ${versionText(version)}${pinned === true ? ', and no other' : ''}`
}

function startedText(event: HistoryEvent): string {
  const trigger = event.trigger as
    | {
        from?: { n: number; name: string }
        is?: string
        schedule?: string
        of?: string
        run?: string
        batch?: string
        source?: string
        event?: string
      }
    | undefined
  switch (trigger?.is) {
    case 'schedule':
      return `was started by schedule "${trigger.schedule}"${trigger.source === 'time' ? '' : ` (${trigger.source})`}`
    case 'retry':
      return trigger.from === undefined
        ? `was started as a retry of ${trigger.of?.slice(-5)}`
        : `goes on from ${trigger.from.name === '' ? 'operation' : `"${trigger.from.name}"`} (${trigger.from.n}) of ${trigger.of?.slice(-5)}`
    case 'job':
    case 'workflow':
      return `was started by run ${trigger.run?.slice(-5)}`
    case 'hook':
      return `was started since ${trigger.run?.slice(-5)} ${hookEventText(trigger.event)}`
    case 'batch':
      return `was started by batch ${trigger.batch?.slice(-5)}`
    default:
      return 'was started'
  }
}

function changedText(event: HistoryEvent): string {
  const changes = [
    textOf(event.dueAt) === null ? '' : `due ${inText(event.at, event.dueAt)}`,
    event.priority === undefined ? '' : `priority ${event.priority}`,
    textOf(event.queue) === null ? '' : `queue "${event.queue}"`,
    'input' in event ? 'another input' : '',
  ].filter(change => change !== '')
  return `was changed: ${changes.length === 0 ? 'nothing that shows' : changes.join(', ')}`
}

const HIDDEN = new Set([
  'is',
  'at',
  'task',
  'delivery',
  'command',
  'version',
  'by',
  'why',
  'input',
  'output',
  'checkpoint',
  'metadata',
  'payload',
  'call',
])
function factsText(event: HistoryEvent): string {
  const facts = Object.entries(event).filter(([name, value]) => !HIDDEN.has(name) && value !== null && typeof value !== 'object')
  return facts.length === 0 ? '' : `: ${facts.map(([name, value]) => `${name} ${String(value)}`).join(', ')}`
}

function inText(at: string, then: unknown): string {
  const ms = typeof then === 'string' ? Date.parse(then) - Date.parse(at) : Number.NaN
  return Number.isNaN(ms) ? 'later' : ms <= 0 ? 'at once' : `in ${durationText(ms)}`
}
function failureText(value: unknown): string {
  const failure = value as { type?: string; message?: string } | undefined
  return failure?.message === undefined ? '' : `: ${failure.type}: ${failure.message}`
}
const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** Reports that follow each other are one line: a handler may send thousands. */
export interface EventGroup {
  /** Of the first, from 0. */
  number: number
  events: readonly HistoryEvent[]
}

export function groupsOf(events: readonly HistoryEvent[]): EventGroup[] {
  const groups: { number: number; events: HistoryEvent[] }[] = []
  for (const [number, event] of events.entries()) {
    const last = groups.at(-1)
    if (event.is === 'reported' && last?.events[0]?.is === 'reported') last.events.push(event)
    else groups.push({ number, events: [event] })
  }
  return groups
}
