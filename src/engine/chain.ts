import { type ClaimId, newId } from '../core/ids.ts'
import { type Answer, type Batch, type Claim, type Store, type StoreFault, StoreUnavailable, type Writes } from '../store/store.ts'
import { Faults } from './faults.ts'
import type { World } from './transition.ts'

const RESEND_MS = 20
const PAUSE_MS_MAX = 1_000

/** What became of a batch. `refused`: its data is at fault (E14). `unchecked`: it relied on claims of others that no longer stand (E17). */
export type Fate = { is: 'committed' } | { is: 'fenced' } | { is: 'refused'; why: string } | { is: 'unchecked'; claims: ClaimId[] }

/** A lane's chain of batches: each builds on the one before, and none is sent before the fate of the last is known (E1, E3). */
export class Chain {
  readonly claim: Claim
  /** Monotonic time at which the last successful commit or renewal was sent (E16). */
  confirmedAt: number
  /** Monotonic time at which the last answered renewal was sent, or the claim was made. */
  renewedAt: number
  commits = 0
  readonly faults: Faults
  /** Nobody waits for an answer any more. */
  ended = false
  /** The fate of a batch is not known yet, or it is sent again. */
  private unsure = false
  private readonly store: Store
  private readonly world: World

  constructor(store: Store, world: World, claim: Claim, { confirmedAt, renewedAt }: { confirmedAt: number; renewedAt: number }, ttlMs = 0) {
    this.store = store
    this.world = world
    this.claim = claim
    this.confirmedAt = confirmedAt
    this.renewedAt = renewedAt
    this.faults = new Faults(world, () => this.confirmedAt, ttlMs)
  }

  /** A renewal was answered: the disk takes writes. While a batch waits for its fate, that batch is what tells. */
  renewed(sentAt: number): void {
    this.confirmedAt = Math.max(this.confirmedAt, sentAt)
    this.renewedAt = sentAt
    this.faults.heard()
    if (!this.unsure) this.faults.over()
  }

  async send(writes: Writes, checks: readonly ClaimId[]): Promise<Fate> {
    const { claim, world } = this
    for (let pauseMs = RESEND_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      const batch: Batch = {
        id: newId(world.clock.now(), world.random),
        lane: claim.lane,
        claim: claim.claim,
        sequence: claim.sequence,
        lastBatch: claim.lastBatch,
        checks,
        writes,
      }
      const sentAt = world.clock.monotonic()
      const answer = await this.store.commit(batch).catch(unknown)
      if (this.ended) return { is: 'fenced' }
      if (answer.is === 'committed') {
        this.advance(batch.id, sentAt)
        this.sure()
        return answer
      }
      if (answer.is === 'fenced' || answer.is === 'unchecked') return answer
      if (answer.is === 'refused' && !answer.resend) return answer
      if (answer.is === 'unknown') {
        this.doubt(batch, answer.fault)
        const settled = await this.settle(batch)
        if (settled === 'in') this.sure()
        if (settled !== 'out') return settled === 'in' ? { is: 'committed' } : { is: 'fenced' }
        // A full disk may have room for a settling, and none for the batch.
        if (answer.fault !== undefined) await this.pause(pauseMs)
      } else await this.pause(RESEND_MS)
      if (this.ended) return { is: 'fenced' }
    }
  }

  private doubt(batch: Batch, fault: StoreFault | undefined): void {
    if (fault !== undefined) this.faults.met(fault)
    else if (!this.unsure) this.world.log('warn', 'the answer of a commit is unknown', { batch: batch.id })
    this.unsure = true
  }

  private sure(): void {
    this.unsure = false
    this.faults.over()
  }

  private async settle(batch: Batch): Promise<'in' | 'out' | 'fenced'> {
    const settling = newId(this.world.clock.now(), this.world.random)
    for (let pauseMs = RESEND_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      const sentAt = this.world.clock.monotonic()
      const settled = await this.store.settle(batch, settling).catch(() => 'unknown' as const)
      if (this.ended) return 'fenced'
      if (settled === 'in') this.advance(batch.id, sentAt)
      if (settled === 'out') this.advance(settling, sentAt)
      if (settled !== 'unknown') return settled
      await this.pause(pauseMs)
    }
  }

  private advance(batch: string, sentAt: number): void {
    this.claim.sequence++
    this.claim.lastBatch = batch
    this.confirmedAt = sentAt
    this.faults.heard()
    this.commits++
  }

  private pause(ms: number): Promise<void> {
    return new Promise(resolve => this.world.clock.after(ms, resolve))
  }
}

function unknown(error: unknown): Answer {
  const fault = error instanceof StoreUnavailable ? error.fault : null
  return { is: 'unknown', ...(fault && { fault }) }
}
