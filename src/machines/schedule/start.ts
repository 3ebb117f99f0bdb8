import { newId, slotOf } from '../../core/ids.ts'
import type { LedgerEntry } from '../../core/ledger.ts'
import type { Context, Message } from '../../core/machine.ts'
import { inputAt } from './input.ts'
import type { ScheduleState } from './types.ts'

/** A line that asks for a run: its id is random and on the schedule's shard, and stands in the ledger before the run does. */
export function withRun(entry: LedgerEntry, context: Context): LedgerEntry {
  return { ...entry, run: newId(context.now, context.random, slotOf(context.self)), accountedAt: context.now }
}

export function startMessage({ name, spec }: ScheduleState, entry: LedgerEntry, context: Context, again: boolean, by?: string | null): Message {
  const { definition, input, options } = spec.target
  const { n, at, source } = entry
  return {
    is: 'start',
    reference: n,
    run: entry.run as string,
    again,
    order: {
      definition,
      input: inputAt(input, at, name, spec.timetable.timezone ?? 'UTC'),
      options,
      trigger: { is: 'schedule', schedule: name, id: context.self, n, nominalAt: at, source, ...(by == null ? {} : { by }) },
    },
  }
}
