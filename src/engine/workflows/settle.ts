import { UserError } from '../../core/errors.ts'
import type { RunId } from '../../core/ids.ts'
import { ID_LENGTH, isId } from '../../core/ids.ts'
import type { Actor } from '../actor.ts'
import type { Command } from '../face.ts'
import type { Transaction } from '../work.ts'
import type { Settlement } from './talk-face.ts'

/** The run that a token is of. @throws UserError `promise-not-found` */
export function runOfToken(token: string): RunId {
  const run = token.slice(0, ID_LENGTH)
  if (!isId(run) || token[ID_LENGTH] !== '.') throw promiseNotFound()
  return run
}

/** @throws UserError `promise-not-found`, which says nothing of the run */
export function settlePromise(transaction: Transaction, actor: Actor, token: string, settlement: Settlement, { id, by }: Command): void {
  if (actor.kind !== 'workflow' && actor.kind !== 'dag') throw promiseNotFound()
  const decision = transaction.apply(actor, { is: 'settle', command: id, token, ...settlement, by } as { is: string })
  if (decision === null) throw new UserError('unavailable', { retryAfter: 60, hint: 'the run is stuck' })
  const reply = decision.replies?.[0]?.reply
  if (reply !== undefined && !reply.ok) throw promiseNotFound()
}

export function promiseNotFound(): UserError {
  return new UserError('promise-not-found', {
    at: '/path/token',
    hint: 'it was settled before, its time is over, its run has ended, or it never was',
  })
}
