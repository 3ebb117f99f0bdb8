import type { UserError } from '../core/errors.ts'
import type { ActorId, ClaimId } from '../core/ids.ts'
import type { LedgerEntry } from '../core/ledger.ts'
import type { TaskOrder } from '../core/machine.ts'
import { type KeyName, type KeyRow, type LedgerRow, noWrites, type SegmentRow, type Writes } from '../store/store.ts'
import type { Actor } from './actor.ts'
import { keyText } from './actors.ts'
import type { Reservation, Resource } from './limits/resource.ts'
import type { Work } from './work.ts'

/** Events of an actor whose history is told elsewhere are folded early: its row stays small. */
const FORGETFUL_BODY_BYTES = 2_000

/** What gathers until it can be committed together. */
export class OpenBatch {
  readonly actors = new Set<Actor>()
  readonly works: Work[] = []
  /** What `execute` refused: told after the commit, too (E4). */
  readonly refused = new Map<Work, UserError>()
  readonly writes: Writes = noWrites()
  /** Rates whose tokens its deliveries spend. */
  readonly rates = new Set<Resource>()
  /** Claims of other lanes whose grants its deliveries use: they must stand (E17). */
  readonly checks = new Set<ClaimId>()
  /** What its transitions let go, once they are committed. */
  readonly freed: Reservation[] = []
  bytes = 0
  private lines: Map<string, LedgerRow> | null = null
  private absorbedBy: OpenBatch | null = null

  /** Itself, or the one that took it over. */
  get latest(): OpenBatch {
    return this.absorbedBy === null ? this : this.absorbedBy.latest
  }

  /** A line that is entered twice is written once. */
  ledger(schedule: ActorId, entry: LedgerEntry): void {
    const key = `${schedule} ${entry.n}`
    this.lines ??= new Map()
    const known = this.lines.get(key)
    const row = { ...entry, schedule }
    if (known !== undefined) Object.assign(known, row)
    else {
      this.lines.set(key, row)
      this.writes.ledger.push(row)
    }
  }

  /** The store drops before it puts: what this was to put is dropped instead. */
  dropKeys(names: readonly KeyName[]): void {
    const { writes } = this
    writes.keyDrops.push(...names)
    if (writes.keys.length === 0 || names.length === 0) return
    const dropped = new Set(names.map(keyText))
    const kept: KeyRow[] = []
    for (const row of writes.keys) {
      if (dropped.has(keyText(row))) writes.keyDrops.push(row)
      else kept.push(row)
    }
    writes.keys = kept
  }

  /** Takes over all of a batch that was to follow it. */
  absorb(later: OpenBatch): void {
    later.absorbedBy = this
    for (const actor of later.actors) {
      this.actors.add(actor)
      actor.batch = this
    }
    this.works.push(...later.works)
    for (const [work, error] of later.refused) this.refused.set(work, error)
    const { ledger, keyDrops, ...lists } = later.writes
    this.dropKeys(keyDrops)
    for (const list of Object.keys(lists) as (keyof typeof lists)[]) for (const row of lists[list]) (this.writes[list] as unknown[]).push(row)
    for (const rate of later.rates) this.rates.add(rate)
    for (const claim of later.checks) this.checks.add(claim)
    this.freed.push(...later.freed)
    for (const { schedule, ...entry } of ledger) this.ledger(schedule, entry)
    this.bytes += later.bytes
  }
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
    const segment = actor.cutSegment(actor.machine.forgets === undefined ? segmentBytes : Math.min(segmentBytes, FORGETFUL_BODY_BYTES))
    sent.push({ actor, order: actor.order, closed: actor.closed, sequence: actor.sequence, segment })
    if (segment !== null && actor.machine.forgets === undefined) writes.segments.push(segment)
    if (actor.closed) writes.closed.push(actor.closingRow())
    else if (actor.stored) writes.touched.push(actor.touchedRow())
    else writes.born.push(actor.openRow())
    actor.stored = true
  }
  for (const rate of batch.rates) writes.rates.push(rate.row())
  return sent
}

export function keysOf(writes: Writes): KeyName[] {
  return [...writes.keys, ...writes.keyDrops]
}
