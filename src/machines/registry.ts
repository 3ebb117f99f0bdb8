import { UnknownKind } from '../core/errors.ts'
import type { Kind, Machine } from '../core/machine.ts'
import type { HistoryEvent } from '../core/run.ts'
import { approval } from './approval/machine.ts'
import { asset } from './asset/machine.ts'
import { batch } from './batch/machine.ts'
import { dag } from './dag/machine.ts'
import { job } from './job/machine.ts'
import { memo } from './memo/machine.ts'
import { schedule } from './schedule/machine.ts'
import { timeline } from './timeline/machine.ts'
import { wait } from './wait/machine.ts'
import { workflow } from './workflow/machine.ts'

// biome-ignore lint/suspicious/noExplicitAny: a registry holds machines of all state types; each is used only with its own state.
export type AnyMachine = Machine<any, any, any>

/** The kinds of work that this engine knows: adding one is a folder here and a line in this table. */
export const MACHINES: Readonly<Record<Kind, AnyMachine>> = {
  job: job as AnyMachine,
  workflow: workflow as AnyMachine,
  dag: dag as AnyMachine,
  approval: approval as AnyMachine,
  wait: wait as AnyMachine,
  batch: batch as AnyMachine,
  schedule: schedule as AnyMachine,
  timeline: timeline as AnyMachine,
  asset: asset as AnyMachine,
  memo: memo as AnyMachine,
}

/** @throws UnknownKind */
export function machineOf(kind: Kind): AnyMachine {
  if (!Object.hasOwn(MACHINES, kind)) throw new UnknownKind(kind)
  return MACHINES[kind]
}

export type { HistoryEvent }
