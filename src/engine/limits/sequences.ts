import { UserError } from '../../core/errors.ts'
import type { ClosedState } from '../../core/run.ts'
import { type Actor, groupFor } from '../actor.ts'
import type { Definitions } from '../definitions.ts'
import { sequenceName } from '../queues/queues.ts'
import type { Settle, Transaction, Work } from '../work.ts'

/**
 * Whose turn it is in a sequence is a key row, put with its run's first delivery and dropped with its close: so it holds through back-off, snoozes and
 * crashes, and one run at a time means until it is closed.
 */
export function takeTurn(actor: Actor, transaction: Transaction): void {
  const name = nameOf(actor)
  if (name !== null) transaction.putKey({ ...name, run: actor.id, inputHash: '', expiresAt: null })
}

/** What failed stops those behind it, if its definition says so; one that never began was nobody's turn. */
export function leaveTurn(actor: Actor, state: ClosedState, definitions: Definitions, transaction: Transaction): void {
  const name = nameOf(actor)
  if (name === null || actor.view.startedAt === null) return
  const stops = definitions.get(actor.namespace, actor.name)?.options.sequence?.onFailure === 'stop' && (state === 'failed' || state === 'timed_out')
  if (stops) transaction.putKey({ ...name, run: actor.id, inputHash: 'stopped', expiresAt: null })
  else transaction.dropKey(name)
}

/** A person lets a stopped sequence go on with the next. */
export function resumeSequenceWork(namespace: string, definition: string, key: string, settle: Settle<void>): Work {
  const name = { namespace, scope: 'sequence' as const, definition, key }
  return {
    ids: [],
    keys: [name],
    bytes: 200,
    execute(transaction) {
      if (transaction.key(name)?.inputHash !== 'stopped') throw new UserError('sequence-not-stopped', { found: key })
      transaction.dropKey(name)
    },
    done: () => settle.resolve(undefined),
    failed: settle.reject,
  }
}

function nameOf(actor: Actor): ReturnType<typeof sequenceName> | null {
  const group = groupFor(actor)
  return group.sequence === null ? null : sequenceName(group)
}
