import { setTimeout as after } from 'node:timers/promises'
import { newId } from '../../core/ids.ts'
import { ALL_SHARDS, type Batch, type Claim, type LaneRow, noWrites, type Store, StoreRefused, type Writes } from '../store.ts'

/** Longer than any node goes without renewing its claim. */
const STILL_MS = 2_000
const RENEW_MS = 500
const AGAIN_MS = 250
/** How often a batch goes again that the target has not taken: for half a minute. */
const AGAIN_MAX = 120

/** The only lane of a target: it holds all shards as long as it is written, so that nobody serves what is not whole. */
export class TargetLane {
  readonly claim: Claim
  readonly #store: Store
  readonly #renewing: NodeJS.Timeout

  /** @throws StoreRefused when a node serves it, or another move goes on; the message says who. */
  static async open(store: Store, nodeName: string): Promise<TargetLane> {
    const dead = await deadLanes(store)
    const claim = await store.claim({ lane: id(), claim: id(), node: id(), nodeName, address: null, wanted: ALL_SHARDS, dead })
    if (claim.shards.length === ALL_SHARDS.length) return new TargetLane(store, claim)
    await store.release(claim)
    throw inUse((await store.lanes()).find(({ shards }) => shards.length > 0))
  }

  private constructor(store: Store, claim: Claim) {
    this.#store = store
    this.claim = claim
    this.#renewing = setInterval(() => void store.renew(claim, 0).catch(() => {}), RENEW_MS)
  }

  /** Resolves once it is on the target's disk; `what` it is, for people. @throws StoreRefused when it cannot be, with what is at fault. */
  async commit(writes: Partial<Writes>, what: string): Promise<void> {
    let batch = this.#batch(writes)
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#store.commit(batch)
      if (answer.is === 'committed') return this.#follow(batch.id)
      if (answer.is === 'refused' && !answer.resend) throw new StoreRefused(`The target does not take ${what}: ${answer.why}`)
      if (answer.is === 'fenced' || answer.is === 'unchecked') throw fenced()
      if (answer.is === 'unknown') {
        const settling = id()
        const became = await this.#settled(batch, settling)
        if (became === 'fenced') throw fenced()
        this.#follow(became === 'in' ? batch.id : settling)
        if (became === 'in') return
        batch = this.#batch(writes)
      }
      if (attempt === AGAIN_MAX) throw away('why' in answer ? answer.why : (answer.fault?.what ?? 'it does not answer'))
      await after(AGAIN_MS)
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#renewing)
    await this.#store.release(this.claim).catch(() => {})
  }

  async #settled(batch: Batch, settling: string): Promise<'in' | 'out' | 'fenced'> {
    for (let attempt = 1; ; attempt++) {
      const became = await this.#store.settle(batch, settling)
      if (became !== 'unknown') return became
      if (attempt === AGAIN_MAX) throw away('it does not answer')
      await after(AGAIN_MS)
    }
  }

  #batch(writes: Partial<Writes>): Batch {
    const { lane, claim, sequence, lastBatch } = this.claim
    return { id: id(), lane, claim, sequence, lastBatch, checks: [], writes: { ...noWrites(), ...writes } }
  }

  #follow(lastBatch: string): void {
    this.claim.sequence++
    this.claim.lastBatch = lastBatch
  }
}

/** Of a mover that was killed, or of nodes. @throws StoreRefused when one that holds shards still renews its claim. */
async function deadLanes(store: Store): Promise<LaneRow[]> {
  const holding = (await store.lanes()).filter(({ shards }) => shards.length > 0)
  const until = performance.now() + STILL_MS
  while (holding.length > 0 && performance.now() < until) {
    await after(AGAIN_MS)
    const now = await store.lanes()
    const alive = now.find(({ claim, renewals }) => holding.some(before => before.claim === claim && before.renewals !== renewals))
    if (alive !== undefined) throw inUse(alive)
  }
  return holding
}

function inUse(lane: LaneRow | undefined): StoreRefused {
  const who = lane === undefined ? 'Another process' : `${JSON.stringify(lane.nodeName)}`
  return new StoreRefused(`${who} is at work on the target: stop it first, or name another database or schema.`)
}

function fenced(): StoreRefused {
  return new StoreRefused('Another process has taken the target over.')
}

function away(why: string): StoreRefused {
  return new StoreRefused(`The target takes nothing: ${why}.`)
}

function id(): string {
  return newId(Date.now(), Math.random)
}
