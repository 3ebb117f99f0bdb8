import type { Group } from '../../core/gates.ts'
import type { Limit, LimitHolder } from '../../core/limits.ts'
import type { Instant } from '../../core/time.ts'
import type { Actor } from '../actor.ts'
import type { Pause, PauseTarget } from '../face.ts'
import type { Limits } from '../limits/limits.ts'
import { standingOf } from '../limits/standing.ts'
import type { Settings } from '../settings.ts'
import { isTurnOf, type Line, type Sequence } from './line.ts'

/** Something that keeps every task of a group, or its first one, from being handed out. */
export type Gate =
  | ({ is: 'paused' } & PauseTarget & Pause)
  | { is: 'unavailable' }
  /** `before`: how many of its line go before it; null: more than are in memory. */
  | {
      is: 'limit'
      limit: Limit
      per: string | null
      key: string
      weight: number
      used: number
      holders: readonly LimitHolder[]
      before: number | null
    }
  | { is: 'rate'; limit: Limit; per: string | null; key: string; used: number; freeAt: Instant }
  | { is: 'sequence'; definition: string; key: string; holder: string | null; stopped: boolean }
  | { is: 'gathering'; size: number; gathered: number; at: Instant }

export interface GateWorld {
  settings: Settings
  limits: Limits
  fresh: boolean
  /** The line of the group; undefined: nothing of it is ready in memory. */
  line: Line | undefined
}

/**
 * All gates that are shut for a run, without stopping at the first (docs/architecture.md section 5): dispatch asks the same of limits and turns, and stops
 * at the first.
 */
export function gatesOf(actor: Actor, group: Group, { settings, limits, fresh, line }: GateWorld): Gate[] {
  const gates: Gate[] = settings.pausesOf(group).map(pause => ({ is: 'paused', ...pause }))
  if (!fresh) gates.push({ is: 'unavailable' })
  for (const { applied, resource } of limits.boundsOf(group)) {
    const { limit, per, weight } = applied
    const { key } = resource
    const { used, holders, freeAt } = standingOf(limits, limit, resource, weight)
    if (freeAt === null) continue
    if (limit.is === 'rate') gates.push({ is: 'rate', limit, per, key, used, freeAt })
    else gates.push({ is: 'limit', limit, per, key, weight, used, holders, before: line?.window.before(actor.id) ?? null })
  }
  if (group.sequence !== null && line?.sequence != null) {
    const { holder, stopped } = turnOf(line.sequence)
    if (holder !== actor.id && !(stopped && isTurnOf(actor, line.sequence.holder)))
      gates.push({ is: 'sequence', definition: group.definition, key: group.sequence, holder, stopped })
  }
  if (line?.parked?.is === 'gathering' && line.set?.batch != null)
    gates.push({ is: 'gathering', size: line.set.batch.size, gathered: line.window.size, at: line.parked.at })
  return gates
}

/** Where it is nobody's, it is that of the first that is ready. */
function turnOf(sequence: Sequence): { holder: string | null; stopped: boolean } {
  const { holder } = sequence
  if (holder === undefined) return { holder: null, stopped: false }
  return holder === null
    ? { holder: sequence.first()?.actor.id ?? null, stopped: false }
    : { holder: holder.run, stopped: holder.inputHash === 'stopped' }
}
