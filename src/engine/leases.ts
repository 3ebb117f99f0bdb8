import type { DeliveryId, WorkerId } from '../core/ids.ts'
import type { Ref } from '../core/machine.ts'
import type { Clock } from './clock.ts'

export interface Lease extends Ref {
  namespace: string
  definition: string
  worker: WorkerId
  /** Wall time of the delivery, for people. */
  since: number
  /** Monotonic. */
  until: number
  heartbeatMs: number | null
  activeAt: number
  cancelling: boolean
  /** Its worker says that the handler ignores the request to stop. */
  stuck: boolean
  atMostOnce: boolean
}

/**
 * Who holds which task: in memory only, no write per heartbeat (E20). They start afresh after a takeover, and whenever the lane stalled: a stall says
 * nothing about the workers.
 */
export class Leases {
  private readonly held = new Map<DeliveryId, Lease>()
  private readonly clock: Clock
  private readonly leaseMs: number
  private readonly fresh: () => boolean
  private readonly lapsed: (lease: Lease, why: 'lost' | 'silent') => void
  private scannedAt: number
  private stop: () => void = () => {}

  constructor(clock: Clock, leaseMs: number, fresh: () => boolean, lapsed: (lease: Lease, why: 'lost' | 'silent') => void) {
    this.clock = clock
    this.leaseMs = leaseMs
    this.fresh = fresh
    this.lapsed = lapsed
    this.scannedAt = clock.monotonic()
    this.scanLater()
  }

  add(lease: Omit<Lease, 'until' | 'activeAt' | 'stuck'>): Lease {
    const now = this.clock.monotonic()
    const added = { ...lease, stuck: false, until: now + this.leaseMs, activeAt: now }
    this.held.set(lease.delivery, added)
    return added
  }

  /** The lease of this very delivery, or null: it is lost, or unknown here. */
  of({ delivery, run }: Pick<Ref, 'delivery' | 'run'>): Lease | null {
    const lease = this.held.get(delivery)
    return lease !== undefined && lease.run === run ? lease : null
  }

  beat(lease: Lease, active: boolean): void {
    const now = this.clock.monotonic()
    lease.until = now + this.leaseMs
    if (active) lease.activeAt = now
  }

  /** It ends now: its worker is known to be gone. */
  expire(lease: Lease): void {
    lease.until = Number.NEGATIVE_INFINITY
    this.lapsed(lease, 'lost')
  }

  /** Still, at this moment: a sign of life may have come since it was found to have lapsed. */
  hasLapsed(lease: Lease, why: 'lost' | 'silent'): boolean {
    const now = this.clock.monotonic()
    if (this.held.get(lease.delivery) !== lease) return false
    return why === 'lost' ? lease.until <= now : lease.heartbeatMs !== null && lease.activeAt + lease.heartbeatMs <= now
  }

  drop(lease: Lease): void {
    this.held.delete(lease.delivery)
  }

  all(): Iterable<Lease> {
    return this.held.values()
  }

  ofWorker(worker: WorkerId): Lease[] {
    return [...this.held.values()].filter(lease => lease.worker === worker)
  }

  end(): void {
    this.stop()
  }

  private scanLater(): void {
    this.stop = this.clock.after(Math.max(10, this.leaseMs / 20), () => {
      this.scan()
      this.scanLater()
    })
  }

  private scan(): void {
    const now = this.clock.monotonic()
    const elapsed = now - this.scannedAt
    this.scannedAt = now
    const stalled = !this.fresh() || elapsed > this.leaseMs / 4
    for (const lease of this.held.values()) {
      if (stalled) {
        lease.until = Math.max(lease.until, now + this.leaseMs)
        lease.activeAt += elapsed
      } else if (this.hasLapsed(lease, 'lost')) this.lapsed(lease, 'lost')
      else if (this.hasLapsed(lease, 'silent')) this.lapsed(lease, 'silent')
    }
  }
}
