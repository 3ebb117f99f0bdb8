import type { LedgerEntry } from '../../core/ledger.ts'
import type { Context, Decision, Message } from '../../core/machine.ts'
import { fireAssets, linkAssets } from './assets.ts'
import { startMessage, withRun } from './start.ts'
import { backfillToAdvance, evolve, isBusy, wakeAt } from './state.ts'
import { timetableOf } from './timetables.ts'
import type { ScheduleEvent, ScheduleState } from './types.ts'

/** Starts of a backfill in one transition (E8). */
const BACKFILL_STARTS_MAX = 200

/** A part of a decision: what has happened so far, and to what state it leads. */
export interface Step {
  state: ScheduleState
  events: ScheduleEvent[]
  messages: Message[]
}

/** What may begin now begins; then the decision says when to wake next, and which lines the ledger gets. */
export function finish(step: Step, context: Context, replies: NonNullable<Decision<ScheduleEvent>['replies']> = []): Decision<ScheduleEvent> {
  const { state, events, messages } = advanceBackfills(fireAssets(linkAssets(unbuffered(step, context), context), context), context)
  const decision: Decision<ScheduleEvent> = { events, state, wakeAt: wakeAt(state) }
  const ledger = events.flatMap(({ entries }) => entries ?? [])
  if (ledger.length > 0) decision.ledger = ledger
  if (messages.length > 0) decision.messages = messages
  if (replies.length > 0) decision.replies = replies
  return decision
}

function unbuffered(step: Step, context: Context): Step {
  let { state, events, messages } = step
  while (state.buffered.length > 0 && state.paused === null && state.deletedAt === null && (state.spec.overlap === 'allow' || !isBusy(state))) {
    const waiting = state.buffered[0] as LedgerEntry
    const lateMs = (waiting.lateMs ?? 0) + context.now - waiting.accountedAt
    const entry = { ...withRun(state, waiting, context), lateMs }
    const event: ScheduleEvent = { is: 'unbuffered', at: context.now, entries: [entry] }
    messages = [...messages, startMessage(state, entry, context, false)]
    events = [...events, event]
    state = evolve(state, event)
  }
  return { state, events, messages }
}

/** The backfill at the head starts as many as may be open at once; the next one begins when all of it has closed. */
function advanceBackfills(step: Step, context: Context): Step {
  let { state, events, messages } = step
  const backfill = state.deletedAt === null ? backfillToAdvance(state) : null
  if (backfill === null) return step
  const table = timetableOf(state)
  const entries: LedgerEntry[] = []
  let through = backfill.through
  let next = table.nextFiring(through)
  const room = Math.min(backfill.maxActive - backfill.active.length, BACKFILL_STARTS_MAX)
  for (; next !== null && next.at <= backfill.until && entries.length < room; next = table.nextFiring(through)) {
    through = next.at
    const line: LedgerEntry = {
      n: state.next + entries.length,
      source: 'backfill',
      at: next.at,
      until: next.at,
      count: 1,
      account: 'intended',
      run: null,
      lateMs: null,
      why: null,
      note: backfill.id,
      accountedAt: context.now,
    }
    const entry = withRun(state, line, context)
    entries.push(entry)
    messages = [...messages, startMessage(state, entry, context, false, backfill.by)]
  }
  if (next === null || next.at > backfill.until) through = backfill.until
  const isOver = entries.length === 0 && backfill.active.length === 0
  const event: ScheduleEvent = isOver
    ? { is: 'backfill_ended', at: context.now, backfill: backfill.id, by: null }
    : { is: 'backfill_advanced', at: context.now, backfill: backfill.id, through, entries }
  events = [...events, event]
  state = evolve(state, event)
  return { state, events, messages }
}
