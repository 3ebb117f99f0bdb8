import { type ActorId, callRunId, type RunId } from '../../core/ids.ts'
import type { Context, Message, StartOrder } from '../../core/machine.ts'
import type { Instant } from '../../core/time.ts'
import type { Timetable } from '../../time/timetable.ts'
import { inputAt } from '../schedule/input.ts'
import { timeBefore, timetableOf } from '../schedule/timetables.ts'
import type { BackfilledInput } from '../schedule/types.ts'
import type { AskedTime, Backfilling, BackfillPlan, BatchEvent, BatchState } from './types.ts'

/** Its starts are answered under these references. */
const REFERENCE_FIRST = 1_000
/** Skips and refusals that are told one by one. */
const TOLD_MAX = 20
/** A start that was not answered is sent again. */
const RESEND_MS = 10_000
/** Times that were not looked up by then: somebody looks whether it is under way. */
const LOOK_MS = 2_000

export function planOf({ started: { plan } }: BatchState): BackfillPlan | null {
  return plan.is === 'backfill' ? plan : null
}

/** Its schedule, whose ledger tells what became of each time. */
export function keeperOf(state: BatchState | null): ActorId | null {
  return state === null ? null : (planOf(state)?.id ?? null)
}

export function newBackfill({ order, from, until }: BackfillPlan, at: Instant): Backfilling {
  const through = order === 'forward' ? from - 1 : until + 1
  return { through, over: false, next: 0, asked: [], active: [], skipped: 0, skips: [], refused: 0, refusals: [], lookAt: at + LOOK_MS }
}

/** How many more of its runs may be open now. */
export function roomOf(state: BatchState): number {
  const { backfill, paused, cancelRequested, closing } = state
  const plan = planOf(state)
  if (plan === null || backfill === undefined || backfill.over || paused !== null || cancelRequested || closing !== null) return 0
  return Math.max(0, plan.maxActive - backfill.active.length - backfill.asked.length)
}

export function evolveBackfill(backfill: Backfilling, event: BatchEvent): Backfilling {
  const { at } = event
  const lookAt = at + LOOK_MS
  switch (event.is) {
    case 'times': {
      const { through, over, starts, skips } = event as BatchEvent & { is: 'times' }
      const { next, asked, skipped } = backfill
      const told = [...backfill.skips, ...skips].slice(0, TOLD_MAX)
      return {
        ...backfill,
        through,
        over,
        next: next + starts.length,
        asked: [...asked, ...starts],
        skipped: skipped + skips.length,
        skips: told,
        lookAt,
      }
    }
    case 'times_asked_again': {
      const { ns } = event as BatchEvent & { is: 'times_asked_again' }
      return { ...backfill, asked: backfill.asked.map(time => (ns.includes(time.n) ? { ...time, askedAt: at } : time)) }
    }
    case 'time_answered': {
      const { n, run, refusal } = event as BatchEvent & { is: 'time_answered' }
      const time = backfill.asked.find(one => one.n === n) as AskedTime
      const rest = { ...backfill, asked: backfill.asked.filter(one => one !== time), lookAt }
      if (run !== null) return { ...rest, active: [...backfill.active, run] }
      const refusals = [...backfill.refusals, { at: time.for, code: refusal ?? 'refused' }].slice(0, TOLD_MAX)
      return { ...rest, refused: backfill.refused + 1, refusals }
    }
    case 'child_closed': {
      const { run } = event as BatchEvent & { is: 'child_closed' }
      return { ...backfill, active: backfill.active.filter(other => other !== run), lookAt }
    }
    case 'looked':
    case 'resumed':
      return { ...backfill, lookAt }
    default:
      return backfill
  }
}

export function wakeAtOf(state: BatchState): Instant | null {
  const { backfill } = state
  if (backfill === undefined) return null
  let at = roomOf(state) > 0 ? backfill.lookAt : null
  for (const { askedAt } of backfill.asked) if (at === null || askedAt + RESEND_MS < at) at = askedAt + RESEND_MS
  return at
}

export function lateTimes({ backfill }: BatchState, now: Instant): AskedTime[] {
  return (backfill?.asked ?? []).filter(({ askedAt }) => askedAt + RESEND_MS <= now)
}

/** By its reference; undefined: it is none of these, or was answered. */
export function askedTime({ backfill }: BatchState, reference: number): AskedTime | undefined {
  return backfill?.asked.find(({ n }) => n === reference - REFERENCE_FIRST)
}

export function askedRun({ backfill }: BatchState, run: RunId): AskedTime | undefined {
  return backfill?.asked.find(time => time.run === run)
}

export function timeAsked(state: BatchState, time: Instant, n: number, context: Context): AskedTime {
  const order = orderOf(planOf(state) as BackfillPlan, time, context)
  // They sort as they are asked for.
  return { n, run: callRunId(`${context.self}:times`, n, context.home(order)), for: time, askedAt: context.now }
}

export function startTime(state: BatchState, { n, run, for: time }: AskedTime, again: boolean, context: Context): Message {
  return { is: 'start', reference: REFERENCE_FIRST + n, run, again, order: orderOf(planOf(state) as BackfillPlan, time, context) }
}

function orderOf({ schedule, id, timetable, createdAt, target, by }: BackfillPlan, time: Instant, { self, kind }: Context): StartOrder {
  const { definition, input, options } = target
  const table = timetableOf({ spec: { timetable }, createdAt })
  return {
    definition,
    input: inputAt(input, time, schedule, timetable.timezone ?? 'UTC'),
    options,
    trigger: {
      is: 'schedule',
      schedule,
      id,
      n: -1,
      nominalAt: time,
      source: 'backfill',
      batch: self,
      ...(by === null ? {} : { by }),
      ...(kind?.(definition) === 'dag' ? { intervalStart: timeBefore(table, time) ?? time } : {}),
    },
  }
}

/** What became of a time goes into the ledger of the schedule, in the same commit. */
export function ledgerMessage(state: BatchState, { for: time }: AskedTime, run: RunId | null, refusal: string | null, { self }: Context): Message {
  const input: BackfilledInput = { is: 'backfilled', backfill: self, for: time, run, why: refusal }
  return { is: 'tell', to: (planOf(state) as BackfillPlan).id, input }
}

/** The time after one, in the order of the backfill; null: that was the last. */
export function timeAfter({ order, from, until }: BackfillPlan, table: Timetable, time: Instant): Instant | null {
  if (order === 'forward') {
    const next = table.nextFiring(time)
    return next === null || next.at > until ? null : next.at
  }
  for (let at = timeBefore(table, time); at !== null && at >= from; at = timeBefore(table, at)) if (table.next(at - 1)?.held === null) return at
  return null
}
