import { UserError } from '../../core/errors.ts'
import type { DagSpec } from '../../machines/dag/spec.ts'
import { namesOf } from '../../machines/dag/waits.ts'
import type { SignalInput, SignalsInput } from '../../machines/workflow/types.ts'
import type { Actor } from '../actor.ts'
import type { Transaction } from '../work.ts'

/**
 * How many of the first are kept: all, or as many as there is room for. `definition`: of a DAG's run what its tasks wait for.
 * @throws UserError `not-a-workflow`, `run-closed`, `too-many-signals`: none is; and of a DAG none of whose tasks waits for it `unknown-signal`
 */
export function signalRun(
  transaction: Transaction,
  actor: Actor,
  input: SignalInput | SignalsInput,
  definition?: (actor: Actor) => DagSpec | undefined,
): number {
  const found = actor.id
  if (actor.kind !== 'workflow' && actor.kind !== 'dag') throw new UserError('not-a-workflow', { found, hint: `it is a ${actor.kind}` })
  if (actor.kind === 'dag' && input.is === 'signals') return signalDag(transaction, actor, input, definition)
  const decision = transaction.apply(actor, input)
  if (decision === null) throw new UserError('unavailable', { found, retryAfter: 60, hint: 'the run is stuck: resume it first' })
  const reply = decision.replies?.[0]?.reply
  if (reply === undefined) return 1
  if (reply.ok) return Number(reply.value)
  const { state } = actor.view
  if (reply.code === 'run-closed') throw new UserError('run-closed', { found, hint: `it is ${state}` })
  const name = input.is === 'signal' ? input.name : (input.signals[0]?.name ?? '')
  if (reply.code === 'unknown-signal') {
    const names = namesOf(definition?.(actor) as DagSpec)
    const hint = names.length === 0 ? 'none of its tasks waits for a signal' : `its tasks wait for ${names.slice(0, NAMES_SHOWN_MAX).join(', ')}`
    throw new UserError('unknown-signal', { at: '/path/name', found: name, hint })
  }
  const isBusy = actor.kind === 'workflow' && state !== 'waiting'
  if (isBusy) throw new UserError('too-many-signals', { found: name, retryAfter: 1, hint: 'its code comes to them one after the other' })
  const who = actor.kind === 'dag' ? 'no task of it' : 'its code'
  throw new UserError('too-many-signals', { found: name, retryAfter: 60, hint: `${who} waits for them: see what it awaits with explain` })
}
const NAMES_SHOWN_MAX = 10

/** One after the other: each may end a task, which may end the run. */
function signalDag(
  transaction: Transaction,
  actor: Actor,
  { signals, command, by }: SignalsInput,
  definition?: (actor: Actor) => DagSpec | undefined,
): number {
  for (const [index, signal] of signals.entries()) {
    try {
      signalRun(transaction, actor, { is: 'signal', command: `${command}:${index}`, ...signal, by }, definition)
    } catch (error) {
      if (index === 0) throw error
      return index
    }
  }
  return signals.length
}
