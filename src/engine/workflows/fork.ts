import { UserError } from '../../core/errors.ts'
import type { RunId } from '../../core/ids.ts'
import type { HistoryEvent } from '../../core/run.ts'
import { type From, pointOf } from '../../machines/workflow/point.ts'
import type { WorkflowEvent } from '../../machines/workflow/types.ts'
import type { KeyName } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import type { DagRerun } from '../dags/face.ts'
import type { Fork } from '../starts.ts'
import type { Transaction, Work } from '../work.ts'
import { toldOfEnd } from './children.ts'
import { namesKept } from './kept.ts'

/** From a run whose whole history is at hand. @throws UserError `not-a-workflow`, `not-a-dag`, `unknown-step`, `history-too-long` */
export function forkOf(
  old: Pick<Actor, 'id' | 'kind'>,
  history: readonly HistoryEvent[] | null,
  { from, reset, rerun }: { from: From; reset: boolean; rerun?: DagRerun | undefined },
): Fork {
  if (rerun !== undefined) throw new UserError('not-a-dag', { found: old.id, hint: `it is a ${old.kind}` })
  if (old.kind !== 'workflow')
    throw new UserError('not-a-workflow', { title: 'Only a workflow goes on from a step.', found: old.id, hint: `it is a ${old.kind}: retry it` })
  if (history === null) throw new UserError('history-too-long', { found: old.id, hint: 'it has left memory: fork this run by itself' })
  const point = pointOf(old.id as RunId, history as readonly WorkflowEvent[], from, reset)
  if ('refused' in point) throw new UserError(point.refused, { at: reset ? '/to' : '/from', found: from, hint: point.hint })
  const { n, name, fork } = point
  return { from: { n, name }, start: fork, reset }
}

/** What its start weighs. */
export function bytesOf({ start, values = [] }: Fork): number {
  const rows = values.flatMap(({ rows }) => rows.flat())
  return rows.reduce((sum, chunk) => sum + chunk.length, JSON.stringify(start.kept).length)
}

/** What a fork looks at besides: whom the old run tells of its end. */
export function withEnds(work: Work, transaction: Transaction, old: RunId): { ids: RunId[]; keys: KeyName[] } {
  const { ids = [], keys = [] } = work.further?.(transaction) ?? {}
  return { ids: [...ids, ...(toldOfEnd(transaction.actor(old)).ids ?? [])], keys: [...keys] }
}

/** Of one that is in memory; for an operation on many. */
export function forkInMemory(old: Actor): Fork {
  const fork = forkOf(old, old.eventsFrom(0, old.sequence), { from: null, reset: false })
  if (namesKept(fork.start.kept as readonly HistoryEvent[]))
    throw new UserError('history-too-long', { found: old.id, hint: 'it has results that are kept beside its history: fork this run by itself' })
  return fork
}
