import type { Kind, Machine } from '../core/machine.ts'
import type { HistoryEvent } from '../core/run.ts'
import { batch } from './batch/machine.ts'
import { dag } from './dag/machine.ts'
import { job } from './job/machine.ts'
import { schedule } from './schedule/machine.ts'
import { workflow } from './workflow/machine.ts'

// biome-ignore lint/suspicious/noExplicitAny: a registry holds machines of all state types; each is used only with its own state.
export type AnyMachine = Machine<any, any, any>

/** The kinds of work that this engine knows: adding one is a folder here and a line in this table. */
export const MACHINES: Readonly<Record<Kind, AnyMachine>> = {
  job: job as AnyMachine,
  workflow: workflow as AnyMachine,
  dag: dag as AnyMachine,
  batch: batch as AnyMachine,
  schedule: schedule as AnyMachine,
}

export type { HistoryEvent }
