import type { ActorId } from '../core/ids.ts'
import type { MailRow } from '../store/store.ts'

/**
 * Letters that lie between actors of one lane: what one sends to another goes behind those that it has sent before (E7), by letter, too, until they are taken.
 */
export class Between {
  /** Letters of before this lane had both parts may lie there, from whomever to whomever. */
  inherited = false
  /** Of those that this lane wrote, by sender and receiver, how many are not taken. */
  private readonly pairs = new Map<string, number>()
  private readonly written = new Map<string, string>()

  isFree(from: ActorId, to: ActorId): boolean {
    return !this.inherited && (this.pairs.size === 0 || !this.pairs.has(`${from} ${to}`))
  }

  sent({ id }: Pick<MailRow, 'id'>, from: ActorId, to: ActorId): void {
    const pair = `${from} ${to}`
    this.written.set(id, pair)
    this.pairs.set(pair, (this.pairs.get(pair) ?? 0) + 1)
  }

  taken({ id }: Pick<MailRow, 'id'>): void {
    const pair = this.written.get(id)
    if (pair === undefined) return
    this.written.delete(id)
    const left = (this.pairs.get(pair) ?? 0) - 1
    if (left > 0) this.pairs.set(pair, left)
    else this.pairs.delete(pair)
  }
}
