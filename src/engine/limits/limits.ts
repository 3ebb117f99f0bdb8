import type { Group } from '../../core/gates.ts'
import { newId, partOf, partOfResource, type Random, type RunId, type TaskId } from '../../core/ids.ts'
import type { Limit } from '../../core/limits.ts'
import type { Instant } from '../../core/time.ts'
import type { Claim, RateRow } from '../../store/store.ts'
import type { Clock } from '../clock.ts'
import { holds } from '../shares.ts'
import { Borrowed, type Borrowing } from './borrowing.ts'
import { type Bound, type Hold, type KeptHold, type Reservation, Resource } from './resource.ts'
import type { Applied, Rules } from './rules.ts'
import { Spent } from './spent.ts'
import { HERE } from './turns.ts'

export interface LimitsOptions {
  rules: Rules
  clock: Clock
  random: Random
  claim: Pick<Claim, 'shards'>
  /** Shards move between lanes: what is held elsewhere than on its run's part needs a row. */
  share: boolean
  borrowing: Borrowing
}

/**
 * Resources that a lane's tasks need: concurrency (E17) and rates (E18), counted from what is handed out. Those whose home is another lane are counted there,
 * and borrowed.
 *
 * A reservation is made when a task is matched, and let go when the commit that ends its attempt is durable, so that holds never exceed the capacity in any
 * committed state. Tokens are written in the batch of the delivery that spends them. On recovery holds are those of the recorded deliveries.
 */
export class Limits {
  readonly rules: Rules
  private readonly options: LimitsOptions
  private readonly holdsPart: (part: number) => boolean
  private readonly resources = new Map<string, Resource>()
  private readonly wallAtStart: number
  private readonly monotonicAtStart: number

  constructor(options: LimitsOptions) {
    const { clock, rules, claim } = options
    this.options = options
    this.rules = rules
    this.holdsPart = holds(claim)
    this.wallAtStart = clock.now()
    this.monotonicAtStart = clock.monotonic()
  }

  /** Wall time that never steps back (E20). */
  now(): Instant {
    return this.wallAtStart + this.options.clock.monotonic() - this.monotonicAtStart
  }

  /** The run lives in this lane. */
  isHere(run: RunId): boolean {
    return this.holdsPart(partOf(run))
  }

  load(rows: readonly RateRow[]): void {
    const now = this.now()
    for (const { namespace, limit, key, spent } of rows) {
      if (spent === null) continue
      const resource = this.resource(namespace, limit, key)
      resource.spent = Spent.fromText(spent, now)
      resource.isStored = true
    }
  }

  /** All limits that a group meets; those of a key apart from those of all. */
  boundsOf({ namespace, queue, definition, keys, dag }: Group, which: 'shared' | 'keyed' | 'all' = 'all'): Bound[] {
    const bounds: Bound[] = []
    for (const applied of withPool(this.rules.applied(namespace, queue, definition), dag == null ? null : this.rules.pool(namespace, dag))) {
      if (which !== 'all' && (applied.per === null) !== (which === 'shared')) continue
      // A run that was started before the limit went by this path is in none of its keys.
      const key = applied.per === null ? '' : keys?.[applied.per]
      if (key !== undefined) bounds.push({ applied, resource: this.resource(namespace, applied.limit.name, key) })
    }
    return bounds
  }

  /** When it lets a further task pass: null now, Infinity when somebody lets go or grants, else at that time. */
  freeAt({ applied: { limit, weight }, resource }: Bound, now: Instant): Instant | null {
    const { borrowed, turns } = resource
    if (borrowed !== null) return this.options.borrowing.isAtHand(resource, weight) ? null : Number.POSITIVE_INFINITY
    if (turns !== null && !turns.isEmpty && turns.first !== HERE) return Number.POSITIVE_INFINITY
    return this.roomAt(resource, limit, weight, now)
  }

  /** The same, whoever waits for it. */
  roomAt(resource: Resource, { is, max, everyMs }: Limit, weight: number, now: Instant): Instant | null {
    if (is === 'concurrency') return resource.used + weight <= max ? null : Number.POSITIVE_INFINITY
    return spentOf(resource).freeAt(now, weight, max, everyMs as number)
  }

  /** So many tasks that a worker waits for could be handed out but for this. */
  want({ applied, resource }: Bound, count: number): void {
    if (resource.borrowed !== null) this.options.borrowing.want(resource, applied, count)
    else resource.turns?.enterHere()
  }

  /** A token of another lane can be had, and is spent only when the task has all else. */
  isDue({ resource }: Bound): boolean {
    return resource.borrowed !== null && this.options.borrowing.isDue(resource)
  }

  /** So many tasks have all else. */
  spendDue({ applied, resource }: Bound, count: number): void {
    this.options.borrowing.spend(resource, applied, count)
  }

  /** What a task needs that is about to be handed out, which is free. Null: the time to use a token has passed meanwhile. */
  take(group: Group, run: RunId, task: TaskId, bounds: readonly Bound[], now: Instant): Reservation | null {
    const at = this.options.clock.monotonic()
    for (const { applied, resource } of bounds)
      if (resource.borrowed !== null && !this.options.borrowing.isAtHand(resource, applied.weight, at)) return null
    const reservation: Reservation = { limits: this, group, run, task, since: now, bounds, holds: [] }
    const holds: Hold[] = []
    for (const { applied, resource } of bounds) {
      const { limit, weight } = applied
      const { borrowed } = resource
      const grant = borrowed === null ? undefined : this.options.borrowing.take(resource, weight, at)
      if (limit.is === 'concurrency') {
        count(resource, weight, reservation)
        if (grant !== undefined) holds.push(holdOf(resource, weight, grant.id, grant.home))
        else if (this.options.share && borrowed === null && resource.part !== partOf(run)) holds.push(holdOf(resource, weight, this.newId(), null))
      } else if (borrowed === null) spentOf(resource).spend(now, weight, limit.everyMs as number)
    }
    reservation.holds = holds
    for (const { resource } of bounds) this.hadTurn(resource)
    return reservation
  }

  /** What was delivered counts, whatever the limits are now; `kept`: what its run's row says that it holds. */
  adopt(group: Group, run: RunId, task: TaskId, kept: readonly KeptHold[], spends: boolean): Reservation | null {
    const bounds = this.boundsOf(group)
    if (bounds.length === 0 && kept.length === 0) return null
    const now = this.now()
    const reservation: Reservation = {
      limits: this,
      group,
      run,
      task,
      since: now,
      bounds,
      holds: kept.map(hold => this.known(group.namespace, hold)),
    }
    for (const { applied, resource } of bounds) {
      if (applied.limit.is === 'concurrency') count(resource, applied.weight, reservation)
      else if (spends && resource.borrowed === null) spentOf(resource).spend(now, applied.weight, applied.limit.everyMs as number)
    }
    this.tellHomes(reservation)
    return reservation
  }

  /** The rules have changed. Nothing is granted before all of them are counted by the new ones. */
  regroup(reservations: readonly Reservation[]): void {
    const freed = new Set<Resource>()
    for (const reservation of reservations) {
      for (const bound of reservation.bounds) if (uncount(bound, reservation)) freed.add(bound.resource)
      reservation.bounds = this.boundsOf(reservation.group)
      for (const { applied, resource } of reservation.bounds) if (applied.limit.is === 'concurrency') count(resource, applied.weight, reservation)
      this.tellHomes(reservation)
    }
    this.options.borrowing.regroup()
    for (const resource of freed) this.freed(resource)
  }

  release(reservation: Reservation): void {
    for (const bound of reservation.bounds) if (uncount(bound, reservation)) this.freed(bound.resource)
    for (const { id, part } of reservation.holds) if (!this.holdsPart(part)) this.options.borrowing.finish(id, part)
  }

  /** Somebody let go of it. */
  freed(resource: Resource): void {
    if (resource.turns === null) resource.wake()
    else resource.turns.serve()
  }

  /** Tokens of another lane: spent as of the last moment at which they may be used there. */
  spendAhead(resource: Resource, { everyMs }: Limit, weight: number, withinMs: number): void {
    spentOf(resource).spend(this.now(), weight, everyMs as number, withinMs)
  }

  /** A target asked for a pause: no token of this group's rates for so long. Answers those that are counted here. */
  slow(group: Group, forMs: number): Resource[] {
    const slowed: Resource[] = []
    for (const { applied, resource } of this.boundsOf(group)) {
      if (applied.limit.is !== 'rate') continue
      if (resource.borrowed !== null) this.options.borrowing.slow(resource, forMs)
      else {
        this.pause(resource, forMs)
        slowed.push(resource)
      }
    }
    return slowed
  }

  pause(resource: Resource, forMs: number): void {
    const now = this.now()
    spentOf(resource).hold(now, now + forMs)
  }

  /** Asks the homes of what a run needs and other lanes count, for `standingOf`. */
  async look(group: Group): Promise<void> {
    const elsewhere = this.boundsOf(group).flatMap(({ resource, applied: { weight } }) => (resource.borrowed === null ? [] : [{ resource, weight }]))
    if (elsewhere.length > 0) await this.options.borrowing.look(elsewhere)
  }

  /** By limit and key. */
  ofLimit(limit: Limit): Resource[] {
    return [...this.resources.values()].filter(({ namespace, limit: name }) => namespace === limit.namespace && name === limit.name)
  }

  /** Forgets resources that count nothing; answers those whose rows may go. */
  sweep(): Resource[] {
    const gone: Resource[] = []
    const now = this.now()
    for (const [id, resource] of this.resources) {
      const everyMs = this.rules.get(resource.namespace, resource.limit)?.everyMs ?? 0
      if (!resource.isIdle || (resource.spent !== null && !resource.spent.isIdle(now, everyMs))) continue
      this.resources.delete(id)
      if (resource.isStored) gone.push(resource)
    }
    return gone
  }

  has({ namespace, limit, key }: Resource): boolean {
    return this.resources.has(idOf(namespace, limit, key))
  }

  resource(namespace: string, limit: string, key: string): Resource {
    const id = idOf(namespace, limit, key)
    let resource = this.resources.get(id)
    if (resource === undefined) {
      const part = partOfResource({ namespace, limit, key })
      resource = new Resource(namespace, limit, key, part, this.holdsPart(part) ? null : new Borrowed())
      this.resources.set(id, resource)
    }
    return resource
  }

  /** A hold as a row has it: the run began before this lane knew of it. */
  private known(namespace: string, { id, limit, key, weight }: KeptHold): Hold {
    const resource = this.resource(namespace, limit, key)
    if (resource.borrowed !== null) this.options.borrowing.knows(id, resource.part)
    return holdOf(resource, weight, id, null)
  }

  /** What runs and is counted elsewhere by nothing yet: begun before there was such a limit. */
  private tellHomes(reservation: Reservation): void {
    const { holds, run, since } = reservation
    const missing = reservation.bounds.filter(
      ({ applied: { limit }, resource: { borrowed, limit: name, key } }) =>
        borrowed !== null && limit.is === 'concurrency' && !holds.some(hold => hold.limit === name && hold.key === key),
    )
    if (missing.length === 0) return
    const told = missing.map(({ applied: { weight }, resource }): Hold => {
      const id = this.options.borrowing.count(resource, weight, run, since)
      return { ...holdOf(resource, weight, id, null), hasRow: false }
    })
    reservation.holds = [...holds, ...told]
  }

  private hadTurn({ turns }: Resource): void {
    if (turns === null || turns.first !== HERE) return
    turns.toBack(HERE)
    turns.serve()
  }

  private newId(): string {
    return newId(this.options.clock.now(), this.options.random)
  }
}

function count(resource: Resource, weight: number, reservation: Reservation): void {
  resource.used += weight
  resource.holders.add(reservation)
}

function uncount({ applied, resource }: Bound, reservation: Reservation): boolean {
  if (!resource.holders.delete(reservation)) return false
  resource.used -= applied.weight
  return true
}

function holdOf({ limit, key, part }: Resource, weight: number, id: string, home: string | null): Hold {
  return { id, limit, key, weight, part, home, hasRow: true }
}

function spentOf(resource: Resource): Spent {
  resource.spent ??= new Spent()
  return resource.spent
}

function idOf(namespace: string, limit: string, key: string): string {
  return `${namespace}\0${limit}\0${key}`
}

/** In the order of their names, as all are taken (E17); what its job says of the same pool counts. */
function withPool(applied: readonly Applied[], pool: Applied | null): readonly Applied[] {
  if (pool === null || applied.some(({ limit }) => limit.name === pool.limit.name)) return applied
  return [...applied, pool].sort((a, b) => (a.limit.name < b.limit.name ? -1 : 1))
}
