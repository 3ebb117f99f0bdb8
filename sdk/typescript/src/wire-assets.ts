/** Assets over HTTP: part of the tables of wire.ts. */
export const ASSET_OPERATIONS = {
  'assets.list': ['GET', '/v1/namespaces/{namespace}/assets'],
  'assets.get': ['GET', '/v1/namespaces/{namespace}/assets/{name}'],
  'assets.set': ['PUT', '/v1/namespaces/{namespace}/assets/{name}'],
  'assets.emit': ['POST', '/v1/namespaces/{namespace}/assets/{name}/events'],
  'assets.partitions': ['GET', '/v1/namespaces/{namespace}/assets/{name}/partitions'],
  'assets.lineage': ['GET', '/v1/namespaces/{namespace}/lineage'],
} as const satisfies Record<string, readonly ['GET' | 'POST' | 'PUT', string]>

/** An asset that a run makes anew when it completes. `partition`: default the one that the run is for. */
export type WireOutlet = string | { asset: string; partition?: string }
/** What a handler says of an asset among its outlets. */
export interface WireAssetFacts {
  asset: string
  partition?: string
  extra?: unknown
  /** How far it has come; kept if the run completes. */
  watermark?: unknown
}
/** What a schedule waits for: a list means all. */
export type WireAssetExpression = string | WireAssetExpression[] | { all: WireAssetExpression[] } | { any: WireAssetExpression[] }

export interface WireTriggerAssets {
  /** The events of assets that triggered a run. */
  events: WireTriggerAssetEvent[]
  /** So many more, before these. */
  more?: number
}
export interface WireTriggerAssetEvent {
  asset: string
  n: number
  at: string
  /** That made it. */
  run?: string
  by?: string
  partition?: string
}

/** By time (`start`: the local date of the first), or by keys. */
export type WirePartitions = { every: 'hour' | 'day' | 'week' | 'month'; start: string; timezone?: string } | { keys: string[] }
/** PUT assets/{name}: what is left out stays, null removes. */
export interface WireAssetSet {
  description?: string | null
  partitions?: WirePartitions | null
  watermark?: unknown
}
export interface WireAssetChanged {
  changed: 'created' | 'edited' | 'unchanged'
}
/** POST assets/{name}/events */
export interface WireAssetEmit {
  partition?: string
  extra?: unknown
}
/** `isNew` false: the same call made it before. */
export interface WireAssetEmitted {
  n: number
  isNew: boolean
  consumers: number
}
export interface WireAssetEvent {
  n: number
  at: string
  source: { is: 'run'; run: string; definition: string; dag?: string; task?: string } | { is: 'call'; by?: string }
  partition: string | null
  extra: unknown
}
export interface WireAsset {
  name: string
  namespace: string
  description: string | null
  partitions: WirePartitions | null
  /** Events so far. */
  count: number
  last: WireAssetEvent | null
  /** `at`: when it was made last; null: never. */
  producers: { definition: string; dag?: string; task?: string; at: string | null }[]
  /** Schedules that its events trigger. */
  consumers: { schedule: string; since: string }[]
}
export interface WireAssets {
  assets: WireAsset[]
  next: string | null
}
/** The last 50 events, latest first. */
export type WireAssetDetail = WireAsset & {
  events: WireAssetEvent[]
  watermark: WireWatermark | null
}
/** How far something has come; `run` or `by`: who said so. */
export interface WireWatermark {
  value: unknown
  at: string
  run: string | null
  by: string | null
}
export type WirePartitionState = 'missing' | 'made' | 'failed'
/** Query: from, until (ISO), state (repeatable), limit, cursor. The latest first; of keys in their order. */
export interface WireAssetPartitions {
  partitions: {
    key: string
    /** `failed`: the last run that was to make it failed. */
    state: WirePartitionState
    /** How often it was made; when, last, and by which run, where that is known. */
    count: number
    at: string | null
    run: string | null
    failedAt: string | null
    failedRun: string | null
  }[]
  next: string | null
}
export interface WireLineage {
  assets: string[]
  producers: { definition: string; task: string | null; asset: string }[]
  consumers: { schedule: string; definition: string; assets: WireAssetExpression }[]
  more: boolean
}
