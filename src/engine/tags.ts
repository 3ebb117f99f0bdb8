import type { Kind } from '../core/machine.ts'
import { batchOf, type Trigger } from '../core/run.ts'

type Tags = Readonly<Record<string, string>>

/** The engine's own tags, which lists use and people do not see: no tag of theirs has a colon in its name. */
export const BATCH_TAG = ':batch'
export const KIND_TAG = ':kind'
/** Of a backfill: its schedule. */
export const BACKFILL_TAG = ':backfill'

const OWN: readonly string[] = [BATCH_TAG, KIND_TAG, BACKFILL_TAG]

/** Kinds that lists ask for: an index finds them. */
const FOUND: readonly Kind[] = ['batch', 'approval']

/** Tags of a row: a batch is found by its kind, and its jobs by the batch. */
export function rowTags(tags: Tags | null, kind: Kind, trigger: Trigger): Tags | null {
  const batch = batchOf(trigger)
  if (batch === null && !FOUND.includes(kind)) return tags
  return { ...tags, ...(FOUND.includes(kind) ? { [KIND_TAG]: kind } : {}), ...(batch === null ? {} : { [BATCH_TAG]: batch }) }
}

export function visibleTags(tags: Tags | null): Tags | null {
  if (tags === null || OWN.every(name => !(name in tags))) return tags
  const visible = Object.entries(tags).filter(([name]) => !OWN.includes(name))
  return visible.length === 0 ? null : Object.fromEntries(visible)
}
