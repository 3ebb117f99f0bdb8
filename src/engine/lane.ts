import { InvariantError, invariant, UnknownKind, UserError } from '../core/errors.ts'
import type { ActorId } from '../core/ids.ts'
import type { Decision } from '../core/machine.ts'
import type { HistoryEvent } from '../core/run.ts'
import type { Batch, Claim, Row, Store } from '../store/store.ts'
import type { Actor } from './actor.ts'
import { Actors } from './actors.ts'
import { keysOf, OpenBatch, type Sent, seal } from './batch.ts'
import { Between } from './between.ts'
import { Chain } from './chain.ts'
import { LaneTransaction, type Loaded, NOTHING_LOADED, type TransactionHost } from './lane-transaction.ts'
import type { LimitsCarried } from './limits/carried.ts'
import type { Reservation } from './limits/resource.ts'
import type { Prepared } from './live.ts'
import { Loader } from './loader.ts'
import type { Sizes } from './options.ts'
import { isOn } from './shares.ts'
import type { World } from './transition.ts'
import type { Transaction, Work } from './work.ts'

/** What a lane begins with. */
export interface Beginning {
  claim: Claim
  /** Monotonic time at which the claim was last proved to stand. */
  confirmedAt: number
  /** And last renewed, where that was before. */
  renewedAt?: number
  /** Works of a refused batch, to be executed again one a commit (E14). */
  singles: Work[]
  /** None of these is at fault: they need not go one by one. */
  together?: boolean
  /** What others rely on that is in no row (E17). */
  limits?: LimitsCarried
}

/** What the lane tells those who live on it. */
export interface LaneEvents {
  /** A batch is durable: orders may be offered, changes told. */
  committed(sent: readonly Sent[], writes: Batch['writes'], freed: readonly Reservation[], prepared: Prepared): void
  /** Rows are about to be sent: what live subscribers will be told once they are committed. */
  sealed(sent: readonly Sent[]): Prepared
  /** An actor has other orders, timers or deliveries than before, or was `loaded`. */
  changed(actor: Actor, loaded: boolean): void
  /** What an actor sends with its transition, and whom its close concerns: inside the same batch where that is possible. */
  sent(actor: Actor, decision: Decision<HistoryEvent>, transaction: Transaction): void
  owns(reservation: Reservation): boolean
  /** It was given what it does not know: its shards are for nodes of a newer version (E11). */
  unknown(kind: UnknownKind): void
  /** The claim is lost (E3): everything in memory is worthless. */
  fenced(): void
  /** The store refused a batch for its data (E14): these works are to be executed again, one a commit, on memory loaded afresh. */
  poisoned(next: Beginning): void
}

/** From so many records of deliveries on, each is held back so many times as long. */
const HELD_MANY = 100
const HELD_LONGER = 5

/**
 * Group commit (docs/architecture.md section 5): one batch in flight; meanwhile everything gathers into the next.
 *
 * `works` are executed in memory at once, visible to later works of this lane alone; what they answer leaves when their batch is committed (E4).
 */
export class Lane {
  readonly actors: Actors
  readonly between = new Between()
  private readonly world: World
  private readonly sizes: Sizes
  private readonly events: LaneEvents

  private readonly batches: OpenBatch[] = []
  private inFlight = false
  private flushing = false
  /** Changes that wait for company, oldest first (E16). */
  private readonly held = new Map<Actor, Held>()
  private heldTimer: (() => void) | null = null
  private readonly loader: Loader
  /** Works that threw half-way: what they had changed by then, and all that was decided since, is worthless (E14). */
  private readonly broken = new Map<Work, UserError>()
  /** Works that go one a commit, after a refused batch; the rest waits behind. */
  private singles: Work[]
  /** Works that are executed once memory is loaded. */
  private again: Work[]
  readonly chain: Chain
  private readonly transaction: LaneTransaction
  /** Where a work that is held back changes its actor, before it joins a batch. */
  private readonly alone = new OpenBatch()
  ended = false
  bytes = 0
  /** The number of the last letter that it sent (E7). */
  lastMail = 0
  /** Whether an actor lives on its shards. */
  readonly isHere: (id: ActorId) => boolean

  constructor(
    store: Store,
    world: World,
    sizes: Sizes,
    { claim, confirmedAt, renewedAt = confirmedAt, singles, together = false }: Beginning,
    events: LaneEvents,
  ) {
    this.world = world
    this.sizes = sizes
    this.chain = new Chain(store, world, claim, { confirmedAt, renewedAt }, sizes.claimTtlMs)
    this.events = events
    this.singles = together ? [] : singles
    this.again = together ? singles : []
    this.isHere = isOn(claim)
    for (const work of singles) this.bytes += work.bytes
    this.actors = new Actors(sizes.actorsCached)
    const host: TransactionHost = {
      actors: this.actors,
      between: this.between,
      world,
      shares: store.can.share,
      isHere: this.isHere,
      gather: actor => this.gather(actor),
      merge: (one, other) => this.merge(one, other),
      changed: actor => events.changed(actor, false),
      sent: (actor, decision, transaction) => events.sent(actor, decision, transaction),
      owns: reservation => events.owns(reservation),
    }
    this.transaction = new LaneTransaction(host, this.alone)
    this.loader = new Loader({
      store,
      claim,
      world,
      actors: this.actors,
      transaction: this.transaction,
      isHere: this.isHere,
      install: row => this.install(row),
      execute: (work, loaded) => this.execute(work, loaded),
      fail: works => this.fail(works),
      fenced: () => events.fenced(),
      ended: () => this.ended,
    })
  }

  get claim(): Claim {
    return this.chain.claim
  }

  /** Works go one a commit at present (E14): nothing may be handed out meanwhile. */
  get isolating(): boolean {
    return this.singles.length > 0
  }

  /** Memory is loaded: what was thrown away is executed again. */
  begun(): void {
    for (const work of this.again.splice(0)) this.begin(work)
    if (this.singles.length > 0) this.nextSingle()
  }

  /** True while nothing suggests that another may have taken over, and what leaves can be recorded: deliveries may leave unrecorded, leases may end. */
  fresh(): boolean {
    if (this.ended || this.chain.faults.current !== null) return false
    const now = this.world.clock.monotonic()
    const { claimTtlMs } = this.sizes
    // By its renewals alone others judge whether it lives: once they have stood still for the TTL, settings are answered without it (E21), though its commits arrive.
    return now - this.chain.confirmedAt < claimTtlMs / 2 && now - this.chain.renewedAt < (claimTtlMs * 3) / 4
  }

  submit(work: Work): void {
    if (this.ended) return work.failed(unavailable())
    if (work.starts ? this.bytes > this.sizes.batchBytesSoft : this.bytes > this.sizes.batchBytesHard)
      return work.failed(new UserError('overloaded', { retryAfter: 1, hint: 'the same call may be repeated; starts are refused first' }))
    this.bytes += work.bytes
    if (this.singles.length > 0) this.singles.push(work)
    else this.begin(work)
  }

  /** Nothing is under way any more, or nothing can be done about it: the disk is at fault. Resolves also when the lane ends. */
  async drained(): Promise<void> {
    for (;;) {
      if (this.ended || this.chain.faults.current !== null) return
      this.releaseHeld(Number.POSITIVE_INFINITY)
      if (this.batches.length === 0 && !this.inFlight && !this.loader.busy && this.singles.length === 0) return
      await new Promise<void>(resolve => this.world.clock.after(1, resolve))
    }
  }

  end(): void {
    if (this.ended) return
    this.ended = true
    this.chain.ended = true
    this.heldTimer?.()
    const waiting = [
      ...this.batches.flatMap(batch => batch.works),
      ...this.loader.works,
      ...this.singles,
      ...this.again,
      ...[...this.held.values()].map(held => held.work),
    ]
    for (const work of waiting) work.failed(unavailable())
  }

  private begin(work: Work): void {
    if (this.loader.lacks(work)) this.loader.load(work)
    else this.execute(work, NOTHING_LOADED)
  }

  /** A row that cannot be understood stops its run, never the node (E14); one of a kind that is not known here is for another node (E11). */
  install(row: Row): Actor | null {
    try {
      const known = this.actors.get(row.id)
      if (known !== undefined) return known
      const actor = this.actors.install(row)
      this.events.changed(actor, true)
      this.actors.release(actor)
      return actor
    } catch (error) {
      if (error instanceof UnknownKind) this.events.unknown(error)
      else this.world.log('error', 'a run cannot be loaded', { run: row.id, why: String(error) })
      return null
    }
  }

  private execute(work: Work, loaded: Loaded): void {
    if (work.lazy) return this.executeLazily(work)
    const only = work.ids.length === 1 ? this.actors.get(work.ids[0] as string) : undefined
    const batch = (only !== undefined && this.gather(only)) || this.open()
    batch.works.push(work)
    batch.bytes += work.bytes
    this.run(work, loaded, batch)
    this.flushSoon()
  }

  private run(work: Work, loaded: Loaded, batch: OpenBatch): void {
    const { transaction } = this
    // A work may submit another, which is executed inside it.
    const { into, loaded: before } = transaction
    transaction.into = batch
    transaction.loaded = loaded
    try {
      work.execute(transaction)
    } catch (error) {
      if (error instanceof UnknownKind) return this.events.unknown(error)
      const refusal = error instanceof UserError ? error : internal(error, this.world)
      batch.latest.refused.set(work, refusal)
      if (refusal !== error) this.broken.set(work, refusal)
    } finally {
      transaction.into = into
      transaction.loaded = before
    }
  }

  /** The record of a delivery: it joins the actor's next write, or waits a little for one. */
  private executeLazily(work: Work): void {
    const actor = this.actors.get(work.ids[0] as string)
    if (actor === undefined) return this.fail([work])
    const known = this.gather(actor)
    if (known !== null) {
      known.works.push(work)
      known.bytes += work.bytes
      return this.run(work, NOTHING_LOADED, known)
    }
    const { alone } = this
    this.run(work, NOTHING_LOADED, alone)
    const { keyDrops } = alone.writes
    const refused = alone.refused.get(work)
    this.held.set(actor, { since: this.world.clock.monotonic(), work, refused })
    if (actor.batch === alone) actor.batch = null
    // Nothing changed, or keys change with it: not a mere record of a delivery.
    if (!alone.actors.delete(actor)) actor.uncommitted++
    if (keyDrops.length > 0 || refused !== undefined) {
      this.gather(actor)?.writes.keyDrops.push(...keyDrops.splice(0))
      alone.refused.clear()
      return this.flushSoon()
    }
    this.heldTimer ??= this.world.clock.after(this.sizes.deliveryHoldMs, () => {
      this.heldTimer = null
      this.releaseHeld(this.holdMs())
    })
  }

  /** Where many are held back their results are late, not missing, and to record each by itself is what makes them so. */
  private holdMs(): number {
    const { deliveryHoldMs } = this.sizes
    return this.held.size < HELD_MANY ? deliveryHoldMs : deliveryHoldMs * HELD_LONGER
  }

  /** What was held back for longer than `ms` goes with the next batch. */
  private releaseHeld(ms: number): void {
    const now = this.world.clock.monotonic()
    let oldest: number | null = null
    for (const [actor, held] of this.held) {
      if (ms !== Number.POSITIVE_INFINITY && now - held.since < ms) {
        oldest = held.since
        break
      }
      this.join(actor, held)
    }
    if (oldest !== null) {
      this.heldTimer ??= this.world.clock.after(Math.max(1, oldest + ms - now), () => {
        this.heldTimer = null
        this.releaseHeld(this.holdMs())
      })
    }
    if (this.batches.length > 0) this.flushSoon()
  }

  private join(actor: Actor, held: Held): OpenBatch {
    this.held.delete(actor)
    const batch = this.open()
    batch.actors.add(actor)
    actor.batch = batch
    const { work, refused } = held
    batch.works.push(work)
    batch.bytes += work.bytes
    if (refused !== undefined) batch.refused.set(work, refused)
    return batch
  }

  /** The batch that already carries a change of this actor and has not left. */
  private gather(actor: Actor): OpenBatch | null {
    const held = this.held.get(actor)
    return held === undefined ? actor.batch : this.join(actor, held)
  }

  private open(): OpenBatch {
    const last = this.batches[this.batches.length - 1]
    if (last !== undefined && last.actors.size < this.sizes.batchActorsMax && last.bytes < this.sizes.batchBytesSoft / 4) return last
    const batch = new OpenBatch()
    this.batches.push(batch)
    return batch
  }

  /** The batches from the one to the other become one. */
  private merge(one: OpenBatch, other: OpenBatch): void {
    const [from, to] = [this.batches.indexOf(one), this.batches.indexOf(other)].sort((a, b) => a - b) as [number, number]
    invariant(from >= 0, 'what is merged has not left', { batches: this.batches.length })
    const [first, ...rest] = this.batches.splice(from, to - from + 1) as [OpenBatch, ...OpenBatch[]]
    for (const batch of rest) first.absorb(batch)
    this.batches.splice(from, 0, first)
  }

  private flushSoon(): void {
    if (this.inFlight || this.flushing) return
    this.flushing = true
    this.world.clock.soon(() => {
      this.flushing = false
      if (!this.inFlight && !this.ended) void this.flush()
    })
  }

  private async flush(): Promise<void> {
    const open = this.batches.shift()
    if (open === undefined) return
    if (this.broken.size > 0) return this.isolate(open, 'a work threw', this.broken)
    this.inFlight = true
    const sent = seal(open, this.sizes.bodyBytesBeforeSegment)
    for (const row of open.writes.mail) row.n = ++this.lastMail
    for (const { actor } of sent) actor.batch = null
    const prepared = this.events.sealed(sent)
    const answer = await this.chain.send(open.writes, [...open.checks])
    if (this.ended) {
      for (const work of open.works) work.failed(unavailable())
      return
    }
    this.inFlight = false
    this.bytes -= open.bytes
    if (answer.is === 'committed') {
      // The next one is on its way while the answers of this one leave.
      if (this.batches.length > 0 && this.broken.size === 0) void this.flush()
      this.release(open, sent, prepared)
    } else if (answer.is === 'fenced') {
      for (const work of open.works) work.failed(unavailable())
      this.events.fenced()
      return
    } else if (answer.is === 'unchecked') {
      // What relied on a home that is gone has not left, and is decided anew like all that came after it.
      return this.isolate(open, 'the home of a limit has moved', new Map(), true)
    } else {
      const refusal = new UserError('refused-data', { hint: answer.why })
      return this.isolate(open, answer.why, new Map(open.works.length === 1 ? [[open.works[0] as Work, refusal]] : []))
    }
    if (this.batches.length > 0) this.flushSoon()
  }

  private release(open: OpenBatch, sent: readonly Sent[], prepared: Prepared): void {
    for (const { actor, order } of sent) {
      if (order !== null && actor.order === order) actor.committedOrder = order
      this.actors.committed(actor)
    }
    for (const name of keysOf(open.writes)) this.actors.keyCommitted(name)
    this.actors.sweepKeys()
    for (const id of open.writes.purge) this.actors.forget(id)
    this.events.committed(sent, open.writes, open.freed, prepared)
    for (const { actor } of sent) this.actors.release(actor) // not before it may have been pinned
    for (const work of open.works) {
      const refusal = open.refused.get(work)
      if (refusal === undefined) work.done()
      else work.failed(refusal)
    }
  }

  private fail(works: readonly Work[]): void {
    for (const work of works) {
      this.bytes -= work.bytes
      work.failed(unavailable())
    }
  }

  /** E14, and E17 where none of its works is at fault: these may go `together`. Works that are known to be at fault are refused (a batch of one tells); all others are tried one by one, on memory that is loaded afresh. */
  private isolate(open: OpenBatch, why: string, culprits: ReadonlyMap<Work, UserError>, together = false): void {
    this.ended = true
    this.chain.ended = true
    this.heldTimer?.()
    // One that goes alone stands in its batch and still at the head of `singles`: it must not come again.
    const later = [
      ...this.batches.flatMap(batch => batch.works),
      ...[...this.held.values()].map(held => held.work),
      ...this.loader.works,
      ...this.singles,
    ].filter(work => !open.works.includes(work))
    this.world.log('warn', `a batch is decided anew${together ? '' : ', one work a commit'}`, {
      works: open.works.length,
      refused: culprits.size,
      why,
    })
    for (const [work, refusal] of culprits) work.failed(refusal)
    const singles = [...open.works, ...later].filter(work => !culprits.has(work))
    this.events.poisoned({
      claim: this.claim,
      confirmedAt: this.chain.confirmedAt,
      renewedAt: this.chain.renewedAt,
      singles,
      together: together && this.singles.length === 0,
    })
  }

  /** One work a commit: the next follows when the batch of the last is done. */
  private nextSingle(): void {
    const work = this.singles[0]
    if (work === undefined) return
    const advance = (then: () => void): void => {
      this.singles.shift()
      then()
      if (!this.ended && this.singles.length > 0) this.world.clock.soon(() => this.nextSingle())
    }
    const { done, failed } = work
    work.done = () => advance(() => done.call(work))
    work.failed = error => advance(() => failed.call(work, error))
    this.begin(work)
  }
}

export function unavailable(): UserError {
  return new UserError('unavailable', { retryAfter: 1, hint: 'the node is taking over or giving up its shards; the same call may be repeated' })
}

function internal(error: unknown, world: World): UserError {
  world.log('error', 'a work failed', { why: String(error), stack: (error as Error).stack, ...(error instanceof InvariantError ? error.facts : {}) })
  return new UserError('internal')
}

interface Held {
  since: number
  work: Work
  refused: UserError | undefined
}
