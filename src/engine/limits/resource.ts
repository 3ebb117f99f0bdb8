import type { Group } from '../../core/gates.ts'
import { type ClaimId, type HoldId, partOfResource, type RunId, type TaskId } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'
import type { RateRow } from '../../store/store.ts'
import type { Borrowed } from './borrowing.ts'
import type { ResourceSeen } from './homes.ts'
import type { Lent } from './lending.ts'
import type { Limits } from './limits.ts'
import type { Applied } from './rules.ts'
import type { Spent } from './spent.ts'
import type { Turns } from './turns.ts'

/** What waits for a resource, and is looked at again when it may have become free. */
export interface Waiter {
  wake(): void
}

/** One key of a limit (E17): who holds it, what of its rate is spent, who waits for it. Its capacity stands in the rules. */
export class Resource {
  readonly namespace: string
  readonly limit: string
  readonly key: string
  readonly part: number
  /** What other lanes hold included, where it is counted here. */
  used = 0
  readonly holders = new Set<Reservation>()
  /** Of a rate. */
  spent: Spent | null = null
  readonly waiting = new Set<Waiter>()
  /** Lines that go by it. */
  refs = 0
  /** The store has a row of it. */
  isStored = false
  /** What other lanes hold. */
  readonly lent = new Map<HoldId, Lent>()
  /** Whose turn it is, while other lanes wait for it. */
  turns: Turns | null = null
  /** Counted by another lane: what that one has granted. Null: it is counted here. */
  readonly borrowed: Borrowed | null
  /** As its home last said. */
  seen: ResourceSeen | null = null

  constructor(namespace: string, limit: string, key: string, part = partOfResource({ namespace, limit, key }), borrowed: Borrowed | null = null) {
    this.namespace = namespace
    this.limit = limit
    this.key = key
    this.part = part
    this.borrowed = borrowed
  }

  get isIdle(): boolean {
    const { refs, used, waiting, turns, borrowed } = this
    return (
      refs === 0 && used === 0 && waiting.size === 0 && turns === null && (borrowed === null || borrowed.asked.size + borrowed.grants.length === 0)
    )
  }

  /** The same with nothing spent, so that its row goes. */
  cleared(): Resource {
    return new Resource(this.namespace, this.limit, this.key, this.part)
  }

  row(): RateRow {
    const { namespace, limit, key, spent } = this
    this.isStored = true
    return { namespace, limit, key, spent: spent === null ? null : spent.toText() }
  }

  wake(): void {
    for (const waiter of [...this.waiting]) waiter.wake()
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
  /** What of it others than its own lane's memory must know. */
  holds: readonly Hold[]
}

/** A hold as its run's row keeps it, so that whoever takes over can drop it. */
export interface KeptHold {
  id: HoldId
  limit: string
  key: string
  weight: number
}

/** What is held at a home that is, or may come to be, in another lane. */
export interface Hold extends KeptHold {
  part: number
  /** Who granted it, and must stand when it is recorded; null: it is counted here, or was recorded before. */
  home: ClaimId | null
  /** It has a row from its delivery on. One that was counted when it ran already has none. */
  hasRow: boolean
}
