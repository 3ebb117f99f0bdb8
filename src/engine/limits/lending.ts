import type { ClaimId, HoldId, RunId } from '../../core/ids.ts'
import type { Limit } from '../../core/limits.ts'
import type { Instant } from '../../core/time.ts'
import type { Claim, HoldRow, Store } from '../../store/store.ts'
import type { World } from '../transition.ts'
import type { Work } from '../work.ts'
import type { Ask, HomeAnswer, HomeCall, Homes, ResourceLookedAt, ResourceName, ResourceSeen } from './homes.ts'
import type { Limits } from './limits.ts'
import { Reply } from './reply.ts'
import type { Resource } from './resource.ts'
import { standingOf } from './standing.ts'
import { HERE, Turns } from './turns.ts'

/** What another lane holds of a resource that is counted here. */
export interface Lent {
  id: HoldId
  resource: Resource
  weight: number
  /** Who asked for it, and ends it; null: it was read from the store, and is over when its row is gone. */
  owner: ClaimId | null
  /** Known once its row was read. */
  run: RunId | null
  since: Instant
}

/** What stays when memory is made anew under the same claim (E14): others rely on it. */
export interface LentCarried {
  lent: readonly (Omit<Lent, 'resource'> & ResourceName)[]
  heard: readonly (readonly [ClaimId, number])[]
}

/** Another lane that asks here. */
interface Session {
  claim: ClaimId
  /** Of the latest call. */
  n: number
  calledAt: number
  reply: Reply | null
  asks: Map<HoldId, { ask: Ask; resource: Resource }>
  /** Asks of the latest calls that tokens were spent for: one that still stands in a later call is no new one. */
  spent: Set<HoldId>
}

export interface LendingOptions {
  limits: Limits
  store: Store
  claim: Claim
  world: World
  /** Lanes come and go: what those that are gone held is looked for at once. */
  homes: Homes
  /** How often what is counted is compared with the store. */
  compareMs: number
  /** How long a grant may lie unused. */
  grantMs: number
  submit(work: Work): void
  /** False: another may have taken over, and nothing is granted. */
  fresh(): boolean
  /** Something may have become free for this lane's own tasks. */
  changed(): void
  failed(error: unknown): void
}

/** A call that nothing could be granted for is answered after so long, and comes again. */
const WAIT_MS = 1_000
/** Whose turn it is has so long to take it. */
const TURN_MS = 100
const STALE_MS = 25
const HOLDERS_TOLD_MAX = 100
/** What a lane waits for that has not called for so long is forgotten. */
const SILENT_MS = 5_000

/**
 * The home's side of what is limited across lanes (E17, E18). What it grants counts at once, and until the lane that asked says that it is over; once that
 * lane is gone, so that it can commit nothing more, what the store has no row of is over too.
 */
export class Lending {
  private readonly options: LendingOptions
  private readonly sessions = new Map<ClaimId, Session>()
  private readonly lent = new Map<HoldId, Lent>()
  /** What is served once the lane is known to stand again. */
  private readonly stale = new Set<Resource>()
  private grantedAt = Number.NEGATIVE_INFINITY
  private closed = false
  private comparing = false
  private stopComparing: () => void = () => {}
  private stopListening: () => void = () => {}

  constructor(options: LendingOptions) {
    this.options = options
  }

  /** Holds of runs of this lane are counted with their deliveries. */
  load(rows: readonly HoldRow[], { lent, heard }: LentCarried): void {
    const { limits } = this.options
    for (const hold of lent) this.count({ ...hold, resource: limits.resource(hold.namespace, hold.limit, hold.key) })
    for (const row of rows) {
      if (limits.isHere(row.run) || this.lent.has(row.id)) continue
      const { id, weight, run, since } = row
      this.count({ id, weight, run, since, owner: null, resource: limits.resource(row.namespace, row.limit, row.key) })
    }
    for (const [claim, n] of heard) this.session(claim).n = n
    this.stopListening = this.options.homes.onMoved(() => void this.compare())
    this.compareLater()
  }

  async call({ from, n, asks, ended, slowed }: HomeCall): Promise<HomeAnswer> {
    if (this.closed) throw new Error('the lane is gone')
    const freed = new Set(ended.flatMap(id => this.drop(id)?.resource ?? []))
    const session = this.session(from)
    if (n <= session.n) {
      this.freed(freed)
      return { granted: [], due: [] }
    }
    session.n = n
    session.calledAt = this.options.world.clock.monotonic()
    session.reply?.close()
    const reply = new Reply()
    session.reply = reply
    for (const slow of slowed) this.slow(slow, slow.forMs)
    reply.pending++
    const touched = this.arrange(session, asks, reply)
    // Not before: what it waits for no longer would be granted from what it has given back.
    this.freed(freed)
    for (const resource of touched) this.serve(resource, session)
    reply.pending--
    if (asks.length === 0 || reply.isClosing || reply.granted.length > 0) reply.close()
    else reply.closeAt(this.options.world.clock, WAIT_MS)
    return reply.promise
  }

  async look(names: readonly ResourceLookedAt[]): Promise<(ResourceSeen | null)[]> {
    const { limits } = this.options
    // Whose a grant became is told by its row.
    const isKnown = names.every(({ namespace, limit, key }) =>
      [...limits.resource(namespace, limit, key).lent.values()].every(({ run }) => run !== null),
    )
    if (!isKnown) await this.compare()
    return names.map(({ namespace, limit: name, key, weight }) => {
      const limit = limits.rules.get(namespace, name)
      if (limit === undefined) return null
      const { used, holders, freeAt } = standingOf(limits, limit, limits.resource(namespace, name, key), weight)
      const nextInMs = limit.is === 'rate' && freeAt !== null && freeAt !== Number.POSITIVE_INFINITY ? freeAt - limits.now() : null
      return { used, holders: holders.slice(0, HOLDERS_TOLD_MAX), nextInMs }
    })
  }

  /** Grants nothing more; resolves when what was granted last is recorded, as far as can be told: then nobody meets the end of the claim (E25). */
  async drained(): Promise<void> {
    this.close()
    const { world, grantMs } = this.options
    const leftMs = this.grantedAt + 2 * grantMs - world.clock.monotonic()
    if (leftMs > 0) await new Promise<void>(resolve => world.clock.after(leftMs, resolve))
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.stopComparing()
    this.stopListening()
    for (const { reply, asks } of this.sessions.values()) {
      reply?.close()
      for (const { resource } of asks.values()) resource.turns?.end()
    }
  }

  carried(): LentCarried {
    const lent = [...this.lent.values()].filter(({ owner }) => owner !== null)
    return {
      lent: lent.map(({ resource: { namespace, limit, key }, ...hold }) => ({ ...hold, namespace, limit, key })),
      heard: [...this.sessions.values()].map(({ claim, n }) => [claim, n]),
    }
  }

  /**
   * Compares what is counted with the store. What was granted since the reads began is none of their business, and what belongs to a lane whose claim stands is
   * that lane's to end: it may be about to record it.
   */
  async compare(): Promise<void> {
    if (this.closed || this.comparing || this.lent.size + this.sessions.size === 0) return
    this.comparing = true
    const { store, claim } = this.options
    const before = [...this.lent.values()]
    try {
      // In this order: who is gone by the first read has committed all that it ever will by the second.
      const stand = new Set((await store.lanes()).map(lane => lane.claim))
      const rows = new Map((await store.loadHolds(claim)).map(row => [row.id, row]))
      if (this.closed) return
      for (const hold of before) {
        if (this.lent.get(hold.id) !== hold) continue
        const row = rows.get(hold.id)
        if (row !== undefined) Object.assign(hold, { run: row.run, since: row.since })
        if (hold.owner !== null && stand.has(hold.owner)) continue
        hold.owner = null
        if (row === undefined) this.end(hold.id)
      }
      for (const session of this.sessions.values()) if (!stand.has(session.claim)) this.forget(session)
    } catch (error) {
      if (!this.closed) this.options.failed(error)
    } finally {
      this.comparing = false
    }
  }

  /** What can be granted, in turns. `calling`: the lane whose call is at hand. */
  private serve(resource: Resource, calling: Session | null = null): void {
    const { turns } = resource
    const { limits } = this.options
    if (turns === null || this.closed) return
    if (!this.options.fresh()) return this.serveLater(resource)
    const limit = this.limitOf(resource)
    const now = limits.now()
    for (let passed = 0; !turns.isEmpty && passed < turns.size; ) {
      const lane = turns.first as ClaimId
      if (lane === HERE) {
        const at = limit === undefined ? null : limits.roomAt(resource, limit, 1, now)
        if (at !== null) return this.ring(resource, turns, at)
        this.giveTurn(resource, turns, HERE)
        resource.wake()
        return this.options.changed()
      }
      const session = this.sessions.get(lane) as Session
      if (this.isSilent(session)) {
        for (const other of this.leaveAll(session)) if (other !== resource) this.serve(other)
        continue
      }
      const ask = limit && turns.asksOf(lane).find(({ is, weight }) => (is === 'concurrency') === (limit.is === 'concurrency') && weight <= limit.max)
      if (limit === undefined || ask === undefined) {
        // None that its rules know of, or that could ever fit: nobody waits behind it.
        turns.toBack(lane)
        passed++
        continue
      }
      const at = limits.roomAt(resource, limit, ask.weight, now)
      if (at !== null) return this.ring(resource, turns, at)
      // The time to use a token runs from the call that it is granted to.
      if (ask.is === 'rate' || (ask.is === 'token' && session !== calling)) {
        this.giveTurn(resource, turns, lane)
        session.reply?.due.push(ask.id)
        return session.reply?.close()
      }
      this.grant(session, ask, resource, limit)
      turns.toBack(lane)
      passed = 0
    }
    if (!turns.isEmpty) return
    turns.end()
    resource.turns = null
    resource.wake()
    this.options.changed()
  }

  private serveLater(resource: Resource): void {
    if (this.stale.size === 0) {
      this.options.world.clock.after(STALE_MS, () => {
        const resources = [...this.stale]
        this.stale.clear()
        for (const waiting of resources) this.serve(waiting)
      })
    }
    this.stale.add(resource)
  }

  /** It is looked at again when the next token comes; where somebody lets go, that one says so. */
  private ring(resource: Resource, turns: Turns, at: Instant): void {
    const { world, limits } = this.options
    turns.alarm?.()
    turns.alarm = null
    if (at === Number.POSITIVE_INFINITY) return
    turns.alarm = world.clock.after(Math.max(1, Math.ceil(at - limits.now())), () => {
      turns.alarm = null
      this.serve(resource)
    })
  }

  /** Who does not take it is the last then. */
  private giveTurn(resource: Resource, turns: Turns, lane: ClaimId | typeof HERE): void {
    turns.forfeit ??= this.options.world.clock.after(TURN_MS, () => {
      turns.forfeit = null
      turns.toBack(lane)
      this.serve(resource)
    })
  }

  private grant(session: Session, ask: Ask, resource: Resource, limit: Limit): void {
    const { limits, world, submit } = this.options
    const reply = session.reply as Reply
    const { id, weight, withinMs } = ask
    this.leave(session, id)
    if (ask.is === 'concurrency') {
      this.count({ id, resource, weight, owner: session.claim, run: null, since: limits.now() })
      reply.granted.push(id)
      world.clock.soon(() => reply.close())
      return
    }
    session.spent.add(id)
    limits.spendAhead(resource, limit, weight, withinMs)
    // Durable before it leaves (E18).
    reply.pending++
    const settled = (granted: boolean): void => {
      reply.pending--
      if (granted && !this.closed) reply.granted.push(id)
      else session.spent.delete(id)
      reply.close()
    }
    submit({
      ids: [],
      bytes: 100,
      execute: transaction => {
        if (!this.closed) transaction.spend([resource])
      },
      done: () => settled(true),
      failed: () => settled(false),
    })
  }

  private count(hold: Lent): void {
    this.lent.set(hold.id, hold)
    hold.resource.lent.set(hold.id, hold)
    hold.resource.used += hold.weight
    this.grantedAt = this.options.world.clock.monotonic()
  }

  private end(id: HoldId): void {
    const hold = this.drop(id)
    if (hold !== undefined) this.freed([hold.resource])
  }

  /** Whoever waits for it hears of it by `freed`. */
  private drop(id: HoldId): Lent | undefined {
    const hold = this.lent.get(id)
    if (hold === undefined) return
    this.lent.delete(id)
    hold.resource.lent.delete(id)
    hold.resource.used -= hold.weight
    return hold
  }

  private freed(resources: Iterable<Resource>): void {
    for (const resource of resources) {
      this.options.limits.freed(resource)
      this.options.changed()
    }
  }

  private slow({ namespace, limit, key }: ResourceName, forMs: number): void {
    const { limits, submit } = this.options
    const resource = limits.resource(namespace, limit, key)
    if (resource.borrowed !== null) return
    limits.pause(resource, forMs)
    submit({
      ids: [],
      bytes: 100,
      execute: transaction => {
        if (!this.closed) transaction.spend([resource])
      },
      done: () => {},
      failed: () => {},
    })
  }

  /** Its asks as the call has them. Answers the resources that may be granted now. */
  private arrange(session: Session, asks: readonly Ask[], reply: Reply): Set<Resource> {
    const { limits } = this.options
    const touched = new Set<Resource>()
    const wanted = new Set(asks.map(({ id }) => id))
    for (const id of session.spent) if (!wanted.has(id)) session.spent.delete(id)
    for (const ask of asks) {
      const { id, weight, running } = ask
      const resource = limits.resource(ask.namespace, ask.limit, ask.key)
      if (this.lent.has(id)) reply.granted.push(id)
      else if (running !== null) {
        this.count({ id, resource, weight, owner: session.claim, ...running })
        reply.granted.push(id)
      } else if (!session.spent.has(id) && resource.borrowed === null) {
        touched.add(resource)
        const known = session.asks.get(id)
        if (known === undefined) this.enter(session, { ...ask }, resource)
        // Who asks goes by its latest call, which may allow more time to use a token than the first did (E18).
        else known.ask.withinMs = Math.max(known.ask.withinMs, ask.withinMs)
      }
    }
    // After what is new has come, so that a lane that asks on keeps its turn.
    for (const [id, { resource }] of session.asks) {
      if (wanted.has(id)) continue
      this.leave(session, id)
      touched.add(resource)
    }
    return touched
  }

  private enter(session: Session, ask: Ask, resource: Resource): void {
    session.asks.set(ask.id, { ask, resource })
    if (resource.turns === null) {
      resource.turns = new Turns(() => this.serve(resource))
      // Those of this lane came before.
      if (resource.waiting.size > 0) resource.turns.enterHere()
    }
    resource.turns.enter(session.claim, ask)
  }

  private leave(session: Session, id: HoldId): void {
    const known = session.asks.get(id)
    if (known === undefined) return
    session.asks.delete(id)
    known.resource.turns?.leave(session.claim, known.ask)
  }

  /** Answers what it waited for. */
  private leaveAll(session: Session): Set<Resource> {
    const resources = new Set([...session.asks.values()].map(({ resource }) => resource))
    for (const id of [...session.asks.keys()]) this.leave(session, id)
    return resources
  }

  private forget(session: Session): void {
    const resources = this.leaveAll(session)
    session.reply?.close()
    this.sessions.delete(session.claim)
    for (const resource of resources) this.serve(resource)
  }

  private isSilent({ calledAt }: Session): boolean {
    return this.options.world.clock.monotonic() - calledAt > SILENT_MS
  }

  private session(claim: ClaimId): Session {
    const known = this.sessions.get(claim)
    if (known !== undefined) return known
    const session: Session = { claim, n: 0, calledAt: 0, reply: null, asks: new Map(), spent: new Set() }
    this.sessions.set(claim, session)
    return session
  }

  private limitOf({ namespace, limit }: Resource): Limit | undefined {
    return this.options.limits.rules.get(namespace, limit)
  }

  private compareLater(): void {
    this.stopComparing = this.options.world.clock.after(this.options.compareMs, () => {
      void this.compare().then(() => this.closed || this.compareLater())
    })
  }
}
