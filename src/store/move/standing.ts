import type { Instant } from '../../core/time.ts'
import type { SourceCursor, SourceTable } from '../sqlite/source.ts'
import type { SettingRow, Store } from '../store.ts'
import type { Verified } from './verify.ts'

/** The setting of the target that says how far a move into it is; written with the rows that it counts, in one batch. */
export const MOVE_SETTING = 'move'

/** How far a move is. */
export interface Standing {
  /** Of the move: the source has it too. */
  id: string
  /** The source's file and machine, for people. */
  file: string
  host: string
  startedAt: Instant
  /** Null: the target is not whole, and nobody may serve it. */
  ended: { at: Instant; tables: Record<SourceTable, Verified> } | null
  /** The table that is being copied, and the key of the last row that is there. */
  table: SourceTable
  after: SourceCursor | null
  /** Rows that are there. */
  rows: Record<SourceTable, number>
}

export async function standingOf(target: Store): Promise<Standing | null> {
  const found = (await target.read.settings()).find(({ kind }) => kind === MOVE_SETTING)
  return found === undefined ? null : (JSON.parse(found.value as string) as Standing)
}

export function standingRow(standing: Standing, now: Instant): SettingRow {
  return { namespace: '', kind: MOVE_SETTING, name: 'into', value: JSON.stringify(standing), changedAt: now }
}

/** A store that others may be moving into: its nodes stand by until the move has ended, also while nobody goes on with it. */
export function standingByForMoves(store: Store): Store {
  return {
    ...store,
    async claim(request) {
      const standing = request.wanted.length + request.dead.length === 0 ? null : await standingOf(store)
      // Nor is a mover's lane revoked that stood still for a while: it goes on, or the next mover sees to it.
      return store.claim(standing === null || standing.ended !== null ? request : { ...request, wanted: [], dead: [] })
    },
  }
}
