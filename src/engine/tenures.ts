import { newId } from '../core/ids.ts'
import { ALL_SHARDS, type Claim, type LaneRow, SHARDS, type Store, type StoreFault, StoreUnavailable } from '../store/store.ts'
import { type Beginning, unavailable } from './lane.ts'
import type { Sizes } from './options.ts'
import type { Tenure } from './tenure.ts'
import type { World } from './transition.ts'

type Make = (beginning: Beginning, ended: (next: Beginning | null) => void) => Tenure

/**
 * A node's life: it watches the lanes, claims what is free or dead, serves while the claim stands, and begins anew when it is lost.
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
  private readonly nodeName: string
  private readonly make: Make
  private readonly node: string
  private readonly still = new Map<string, { renewals: number; since: number }>()
  private stopped = false
  private serving: { resolve(): void; reject(error: StoreUnavailable): void } | null = null
  private failing = 0

  constructor(store: Store, world: World, sizes: Sizes, nodeName: string, make: Make) {
    this.store = store
    this.world = world
    this.sizes = sizes
    this.nodeName = nodeName
    this.make = make
    this.node = newId(world.clock.now(), world.random)
  }

  /** Resolves when this node serves; rejects where it cannot begin because the disk is at fault. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.serving = { resolve, reject }
      void this.watch()
    })
  }

  async stop(): Promise<void> {
    this.stopped = true
    await this.current?.drain()
    this.current = null
  }

  /** Before it has served, a fault of the disk is for whoever starts it; later it goes on by itself. */
  private failed(error: unknown): void {
    this.fault = error instanceof StoreUnavailable ? error.fault : null
    if (this.fault === null || this.serving === null) return
    this.serving.reject(error as StoreUnavailable)
    this.serving = null
    this.stopped = true
  }

  private later(): void {
    if (!this.stopped) this.world.clock.after(this.sizes.claimTtlMs / 4, () => void this.watch())
  }

  private async watch(): Promise<void> {
    if (this.stopped) return
    try {
      const lanes = await this.store.lanes()
      const dead = this.store.can.share ? lanes.filter(lane => this.dead(lane)) : lanes
      const held = new Set(lanes.flatMap(({ shards }) => shards))
      if (dead.length === 0 && held.size >= SHARDS) return this.later()
      if (this.stopped) return
      const confirmedAt = this.world.clock.monotonic()
      const claim = await this.claim(dead)
      if (claim === null) return this.later()
      await this.serve({ claim, confirmedAt, singles: [] })
    } catch (error) {
      this.still.clear() // a failed read starts the count again
      this.failed(error)
      if (this.stopped) return
      if (this.failing++ === 0) this.world.log('warn', 'the store does not answer', { why: String(error) })
      this.later()
    }
  }

  private async claim(dead: readonly LaneRow[]): Promise<Claim | null> {
    const { clock, random } = this.world
    const id = (): string => newId(clock.now(), random)
    const claim = await this.store.claim({
      lane: id(),
      claim: id(),
      node: this.node,
      nodeName: this.nodeName,
      address: null,
      wanted: ALL_SHARDS,
      dead,
    })
    if (claim.shards.length < SHARDS) {
      // One lane serves all (for now): what it did not get is another's, and so is the rest.
      await this.store.release(claim)
      return null
    }
    return claim
  }

  private dead(lane: LaneRow): boolean {
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
    this.failing = 0
    this.current = tenure
    this.fault = null
    this.serving?.resolve()
    this.serving = null
  }
}
