import type { Kind } from '../core/machine.ts'
import { batchOf, type Trigger } from '../core/run.ts'

type Tags = Readonly<Record<string, string>>

/** The engine's own tags, which lists use and people do not see: no tag of theirs has a colon in its name. */
export const BATCH_TAG = ':batch'
export const KIND_TAG = ':kind'

/** Tags of a row: a batch is found by its kind, and its jobs by the batch. */
export function rowTags(tags: Tags | null, kind: Kind, trigger: Trigger): Tags | null {
  const batch = batchOf(trigger)
  if (batch === null && kind !== 'batch') return tags
  return { ...tags, ...(kind === 'batch' ? { [KIND_TAG]: kind } : {}), ...(batch === null ? {} : { [BATCH_TAG]: batch }) }
}

export function visibleTags(tags: Tags | null): Tags | null {
  if (tags === null || (!(BATCH_TAG in tags) && !(KIND_TAG in tags))) return tags
  const visible = Object.entries(tags).filter(([name]) => name !== BATCH_TAG && name !== KIND_TAG)
  return visible.length === 0 ? null : Object.fromEntries(visible)
}
