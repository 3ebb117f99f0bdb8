import type { ClaimId } from '../../core/ids.ts'
import type { Ask } from './homes.ts'

/** This lane among those that wait. */
export const HERE = ''

/** The lanes that wait for one resource, which is counted here: they take turns, one task each, whatever they ask for. */
export class Turns {
  /** In the order of their turns; this lane has no asks, it looks for itself. */
  private readonly lanes = new Map<ClaimId | typeof HERE, Ask[]>()
  /** Ends the turn of one that does not take it. */
  forfeit: (() => void) | null = null
  /** Rings when the next token comes. */
  alarm: (() => void) | null = null
  /** Something may be granted. */
  readonly serve: () => void

  constructor(serve: () => void) {
    this.serve = serve
  }

  get isEmpty(): boolean {
    return this.lanes.size === 0
  }

  get first(): ClaimId | typeof HERE | undefined {
    return this.lanes.keys().next().value
  }

  get size(): number {
    return this.lanes.size
  }

  asksOf(lane: ClaimId): readonly Ask[] {
    return this.lanes.get(lane) ?? []
  }

  /** This lane would hand out a task, too. */
  enterHere(): void {
    if (!this.lanes.has(HERE)) this.lanes.set(HERE, [])
  }

  enter(lane: ClaimId, ask: Ask): void {
    const asks = this.lanes.get(lane)
    if (asks === undefined) this.lanes.set(lane, [ask])
    else asks.push(ask)
  }

  /** Its turn is over: it is the last now, if it waits for more. */
  toBack(lane: ClaimId | typeof HERE): void {
    const asks = this.lanes.get(lane)
    this.lanes.delete(lane)
    if (asks !== undefined && asks.length > 0) this.lanes.set(lane, asks)
    this.taken()
  }

  /** It no longer waits for this. */
  leave(lane: ClaimId, ask: Ask): void {
    const asks = this.lanes.get(lane)
    const index = asks?.indexOf(ask) ?? -1
    if (asks === undefined || index < 0) return
    asks.splice(index, 1)
    if (asks.length > 0) return
    if (this.first === lane) this.taken()
    this.lanes.delete(lane)
  }

  /** Nobody's time runs any more. */
  taken(): void {
    this.forfeit?.()
    this.forfeit = null
  }

  end(): void {
    this.taken()
    this.alarm?.()
    this.alarm = null
  }
}
