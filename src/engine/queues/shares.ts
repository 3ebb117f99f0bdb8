import type { Group } from '../../core/gates.ts'
import type { DefinitionRules } from '../../core/options.ts'

/**
 * Fair share between the keys of a queue: start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996). A share is served in the order of its `pass`, which
 * grows by 1 / weight a task; one that had nothing ready joins at the pass that is being served, so that it neither saves up nor falls behind.
 * Tasks whose definition has no `fair` are one share of their queue, which is the plain order by sort key where there is no other.
 */
export class FairQueue {
  readonly id: string
  private readonly shares = new Map<string, Share>()
  private served = 0
  private forgetAt = FORGET_MIN
  /** Of the tasks handed out last, whose each was; from `lastsAt` on the oldest. */
  private readonly lasts: string[] = []
  private lastsAt = 0

  constructor(id: string) {
    this.id = id
  }

  share(key: string, weight: number): Share {
    let share = this.shares.get(key)
    if (share === undefined) {
      share = { queue: this, key, weight, pass: this.served, lines: 0, refs: 0 }
      this.shares.set(key, share)
    }
    share.weight = weight
    return share
  }

  /** A line of it has something to hand out. */
  join(share: Share): void {
    if (share.lines++ === 0) share.pass = Math.max(share.pass, this.served)
  }

  leave(share: Share): void {
    share.lines--
  }

  /** So many tasks of it are handed out. */
  serve(share: Share, tasks: number): void {
    this.served = Math.max(this.served, share.pass)
    share.pass += tasks / share.weight
    for (let task = 0; task < tasks; task++) {
      this.lasts[this.lastsAt++] = share.key
      if (this.lastsAt === RECENT_MAX) this.lastsAt = 0
    }
  }

  /** Of the tasks handed out last, 1,000 at most, how many were whose. */
  recent(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const key of this.lasts) counts.set(key, (counts.get(key) ?? 0) + 1)
    return counts
  }

  /** Shares that no line goes by are remembered as long as they are ahead of the others; now and then the rest is forgotten. */
  forget(): void {
    if (this.shares.size < this.forgetAt) return
    for (const [key, { refs, pass }] of this.shares) if (refs === 0 && pass <= this.served) this.shares.delete(key)
    this.forgetAt = Math.max(FORGET_MIN, 2 * this.shares.size)
  }

  /** How many shares with something to hand out are served before this one, and how many there are. */
  position(share: Share): { before: number; of: number } {
    let before = 0
    let of = 0
    for (const { lines, pass } of this.shares.values()) {
      if (lines === 0) continue
      of++
      if (pass < share.pass) before++
    }
    return { before, of }
  }
}

/** Fewer shares are not worth a look. */
const FORGET_MIN = 1_000
const RECENT_MAX = 1_000

/** Whose share a task is: that of its value at the path of its definition's rule, or that of all without a rule. */
export function shareOf(rule: DefinitionRules['fair'], keys: Group['keys']): { key: string; weight: number } {
  if (rule === undefined) return { key: '', weight: 1 }
  const value = keys?.[rule.per] ?? ''
  return { key: `=${value}`, weight: rule.weights?.[value] ?? 1 }
}

export interface Share {
  readonly queue: FairQueue
  readonly key: string
  weight: number
  /** Virtual time at which its next task begins. */
  pass: number
  /** Lines of it that have something to hand out. */
  lines: number
  /** Lines that go by it. */
  refs: number
}
