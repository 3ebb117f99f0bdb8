import type { DeliveryId, RunId, TaskId, WorkerId } from '../core/ids.ts'
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
  atMostOnce: boolean
}

/**
 * Who holds which task: in memory only, no write per heartbeat (E20). They start afresh after a takeover, and whenever the lane stalled: a stall says
 * nothing about the workers.
 */
export class Leases {
  readonly held = new Map<string, Lease>()
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

  add(lease: Omit<Lease, 'until' | 'activeAt'>): void {
    const now = this.clock.monotonic()
    this.held.set(keyOf(lease.run, lease.task), { ...lease, until: now + this.leaseMs, activeAt: now })
  }

  /** The lease of this very delivery, or null: it is lost, or unknown here. */
  of(ref: { run: RunId; task: TaskId; delivery: DeliveryId }): Lease | null {
    const lease = this.held.get(keyOf(ref.run, ref.task))
    return lease !== undefined && lease.delivery === ref.delivery ? lease : null
  }

  ofTask(run: RunId, task: TaskId): Lease | null {
    return this.held.get(keyOf(run, task)) ?? null
  }

  beat(lease: Lease, active: boolean): void {
    const now = this.clock.monotonic()
    lease.until = now + this.leaseMs
    if (active) lease.activeAt = now
  }

  drop(run: RunId, task: TaskId): void {
    this.held.delete(keyOf(run, task))
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
      } else if (lease.until <= now) this.lapsed(lease, 'lost')
      else if (lease.heartbeatMs !== null && lease.activeAt + lease.heartbeatMs <= now) this.lapsed(lease, 'silent')
    }
  }
}

function keyOf(run: RunId, task: TaskId): string {
  return `${run}/${task}`
}
