import type { Limit, LimitHolder } from '../../core/limits.ts'
import type { Instant } from '../../core/time.ts'
import type { Limits } from './limits.ts'
import type { Resource } from './resource.ts'

/** How a resource stands, for people: as its home has it, or last said where it is counted elsewhere. */
export interface Standing {
  used: number
  holders: LimitHolder[]
  /** When a task of this weight can have it: null now, Infinity when somebody lets go. */
  freeAt: Instant | null
}

export function standingOf(limits: Limits, limit: Limit, resource: Resource, weight = 1): Standing {
  const { borrowed, seen } = resource
  const now = limits.now()
  const isRate = limit.is === 'rate'
  if (borrowed === null || seen === null) {
    const used = isRate ? (resource.spent?.used(now, limit.everyMs as number) ?? 0) : resource.used
    return { used, holders: isRate ? [] : holdersOf(resource), freeAt: borrowed === null ? limits.roomAt(resource, limit, weight, now) : null }
  }
  const { used, holders, nextInMs } = seen
  const own = isRate ? [] : holdersOf(resource)
  const others = holders.filter(({ run }) => own.every(holder => holder.run !== run))
  const full = used + weight <= limit.max ? null : Number.POSITIVE_INFINITY
  return { used, holders: [...own, ...others], freeAt: isRate ? (nextInMs === null ? null : now + nextInMs) : full }
}

/** Of those of other lanes, the ones whose rows were read. */
export function holdersOf(resource: Resource): LimitHolder[] {
  const own = [...resource.holders].map(({ run, since, bounds }) => ({
    run,
    weight: bounds.find(bound => bound.resource === resource)?.applied.weight ?? 1,
    since: Math.floor(since),
  }))
  const others = [...resource.lent.values()].flatMap(({ run, weight, since }) => (run === null ? [] : [{ run, weight, since: Math.floor(since) }]))
  return [...own, ...others]
}
