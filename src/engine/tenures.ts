import { newId } from '../core/ids.ts'
import { ALL_SHARDS, type Claim, type LaneRow, type Store, type StoreFault, StoreUnavailable } from '../store/store.ts'
import type { Catalog } from './catalog.ts'
import type { NodeView, Peer } from './face.ts'
import { type Beginning, unavailable } from './lane.ts'
import type { Sizes } from './options.ts'
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
 * A node's life: it watches the lanes, claims what is free or dead, serves while the claim stands, and begins anew when it is lost. While others hold the
 * shards it stands by, and shows itself by a lane without shards.
 *
 * A lane is dead when its renewals have stood still for the whole TTL on this node's own monotonic clock, across successful reads (E20).
 */
export class Tenures {
  current: Tenure | null = null
  fenced = 0
  /** Why nothing is served, when the disk is why. */
  fault: StoreFault | null = null
  private readonly store: Store
  private readonly world: World
  private readonly sizes: Sizes
  private readonly catalog: Catalog
  private readonly options: NodeOptions
  private readonly make: Make
  readonly node: string
  private readonly still = new Map<string, { renewals: number; since: number }>()
  /** The lanes as they were seen last, and when that was. */
  private seen: { lanes: readonly LaneRow[]; at: number } = { lanes: [], at: Number.NEGATIVE_INFINITY }
  private standby: Claim | null = null
  private renewedAt = Number.NEGATIVE_INFINITY
  private stopped = false
  private begun: { resolve(): void; reject(error: StoreUnavailable): void } | null = null
  private failing = 0

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
      void this.watch()
    })
  }

  async stop(): Promise<void> {
    this.stopped = true
    await this.current?.drain()
    this.current = null
    await this.leaveStandby()
  }

  /** Who serves, as far as is known here; null: this node, or nobody. */
  owner(): Node | null {
    const { lanes, at } = this.seen
    if (this.current !== null || this.standby === null || this.world.clock.monotonic() - at > this.sizes.claimTtlMs) return null
    const lane = lanes.find(({ node, shards }) => node !== this.node && shards.length > 0)
    return lane === undefined ? null : viewOf([lane])
  }

  /** This node as others see it. */
  self(): Peer {
    return { id: this.node, name: this.options.name, address: this.options.address }
  }

  /** The other nodes whose claims stood when it was last looked. */
  others(): Peer[] {
    // While it serves it watches nobody.
    if (this.store.can.share && this.world.clock.monotonic() - this.seen.at > this.sizes.claimTtlMs) {
      this.seen.at = this.world.clock.monotonic()
      this.look().catch(() => {})
    }
    const byNode = new Map(this.seen.lanes.map(({ node, nodeName, address }) => [node, { id: node, name: nodeName, address }]))
    byNode.delete(this.node)
    return [...byNode.values()]
  }

  async look(): Promise<void> {
    this.seen = { lanes: await this.store.lanes(), at: this.world.clock.monotonic() }
  }

  /** All nodes whose claims stand, by name. */
  async nodes(): Promise<Node[]> {
    const byNode = Map.groupBy(await this.store.lanes(), ({ node }) => node)
    return [...byNode.values()].map(viewOf).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Resolves when every other node goes by the settings as they are now, or is gone (E21). */
  async followed(): Promise<void> {
    if (!this.store.can.share) return
    const { clock } = this.world
    const version = await this.store.read.settingsVersion()
    for (const until = clock.monotonic() + FOLLOWED_MS_MAX; ; ) {
      const behind = (await this.store.lanes()).filter(lane => lane.node !== this.node && lane.version < version)
      if (behind.every(lane => this.isDead(lane))) return
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

  private later(): void {
    if (!this.stopped) this.world.clock.after(this.sizes.claimTtlMs / 8, () => void this.watch())
  }

  private get isDrained(): boolean {
    return this.catalog.settings.nodeDrainOf(this.node) !== null
  }

  /** An operator may want it to give its shards up; what it has begun is committed first (E25). */
  private async giveUpWhenDrained(tenure: Tenure): Promise<void> {
    if (this.current !== tenure) return
    if (this.isDrained) return tenure.drain()
    this.world.clock.after(this.sizes.claimTtlMs / 8, () => void this.giveUpWhenDrained(tenure))
  }

  private async watch(): Promise<void> {
    if (this.stopped) return
    try {
      const lanes = await this.store.lanes()
      this.seen = { lanes, at: this.world.clock.monotonic() }
      const dead = this.store.can.share ? lanes.filter(lane => lane.node !== this.node && this.isDead(lane)) : lanes
      const held = new Set(lanes.filter(lane => !dead.includes(lane)).flatMap(({ shards }) => shards))
      if (this.stopped) return
      const confirmedAt = this.world.clock.monotonic()
      const claim = held.size === 0 && !this.isDrained ? await this.claim(ALL_SHARDS, dead) : null
      if (claim !== null && claim.shards.length === ALL_SHARDS.length) return await this.serve({ claim, confirmedAt, singles: [] })
      // One lane serves all (for now): what it did not get is another's, and so is the rest.
      if (claim !== null) await this.store.release(claim)
      await this.standBy(dead)
    } catch (error) {
      this.still.clear() // a failed read starts the count again
      this.failed(error)
      if (this.stopped) return
      if (this.failing++ === 0) this.world.log('warn', 'the store does not answer', { why: String(error) })
    }
    this.later()
  }

  private claim(wanted: readonly number[], dead: readonly LaneRow[]): Promise<Claim> {
    const { clock, random } = this.world
    const id = (): string => newId(clock.now(), random)
    const { name, address } = this.options
    return this.store.claim({ lane: id(), claim: id(), node: this.node, nodeName: name, address, wanted, dead })
  }

  private async standBy(dead: readonly LaneRow[]): Promise<void> {
    if (!this.store.can.share) return
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
      const version = await this.store.renew(this.standby, this.catalog.version)
      if (version === null) {
        this.standby = null
        return
      }
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
      if (!this.stopped) {
        this.fenced++
        this.still.clear()
        this.world.clock.soon(() => void this.watch())
      }
    })
    try {
      await tenure.load()
    } catch (error) {
      this.world.log('warn', 'the shards could not be loaded', { why: String(error) })
      this.failed(error)
      tenure.end(null)
      return
    }
    if (ended || this.stopped) return
    this.current = tenure
    this.hasBegun()
    void this.giveUpWhenDrained(tenure)
    await this.leaveStandby()
  }
}

function viewOf(lanes: readonly LaneRow[]): Node {
  const [{ node, nodeName, address }] = lanes as [LaneRow]
  return { id: node, name: nodeName, address, shards: lanes.reduce((sum, { shards }) => sum + shards.length, 0) }
}
