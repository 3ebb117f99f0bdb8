import { slotOfKey } from '../core/ids.ts'

/**
 * Where a start lives (E9): with its sequence, which is one line in one place; else with its key, which decides whether it starts; null: where it is asked for.
 * So a key is unique within its sequence, and what it meets is always at hand.
 */
export function homeOf(namespace: string, definition: string, sequence: string | undefined, key: string | null): number | null {
  if (sequence === undefined && key === null) return null
  return slotOfKey(`${namespace}\n${definition}\n${sequence ?? key}`)
}

/** A key as it stands in its row. */
export function keyWithin(key: string, sequence: string | undefined): string {
  return sequence === undefined ? key : `${key}${WITHIN}${sequence}`
}

/** A key without its sequence. */
export function keyItself(row: string, sequence: string | undefined): string {
  return sequence === undefined || !row.endsWith(`${WITHIN}${sequence}`) ? row : row.slice(0, -WITHIN.length - sequence.length)
}

const WITHIN = '\nin '
