import { invariant } from '../../core/errors.ts'
import type { LedgerEntry } from '../../core/ledger.ts'
import type { Answered, ChildClosed, Context, Decision, Machine } from '../../core/machine.ts'
import { account, stopMessage } from './account.ts'
import { commanded, put } from './commands.ts'
import { finish, type Step } from './finish.ts'
import { assetHappened, assetLinked } from './heard.ts'
import { startMessage } from './start.ts'
import { DELETED_KEPT_MS, evolve, pending, RESEND_MS } from './state.ts'
import type { BackfilledInput, ScheduleEvent, ScheduleInput, ScheduleState } from './types.ts'
import { view } from './view.ts'

/**
 * A schedule: it accounts for every nominal time once, in order, and starts a run for those that fire (P4, E13).
 *
 * A line of its ledger is `intended` while its start is not answered; what was not answered is sent again by the schedule itself.
 */
export const schedule: Machine<ScheduleState, ScheduleInput, ScheduleEvent> = {
  kind: 'schedule',
  reads: [1],
  writes: 1,
  decide,
  evolve,
  pending,
  view,
  forgets: true,
}

function decide(state: ScheduleState | null, input: ScheduleInput, context: Context): Decision<ScheduleEvent> {
  if (input.is === 'put') return put(state, input, context)
  invariant(state !== null, 'only put makes a schedule', { input: input.is })
  switch (input.is) {
    case 'wake':
      return woken(state, context)
    case 'answered':
      return answered(state, input, context)
    case 'child_closed':
      return childClosed(state, input, context)
    case 'backfilled':
      return backfilled(state, input, context)
    case 'asset_happened':
      return assetHappened(state, input, context)
    case 'asset_linked':
      return assetLinked(state, input, context)
    default:
      return commanded(state, input, context)
  }
}

function woken(state: ScheduleState, context: Context): Decision<ScheduleEvent> {
  if (state.deletedAt !== null) {
    if (state.deletedAt + DELETED_KEPT_MS > context.now) return { events: [] }
    const events: ScheduleEvent[] = [{ is: 'ended', at: context.now }]
    return { events, outcome: { state: 'terminated', reason: 'deleted' } }
  }
  const accounted = account(state, context, 'waits')
  return finish(sentAgain(accounted, context), context)
}

/** What was not answered is sent again: starts under the same number and run, and requests to stop while somebody waits for them. */
function sentAgain(step: Step, context: Context): Step {
  const { now } = context
  const { outstanding, open, buffered, accounted, name } = step.state
  const due = (at: number): boolean => at + RESEND_MS <= now
  const starts = outstanding.filter(({ accountedAt }) => due(accountedAt)).map(entry => ({ ...entry, accountedAt: now }))
  const stops = buffered.length === 0 ? [] : open.filter(({ stopAskedAt }) => stopAskedAt !== null && due(stopAskedAt))
  if (starts.length === 0 && stops.length === 0) return step
  const event: ScheduleEvent = { is: 'accounted', at: now, through: accounted, entries: starts, stopping: stops.map(({ run }) => run) }
  return {
    state: evolve(step.state, event),
    events: [...step.events, event],
    messages: [
      ...step.messages,
      ...starts.map(entry => startMessage(step.state, entry, context, true)),
      ...stops.map(({ run }) => stopMessage('cancel', run, name, context)),
    ],
  }
}

function answered(state: ScheduleState, { reference, run, closed, refusal }: Answered, context: Context): Decision<ScheduleEvent> {
  const line = state.outstanding.find(({ n }) => n === reference)
  if (line === undefined) return { events: [] }
  const entry: LedgerEntry =
    refusal === null ? fired(line) : { ...line, account: 'refused', run: null, why: refusal, note: run ?? state.spec.target.definition }
  const event: ScheduleEvent = { is: 'answered', at: context.now, n: reference, run: refusal === null ? line.run : null, closed, entries: [entry] }
  return finish({ state: evolve(state, event), events: [event], messages: [] }, context)
}

/** A backfill has asked for the run of a time; the ledger is the schedule's. */
function backfilled(state: ScheduleState, { backfill, for: at, run, why }: BackfilledInput, context: Context): Decision<ScheduleEvent> {
  if (state.deletedAt !== null) return { events: [] }
  const entry: LedgerEntry = {
    n: state.next,
    source: 'backfill',
    at,
    until: at,
    count: 1,
    account: run === null ? 'refused' : 'fired',
    run,
    lateMs: null,
    why,
    note: run === null ? state.spec.target.definition : backfill,
    accountedAt: context.now,
  }
  const event: ScheduleEvent = { is: 'backfilled', at: context.now, entries: [entry] }
  return finish({ state: evolve(state, event), events: [event], messages: [] }, context)
}

function fired(line: LedgerEntry): LedgerEntry {
  return { ...line, account: line.why === 'catch-up' ? 'recovered' : 'fired' }
}

/** Its start may still be unanswered: that it has closed says that it had started. */
function childClosed(state: ScheduleState, input: ChildClosed, context: Context): Decision<ScheduleEvent> {
  const line = state.outstanding.find(({ run }) => run === input.run)
  const isOfBackfill = line?.source === 'backfill' || state.backfills.some(({ active }) => active.includes(input.run))
  const followed = line !== undefined || isOfBackfill || state.open.some(({ run }) => run === input.run)
  const { state: ended, reference: n, outcome } = input
  const watermark = ended === 'completed' && n !== undefined && n > (state.watermarkLine ?? -1) && !isOfBackfill ? outcome?.watermark : undefined
  if (!followed && watermark === undefined) return { events: [] }
  const event: ScheduleEvent = { is: 'child_closed', at: context.now, run: input.run, state: ended }
  if (line !== undefined) event.entries = [fired(line)]
  if (n !== undefined && watermark !== undefined) Object.assign(event, { n, watermark })
  return finish({ state: evolve(state, event), events: [event], messages: [] }, context)
}
