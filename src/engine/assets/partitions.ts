import type { Instant } from '../../core/time.ts'
import { type KnownPartition, knownOf } from '../../machines/asset/marks.ts'
import { firstOf, type Partition, type PartitionSpec, partitionAt, partitionOf } from '../../machines/asset/partitions.ts'
import type { AssetState } from '../../machines/asset/types.ts'
import type { Page, Paged } from '../../store/store.ts'
import type { PartitionFilter } from './face.ts'

/** Partitions that one page looks at: with a filter that few fit, a page may have fewer than its limit, and there is more. */
const LOOKED_AT_MAX = 5_000

/** The latest first; of keys in their order. */
export function partitionsPage(state: AssetState, filter: PartitionFilter, page: Page, now: Instant): Paged<KnownPartition> {
  const spec = state.partitions as PartitionSpec
  const rows: KnownPartition[] = []
  let looked = 0
  for (const partition of partitionsOf(spec, filter, page.after, now)) {
    if (rows.length === page.limit || looked === LOOKED_AT_MAX) return { rows, next: String(partition.start) }
    looked++
    const known = knownOf(state, partition)
    if (filter.states === undefined || filter.states.includes(known.state)) rows.push(known)
  }
  return { rows, next: null }
}

/** From the one on that a cursor names. */
function* partitionsOf(spec: PartitionSpec, { from, until }: PartitionFilter, after: string | null, now: Instant): Generator<Partition> {
  if ('keys' in spec) {
    for (const key of spec.keys.slice(after === null ? 0 : Number(after))) yield partitionOf(spec, key) as Partition
    return
  }
  const earliest = Math.max(from ?? 0, firstOf(spec))
  const latest = after === null ? Math.min(until ?? now, now) : Number(after)
  for (let one = partitionAt(spec, latest); one !== null && one.end > earliest; one = partitionAt(spec, one.start - 1)) yield one
}
