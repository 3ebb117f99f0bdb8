import type { SourceTable } from '../sqlite/source.ts'
import type { SettingRow } from '../store.ts'
import { MOVE_SETTING } from './standing.ts'

/** All that is moved, in its order. */
export const TABLES = [
  'definitions',
  'settings',
  'open',
  'closed',
  'keys',
  'segments',
  'logs',
  'streams',
  'ledger',
  'rates',
  'holds',
  'mail',
] as const

export interface Progress {
  doing: 'copying' | 'comparing'
  table: SourceTable
  rows: number
  /** In the source. */
  of: number
}

/** Settings that movers, and nodes that can be several, keep for themselves: a source has none, and an empty target may have some. */
const OF_TARGET = [MOVE_SETTING, 'cluster-secret', 'node-drain']

export function isOfTarget({ kind }: SettingRow): boolean {
  return OF_TARGET.includes(kind)
}
