import type { Group } from '../../core/gates.ts'
import type { Pause, PauseTarget } from '../face.ts'
import type { Settings } from '../settings.ts'

/** Something that keeps every task of a group from being handed out. */
export type Gate = ({ is: 'paused' } & PauseTarget & Pause) | { is: 'unavailable' }

/** All gates that are shut for a group, without stopping at the first: dispatch asks whether there is one, `explain` which (docs/architecture.md section 5). */
export function gatesOf(group: Group, settings: Settings, fresh: boolean): Gate[] {
  const gates: Gate[] = settings.pausesOf(group).map(pause => ({ is: 'paused', ...pause }))
  if (!fresh) gates.push({ is: 'unavailable' })
  return gates
}
