import { refuse } from '../../core/decide.ts'
import type { LedgerEntry } from '../../core/ledger.ts'
import type { Context, Decision, Reply } from '../../core/machine.ts'
import { account } from './account.ts'
import { relinked } from './assets.ts'
import { finish, type Step } from './finish.ts'
import { startMessage, withRun } from './start.ts'
import { evolve, isSame } from './state.ts'
import type { Backfill, ScheduleEvent, ScheduleInput, ScheduleSpec, ScheduleState } from './types.ts'

/** Backfills that wait for their turn. */
const BACKFILLS_MAX = 20

type Put = ScheduleInput & { is: 'put' }
type Command = Exclude<ScheduleInput, Put | { is: 'wake' | 'answered' | 'child_closed' | 'backfilled' | 'asset_happened' | 'asset_linked' }>

/** Makes a schedule, or changes what its definition says; the same again changes nothing. */
export function put(state: ScheduleState | null, input: Put, context: Context): Decision<ScheduleEvent> {
  const { name, spec, origin, by, command } = input
  if (state === null || state.deletedAt !== null) {
    const event: ScheduleEvent = { is: 'created', at: context.now, name, spec, origin, by }
    return finish({ state: evolve(state, event), events: [event], messages: [] }, context, [{ command, reply: said({ changed: 'created' }) }])
  }
  if (origin.is === 'code' && state.origin.is !== 'code') return { events: [], replies: [{ command, reply: said({ changed: 'kept' }) }] }
  // What code defines, others override: field by field, and only where they differ.
  if (origin.is !== 'code' && state.origin.is === 'code')
    return commanded(state, { is: 'override', override: difference(spec, state.base), command, by }, context)
  const isBack = state.paused?.gone === true && origin.is === 'code'
  const changesNothing = isSame(state.base, spec) && isSame(state.origin, origin)
  if (changesNothing && !isBack) return { events: [], replies: [{ command, reply: said({ changed: 'unchanged' }) }] }
  return afterAccount(state, input, context, step => {
    let changed = isBack ? happens(step, { is: 'resumed', at: context.now, by }) : step
    if (!changesNothing) changed = happens(changed, { is: 'edited', at: context.now, spec, origin, by })
    return { step: changed, reply: said({ changed: 'edited' }) }
  })
}

/** What people ask of a schedule. Each first accounts for all times up to now under what held until then (E13). */
export function commanded(state: ScheduleState, input: Command, context: Context): Decision<ScheduleEvent> {
  const known = state.commands.find(({ id }) => id === input.command)
  if (known !== undefined) return { events: [], replies: [{ command: input.command, reply: { ok: true, value: known.value } }] }
  if (state.deletedAt !== null) return refuse(input.command, 'schedule-not-found')
  return afterAccount(state, input, context, step => apply(step, input, context))
}

function apply(step: Step, input: Command, context: Context): { step: Step; reply: Reply } {
  const { state } = step
  const { now: at } = context
  const { by } = input
  switch (input.is) {
    case 'override':
      if (isSame(state.override, input.override)) return { step, reply: said({ changed: 'unchanged' }) }
      return { step: happens(step, { is: 'overridden', at, override: input.override, by }), reply: said({ changed: 'edited' }) }
    case 'pause': {
      const { note, until, gone } = input
      // A person's pause is not replaced by the code's.
      if (gone && state.paused !== null) return { step, reply: DONE }
      return { step: happens(step, { is: 'paused', at, by, note, until, gone }), reply: DONE }
    }
    case 'resume':
      // One that was stuck has not heard what its assets told meanwhile.
      return { step: relinked(state.paused === null ? step : happens(step, { is: 'resumed', at, by }), context), reply: DONE }
    case 'set_watermark': {
      const { watermark } = input
      // Runs that are open have begun from the one before.
      const n = (state.buffered[0]?.n ?? state.next) - 1
      return { step: happens(step, { is: 'watermark_set', at, watermark, n, by }), reply: DONE }
    }
    case 'trigger':
      return trigger(step, input, context)
    case 'backfill':
      return backfill(step, input, context)
    case 'cancel_backfill': {
      const found = state.backfills.find(({ id }) => id === input.backfill)
      if (found === undefined) return { step, reply: { ok: false, code: 'backfill-not-found' } }
      return { step: happens(step, { is: 'backfill_ended', at, backfill: found.id, by }), reply: DONE }
    }
    case 'delete': {
      const entries = state.buffered.map((entry): LedgerEntry => ({ ...entry, account: 'skipped', why: 'deleted', accountedAt: at }))
      return { step: happens(step, { is: 'deleted', at, by, ...(entries.length === 0 ? {} : { entries }) }), reply: DONE }
    }
  }
}

/** A run now, whatever the overlap policy says: somebody wants it. */
function trigger(step: Step, input: Command & { is: 'trigger' }, context: Context): { step: Step; reply: Reply } {
  const { now: at } = context
  const line: LedgerEntry = {
    n: step.state.next,
    source: 'trigger',
    at,
    until: at,
    count: 1,
    account: 'intended',
    run: null,
    lateMs: null,
    why: null,
    note: input.by,
    accountedAt: at,
  }
  const entry = withRun(step.state, line, context)
  const reply = said({ n: entry.n, run: entry.run })
  const event: ScheduleEvent = { is: 'triggered', at, command: input.command, value: reply.value as string, entries: [entry] }
  const { state, events, messages } = happens(step, event)
  return { step: { state, events, messages: [...messages, startMessage(state, entry, context, false, input.by)] }, reply }
}

function backfill(step: Step, input: Command & { is: 'backfill' }, context: Context): { step: Step; reply: Reply } {
  if (step.state.backfills.length >= BACKFILLS_MAX) return { step, reply: { ok: false, code: 'too-many-backfills' } }
  const { command: id, by, from, until, maxActive } = input
  const asked: Backfill = { id, by, from, until, through: from - 1, maxActive, active: [], startedAt: context.now, started: 0 }
  const reply = said({ backfill: id })
  return { step: happens(step, { is: 'backfill_asked', at: context.now, backfill: asked, value: reply.value as string }), reply }
}

function afterAccount(
  state: ScheduleState,
  { command }: { command: string },
  context: Context,
  then: (step: Step) => { step: Step; reply: Reply },
): Decision<ScheduleEvent> {
  const accounted = account(state, context, 'cut')
  // What was reached is kept, and the schedule goes on by itself: the same command may be repeated.
  if (!accounted.done) return finish(accounted, context, [{ command, reply: { ok: false, code: 'schedule-busy' } }])
  const { step, reply } = then(accounted)
  return finish(step, context, [{ command, reply }])
}

function happens({ state, events, messages }: Step, event: ScheduleEvent): Step {
  return { state: evolve(state, event), events: [...events, event], messages }
}

function difference(spec: ScheduleSpec, base: ScheduleSpec): Partial<ScheduleSpec> | null {
  const changed = Object.entries(spec).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(base[field as keyof ScheduleSpec]))
  return changed.length === 0 ? null : (Object.fromEntries(changed) as Partial<ScheduleSpec>)
}

const DONE: Reply = { ok: true }

function said(value: Record<string, unknown>): Reply & { ok: true } {
  return { ok: true, value: JSON.stringify(value) }
}
