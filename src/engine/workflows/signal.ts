import { UserError } from '../../core/errors.ts'
import type { SignalInput } from '../../machines/workflow/types.ts'
import type { Actor } from '../actor.ts'
import type { Transaction } from '../work.ts'

/** @throws UserError `not-a-workflow`, `run-closed`, `too-many-signals` */
export function signalRun(transaction: Transaction, actor: Actor, input: SignalInput): void {
  const found = actor.id
  if (actor.kind !== 'workflow') throw new UserError('not-a-workflow', { found, hint: `it is a ${actor.kind}` })
  const decision = transaction.apply(actor, input)
  if (decision === null) throw new UserError('unavailable', { found, retryAfter: 60, hint: 'the run is stuck: resume it first' })
  const reply = decision.replies?.[0]?.reply
  if (reply === undefined || reply.ok) return
  if (reply.code === 'run-closed') throw new UserError('run-closed', { found, hint: `it is ${actor.view.state}` })
  throw new UserError('too-many-signals', {
    found: input.name,
    retryAfter: 60,
    hint: 'its code waits for none of them: see what it awaits with explain',
  })
}
