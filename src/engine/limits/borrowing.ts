import type { ClaimId, HoldId, Random, RunId } from '../../core/ids.ts'
import { newId } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'
import type { Clock } from '../clock.ts'
import { AskingSession, type Want } from './asking.ts'
import type { Ask, Homes } from './homes.ts'
import type { Resource } from './resource.ts'
import type { Applied } from './rules.ts'

/** A share that a home has granted and that nobody has taken yet. */
export interface Grant {
  id: HoldId
  weight: number
  home: ClaimId
  /** Monotonic: given back, or worthless if it is a token, from then on. */
  until: number
}

/** What this lane has of a resource that another one counts. */
export class Borrowed {
  readonly grants: Grant[] = []
  /** Asks under way, by weight. */
  readonly asked = new Map<number, number>()
  /** Monotonic: until then a token can be had, as far as is known. */
  dueUntil = Number.NEGATIVE_INFINITY
  /** How long a token may take from the call that asks for it to its use. It grows where calls take longer. */
  withinMs = 0
}

/** What stays when memory is made anew under the same claim (E14). */
export interface BorrowedCarried {
  calls: number
  /** All that a home may count for this lane. */
  out: readonly (readonly [HoldId, number])[]
}

export interface BorrowingOptions {
  homes: Homes
  claim: ClaimId
  clock: Clock
  random: Random
  grantMs: number
  /** Something may be handed out now. */
  changed(): void
}

/** Asks for one resource that are under way at a time. */
const ASKS_PER_RESOURCE_MAX = 100
const WITHIN_MS_MIN = 50
const WITHIN_MS_MAX = 10_000
const WINDOW_PARTS = 64
/** Told to nobody, since nobody holds the shard: beyond that a new home finds out by itself what is over. */
const ENDED_MAX = 10_000

/**
 * The side of a lane whose tasks need what is counted elsewhere (E17, E18): it asks before it hands out, takes each granted id once, and tells when it is over.
 * What is granted and not taken at once goes back, so that a task that needs several resources has all or none of them.
 */
export class Borrowing {
  private readonly options: BorrowingOptions
  /** By the home's claim; null: nobody holds the shard just now. */
  private readonly sessions = new Map<ClaimId | null, AskingSession>()
  /** What runs already and was counted without a row: a new home is told again. */
  private readonly running = new Map<HoldId, Want>()
  private readonly out: Map<HoldId, number>
  /** Of these nobody knows anything any more, unless a run that is loaded does. */
  private readonly forgotten: Set<HoldId>
  private readonly withGrants = new Set<Resource>()
  private readonly stopListening: () => void
  private calls: number
  private stopSweeping: (() => void) | null = null
  private ended = false

  constructor(options: BorrowingOptions, { calls, out }: BorrowedCarried) {
    this.options = options
    this.calls = calls
    this.out = new Map(out)
    this.forgotten = new Set(this.out.keys())
    this.stopListening = options.homes.onMoved(() => this.moved())
  }

  /** All that runs is loaded: what else was asked for before is over. */
  begin(): void {
    for (const id of this.forgotten) this.finish(id, this.out.get(id) as number)
    this.forgotten.clear()
  }

  /** Enough for one more task. */
  isAtHand(resource: Resource, weight: number, at = this.options.clock.monotonic()): boolean {
    return find(resource, weight, at) >= 0
  }

  /** Its home has said that a token can be had. */
  isDue(resource: Resource): boolean {
    return this.options.clock.monotonic() < (resource.borrowed as Borrowed).dueUntil
  }

  /** So many tasks could be begun now if they had their shares. */
  want(resource: Resource, applied: Applied, count: number): void {
    if (applied.limit.is === 'concurrency') this.askFor(resource, applied, count, 'concurrency')
    else this.askFor(resource, applied, 1, 'rate')
  }

  /** So many tasks have all that they need, save the tokens that are due. */
  spend(resource: Resource, applied: Applied, count: number): void {
    const borrowed = resource.borrowed as Borrowed
    borrowed.dueUntil = Number.NEGATIVE_INFINITY
    if (borrowed.withinMs === 0) borrowed.withinMs = within((applied.limit.everyMs as number) / WINDOW_PARTS)
    this.askFor(resource, applied, count, 'token')
  }

  private askFor(resource: Resource, { limit, weight }: Applied, count: number, is: Want['is']): void {
    if (weight > limit.max) return
    this.prune(resource)
    const { asked, grants } = resource.borrowed as Borrowed
    const lacks = Math.min(count, ASKS_PER_RESOURCE_MAX) - (asked.get(weight) ?? 0) - grants.filter(grant => grant.weight === weight).length
    for (let more = 0; more < lacks; more++) this.ask({ id: this.newId(), resource, weight, is, running: null })
  }

  /** One that is at hand. */
  take(resource: Resource, weight: number, at: number): Grant {
    const { grants } = resource.borrowed as Borrowed
    return grants.splice(find(resource, weight, at), 1)[0] as Grant
  }

  /** It runs already: its home is to count it, whatever there is. */
  count(resource: Resource, weight: number, run: RunId, since: Instant): HoldId {
    const want: Want = { id: this.newId(), resource, weight, is: 'concurrency', running: { run, since } }
    this.running.set(want.id, want)
    this.ask(want)
    return want.id
  }

  /** A run has it by its row. */
  knows(id: HoldId, part: number): void {
    this.out.set(id, part)
    this.forgotten.delete(id)
  }

  /** Over, or never to be used. */
  finish(id: HoldId, part: number): void {
    this.running.delete(id)
    const session = this.sessionOf(part)
    const want = session.asks.get(id)
    if (want !== undefined) this.drop(session, want)
    session.ended.set(id, part)
    if (session.home === null && session.ended.size > ENDED_MAX) this.acknowledged(session, session.ended.keys().next().value as HoldId)
    this.send(session)
  }

  /** Asks how these stand, for people; of a home that does not answer nothing new is known. */
  async look(looked: readonly { resource: Resource; weight: number }[]): Promise<void> {
    const byHome = Map.groupBy(looked, ({ resource }) => this.options.homes.of(resource.part))
    await Promise.all(
      [...byHome].map(async ([home, of]) => {
        const names = of.map(({ resource: { namespace, limit, key }, weight }) => ({ namespace, limit, key, weight }))
        const seen = await home?.look(names).catch(() => [])
        for (const [index, { resource }] of of.entries()) resource.seen = seen?.[index] ?? null
      }),
    )
  }

  /** The rules have changed: what lines wait for they ask for by the new ones. A home that goes by others than this lane would never grant it. */
  regroup(): void {
    const wants = [...this.sessions.values()].flatMap(({ asks }) => [...asks.values()])
    for (const { id, resource, running } of wants) if (running === null) this.finish(id, resource.part)
  }

  slow(resource: Resource, forMs: number): void {
    const { namespace, limit, key } = resource
    ;(resource.borrowed as Borrowed).grants.length = 0 // tokens: lost
    const session = this.sessionOf(resource.part)
    session.slowed.push({ part: resource.part, slowed: { namespace, limit, key, forMs } })
    this.send(session)
  }

  carried(): BorrowedCarried {
    return { calls: this.calls, out: [...this.out] }
  }

  end(): void {
    this.ended = true
    this.stopListening()
    this.stopSweeping?.()
    for (const session of this.sessions.values()) session.end()
  }

  private ask(want: Want): void {
    this.out.set(want.id, want.resource.part)
    const session = this.sessionOf(want.resource.part)
    session.asks.set(want.id, want)
    if (want.running === null) add(want, 1)
    this.send(session)
  }

  private drop(session: AskingSession, want: Want): void {
    session.asks.delete(want.id)
    if (want.running === null) add(want, -1)
  }

  private send(session: AskingSession): void {
    if (!this.ended) session.sendSoon()
  }

  private granted(session: AskingSession, asks: readonly Ask[], sentAt: number): void {
    const { clock, grantMs, changed } = this.options
    const now = clock.monotonic()
    const woken = new Set<Resource>()
    for (const { id, weight, is, withinMs } of asks) {
      const want = session.asks.get(id)
      if (want === undefined) continue
      this.drop(session, want)
      const { resource, running } = want
      if (running !== null) continue
      const borrowed = resource.borrowed as Borrowed
      woken.add(resource)
      let until = now + grantMs
      if (is === 'token') {
        this.out.delete(id)
        until = sentAt + withinMs
        if (now - sentAt > withinMs / 2) borrowed.withinMs = within(withinMs * 2)
        if (until <= now) continue
      }
      borrowed.grants.push({ id, weight, home: (session.home as { claim: ClaimId }).claim, until })
      this.withGrants.add(resource)
    }
    if (woken.size === 0) return
    this.sweepLater()
    for (const resource of woken) resource.wake()
    changed()
  }

  private due(session: AskingSession, wants: readonly Want[]): void {
    const until = this.options.clock.monotonic() + this.options.grantMs
    for (const want of wants) {
      this.drop(session, want)
      this.out.delete(want.id)
      ;(want.resource.borrowed as Borrowed).dueUntil = until
      want.resource.wake()
    }
    this.options.changed()
  }

  /** Grants that nobody took go back. */
  private sweepLater(): void {
    this.stopSweeping ??= this.options.clock.after(this.options.grantMs, () => {
      this.stopSweeping = null
      for (const resource of this.withGrants) this.prune(resource)
      if (this.withGrants.size > 0) this.sweepLater()
    })
  }

  private prune(resource: Resource): void {
    const { grants } = resource.borrowed as Borrowed
    if (grants.length === 0) return
    const now = this.options.clock.monotonic()
    for (const grant of grants.splice(0)) {
      if (now < grant.until) grants.push(grant)
      else this.giveBack(resource, grant)
    }
    if (grants.length === 0) this.withGrants.delete(resource)
  }

  private giveBack(resource: Resource, { id }: Grant): void {
    // A token is lost: it was written as spent.
    if (this.out.has(id)) this.finish(id, resource.part)
  }

  /** Homes may be others by now: each of them is told what concerns it, and what the one before granted is not used any more. */
  private moved(): void {
    for (const resource of this.withGrants) {
      const { grants } = resource.borrowed as Borrowed
      const home = this.options.homes.of(resource.part)?.claim
      for (const grant of grants.splice(0)) {
        if (grant.home === home) grants.push(grant)
        else this.giveBack(resource, grant)
      }
    }
    for (const session of [...this.sessions.values()]) {
      for (const want of [...session.asks.values()]) {
        const next = this.sessionOf(want.resource.part)
        if (next === session) continue
        session.asks.delete(want.id)
        // Where the same home comes back, it may have spent a token for a call of before.
        if (want.is === 'token') this.rename(want)
        next.asks.set(want.id, want)
        this.send(next)
      }
      for (const [id, part] of [...session.ended]) {
        const next = this.sessionOf(part)
        if (next === session) continue
        session.ended.delete(id)
        next.ended.set(id, part)
        this.send(next)
      }
      for (const slow of session.slowed.splice(0)) this.sessionOf(slow.part).slowed.push(slow)
      if (session.home !== null && session.isEmpty) {
        session.end()
        this.sessions.delete(session.home.claim)
      }
    }
    for (const want of this.running.values()) {
      const session = this.sessionOf(want.resource.part)
      if (session.asks.has(want.id) || session.counted.has(want.id)) continue
      session.asks.set(want.id, want)
      this.send(session)
    }
  }

  private sessionOf(part: number): AskingSession {
    const home = this.options.homes.of(part)
    const claim = home?.claim ?? null
    const known = this.sessions.get(claim)
    if (known !== undefined) return known
    const { clock } = this.options
    const session: AskingSession = new AskingSession(home, this.options.claim, clock, {
      number: () => ++this.calls,
      granted: (asks, sentAt) => this.granted(session, asks, sentAt),
      due: wants => this.due(session, wants),
      rename: want => this.rename(want),
      acknowledged: id => this.acknowledged(session, id),
    })
    this.sessions.set(claim, session)
    return session
  }

  private rename(want: Want): void {
    this.out.delete(want.id)
    want.id = this.newId()
    this.out.set(want.id, want.resource.part)
  }

  private acknowledged(session: AskingSession, id: HoldId): void {
    session.ended.delete(id)
    session.counted.delete(id)
    this.out.delete(id)
  }

  private newId(): HoldId {
    return newId(this.options.clock.now(), this.options.random)
  }
}

function find(resource: Resource, weight: number, at: number): number {
  return (resource.borrowed as Borrowed).grants.findIndex(grant => grant.weight === weight && at < grant.until)
}

function add({ resource, weight }: Want, count: number): void {
  const { asked } = resource.borrowed as Borrowed
  const sum = (asked.get(weight) ?? 0) + count
  if (sum === 0) asked.delete(weight)
  else asked.set(weight, sum)
}

function within(ms: number): number {
  return Math.min(WITHIN_MS_MAX, Math.max(WITHIN_MS_MIN, ms))
}
