import { refuse } from '../../core/decide.ts'
import type { Context, Decision, Message } from '../../core/machine.ts'
import type { Payload } from '../../core/run.ts'
import type { GivenInput } from '../wait/types.ts'
import type { SettleInput, SignalInput } from '../workflow/types.ts'
import { runOfTask } from './children.ts'
import type { Plan } from './plan.ts'
import type { DagSpec, DagWait } from './spec.ts'
import { type DagEvent, type DagState, ENDING_OF, type Reference, type Waiting } from './types.ts'
import { type Taken, tokenOf } from './waits-state.ts'

/** Signals that came before a task waits for them. */
export const SIGNALS_MAX = 100
export const SIGNAL_BYTES_MAX = 512 * 1024

/** Goes to the task that has waited longest for one of its name, else it is kept until one does. */
export function signalled(state: DagState, input: SignalInput, spec: DagSpec, context: Context): Decision<DagEvent> {
  const { command, name, payload, by } = input
  if (state.commands?.some(({ id }) => id === command)) return { events: [] }
  if (state.closing !== null) return refuse(command, 'run-closed')
  if (!namesOf(spec).some(known => known === name || known.includes('{{'))) return refuse(command, 'unknown-signal')
  const wait = (state.waits ?? []).find(({ signal, given }) => signal === name && !given)
  if (wait === undefined && !hasRoom(state, payload)) return refuse(command, 'too-many-signals')
  const event: DagEvent = {
    ...{ is: 'signalled', at: context.now, name, command },
    ...(payload !== null && { payload }),
    ...(by !== null && { by }),
    ...(wait !== undefined && { ref: wait.ref }),
  }
  return { events: [event], ...(wait !== undefined && { messages: [giveMessage(state, wait.ref, { output: payload ?? 'null' }, context)] }) }
}

/** Names that its tasks wait for; one with a placeholder may be any. */
export function namesOf({ tasks }: DagSpec): string[] {
  return [...new Set(Object.values(tasks).flatMap(({ wait }) => wait?.signal ?? []))]
}

function hasRoom({ signals = [] }: DagState, payload: Payload | null): boolean {
  const bytes = signals.reduce((sum, signal) => sum + (signal.payload?.length ?? 0), payload?.length ?? 0)
  return signals.length < SIGNALS_MAX && (signals.length === 0 || bytes <= SIGNAL_BYTES_MAX)
}

/** Once, by who has the token; it may come before its task has begun. What has ended, or was settled, is not there. */
export function settled(state: DagState, input: SettleInput, plan: Plan, context: Context): Decision<DagEvent> {
  const { command, token, output, failure, by } = input
  if (state.commands?.some(({ id }) => id === command)) return { events: [] }
  const n = plan.callbacks.find((_, index) => tokenOf(state.started, context.self, index) === token)
  const isOver = n === undefined || state.settled?.some(one => one.n === n) || ENDING_OF[state.tasks[n] as string] !== undefined
  if (state.closing !== null || isOver) return refuse(command, 'promise-not-found')
  const isWaiting = state.waits?.some(({ ref }) => ref === n) === true
  const event: DagEvent = {
    ...{ is: 'settled', at: context.now, n, command },
    ...(output !== null && { output }),
    ...(failure !== undefined && { failure }),
    ...(by !== null && { by }),
    ...(isWaiting && { ref: n }),
  }
  const given = { output: output ?? 'null', ...(failure !== undefined && { failure }) }
  return { events: [event], ...(isWaiting && { messages: [giveMessage(state, n, given, context)] }) }
}

/** A task begins to wait, and perhaps what it waits for is there. */
export function beginning(state: DagState, ref: Reference, { signal, callback }: DagWait): { waiting: Waiting; taken?: Taken; given?: Given } {
  const waiting: Waiting = { ref, ...(signal !== undefined && { signal }) }
  if (signal !== undefined) {
    const kept = state.signals?.find(({ name }) => name === signal)
    return kept === undefined ? { waiting } : { waiting, taken: { ref, command: kept.command }, given: { output: kept.payload ?? 'null' } }
  }
  const came = callback ? state.settled?.find(({ n }) => n === ref) : undefined
  if (came === undefined) return { waiting }
  return { waiting, taken: { ref }, given: { output: came.output ?? 'null', ...(came.failure !== undefined && { failure: came.failure }) } }
}
type Given = Omit<GivenInput, 'is'>

export function giveMessage(state: DagState, ref: Reference, given: Given, { self }: Context): Message {
  return { is: 'tell', to: runOfTask(state, self, ref), input: { is: 'given', ...given } as GivenInput }
}
