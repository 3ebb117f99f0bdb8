import type { Payload } from '../../core/run.ts'
import type { Instant } from '../../core/time.ts'
import type { AssetExpression } from '../../machines/asset/expression.ts'
import type { KnownPartition, PartitionState } from '../../machines/asset/marks.ts'
import type { PartitionSpec } from '../../machines/asset/partitions.ts'
import type { AssetEvent, Consumer, Producer, Watermark } from '../../machines/asset/types.ts'
import type { Page, Paged } from '../../store/store.ts'
import type { Command } from '../face.ts'

/** Assets: what tasks make and schedules wait for. `at` of an error is a JSON pointer into the body. */
export interface AssetCalls {
  /** By name: those that have had an event, that something waits for, that were declared, or that a definition names as an outlet. */
  list(namespace: string, page: Page): Promise<Paged<AssetView>>
  /** @throws UserError `asset-not-found` */
  get(namespace: string, name: string): Promise<AssetDetail>
  /** That it was made anew; the same command again makes no second event. It comes into being if it is not there yet. @throws UserError `invalid-input` */
  emit(namespace: string, name: string, event: { partition?: string; extra?: Payload } & Command): Promise<AssetEmitted>
  /** What is left out stays, null removes. @throws UserError `invalid-option` */
  declare(namespace: string, name: string, change: AssetChange & Command): Promise<{ changed: 'created' | 'edited' | 'unchanged' }>
  /** The latest first: of time up to now, `from` and `until` are instants in the last and first of them. @throws UserError `asset-not-found`, `not-partitioned` */
  partitions(namespace: string, name: string, filter: PartitionFilter, page: Page): Promise<Paged<KnownPartition>>
  /** Which definitions make which assets, and which schedules wait for them. */
  lineage(namespace: string): Promise<Lineage>
}

export interface AssetView {
  name: string
  namespace: string
  description: string | null
  partitions: PartitionSpec | null
  /** Events so far. */
  count: number
  last: AssetEvent | null
  /** Those whose definition says so, and those that did. `at`: when, last; null: never. */
  producers: (Omit<Producer, 'at'> & { at: Instant | null })[]
  consumers: Consumer[]
}

export interface AssetDetail extends AssetView {
  watermark: Watermark | null
  /** The last ones, latest first. */
  events: AssetEvent[]
}

export interface AssetChange {
  description?: string | null
  partitions?: PartitionSpec | null
  /** JSON; null: none. */
  watermark?: Payload | null
}

/** `isNew` false: the same command has made it before. `consumers`: how many schedules were told. */
export interface AssetEmitted {
  n: number
  isNew: boolean
  consumers: number
}

export interface PartitionFilter {
  from?: Instant
  until?: Instant
  states?: readonly PartitionState[]
}

/** Bounded: `more` says that there are others. */
export interface Lineage {
  assets: string[]
  producers: { definition: string; task: string | null; asset: string }[]
  consumers: { schedule: string; definition: string; assets: AssetExpression }[]
  more: boolean
}

export type { AssetEvent, AssetExpression, Consumer, KnownPartition, PartitionSpec, PartitionState }
