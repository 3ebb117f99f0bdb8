import * as check from './checks.ts'
import type { Client } from './client.ts'
import { tag, untag } from './codec.ts'
import { InvalidOption } from './errors.ts'
import type {
  WireAsset,
  WireAssetChanged,
  WireAssetDetail,
  WireAssetEmitted,
  WireAssetEvent,
  WireAssetPartitions,
  WireAssets,
  WireLineage,
  WireOutlet,
  WirePartitionState,
  WirePartitions,
} from './wire-assets.ts'

/** Characters of JSON that an event of an asset says beside. */
const EXTRA_LENGTH_MAX = 2_048
/** Of how far an asset has come. */
const WATERMARK_LENGTH_MAX = 16 * 1024

/** An asset that a run makes anew when it completes: its name, and the partition, where it is not the one that the run is for. */
export type Outlet = string | { asset: string; partition?: string }
/** What a schedule waits for: an asset, a list (all of them), `{ all: […] }` or `{ any: […] }`, one within the other. */
export type AssetExpression =
  | string
  | readonly AssetExpression[]
  | { readonly all: readonly AssetExpression[] }
  | { readonly any: readonly AssetExpression[] }

/** An event of an asset that triggered a run. */
export interface AssetTrigger {
  asset: string
  /** Its number among the events of the asset. */
  n: number
  at: Date
  /** The run that made it; undefined: somebody said so by a call. */
  run?: string | undefined
  partition?: string | undefined
  /** What whoever made it said beside. */
  extra?: unknown
}

/** What a handler says of an asset among its outlets. */
export interface AssetFacts {
  partition?: string
  /** Any value, up to 2,048 characters of JSON: how many rows, where. */
  extra?: unknown
  /** How far it has come, for `ctx.watermark` of the next run: any value, up to 16,384 characters of JSON. Kept in the commit that completes this run, or not at all. */
  watermark?: unknown
}

/** Assets of the client's namespace: `client.assets`. */
export class Assets {
  readonly #client: Client
  constructor(client: Client) {
    this.#client = client
  }

  /** A page of them by name. */
  async list({ limit, cursor }: { limit?: number; cursor?: string } = {}): Promise<WireAssets> {
    const query = { ...(limit !== undefined && { limit: String(limit) }), ...(cursor !== undefined && { cursor }) }
    const { assets, next } = await this.#client.call<WireAssets>('assets.list', {}, undefined, { query })
    return { assets: assets.map(untagged), next }
  }

  /** Its last events, who makes it, what waits for it. @throws RequestRefused `asset-not-found` */
  async get(name: string): Promise<WireAssetDetail> {
    const asset = await this.#client.call<WireAssetDetail>('assets.get', { name: check.name(name, '/name') })
    const { watermark } = asset
    const mark = watermark && { ...watermark, value: untag(watermark.value) }
    return { ...untagged(asset), events: asset.events.map(untaggedEvent), watermark: mark }
  }

  /** Says what it is, how it is cut and how far it has come: what is left out stays, null removes. */
  async set(
    name: string,
    { watermark, ...rest }: { description?: string | null; partitions?: WirePartitions | null; watermark?: unknown },
  ): Promise<WireAssetChanged['changed']> {
    const change = { ...rest, ...(watermark !== undefined && { watermark: tag(watermark, '/watermark') }) }
    const options = { callKey: this.#client.newId() }
    return (await this.#client.call<WireAssetChanged>('assets.set', { name: check.name(name, '/name') }, change, options)).changed
  }

  /** It was made anew: what waits for it is told. With a `key`, the same call again makes no second event. */
  emit(name: string, { key, ...facts }: Omit<AssetFacts, 'watermark'> & { key?: string } = {}): Promise<WireAssetEmitted> {
    const options = { callKey: key === undefined ? this.#client.newId() : check.key(key, '/key') }
    return this.#client.call<WireAssetEmitted>('assets.emit', { name: check.name(name, '/name') }, factsOf(facts, ''), options)
  }

  /** How its partitions stand, the latest first. @throws RequestRefused `asset-not-found`, `not-partitioned` */
  partitions(
    name: string,
    filter: { from?: Date | string; until?: Date | string; state?: WirePartitionState | WirePartitionState[]; limit?: number; cursor?: string } = {},
  ): Promise<WireAssetPartitions> {
    const { from, until, state, limit, cursor } = filter
    const query = {
      from: from === undefined ? undefined : check.instant(from, '/from'),
      until: until === undefined ? undefined : check.instant(until, '/until'),
      state,
      limit: limit === undefined ? undefined : String(limit),
      cursor,
    }
    return this.#client.call<WireAssetPartitions>('assets.partitions', { name: check.name(name, '/name') }, undefined, { query })
  }

  /** Which definitions make which assets, and which schedules wait for them. */
  lineage(): Promise<WireLineage> {
    return this.#client.call<WireLineage>('assets.lineage', {})
  }
}

/** A watermark as it is sent. @throws InvalidOption */
export function markOf(watermark: unknown, at: string): unknown {
  const mark = tag(watermark ?? null, at)
  if (JSON.stringify(mark).length > WATERMARK_LENGTH_MAX)
    throw new InvalidOption('This is too much for a watermark.', {
      at,
      hint: `${WATERMARK_LENGTH_MAX} characters of JSON at most: a time, an id, a cursor`,
    })
  return mark
}
/** As it stands in a body. @throws InvalidOption */
export function markText(watermark: unknown, at: string): string {
  return JSON.stringify(markOf(watermark, at))
}

/** As they are sent. @throws InvalidOption */
export function factsOf({ partition, extra, watermark }: AssetFacts, at: string): { partition?: string; extra?: unknown; watermark?: unknown } {
  const said = extra === undefined ? undefined : tag(extra, `${at}/extra`)
  if (said !== undefined && JSON.stringify(said).length > EXTRA_LENGTH_MAX)
    throw new InvalidOption('This is too much to say beside an event.', {
      at: `${at}/extra`,
      hint: `${EXTRA_LENGTH_MAX} characters of JSON at most: keep more elsewhere, and say where`,
    })
  return {
    ...(partition !== undefined && { partition: check.name(partition, `${at}/partition`) }),
    ...(said !== undefined && { extra: said }),
    ...(watermark !== undefined && { watermark: markOf(watermark, `${at}/watermark`) }),
  }
}

const outletMembers = check.members<{ asset?: string; partition?: string }>({ asset: check.name, partition: check.name })
export const outlet: check.Check<WireOutlet> = (value, at) => {
  if (typeof value === 'string') return check.name(value, at)
  const { asset, partition } = outletMembers(value, at)
  return { asset: check.name(asset, `${at}/asset`), ...(partition !== undefined && { partition }) }
}

function untagged<A extends WireAsset>(asset: A): A {
  return { ...asset, last: asset.last && untaggedEvent(asset.last) }
}

function untaggedEvent(event: WireAssetEvent): WireAssetEvent {
  return { ...event, extra: untag(event.extra) }
}
