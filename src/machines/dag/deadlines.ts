import { callRunId } from '../../core/ids.ts'
import type { Context, Message } from '../../core/machine.ts'
import { type HistoryEvent, nominalTimeOf } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { Plan } from './plan.ts'
import type { DagDeadline } from './spec.ts'
import type { DagEvent, DagState } from './types.ts'

/** An alert whose start was not answered is asked for again. */
const RESEND_MS = 10_000

/** When each of its deadlines is; null: what it counts from has not come. */
function deadlinesOf({ started, begunAt }: DagState): (Instant | null)[] {
  const { at, trigger, options, deadlines = [] } = started
  const from = {
    queued: Math.max(options?.notBefore ?? 0, at),
    started: begunAt ?? null,
    nominal: (trigger === undefined ? null : nominalTimeOf(trigger)) ?? at,
  }
  return deadlines.map(one => {
    const base = from[one.from]
    return base === null ? null : base + one.withinMs
  })
}

/** What is told of those that an event says were missed. */
export function missedDeadlines(state: DagState, event: HistoryEvent): { from: DagDeadline['from']; withinMs: number; at: Instant }[] {
  const { ns, again } = event as DagEvent & { is: 'deadline_missed' }
  if (again) return []
  const all = deadlinesOf(state)
  return ns.map(n => {
    const { from, withinMs } = (state.started.deadlines as NonNullable<DagState['started']['deadlines']>)[n] as DagDeadline
    return { from, withinMs, at: all[n] as Instant }
  })
}

/** For people: when each is, as far as it is known, and whether it was missed. */
export function deadlinesTold(state: DagState): { from: DagDeadline['from']; at: Instant; missed: boolean }[] {
  const { deadlines = [] } = state.started
  return deadlinesOf(state).flatMap((at, n) =>
    at === null ? [] : [{ from: (deadlines[n] as DagDeadline).from, at, missed: state.missed?.includes(n) === true }],
  )
}

/** The earliest that its deadlines do by themselves. */
export function deadlineWakeAt(state: DagState): Instant | null {
  if (state.started.deadlines === undefined) return null
  const ahead = deadlinesOf(state).filter((at, n) => at !== null && !state.missed?.includes(n)) as Instant[]
  const again = (state.alerts ?? []).map(({ at }) => at + RESEND_MS)
  return ahead.length + again.length === 0 ? null : Math.min(...ahead, ...again)
}

/** What of them is over by now, and which alerts are to be asked for again. */
export function deadlinesDue(state: DagState, now: Instant): DagEvent[] {
  if (state.started.deadlines === undefined) return []
  const ns = deadlinesOf(state).flatMap((at, n) => (at !== null && at <= now && !state.missed?.includes(n) ? [n] : []))
  const late = (state.alerts ?? []).flatMap(({ n, at }) => (at + RESEND_MS <= now ? [n] : []))
  return [
    ...(ns.length === 0 ? [] : [{ is: 'deadline_missed' as const, at: now, ns }]),
    ...(late.length === 0 ? [] : [{ is: 'deadline_missed' as const, at: now, ns: late, again: true as const }]),
  ]
}

export function evolveDeadlines(state: DagState, event: DagEvent): DagState {
  const { missed = [], alerts = [] } = state
  if (event.is === 'alerted') return { ...state, alerts: alerts.filter(({ n }) => n !== event.n) }
  const { ns, at } = event as DagEvent & { is: 'deadline_missed' }
  const asked = ns.filter(n => state.started.deadlines?.[n]?.quiet !== true).map(n => ({ n, at }))
  return { ...state, missed: [...new Set([...missed, ...ns])], alerts: [...alerts.filter(({ n }) => !ns.includes(n)), ...asked] }
}

/** The run of the job that is told; the same however often it is asked for. */
export function alertMessages(plan: Plan, state: DagState, events: readonly DagEvent[], context: Context): Message[] {
  const { self, now } = context
  return events.flatMap(event => {
    const { ns, again = false } = event as DagEvent & { is: 'deadline_missed' }
    return ns.flatMap((n): Message[] => {
      const { job, from, withinMs } = (plan.spec.deadlines as readonly DagDeadline[])[n] as DagDeadline
      if (job === undefined) return []
      const deadline = { from, withinMs, at: deadlinesOf(state)[n] as Instant }
      const input = JSON.stringify({ event: 'deadline', run: self, definition: state.started.definition, deadline, at: now })
      const order = { definition: job, input, options: {}, trigger: { is: 'hook' as const, run: self, event: 'deadline' as const } }
      const run = callRunId(`${self}:deadline:${n}`, 0, context.home(order))
      return [{ is: 'start', reference: referenceOf(n), run, again, order }]
    })
  })
}

/** No task has a number below 0. */
function referenceOf(n: number): number {
  return -1 - n
}

/** The alert that is answered under this reference; null: it is of a task. */
export function alertOf(reference: number): number | null {
  return reference < 0 ? -1 - reference : null
}
