import type { Group } from '../../core/gates.ts'
import type { RunId, TaskId } from '../../core/ids.ts'
import type { Limit } from '../../core/limits.ts'
import type { Instant } from '../../core/time.ts'
import type { RateRow } from '../../store/store.ts'
import type { Clock } from '../clock.ts'
import type { Applied, Rules } from './rules.ts'
import { Spent } from './spent.ts'

/** What waits for a resource, and is looked at again when it may have become free. */
export interface Waiter {
  wake(): void
}

/** One key of a limit (E17): who holds it, what of its rate is spent, who waits for it. Its capacity stands in the rules. */
export class Resource {
  readonly namespace: string
  readonly limit: string
  readonly key: string
  used = 0
  readonly holders = new Set<Reservation>()
  /** Of a rate. */
  spent: Spent | null = null
  readonly waiting = new Set<Waiter>()
  /** Lines that go by it. */
  refs = 0
  /** The store has a row of it. */
  isStored = false

  constructor(namespace: string, limit: string, key: string) {
    this.namespace = namespace
    this.limit = limit
    this.key = key
  }

  /** The same with nothing spent, so that its row goes. */
  cleared(): Resource {
    return new Resource(this.namespace, this.limit, this.key)
  }

  row(): RateRow {
    const { namespace, limit, key, spent } = this
    this.isStored = true
    return { namespace, limit, key, spent: spent === null ? null : spent.toText() }
  }
}

/** A limit as it applies to one group, with the resource that counts it. */
export interface Bound {
  applied: Applied
  resource: Resource
}

/** What a task that is handed out holds, until its attempt has ended and that is committed: counts come from these alone. */
export interface Reservation {
  readonly limits: Limits
  readonly group: Group
  run: RunId
  task: TaskId
  since: Instant
  bounds: readonly Bound[]
}

/**
 * Resources of a lane: concurrency (E17) and rates (E18), counted from what is handed out.
 *
 * A reservation is made when a task is matched, and let go when the commit that ends its attempt is durable, so that holds never exceed the capacity in any
 * committed state. Tokens are written in the batch of the delivery that spends them. On recovery holds are those of the recorded deliveries.
 */
export class Limits {
  private readonly rules: Rules
  private readonly clock: Clock
  private readonly resources = new Map<string, Resource>()
  private readonly wallAtStart: number
  private readonly monotonicAtStart: number

  constructor(rules: Rules, clock: Clock) {
    this.rules = rules
    this.clock = clock
    this.wallAtStart = clock.now()
    this.monotonicAtStart = clock.monotonic()
  }

  /** Wall time that never steps back (E20). */
  now(): Instant {
    return this.wallAtStart + this.clock.monotonic() - this.monotonicAtStart
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
  boundsOf({ namespace, queue, definition, keys }: Group, which: 'shared' | 'keyed' | 'all' = 'all'): Bound[] {
    const bounds: Bound[] = []
    for (const applied of this.rules.applied(namespace, queue, definition)) {
      if (which !== 'all' && (applied.per === null) !== (which === 'shared')) continue
      // A run that was started before the limit went by this path is in none of its keys.
      const key = applied.per === null ? '' : keys?.[applied.per]
      if (key !== undefined) bounds.push({ applied, resource: this.resource(namespace, applied.limit.name, key) })
    }
    return bounds
  }

  /** When it lets a further task pass: null now, Infinity when somebody lets go, else at that time. */
  freeAt({ applied: { limit, weight }, resource }: Bound, now: Instant): Instant | null {
    if (limit.is === 'concurrency') return resource.used + weight <= limit.max ? null : Number.POSITIVE_INFINITY
    return spentOf(resource).freeAt(now, weight, limit.max, limit.everyMs as number)
  }

  /** Takes all of it, or more than there is: what was delivered counts, whatever the limits are now. */
  reserve(group: Group, run: RunId, task: TaskId, bounds: readonly Bound[], now: Instant, spends: boolean): Reservation {
    const reservation: Reservation = { limits: this, group, run, task, since: now, bounds }
    for (const { applied, resource } of bounds) {
      if (applied.limit.is === 'concurrency') {
        resource.used += applied.weight
        resource.holders.add(reservation)
      } else if (spends) spentOf(resource).spend(now, applied.weight, applied.limit.everyMs as number)
    }
    return reservation
  }

  /** The rules have changed. */
  regroup(reservation: Reservation): void {
    this.release(reservation)
    reservation.bounds = this.boundsOf(reservation.group)
    for (const { applied, resource } of reservation.bounds) {
      if (applied.limit.is !== 'concurrency') continue
      resource.used += applied.weight
      resource.holders.add(reservation)
    }
  }

  release(reservation: Reservation): void {
    for (const { applied, resource } of reservation.bounds) {
      if (!resource.holders.delete(reservation)) continue
      resource.used -= applied.weight
      for (const waiter of [...resource.waiting]) waiter.wake()
    }
  }

  /** A target asked for a pause: no token of this group's rates before then. */
  slow(group: Group, until: Instant): Resource[] {
    const slowed: Resource[] = []
    const now = this.now()
    for (const { applied, resource } of this.boundsOf(group)) {
      if (applied.limit.is !== 'rate') continue
      spentOf(resource).hold(now, until)
      slowed.push(resource)
    }
    return slowed
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
      if (resource.refs > 0 || resource.used > 0 || resource.waiting.size > 0) continue
      if (resource.spent !== null && !resource.spent.isIdle(now, everyMs)) continue
      this.resources.delete(id)
      if (resource.isStored) gone.push(resource)
    }
    return gone
  }

  has({ namespace, limit, key }: Resource): boolean {
    return this.resources.has(idOf(namespace, limit, key))
  }

  private resource(namespace: string, limit: string, key: string): Resource {
    const id = idOf(namespace, limit, key)
    let resource = this.resources.get(id)
    if (resource === undefined) {
      resource = new Resource(namespace, limit, key)
      this.resources.set(id, resource)
    }
    return resource
  }
}

function spentOf(resource: Resource): Spent {
  resource.spent ??= new Spent()
  return resource.spent
}

function idOf(namespace: string, limit: string, key: string): string {
  return `${namespace}\0${limit}\0${key}`
}
