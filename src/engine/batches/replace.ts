import type { ActorId, RunId } from '../../core/ids.ts'
import { batchOf } from '../../core/run.ts'
import type { BatchState } from '../../machines/batch/types.ts'
import type { KeyName } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import type { Transaction } from '../work.ts'

/** Says that another run stands in the counts of a batch in the place of this one, so that a second retry of it does not count again. */
export function replacedName(namespace: string, run: RunId): KeyName {
  return { namespace, scope: 'call', definition: 'batch', key: run }
}

/** A retry of a batch's job counts in its place as long as the batch takes news: what to add to the trigger of the new run. */
export function replaceInBatch(old: Actor, run: RunId, transaction: Transaction): { batch?: ActorId } {
  const id = batchOf(old.view.trigger)
  const batch = id === null ? null : transaction.actor(id)
  if (batch === null || batch.closed || (batch.state as BatchState).cancelRequested) return {}
  const name = replacedName(old.namespace, old.id)
  if (transaction.key(name) !== null) return {}
  // Kept as long as the batch is open: it is the run that retention asks about.
  transaction.putKey({ ...name, run: batch.id, inputHash: '', expiresAt: old.closedAt })
  transaction.apply(batch, { is: 'child_retried', run, of: old.id, state: old.view.state } as { is: string })
  return { batch: batch.id }
}
