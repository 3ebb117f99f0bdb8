import type { UnknownKind } from '../core/errors.ts'
import { type ClaimId, newId, shardOf, timeOf } from '../core/ids.ts'
import {
  ALL_SHARDS,
  CLAIMS_READ,
  type Claim,
  type LaneRow,
  SHARDS,
  SINGLE_PARTS,
  type Store,
  type StoreFault,
  StoreUnavailable,
} from '../store/store.ts'
import type { Catalog } from './catalog.ts'
import type { NodeView, Peer } from './face.ts'
import { type Beginning, unavailable } from './lane.ts'
import { refuseOlder } from './nodes.ts'
import type { Sizes } from './options.ts'
import { SHARD_COUNT, sharesOf } from './shares.ts'
import type { Tenure } from './tenure.ts'
import type { World } from './transition.ts'

type Node = Omit<NodeView, 'drained'>
type Make = (beginning: Beginning, ended: (next: Beginning | null) => void) => Tenure

export interface NodeOptions {
  name: string
  /** Where other nodes reach it. */
  address: string | null
}

/** How often it is looked whether all nodes go by a setting. */
const LOOK_AGAIN_MS = 25
/** After that nobody is told that a setting is in force everywhere. */
const FOLLOWED_MS_MAX = 10_000

/**
 * A node's life: it watches the lanes, and holds one of its own while it is there, with the shards that are its share and nobody else's (sharesOf), or with
 * none: it stands by, and its lane shows it. A lane's shards are fixed for its life: when its share changes, a node commits what it has begun and opens another
 * lane in place of its own, in one step, so that it is never gone for the others.
 *
 * A lane is dead when its renewals have stood still for the whole TTL on this node's own monotonic clock, across successful reads (E20).
 */
export class Tenures {
  current: Tenure | null = null
  fenced = 0
  /** Met in its shards, and not known here: it holds none until it is upgraded (E11). */
  private unknown: UnknownKind | null = null
  /** Why nothing is served, when the disk is why. */
  fault: StoreFault | null = null
  readonly node: string
  private readonly store: Store
  private readonly world: World
  private readonly sizes: Sizes
  private readonly catalog: Catalog
  private readonly options: NodeOptions
  private readonly make: Make
  private readonly moved = new Set<() => void>()
  private readonly changed = new Set<() => void>()
  private readonly still = new Map<string, { renewals: number; since: number }>()
  /** The lanes as they were seen last, and when that was. */
  private seen: { lanes: readonly LaneRow[]; at: number } = { lanes: [], at: Number.NEGATIVE_INFINITY }
  /** The lane that shows it while it serves nothing. */
  private standby: Claim | null = null
  private renewedAt = Number.NEGATIVE_INFINITY
  /** When the renewal was sent that was answered last. */
  private confirmedAt = Number.NEGATIVE_INFINITY
  private stopped = false
  private begun: { resolve(): void; reject(error: StoreUnavailable): void } | null = null
  private failing = 0
  private watching: Promise<void> | null = null
  private stopWaiting: () => void = () => {}
  /** There is something new to see that the look under way may not have seen. */
  private again = false
  /** How many are at it just now: what was held is being loaded, or given up. One may begin before another has ended. */
  private busy = 0

  constructor(store: Store, world: World, sizes: Sizes, catalog: Catalog, options: NodeOptions, make: Make) {
    this.store = store
    this.world = world
    this.sizes = sizes
    this.catalog = catalog
    this.options = options
    this.make = make
    this.node = newId(world.clock.now(), world.random)
  }

  /** Resolves when this node serves or stands by; rejects where it cannot begin because the disk is at fault. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.begun = { resolve, reject }
      this.watchFor()
    })
  }

  async stop(): Promise<void> {
    this.stopped = true
    await this.current?.drain()
    this.current = null
    await this.watching
    await this.leaveStandby()
    this.tellOthers()
  }

  /** Who serves a part, as far as is known here; null: nobody that is known. */
  ownerOf(part: number): Peer | null {
    if (this.current?.holds(part)) return this.self()
    if (this.world.clock.monotonic() - this.seen.at > this.sizes.claimTtlMs) return null
    const shard = shardOf(part, SHARDS)
    const lane = this.seen.lanes.find(({ node, shards }) => node !== this.node && shards.includes(shard))
    return lane === undefined ? null : viewOf([lane])
  }

  /** The lane of another node that holds a part, as far as is known here. */
  laneOf(part: number): { claim: ClaimId; node: Peer } | null {
    if (this.current?.holds(part)) return null
    const shard = shardOf(part, SHARDS)
    const lane = this.seen.lanes.find(({ node, shards }) => node !== this.node && shards.includes(shard))
    return lane === undefined ? null : { claim: lane.claim, node: viewOf([lane]) }
  }

  /** Calls whenever lanes have come, gone or changed. */
  onMoved(listener: () => void): () => void {
    this.moved.add(listener)
    return () => this.moved.delete(listener)
  }

  /** Calls when there is something for the other nodes to see: settings, or shards that nobody holds. They find it by themselves, a little later. */
  onChanged(listener: () => void): void {
    this.changed.add(listener)
  }

  /** Another node has told that there is something to see. */
  async hint(): Promise<void> {
    this.renewedAt = Number.NEGATIVE_INFINITY
    // One that is under way may have been answered before there was anything new.
    await this.current?.renewing
    await this.current?.renewNow()
    this.watchNow()
  }

  /** It stands by, knows who serves, and goes by what is set: others wait until it does (E21). */
  get standsBy(): boolean {
    const { claimTtlMs } = this.sizes
    const now = this.world.clock.monotonic()
    if (this.current !== null || this.standby === null || now - this.seen.at > claimTtlMs || now - this.confirmedAt >= claimTtlMs / 2) return false
    return this.seen.lanes.some(({ node, shards }) => node !== this.node && shards.length > 0)
  }

  /** Not while a node is there that does not know all kinds of actors, as far as is known here (E11). @throws UserError `older-nodes` */
  knownToAll(): void {
    refuseOlder(this.seen.lanes, CLAIMS_READ)
  }

  /** A newer version has written what its shards hold: others serve them that know it. Where nobody can, it serves nothing at all. */
  met(unknown: UnknownKind): void {
    if (this.unknown !== null) return
    this.unknown = unknown
    this.world.log('error', 'a newer version has written what this node does not know: it gives up its shards; upgrade it', { kind: unknown.kind })
    this.tellOthers()
  }

  /** This node as others see it. */
  self(): Peer {
    return { id: this.node, name: this.options.name, address: this.options.address }
  }

  /** The other nodes that were there when it was looked last. */
  others(): Peer[] {
    const byNode = new Map(
      this.seen.lanes.filter(lane => !this.isDead(lane)).map(({ node, nodeName, address }) => [node, { id: node, name: nodeName, address }]),
    )
    byNode.delete(this.node)
    return [...byNode.values()]
  }

  /** Looks who serves what now. */
  async look(): Promise<readonly LaneRow[]> {
    const askedAt = this.world.clock.monotonic()
    const lanes = await this.store.lanes()
    // Nothing was seen meanwhile: the store was away, and the others' renewals may be on their way to it.
    if (this.world.clock.monotonic() - askedAt >= this.sizes.claimTtlMs) this.still.clear()
    const before = this.seen.lanes.map(({ claim }) => claim).sort()
    this.seen = { lanes, at: this.world.clock.monotonic() }
    const after = lanes.map(({ claim }) => claim).sort()
    if (before.length !== after.length || before.some((claim, index) => claim !== after[index])) for (const listener of [...this.moved]) listener()
    return lanes
  }

  /** All nodes whose claims stand, by name. */
  async nodes(): Promise<Node[]> {
    const byNode = Map.groupBy(await this.store.lanes(), ({ node }) => node)
    return [...byNode.values()].map(viewOf).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Resolves when every other node goes by the settings as they are now, or is gone (E21). */
  async followed(): Promise<void> {
    if (!this.store.can.share) return
    this.watchNow()
    this.tellOthers()
    const { clock } = this.world
    const version = await this.store.read.settingsVersion()
    for (const until = clock.monotonic() + FOLLOWED_MS_MAX; ; ) {
      const behind = (await this.store.lanes()).filter(lane => lane.node !== this.node && lane.version < version)
      // One with shards may still be heard by the store, and serve, while its renewals are not: it is gone when its claim is.
      if (behind.every(lane => lane.shards.length === 0 && this.isDead(lane))) return
      if (this.stopped || clock.monotonic() > until) throw unavailable()
      await new Promise<void>(resolve => clock.after(LOOK_AGAIN_MS, resolve))
    }
  }

  /** Before it has begun, a fault of the disk is for whoever starts it; later it goes on by itself. */
  private failed(error: unknown): void {
    this.fault = error instanceof StoreUnavailable ? error.fault : null
    if (this.fault === null || this.begun === null) return
    this.begun.reject(error as StoreUnavailable)
    this.begun = null
    this.stopped = true
  }

  private hasBegun(): void {
    this.failing = 0
    this.fault = null
    this.begun?.resolve()
    this.begun = null
  }

  /** One look at a time; nothing is to be seen where nobody else can come. */
  private watchFor(): void {
    if (this.watching !== null || this.stopped) return
    this.stopWaiting()
    this.again = false
    this.watching = this.watch().then(() => {
      this.watching = null
      if (this.stopped || (this.current !== null && !this.store.can.share)) return
      if (this.again) return this.watchFor()
      this.stopWaiting = this.world.clock.after(this.sizes.claimTtlMs / 8, () => this.watchFor())
    })
  }

  private watchNow(): void {
    this.again = true
    this.watchFor()
  }

  private tellOthers(): void {
    for (const listener of this.changed) listener()
  }

  private async watch(): Promise<void> {
    try {
      const lanes = await this.look()
      if (this.stopped || this.busy > 0) return
      const own = this.current?.lane.claim.lane ?? this.standby?.lane
      const dead = lanes.filter(lane => lane.lane !== own && (!this.store.can.share || lane.node === this.node || this.isDead(lane)))
      const others = lanes.filter(lane => lane.lane !== own && !dead.includes(lane))
      const held = new Set(others.flatMap(({ shards }) => shards))
      const share = this.share(others).filter(shard => !held.has(shard))
      const serving = this.current?.lane.claim.shards ?? []
      if (this.unknown !== null && !this.store.can.share) throw new StoreUnavailable(this.unknown.message, { fault: newer(this.unknown) })
      // With what a dead one of an older version held goes that it was there.
      const rises = this.current !== null && dead.some(({ reads, node }) => reads < CLAIMS_READ && node !== this.node)
      if (!rises && share.length === serving.length && share.every((shard, index) => shard === serving[index])) return await this.standBy(dead)
      await this.move(share, dead)
    } catch (error) {
      this.still.clear() // a failed read starts the count again
      this.failed(error)
      if (this.stopped) return
      if (this.failing++ === 0) this.world.log('warn', 'the store does not answer', { why: String(error) })
    }
  }

  /** What it should hold beside these. */
  private share(others: readonly LaneRow[]): readonly number[] {
    const { settings } = this.catalog
    if (this.unknown !== null) return []
    if (settings.nodeDrainOf(this.node) !== null) return []
    if (!this.store.can.share) return ALL_SHARDS
    const holders = others.filter(({ canHold }) => canHold)
    const nodes = new Set(holders.map(({ node }) => node).filter(node => settings.nodeDrainOf(node) === null))
    // Nodes of before know of the number alone that there was then (E11).
    const count = holders.every(({ reads }) => reads >= SINGLE_PARTS) ? settings.shardCount() : SHARD_COUNT
    return sharesOf(this.node, [this.node, ...nodes], count)
  }

  /** Another lane in place of its own. What it has begun is committed first (E25). */
  private async move(wanted: readonly number[], dead: readonly LaneRow[]): Promise<void> {
    const { clock } = this.world
    const { current } = this
    const before = current?.lane.claim ?? this.standby
    if (current !== null) {
      this.busy++
      try {
        await current.flush()
      } finally {
        this.busy--
      }
      if (this.stopped) return void (await this.store.release(current.lane.claim).catch(() => {}))
    }
    const own = before === null ? [] : (await this.store.lanes()).filter(({ lane }) => lane === before.lane)
    const confirmedAt = clock.monotonic()
    const claim = await this.claim(wanted, [...dead, ...own])
    if (before?.shards.some(shard => !claim.shards.includes(shard))) this.tellOthers()
    this.standby = null
    if (this.stopped) return void (await this.store.release(claim).catch(() => {}))
    if (claim.shards.length > 0) return this.serve({ claim, confirmedAt, singles: [] })
    if (!this.store.can.share) return
    this.standby = claim
    this.renewedAt = Number.NEGATIVE_INFINITY
    await this.standBy([])
  }

  private claim(wanted: readonly number[], dead: readonly LaneRow[]): Promise<Claim> {
    const { clock, random } = this.world
    const id = (): string => newId(clock.now(), random)
    const { name, address } = this.options
    const reads = this.unknown === null ? CLAIMS_READ : 0
    return this.store.claim({ lane: id(), claim: id(), node: this.node, nodeName: name, address, wanted, dead, reads })
  }

  private async standBy(dead: readonly LaneRow[]): Promise<void> {
    if (!this.store.can.share || this.current !== null) return
    if (this.standby === null) {
      await this.catalog.load()
      this.standby = await this.claim([], dead)
      this.renewedAt = Number.NEGATIVE_INFINITY
      if (this.stopped) return this.leaveStandby()
    }
    const now = this.world.clock.monotonic()
    if (now - this.renewedAt < this.sizes.claimTtlMs / 4) return
    this.renewedAt = now
    for (;;) {
      const sentAt = this.world.clock.monotonic()
      const version = await this.store.renew(this.standby, this.catalog.version)
      if (version === null) {
        this.standby = null
        return
      }
      this.confirmedAt = sentAt
      if (version === this.catalog.version) break
      // Somebody may wait to hear that it goes by what changed.
      await this.catalog.load()
    }
    this.hasBegun()
  }

  private async leaveStandby(): Promise<void> {
    const { standby } = this
    this.standby = null
    if (standby !== null) await this.store.release(standby).catch(() => {})
  }

  private isDead(lane: LaneRow): boolean {
    const now = this.world.clock.monotonic()
    const key = `${lane.lane}/${lane.claim}`
    const seen = this.still.get(key)
    if (seen === undefined || seen.renewals !== lane.renewals) {
      this.still.set(key, { renewals: lane.renewals, since: now })
      return false
    }
    return now - seen.since >= this.sizes.claimTtlMs
  }

  private async serve(beginning: Beginning): Promise<void> {
    let ended = false
    const tenure = this.make(beginning, next => {
      ended = true
      if (this.current === tenure) this.current = null
      if (next !== null && !this.stopped) return void this.serve(next)
      for (const work of next?.singles ?? []) work.failed(unavailable())
      if (this.stopped || this.busy > 0) return
      this.fenced++
      this.still.clear()
      this.world.clock.soon(() => this.watchFor())
    })
    this.busy++
    try {
      await tenure.load()
    } catch (error) {
      this.world.log('warn', 'the shards could not be loaded', { why: String(error) })
      this.failed(error)
      this.busy--
      tenure.end(null)
      return
    }
    this.busy--
    if (ended) return
    if (this.stopped) return tenure.drain()
    this.current = tenure
    this.hasBegun()
  }
}

function newer({ kind }: UnknownKind): StoreFault {
  return {
    is: 'newer',
    what: `a newer version of Mainspring has written what this one does not know ("${kind}")`,
    remedy: 'install that version, or a newer one',
  }
}

function viewOf(lanes: readonly LaneRow[]): Node {
  const [{ node, nodeName, address }] = lanes as [LaneRow]
  return { id: node, name: nodeName, address, since: timeOf(node), shards: lanes.reduce((sum, { shards }) => sum + shards.length, 0) }
}
