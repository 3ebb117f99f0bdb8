import type { BatchId, ClaimId, LaneId, NodeId } from '../../src/core/ids.ts'
import { partOf, shardOf } from '../../src/core/ids.ts'
import type { MemoryStore } from '../../src/store/memory/store.ts'
import { type Batch, type Claim, type ClaimRequest, SHARDS, type Store } from '../../src/store/store.ts'
import type { Truth } from './truth.ts'
import type { World } from './world.ts'

/** A lane as this observer knows it from what was answered. */
interface LaneTruth {
  claim: ClaimId
  sequence: number
  lastBatch: BatchId
  stands: boolean
  renewals: number
  /** True time at which its renewals last changed. */
  renewedAt: number
  node: NodeId
}

/** What commits do besides writing runs, as the invariants want to hear of it. */
export interface Watcher {
  committed(batch: Batch): void
}

/**
 * Stands between the nodes and the store, where writes land: each lane's commits form one chain, what is written is written by its owner (E1), what
 * was settled as out stays out (E3), and nobody is revoked who renewed within the TTL (E20). It keeps books of its own: the store may be planted.
 */
export class Watch {
  readonly #world: World
  readonly #truth: Truth
  readonly #memory: MemoryStore
  readonly #ttlMs: number
  readonly #lanes = new Map<LaneId, LaneTruth>()
  readonly #in = new Set<BatchId>()
  readonly #out = new Set<BatchId>()
  watcher: Watcher = { committed: () => {} }
  commits = 0

  constructor(world: World, truth: Truth, memory: MemoryStore, ttlMs: number, rollbacks: boolean) {
    this.#world = world
    this.#truth = truth
    this.#memory = memory
    // Where the store goes backwards, a counter may seem to stand still that was counted up twice.
    this.#ttlMs = rollbacks ? 0 : ttlMs
  }

  store(target: Store): Store {
    return {
      ...forward(target),
      commit: async batch => {
        const answer = await target.commit(batch)
        this.#world.note(
          () =>
            `store  commit ${short(batch.lane)}#${batch.sequence + 1} ${short(batch.id)} ${answer.is}${answer.is === 'refused' ? ` (${answer.why})` : ''} ${wrote(batch)}`,
        )
        if (answer.is === 'committed') this.#committed(batch)
        return answer
      },
      settle: async (batch, settling) => {
        const settled = await target.settle(batch, settling)
        this.#world.note(() => `store  settle ${short(batch.id)} ${settled}`)
        this.#settled(batch, settling, settled)
        return settled
      },
      claim: async request => {
        const claim = await target.claim(request)
        this.#claimed(request, claim)
        return claim
      },
      renew: async (claim, goesBy) => {
        const version = await target.renew(claim, goesBy)
        const lane = this.#lanes.get(claim.lane)
        if (version !== null && lane !== undefined) {
          lane.renewals++
          lane.renewedAt = this.#world.now
        }
        return version
      },
      release: async claim => {
        await target.release(claim)
        this.#world.note(() => `store  release ${short(claim.lane)}`)
        this.#sync()
      },
    }
  }

  /** The store went backwards: its books are the truth now. */
  rolledBack(): void {
    for (const [id, lane] of this.#lanes) {
      const row = this.#memory.tables().lanes.get(id)
      if (row === undefined) this.#lanes.delete(id)
      else Object.assign(lane, { sequence: row.sequence, lastBatch: row.lastBatch, stands: row.stands, renewedAt: this.#world.now })
    }
    const known = new Set([...this.#memory.tables().chains.values()].flatMap(links => links.map(link => link.id)))
    for (const id of this.#in) if (!known.has(id)) this.#in.delete(id)
    this.#out.clear()
    this.#truth.rolledBack()
  }

  #committed(batch: Batch): void {
    const { id, sequence, lastBatch } = batch
    this.commits++
    const lane = this.#lanes.get(batch.lane)
    const facts = () => ({ lane: batch.lane, batch: id, sequence, lastBatch, known: lane ?? null })
    this.#world.expect(!this.#out.has(id), 'a batch landed that was settled as out (E3)', facts)
    this.#world.expect(!this.#in.has(id), 'a batch landed twice (E3)', facts)
    this.#world.expect(lane?.stands === true && lane.claim === batch.claim, 'a batch landed whose claim does not stand (E1)', facts)
    this.#world.expect(lane?.sequence === sequence && lane.lastBatch === lastBatch, "a batch does not continue its lane's chain (E1, E2)", facts)
    this.#in.add(id)
    if (lane === undefined) return
    lane.sequence = sequence + 1
    lane.lastBatch = id
    const { born, touched, closed, purge } = batch.writes
    const shards = new Set(this.#memory.tables().lanes.get(batch.lane)?.row.shards)
    for (const row of [...born, ...touched, ...closed]) {
      const shard = shardOf(partOf(row.id), SHARDS)
      this.#world.expect(shards.has(shard), 'a lane wrote a run of a shard that is not its own (E1)', () => ({ run: row.id, shard, ...facts() }))
      this.#truth.wrote(row.id)
    }
    this.#truth.expectUnique()
    for (const run of purge) this.#truth.purged(run)
    this.watcher.committed(batch)
  }

  #settled(batch: Batch, settling: BatchId, settled: 'in' | 'out' | 'fenced' | 'unknown'): void {
    const lane = this.#lanes.get(batch.lane)
    if (settled === 'in') this.#world.expect(this.#in.has(batch.id), 'settled as in, and it never landed (E3)', () => ({ batch: batch.id }))
    if (settled !== 'out' || lane === undefined) return
    this.#world.expect(!this.#in.has(batch.id), 'settled as out, and it has landed (E3)', () => ({ batch: batch.id }))
    this.#out.add(batch.id)
    if (lane.lastBatch === settling) return
    lane.sequence = batch.sequence + 1
    lane.lastBatch = settling
  }

  #claimed(request: ClaimRequest, claim: Claim): void {
    this.#world.note(
      () =>
        `store  claim ${short(claim.lane)} by ${request.nodeName}: ${claim.shards.length} shards, dead: ${request.dead.map(({ lane }) => short(lane)).join()}`,
    )
    const stood = [...this.#lanes].filter(([, lane]) => lane.stands)
    if (!this.#lanes.has(claim.lane)) {
      const { sequence, lastBatch } = claim
      this.#lanes.set(claim.lane, {
        claim: claim.claim,
        sequence,
        lastBatch,
        stands: true,
        renewals: 0,
        renewedAt: this.#world.now,
        node: request.node,
      })
    }
    this.#sync()
    // A node takes its own back whenever it likes.
    for (const [id, lane] of stood)
      if (!lane.stands && lane.node !== request.node) {
        const still = this.#world.now - lane.renewedAt
        this.#world.expect(still >= this.#ttlMs, 'a lane was revoked that had renewed within the TTL (E20)', () => ({
          lane: id,
          by: request.nodeName,
          stillMs: still,
          ttlMs: this.#ttlMs,
        }))
      }
    const owners = new Map<number, LaneId>()
    for (const [id, { row, stands }] of this.#memory.tables().lanes)
      for (const shard of stands ? row.shards : []) {
        this.#world.expect(!owners.has(shard), 'a shard has two owners (E1)', () => ({ shard, lanes: [owners.get(shard), id] }))
        owners.set(shard, id)
      }
  }

  #sync(): void {
    for (const [id, lane] of this.#lanes) lane.stands = this.#memory.tables().lanes.get(id)?.stands ?? false
  }
}

/** A store whose methods are those of another: spread, then replaced one by one. */
export function forward(target: Store): Store {
  return {
    can: target.can,
    commit: batch => target.commit(batch),
    settle: (batch, settling) => target.settle(batch, settling),
    lanes: () => target.lanes(),
    claim: request => target.claim(request),
    renew: (claim, version) => target.renew(claim, version),
    release: claim => target.release(claim),
    loadActors: (claim, ids) => target.loadActors(claim, ids),
    loadDue: (claim, until, page) => target.loadDue(claim, until, page),
    loadDelivered: (claim, page) => target.loadDelivered(claim, page),
    findKeys: (claim, keys) => target.findKeys(claim, keys),
    loadGroups: claim => target.loadGroups(claim),
    pageReady: (claim, requests) => target.pageReady(claim, requests),
    loadRates: claim => target.loadRates(claim),
    loadHolds: claim => target.loadHolds(claim),
    loadMail: (claim, page) => target.loadMail(claim, page),
    lastId: claim => target.lastId(claim),
    lastMail: claim => target.lastMail(claim),
    loadCounts: claim => target.loadCounts(claim),
    loadExpired: (claim, until, limit) => target.loadExpired(claim, until, limit),
    loadOldLines: (claim, old, page) => target.loadOldLines(claim, old, page),
    read: target.read,
    now: () => target.now(),
    close: () => target.close(),
  }
}

export function short(id: string): string {
  return id.slice(-5)
}

function wrote({ writes }: Batch): string {
  const { born, touched, closed, purge } = writes
  const parts = [
    ['+', born],
    ['~', touched],
    ['x', closed],
  ] as const
  const runs = parts.flatMap(([sign, rows]) => rows.map(row => `${sign}${short(row.id)}(${row.state})`))
  return [...runs, ...purge.map(id => `-${short(id)}`)].join(' ')
}
