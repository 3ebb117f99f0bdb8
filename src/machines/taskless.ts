import { refuse, whoOf } from '../core/decide.ts'
import type { CommandId } from '../core/ids.ts'
import type { Decision, RunInput } from '../core/machine.ts'
import type { RunOptions } from '../core/options.ts'
import type { ClosedState, Failure, HistoryEvent, Outcome, Payload, RunView, Trigger } from '../core/run.ts'
import type { Instant } from '../core/time.ts'

/** What runs have in common that a DAG starts and nobody works at (approval/, wait/): they stand open, in no queue and without a worker, until one event closes them. */
export interface StartInput {
  is: 'start'
  definition: string
  options: Omit<RunOptions, 'delayMs'>
  trigger: Trigger
  /** JSON of what the run is to wait for. */
  input: Payload
}

export interface Started {
  is: 'started'
  at: Instant
  definition: string
  options?: StartInput['options']
  trigger: Trigger
  input: Payload
}

/** The last event: its name is the state that it leads to. */
export interface Closing {
  is: ClosedState
  at: Instant
  reason: string
  by?: string
  why?: string
  command?: CommandId
  failure?: Failure
}

/** What people do with any run. */
export function commanded<Event extends HistoryEvent>(
  closing: Closing | null,
  input: Exclude<RunInput, { is: 'wake' }>,
  at: Instant,
  close: (closing: Closing) => Decision<Event>,
): Decision<Event> {
  switch (input.is) {
    case 'cancel':
    case 'terminate': {
      const is = input.is === 'cancel' ? 'cancelled' : 'terminated'
      if (closing !== null) return closing.is === is ? { events: [] } : refuse(input.command, 'run-closed')
      return close({ is, at, reason: is, ...whoOf(input) })
    }
    case 'resume':
      return refuse(input.command, closing === null ? 'not-stuck' : 'run-closed')
    case 'change':
      return refuse(input.command, closing === null ? 'run-begun' : 'run-closed')
  }
}

export function outcomeOf({ is, reason, failure }: Closing, output?: Payload): Outcome {
  return { state: is, reason, ...(output !== undefined && { output }), ...(failure !== undefined && { failure }) }
}

/** `awaits`: what it waits for, in a word. */
export function viewOf({ started, closing }: { started: Started; closing: Closing | null }, awaits: string, nextAt: Instant | null): RunView {
  return {
    state: closing?.is ?? 'waiting',
    reason: closing === null ? awaits : closing.reason,
    attempt: 1,
    attempts: 1,
    startedAt: started.at,
    progress: null,
    failure: closing?.failure ?? null,
    worker: null,
    nextAt,
    dueAt: null,
    checkpoint: null,
    trigger: started.trigger,
    options: started.options ?? {},
  }
}
