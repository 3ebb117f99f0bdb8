import { newId } from '../../core/ids.ts'
import type { LedgerEntry } from '../../core/ledger.ts'
import type { Context, Message, StartOrder } from '../../core/machine.ts'
import { inputAt } from './input.ts'
import { timeBefore, timetableOf } from './timetables.ts'
import type { ScheduleState } from './types.ts'
import { partitionOfAll } from './waits.ts'

/** A line that asks for a run: its id says where it will live, and stands in the ledger before the run does. */
export function withRun(state: ScheduleState, entry: LedgerEntry, context: Context): LedgerEntry {
  const slot = context.home(orderOf(state, entry, context))
  return { ...entry, run: newId(context.now, context.random, slot), accountedAt: context.now }
}

export function startMessage(state: ScheduleState, entry: LedgerEntry, context: Context, again: boolean, by?: string | null): Message {
  return { is: 'start', reference: entry.n, run: entry.run as string, again, order: orderOf(state, entry, context, by) }
}

function orderOf(state: ScheduleState, { n, at, source }: LedgerEntry, { self, kind }: Context, by?: string | null): StartOrder {
  const { name, spec, watermark } = state
  const assets = state.carried?.[n]
  const partition = assets === undefined ? undefined : partitionOfAll(assets)
  const { definition, input, options } = spec.target
  return {
    definition,
    input: inputAt(input, at, name, spec.timetable.timezone ?? 'UTC'),
    options,
    trigger: {
      is: 'schedule',
      schedule: name,
      id: self,
      n,
      nominalAt: at,
      source,
      ...(by == null ? {} : { by }),
      ...(assets === undefined ? {} : { assets }),
      ...(partition === undefined ? {} : { partition }),
      // A time of long ago is no step on from here.
      ...(watermark === undefined || source === 'backfill' ? {} : { watermark: watermark.value }),
      // Tasks of a DAG work on the time between.
      ...(kind?.(definition) === 'dag' && source !== 'asset' ? { intervalStart: timeBefore(timetableOf(state), at) ?? at } : {}),
    },
  }
}
