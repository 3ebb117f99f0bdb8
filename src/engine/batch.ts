import type { UserError } from '../core/errors.ts'
import type { TaskOrder } from '../core/machine.ts'
import { type KeyName, noWrites, type SegmentRow, type Writes } from '../store/store.ts'
import type { Actor } from './actor.ts'
import type { Work } from './work.ts'

/** What gathers until it can be committed together. */
export class OpenBatch {
  readonly actors = new Set<Actor>()
  readonly works: Work[] = []
  /** What `execute` refused: told after the commit, too (E4). */
  readonly refused = new Map<Work, UserError>()
  readonly writes: Writes = noWrites()
  bytes = 0
}

/** What an actor looked like when its row was written: only that much is committed with it. */
export interface Sent {
  actor: Actor
  order: TaskOrder | null
  closed: boolean
  /** Number of events that the row and its segments tell. */
  sequence: number
  /** Where its events went, if they left the row with this batch. */
  segment: SegmentRow | null
}

/** Writes the rows of all that changed: once for any number of transitions (docs/architecture.md section 5, coalescing). */
export function seal(batch: OpenBatch, segmentBytes: number): Sent[] {
  const { writes } = batch
  const sent: Sent[] = []
  for (const actor of batch.actors) {
    const segment = actor.cutSegment(segmentBytes)
    sent.push({ actor, order: actor.order, closed: actor.closed, sequence: actor.sequence, segment })
    if (segment !== null) writes.segments.push(segment)
    if (actor.closed) writes.closed.push(actor.closingRow())
    else if (actor.stored) writes.touched.push(actor.touchedRow())
    else writes.born.push(actor.openRow())
    actor.stored = true
  }
  return sent
}

export function keysOf(writes: Writes): KeyName[] {
  return [...writes.keys, ...writes.keyDrops]
}
