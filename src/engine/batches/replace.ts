import type { ActorId, RunId } from '../../core/ids.ts'
import { KEY_RETENTION_MS } from '../../core/options.ts'
import { batchOf } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { BatchState } from '../../machines/batch/types.ts'
import type { KeyName } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import type { Transaction } from '../work.ts'

/** Says that another run stands in the counts of a batch in the place of this one, so that a second retry of it does not count again. */
export function replacedName(namespace: string, run: RunId): KeyName {
  return { namespace, scope: 'call', definition: 'batch', key: run }
}

/** A retry of a batch's job counts in its place as long as the batch takes news: what to add to the trigger of the new run. */
export function replaceInBatch(old: Actor, run: RunId, transaction: Transaction, now: Instant): { batch?: ActorId } {
  const id = batchOf(old.view.trigger)
  // A batch of another lane must have heard that the old one closed: it has, if this comes from the same place.
  if (id === null || !transaction.isHere(old.id)) return {}
  const name = replacedName(old.namespace, old.id)
  const news = { is: 'child_retried', run, of: old.id, state: old.view.state } as { is: string }
  if (!transaction.isHere(id)) {
    if (transaction.key(name) !== null) return {}
    transaction.putKey({ ...name, run, inputHash: '', expiresAt: now + KEY_RETENTION_MS })
    transaction.send(old.id, id, { is: 'tell', to: id, input: news })
    return { batch: id }
  }
  const batch = transaction.actor(id)
  if (batch === null || batch.closed || (batch.state as BatchState).cancelRequested || transaction.key(name) !== null) return {}
  // Kept as long as the batch is open: it is the run that retention asks about.
  transaction.putKey({ ...name, run: batch.id, inputHash: '', expiresAt: old.closedAt })
  transaction.apply(batch, news)
  return { batch: batch.id }
}
