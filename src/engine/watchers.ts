import type { ActorId, RunId } from '../core/ids.ts'
import { isRun, type RunKind, type WatchedRun } from '../core/machine.ts'
import type { ClosedState } from '../core/run.ts'
import type { Actor } from './actor.ts'
import type { Transaction } from './work.ts'

/** Who watches a run at a time: they stand in its row, and are told in one commit (E8). */
export const WATCHERS_MAX = 400

/** Watchers of one run, in the row of that: told of its close in its own commit, so nobody looks after them, and nothing is said twice. */
export interface WatchLetter {
  is: 'watch'
  namespace: string
  watcher: ActorId
  run: RunId
  over?: true
}

/** Null: it is told when the run closes, or has nothing more to be told. */
export function watch({ namespace, watcher, run, over }: WatchLetter, transaction: Transaction): WatchedRun | null {
  const actor = transaction.actor(run)
  const isThere = actor !== null && actor.namespace === namespace && isRun(actor.kind)
  if (over) {
    if (isThere && !actor.closed && actor.watchers.includes(watcher))
      transaction.watched(
        actor,
        actor.watchers.filter(other => other !== watcher),
      )
    return null
  }
  if (!isThere) return { is: 'watched_run', run, found: null }
  if (actor.closed) return newsOf(actor)
  // A letter may come when its sender has closed: that one has said so where the run was at hand, and is told nothing more.
  if (transaction.actor(watcher)?.closed || actor.watchers.includes(watcher)) return null
  if (actor.watchers.length >= WATCHERS_MAX) {
    return { is: 'watched_run', run, found: null, refused: { code: 'too-many-waits', why: `${WATCHERS_MAX} tasks wait for this run already` } }
  }
  transaction.watched(actor, [...actor.watchers, watcher])
  return null
}

/** Of one that closes, or has. */
export function newsOf({ id: run, name: definition, kind, outcome }: Actor): WatchedRun {
  return { is: 'watched_run', run, found: { definition, kind: kind as RunKind, state: outcome?.state as ClosedState } }
}
