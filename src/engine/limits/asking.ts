import type { ClaimId, HoldId } from '../../core/ids.ts'
import type { Clock } from '../clock.ts'
import type { Borrowed } from './borrowing.ts'
import type { Ask, Home, HomeAnswer, HomeCall, Slowed } from './homes.ts'
import type { Resource } from './resource.ts'

/** What a lane waits for. */
export type Want = Pick<Ask, 'weight' | 'is' | 'running'> & { id: HoldId; resource: Resource }

export interface AskingEvents {
  /** Of the next call. */
  number(): number
  granted(asks: readonly Ask[], sentAt: number): void
  /** A token can be had for these now. */
  due(wants: readonly Want[]): void
  /** It is to go by another id from now on. */
  rename(want: Want): void
  /** The home knows that it is over. */
  acknowledged(id: HoldId): void
}

/** A call that is not answered by then was lost. */
const LOST_MS = 3_000
const AGAIN_MS = 100
const CALLS_MAX = 2

/**
 * Calls from one lane to one home. Each says all that the lane waits for, so that only the latest counts and any may be lost; while one waits at the home for
 * something to be granted, the next, which supersedes it, may be under way, and no third.
 */
export class AskingSession {
  readonly home: Home | null
  readonly asks = new Map<HoldId, Want>()
  /** With the part of its home. */
  readonly ended = new Map<HoldId, number>()
  readonly slowed: { part: number; slowed: Slowed }[] = []
  /** What runs already and this home counts. */
  readonly counted = new Set<HoldId>()
  private readonly from: ClaimId
  private readonly clock: Clock
  private readonly events: AskingEvents
  private inFlight = 0
  private latest = 0
  private changed = false
  private soon = false
  private over = false

  constructor(home: Home | null, from: ClaimId, clock: Clock, events: AskingEvents) {
    this.home = home
    this.from = from
    this.clock = clock
    this.events = events
  }

  get isEmpty(): boolean {
    return this.asks.size + this.ended.size + this.slowed.length === 0
  }

  end(): void {
    this.over = true
  }

  sendSoon(): void {
    this.changed = true
    if (this.soon || this.over || this.home === null || this.inFlight >= CALLS_MAX) return
    this.soon = true
    this.clock.soon(() => {
      this.soon = false
      if (!this.over && this.changed) void this.send(this.home as Home)
    })
  }

  private async send(home: Home): Promise<void> {
    this.changed = false
    const { clock, from, events } = this
    const wants = [...this.asks.values()]
    const ended = [...this.ended.keys()]
    const slowed = this.slowed.splice(0)
    const call: HomeCall = { from, n: events.number(), asks: wants.map(askOf), ended, slowed: slowed.map(({ slowed }) => slowed) }
    this.latest = call.n
    this.inFlight++
    const sentAt = clock.monotonic()
    const answer = await this.answered(home, call)
    this.inFlight--
    if (this.over) return
    if (answer === null) {
      this.slowed.unshift(...slowed)
      // A token may have been spent for it: that one was for this call alone.
      for (const want of wants) if (want.is === 'token') this.rename(want)
      if (this.changed || (call.n === this.latest && !this.isEmpty)) clock.after(AGAIN_MS, () => this.sendSoon())
      return
    }
    const granted = new Set(answer.granted)
    for (const { id, running } of call.asks) if (running !== null && granted.has(id)) this.counted.add(id)
    for (const id of ended) events.acknowledged(id)
    events.granted(
      call.asks.filter(({ id }) => granted.has(id)),
      sentAt,
    )
    if (answer.due.length > 0) events.due([...new Set(answer.due)].flatMap(id => this.asks.get(id) ?? []))
    if (this.changed || answer.due.length > 0 || (call.n === this.latest && !this.isEmpty)) this.sendSoon()
  }

  /** Null: it is not known what became of the call. */
  private answered(home: Home, call: HomeCall): Promise<HomeAnswer | null> {
    return new Promise(resolve => {
      const cancel = this.clock.after(LOST_MS, () => resolve(null))
      home.call(call).then(
        answer => {
          cancel()
          resolve(answer)
        },
        () => {
          cancel()
          resolve(null)
        },
      )
    })
  }

  private rename(want: Want): void {
    if (this.asks.get(want.id) !== want) return
    this.asks.delete(want.id)
    this.events.rename(want)
    this.asks.set(want.id, want)
  }
}

function askOf({ id, resource: { namespace, limit, key, borrowed }, weight, is, running }: Want): Ask {
  return { id, namespace, limit, key, weight, is, withinMs: (borrowed as Borrowed).withinMs, running }
}
