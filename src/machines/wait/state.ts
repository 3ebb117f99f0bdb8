import { invariant } from '../../core/errors.ts'
import { isId } from '../../core/ids.ts'
import type { Pending } from '../../core/machine.ts'
import type { Instant } from '../../core/time.ts'
import { instantOf } from './times.ts'
import type { Awaited, Closing, Standing, Started, WaitEvent, WaitState } from './types.ts'

export type WaitKind = 'signal' | 'callback' | 'time' | 'run'

export function kindOf({ signal, callback, dag, run }: Awaited): WaitKind {
  if (signal !== undefined) return 'signal'
  if (callback) return 'callback'
  return dag === undefined && run === undefined ? 'time' : 'run'
}

export function evolve(state: WaitState | null, event: WaitEvent): WaitState {
  if (event.is === 'started') {
    invariant(state === null, 'a run starts once', { definition: event.definition })
    return born(event as Started)
  }
  invariant(state !== null, 'a history begins with started', { event: event.is })
  invariant(state.closing === null, 'a closed run never changes', { event: event.is })
  if (event.is === 'asked') return { ...state, asked: true }
  if (event.is !== 'told') return { ...state, closing: event as Closing }
  const { n, standing } = event as WaitEvent & { is: 'told'; n: number; standing: Standing | null }
  return { ...state, told: { n, standing } }
}

function born(started: Started): WaitState {
  const awaited = JSON.parse(started.input) as Awaited
  const text = kindOf(awaited) === 'run' ? awaited.for : awaited.until
  const base = text === undefined ? null : instantOf(text)
  const refusal =
    text !== undefined && base === null
      ? `"${text.slice(0, 100)}" is no time: it would be such as 2026-03-01T09:00:00Z`
      : runRefusal(started, awaited)
  const time = base === null ? null : base + (awaited.plusMs ?? 0) - (awaited.earlierMs ?? 0)
  return { started, awaited, time, refusal, asked: false, told: null, closing: null }
}

/** A placeholder that stands alone may be anything. */
function runRefusal({ trigger }: Started, { run }: Awaited): string | null {
  if (run === undefined) return null
  if (typeof run !== 'string' || !isId(run)) return `${JSON.stringify(run).slice(0, 100)} is no id of a run: it would be its 26 characters, as text`
  return trigger.is === 'dag' && trigger.run === run ? 'it would wait for its own DAG, which waits for it' : null
}

/** The earliest that time alone does: what it waits for, its time-out, or what it does at once. */
export function wakeAt({ started, awaited, time, refusal, asked, closing }: WaitState): Instant | null {
  if (closing !== null) return null
  const kind = kindOf(awaited)
  if (refusal !== null || (kind === 'run' && !asked)) return started.at
  const timeoutAt = awaited.timeoutMs === undefined ? null : started.at + awaited.timeoutMs
  if (kind !== 'time') return timeoutAt
  return timeoutAt === null ? time : Math.min(time as number, timeoutAt)
}

export function pending(state: WaitState): Pending {
  return { ready: [], delivered: [], wakeAt: wakeAt(state) }
}
