import type { UnknownKind } from '../core/errors.ts'
import { PRIORITY_STEP_MS } from '../core/gates.ts'
import type { RunId, TaskId } from '../core/ids.ts'
import { isRun, isWork, type TaskOrder } from '../core/machine.ts'
import type { ClosedState } from '../core/run.ts'
import { type KeyName, type KeyRow, type OpenRow, type Store, StoreFenced, StoreUnavailable, type Writes } from '../store/store.ts'
import type { Activity } from './activity/activity.ts'
import { type Actor, groupFor } from './actor.ts'
import type { Sent } from './batch.ts'
import { BatchRunner } from './batches/runner.ts'
import type { Catalog } from './catalog.ts'
import { Counters } from './counters.ts'
import type { Head, OnClosed } from './face.ts'
import { type Beginning, Lane } from './lane.ts'
import { type Lease, Leases } from './leases.ts'
import { Borrowing } from './limits/borrowing.ts'
import { NOTHING_CARRIED } from './limits/carried.ts'
import { type Homes, NO_HOMES } from './limits/homes.ts'
import { Lending } from './limits/lending.ts'
import { Limits } from './limits/limits.ts'
import type { Reservation, Resource } from './limits/resource.ts'
import { leaveTurn } from './limits/sequences.ts'
import type { Live, Prepared } from './live.ts'
import { type Office, post } from './mail.ts'
import { Mailroom } from './mailroom.ts'
import type { Sizes } from './options.ts'
import { Queues } from './queues/queues.ts'
import { Retention } from './retention.ts'
import { holds } from './shares.ts'
import { Timers } from './timers.ts'
import type { World } from './transition.ts'

export interface TenureOptions {
  store: Store
  world: World
  sizes: Sizes
  beginning: Beginning
  catalog: Catalog
  live: Live
  activity: Activity
  onClosed: OnClosed
  /** Letters lie there for these parts, of other lanes. */
  mailed(parts: readonly number[]): void
  /** Who wants to hear of ready tasks that no poll here takes. */
  listeners: ReadonlySet<(head: Head) => void>
  /** Other lanes, where limits are counted that are not counted here. Default: there are none. */
  homes?: Homes
  /** What its shards have is not all known here. */
  unknown(kind: UnknownKind): void
  /** The claim is lost, or memory must be made anew with these works one by one (E14). */
  ended(next: Beginning | null): void
}

/** What is due within this time need not wait for its commit to be woken. */
const ENTERED_AT_ONCE_MS = 1_000
/** How often spent rates are looked through. */
const SWEEP_MS = 60_000

/** All that is in memory while a claim stands. When the claim is lost it is thrown away whole, and nothing of it answers any more (E3). */
export class Tenure {
  readonly lane: Lane
  readonly queues: Queues
  readonly leases: Leases
  readonly limits: Limits
  /** What other lanes ask of this one's limits. */
  readonly lending: Lending
  private readonly borrowing: Borrowing
  readonly counters = new Counters()
  readonly retention: Retention
  private readonly timers: Timers
  private readonly waking = new Set<RunId>()
  private readonly batches: BatchRunner
  readonly mailroom: Mailroom
  private readonly options: TenureOptions
  /** What lives in this part lives here. */
  readonly holds: (part: number) => boolean
  private stopRenewing: () => void = () => {}
  /** The renewal that is under way. */
  renewing: Promise<void> | null = null
  private stopSweeping: () => void = () => {}
  ended = false

  constructor(options: TenureOptions) {
    const { store, world, sizes, beginning, homes = NO_HOMES } = options
    const { claim, limits: carried = NOTHING_CARRIED } = beginning
    this.holds = holds(claim)
    const { clock, random } = world
    const { definitions, settings } = options.catalog
    this.options = options
    const office: Office = { definitions, world, submit: work => this.lane.submit(work), ended: () => this.ended }
    this.lane = new Lane(store, world, sizes, beginning, {
      committed: (sent, writes, freed, prepared) => this.committed(sent, writes, freed, prepared),
      sealed: sent => options.live.sealed(sent),
      changed: (actor, loaded) => this.changed(actor, loaded),
      sent: (actor, decision, transaction) => {
        if (decision.outcome !== undefined) leaveTurn(actor, decision.outcome.state, definitions, transaction)
        post(actor, decision, transaction, office)
      },
      owns: reservation => reservation.limits === this.limits,
      unknown: kind => this.unknown(kind),
      fenced: () => this.end(null),
      poisoned: next => this.end({ ...next, limits: { ...this.borrowing.carried(), ...this.lending.carried() } }),
    })
    const limitsChanged = (): void => this.queues.dispatchSoon()
    const { grantMs, compareHoldsMs: compareMs } = sizes
    this.borrowing = new Borrowing({ homes, claim: claim.claim, clock, random, grantMs, changed: limitsChanged }, carried)
    this.limits = new Limits({ rules: definitions.rules, clock, random, claim, share: store.can.share, borrowing: this.borrowing })
    this.lending = new Lending({
      limits: this.limits,
      store,
      claim,
      world,
      homes,
      compareMs,
      grantMs,
      submit: work => this.lane.submit(work),
      fresh: () => this.lane.fresh(),
      changed: limitsChanged,
      failed: error => this.failed(error),
    })
    this.queues = new Queues({
      clock,
      random,
      settings,
      definitions,
      limits: this.limits,
      windowSize: sizes.windowSize,
      pageSize: sizes.pageSize,
      fresh: () => this.lane.fresh() && !this.lane.isolating,
      read: requests => store.pageReady(claim, requests),
      readKey: name => this.readKey(name),
      regrouped: () => this.regrouped(),
      during: read => this.lane.actors.during(read),
      install: row => void this.lane.install(row),
      actor: id => this.lane.actors.get(id),
      pin: actor => this.lane.actors.pin(actor),
      unpin: actor => this.lane.actors.unpin(actor),
      failed: error => this.failed(error),
      listeners: options.listeners,
    })
    this.leases = new Leases(
      clock,
      sizes.leaseMs,
      () => this.lane.fresh(),
      (lease, why) => this.lapsed(lease, why),
    )
    this.timers = new Timers(
      clock,
      sizes.timerHorizonMs,
      sizes.timersMax,
      (until, after, limit) => store.loadDue(claim, until, { after, limit }),
      id => this.wake(id),
      sizes.lookAgainMs,
    )
    this.retention = new Retention({
      ...{ store, world, settings, sizes, claim },
      submit: work => this.lane.submit(work),
      failed: error => this.failed(error),
    })
    this.batches = new BatchRunner(world, definitions, store.read, work => this.lane.submit(work), this.lane.isHere, sizes.pageSize)
    this.mailroom = new Mailroom({
      world,
      definitions,
      everyMs: store.can.share ? sizes.mailEveryMs : null,
      read: after => store.loadMail(claim, { after, limit: sizes.pageSize }),
      isHere: this.lane.isHere,
      between: this.lane.between,
      isBusy: () => this.lane.isolating,
      submit: work => this.lane.submit(work),
      failed: error => this.failed(error),
    })
  }

  /** Reads what recovery needs: counts, deliveries, timers, groups. The rest is paged when it is wanted. */
  async load(): Promise<void> {
    const { store, sizes, catalog } = this.options
    const { claim } = this.lane
    this.renewLater()
    await catalog.load()
    this.counters.load(await store.loadCounts(claim))
    this.limits.load(await store.loadRates(claim))
    if (store.can.share) this.lending.load(await store.loadHolds(claim), this.options.beginning.limits ?? NOTHING_CARRIED)
    // In a small cache one would be forgotten before its lease keeps it, and hold its limits twice once it is loaded again.
    await this.lane.actors.during(async () => {
      for (let after: string | null = null; ; ) {
        const page: { rows: OpenRow[]; next: string | null } = await store.loadDelivered(claim, { after, limit: sizes.pageSize })
        for (const row of page.rows) this.lane.install(row)
        if (this.ended) return
        if (page.next === null) break
        after = page.next
      }
    })
    this.borrowing.begin()
    this.queues.load(await store.loadGroups(claim))
    this.lane.lastMail = await store.lastMail(claim)
    this.lane.actors.births.begin(await store.lastId(claim))
    // What was sent between shards that are both here now comes before all that happens here from now on: it must not be overtaken (E7).
    if (store.can.share || !this.lane.isolating) await this.mailroom.catchUp()
    await this.timers.start(sizes.pageSize)
    this.retention.start()
    if (store.can.share) this.mailroom.start()
    this.sweepLater()
    this.lane.begun()
    this.queues.begun()
  }

  /** Gives up in good order (E25). */
  async drain(): Promise<void> {
    await this.commitAll()
    if (!this.ended) await this.options.store.release(this.lane.claim).catch(() => {})
    this.end(null)
  }

  /** Ends in good order, and leaves its lane to whoever opens the next in its place. */
  async flush(): Promise<void> {
    await this.commitAll()
    this.end(null)
  }

  private async commitAll(): Promise<void> {
    this.queues.end()
    await this.lending.drained()
    await this.lane.drained()
  }

  private unknown(kind: UnknownKind): void {
    if (this.ended) return
    this.options.unknown(kind)
    this.end(null)
  }

  end(next: Beginning | null): void {
    if (this.ended) return
    this.ended = true
    this.lane.end()
    this.queues.end()
    this.leases.end()
    this.timers.end()
    this.retention.end()
    this.batches.end()
    this.mailroom.end()
    this.lending.close()
    this.borrowing.end()
    this.stopRenewing()
    this.stopSweeping()
    this.options.ended(next)
  }

  /** Enters the lease of a delivery that counts: it was made here, adopted, or read on recovery. */
  private lease(actor: Actor, loaded = false): void {
    // A stuck one takes no end of its lease: its worker is told that it is lost.
    const delivered = actor.closed || actor.stuck !== undefined ? undefined : actor.machine.pending(actor.state).delivered[0]
    if (delivered === undefined || actor.lease?.delivery === delivered.delivery) return
    if (actor.lease !== null) this.dropLease(actor, actor.lease)
    const { view } = actor
    actor.lease = this.leases.add({
      run: actor.id,
      ...delivered,
      namespace: actor.namespace,
      definition: actor.name,
      since: actor.lastAt,
      cancelling: false,
      atMostOnce: view.options.retry?.attempts === 1,
    })
    this.lane.actors.pin(actor)
    actor.reservation ??= this.reserve(actor, delivered.task, !loaded)
  }

  /** A task was handed out. Where its sort key is its place in a sequence, it does not say since when it is ready. */
  waited({ namespace, lastAt, view }: Actor, { sort, gate, readyAt = sort + (view.options.priority ?? 0) * PRIORITY_STEP_MS }: TaskOrder): void {
    if (gate?.place === undefined) this.options.activity.waited(namespace, lastAt - readyAt)
  }

  /** A target asked for a pause: the whole rate of those that call it keeps it. */
  slow(actor: Actor, forMs: number): readonly Resource[] {
    return this.limits.slow(groupFor(actor), forMs)
  }

  /** A delivery that counts whatever the limits are: it was made before what is known here. */
  private reserve(actor: Actor, task: TaskId, spends: boolean): Reservation | null {
    return this.limits.adopt(groupFor(actor), actor.id, task, actor.holds, spends)
  }

  private regrouped(): void {
    const counted: Reservation[] = []
    for (const { run, task } of this.leases.all()) {
      const actor = this.lane.actors.get(run)
      if (actor === undefined) continue
      if (actor.reservation === null) actor.reservation = this.reserve(actor, task, false)
      else counted.push(actor.reservation)
    }
    this.limits.regroup(counted)
  }

  /** Nothing is counted of it any more once that is committed: a hold that goes earlier would let a second one in beside it. */
  private free(actor: Actor): void {
    const { reservation, batch } = actor
    if (actor.holds.length > 0 && batch !== null) {
      batch.latest.writes.holdDrops.push(...actor.holds.map(({ id }) => id))
      actor.holds = []
    }
    if (reservation === null) return
    actor.reservation = null
    if (batch === null) this.limits.release(reservation)
    else batch.latest.freed.push(reservation)
  }

  /** As it is once all that was decided before is committed. */
  private readKey(name: KeyName): Promise<KeyRow | null> {
    let row: KeyRow | null = null
    return new Promise((resolve, reject) =>
      this.lane.submit({
        ids: [],
        keys: [name],
        bytes: 100,
        execute: transaction => {
          row = transaction.key(name)
        },
        done: () => resolve(row),
        failed: reject,
      }),
    )
  }

  /** Rates that nobody spends leave memory and the store. */
  private sweepLater(): void {
    this.stopSweeping = this.options.world.clock.after(SWEEP_MS, () => {
      const gone = this.limits.sweep()
      if (gone.length > 0)
        this.lane.submit({
          ids: [],
          bytes: 100 * gone.length,
          execute: transaction => transaction.spend(gone.filter(rate => !this.limits.has(rate)).map(rate => rate.cleared())),
          done: () => {},
          failed: () => {}, // its row is read once more, and found idle again
        })
      this.sweepLater()
    })
  }

  private dropLease(actor: Actor, lease: Lease): void {
    this.options.activity.ran(actor.namespace, actor.lastAt - lease.since)
    this.leases.drop(lease)
    actor.lease = null
    this.free(actor)
    this.lane.actors.unpin(actor)
  }

  /** The lease is over: its attempt ends, unless its result or a sign of life has come by then. Asked again at the next look if the lane is busy. */
  private lapsed(lease: Lease, why: 'lost' | 'silent'): void {
    const { run, task, attempt, delivery } = lease
    this.lane.submit({
      ids: [run],
      bytes: 200,
      execute: transaction => {
        const actor = transaction.actor(run)
        const input = { is: why, task, attempt, delivery }
        if (actor !== null && !actor.closed && this.leases.hasLapsed(lease, why)) transaction.apply(actor, input)
      },
      done: () => {},
      failed: () => {},
    })
  }

  /** One that waits to be executed is enough: it looks at what is due by then, and enters what is not. */
  private wake(id: RunId): void {
    if (this.waking.has(id)) return
    this.waking.add(id)
    const { clock } = this.options.world
    this.lane.submit({
      ids: [id],
      bytes: 200,
      execute: transaction => {
        this.waking.delete(id)
        const actor = transaction.actor(id)
        if (actor === null || actor.closed || actor.wakeAt === null) return
        if (actor.wakeAt <= Math.max(clock.now(), actor.lastAt)) transaction.apply(actor, { is: 'wake' })
        if (actor.wakeAt !== null) this.timers.enter(actor)
      },
      done: () => {},
      failed: () => {
        this.waking.delete(id)
        if (!this.ended) clock.after(100, () => this.ended || this.wake(id))
      },
    })
  }

  private changed(actor: Actor, loaded: boolean): void {
    // What is due later is entered with its commit: by then most of it is over, as where a run asks and is answered, and none of that is read from the store to be woken for nothing.
    if (loaded || (actor.wakeAt ?? Number.POSITIVE_INFINITY) <= this.options.world.clock.now() + ENTERED_AT_ONCE_MS) this.timers.enter(actor)
    if (loaded) {
      this.counters.loaded(actor)
      this.queues.loaded(actor)
      this.lease(actor, true)
      tellCancel(actor)
      this.batches.look(actor)
      return
    }
    this.queues.changing(actor)
    const { lease } = actor
    const { state } = actor.view
    if (lease === null) {
      if (state === 'running') this.lease(actor)
    } else if (state !== 'running') this.dropLease(actor, lease)
  }

  private committed(sent: readonly Sent[], writes: Writes, freed: readonly Reservation[], prepared: Prepared): void {
    const { live, activity, onClosed } = this.options
    const { definitions, settings } = this.options.catalog
    for (const row of writes.definitions) definitions.put(row)
    for (const row of writes.settings) {
      settings.put(row)
      definitions.set(row)
    }
    live.committed(sent, prepared, writes)
    for (const reservation of freed) this.limits.release(reservation)
    for (const name of writes.keyDrops) if (name.scope === 'sequence') this.queues.turned(name, null)
    for (const row of writes.keys) if (row.scope === 'sequence') this.queues.turned(row, row)
    for (const { actor, closed, sequence } of sent) {
      actor.committedEvents = sequence
      if (this.counters.committed(actor) && isWork(actor.kind)) activity.started(actor.namespace, actor.queue, actor.name)
      this.timers.enter(actor)
      tellCancel(actor)
      this.batches.look(actor)
      if (!isRun(actor.kind)) continue
      if (closed) {
        const { state } = actor.view
        this.counters.closed[state] = (this.counters.closed[state] ?? 0) + 1
        // Names of batches are anybody's: they would take the series of the definitions.
        if (isWork(actor.kind)) {
          activity.closed(actor.namespace, actor.queue, actor.name, state as ClosedState)
          onClosed({ definition: actor.name, state, createdAt: actor.createdAt, startedAt: actor.view.startedAt, closedAt: actor.closedAt })
        }
        this.queues.left(actor)
      } else this.queues.offer(actor)
    }
    if (writes.mail.length > 0) this.options.mailed([...new Set(writes.mail.map(({ to }) => to))])
    // From one run of this lane to another that was not at hand.
    if (writes.mail.some(({ to }) => this.holds(to))) this.mailroom.hint()
    if (writes.settings.length > 0 || writes.definitions.length > 0 || freed.length > 0) this.queues.dispatchSoon()
    this.queues.dispatchNow()
  }

  /** Four times in a TTL, as of when it is sent: a store that is slow to answer does not have it renewed less often. */
  private renewLater(tookMs = 0): void {
    const { world, sizes } = this.options
    const everyMs = sizes.claimTtlMs / 4
    this.stopRenewing = world.clock.after(Math.max(everyMs - tookMs, everyMs / 4), () => void this.renewNow())
  }

  /** Also reads the settings, where they are others by now. */
  renewNow(): Promise<void> {
    this.stopRenewing()
    const { clock } = this.options.world
    const begunAt = clock.monotonic()
    this.renewing ??= this.renew().then(() => {
      this.renewing = null
      if (!this.ended) this.renewLater(clock.monotonic() - begunAt)
    })
    return this.renewing
  }

  private async renew(): Promise<void> {
    const { store, world, catalog } = this.options
    const sentAt = world.clock.monotonic()
    try {
      const version = await store.renew(this.lane.claim, catalog.version)
      if (version === null) return this.end(null)
      this.lane.chain.renewed(sentAt)
      if (version !== catalog.version) await catalog.load()
    } catch (error) {
      this.failed(error)
    }
  }

  private failed(error: unknown): void {
    if (error instanceof StoreFenced) this.end(null)
    else if (error instanceof StoreUnavailable && error.fault !== null) this.lane.chain.faults.met(error.fault)
    else this.options.world.log('warn', 'the store did not answer', { why: String(error) })
  }
}

/** The worker is told at its next heartbeat, once the request is committed (E4). */
function tellCancel(actor: Actor): void {
  if (actor.lease !== null && actor.uncommitted === 0 && actor.view.reason === 'cancelling') actor.lease.cancelling = true
}
