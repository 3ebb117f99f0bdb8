import { countText } from '../format/number.ts'
import type { BackfillAsk } from './queries.ts'
import type { Reprocess } from './search.ts'

export type Asked = Required<Omit<BackfillAsk, 'missing'>>

const ACTIVE_MAX = 1_000

/** What is asked of the server, or what is wrong with it in words. */
export function askedOf(written: {
  from: number | null
  to: number | null
  active: string
  order: 'forward' | 'reverse'
  reprocess: Reprocess
}): Asked | string {
  const { from, to, active, order, reprocess } = written
  if (from === null || to === null) return 'Both ends are needed.'
  if (to < from) return 'It ends before it begins.'
  const maxActive = Number(active)
  if (!Number.isInteger(maxActive) || maxActive < 1 || maxActive > ACTIVE_MAX) return `Runs open at a time: 1 to ${countText(ACTIVE_MAX)}.`
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), maxActive, order, reprocess }
}
