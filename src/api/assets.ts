import { Type } from 'typebox'
import { PAGE_DEFAULT } from '../core/bounds.ts'
import type { AssetDetail, AssetEvent, AssetView, KnownPartition } from '../engine/face.ts'
import { PARTITION_EVERY, PARTITION_KEYS_MAX } from '../engine/face.ts'
import { object, orNull, Time, Watermark } from './answers.ts'
import { partitionSpecOf } from './asset-inputs.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { extraOf, watermarkOf } from './inputs.ts'
import { formatInstant } from './instants.ts'
import { cursor, instant, limit, type Operation, oneOrMore, operation } from './operation.ts'
import { Payload as AnyPayload, closed, Name, Note } from './schemas.ts'
import { instantOrNull, watermarkText } from './views.ts'

const ASSETS = '/v1/namespaces/{namespace}/assets'
const ASSET = `${ASSETS}/{name}`
const PARTITION_STATES = ['missing', 'made', 'failed'] as const

const TimePartitions = closed({
  every: Type.Enum([...PARTITION_EVERY]),
  start: Type.String({ maxLength: 10, description: 'the local date of the first, as YYYY-MM-DD' }),
  timezone: Type.Optional(Type.String({ maxLength: 100, description: 'an IANA time zone such as "Europe/Berlin"; default UTC' })),
})
const KeyPartitions = closed({ keys: Type.Array(Name, { minItems: 1, maxItems: PARTITION_KEYS_MAX }) })
const Partitions = Type.Union([TimePartitions, KeyPartitions], { description: 'how it is cut: by time, or by keys' })

export const AssetSet = closed(
  {
    description: Type.Optional(orNull(Note)),
    partitions: Type.Optional(Type.Union([TimePartitions, KeyPartitions, Type.Null()], { description: 'how it is cut; null: not at all' })),
    watermark: Type.Optional({ ...AnyPayload, description: 'how far it has come, up to 16,384 characters of JSON; null: it begins anew' }),
  },
  { title: 'SetAsset' },
)
const Emit = closed(
  {
    partition: Type.Optional(Name),
    extra: Type.Optional({ ...AnyPayload, description: 'what it says beside, up to 2,048 characters of JSON' }),
  },
  { title: 'EmitAssetEvent' },
)

const Event = object(
  {
    n: Type.Integer(),
    at: Time,
    source: Type.Union([
      object({
        ...{ is: Type.Literal('run'), run: Type.String(), definition: Type.String() },
        ...{ dag: Type.Optional(Type.String()), task: Type.Optional(Type.String()) },
      }),
      object({ is: Type.Literal('call'), by: Type.Optional(Type.String()) }),
    ]),
    partition: orNull(Type.String()),
    extra: AnyPayload,
  },
  'AssetEvent',
)
const asset = {
  name: Type.String(),
  namespace: Type.String(),
  description: orNull(Type.String()),
  partitions: orNull(Partitions),
  count: Type.Integer({ description: 'events so far' }),
  last: orNull(Event),
  producers: Type.Array(
    object({
      ...{ definition: Type.String(), dag: Type.Optional(Type.String()), task: Type.Optional(Type.String()) },
      at: { ...orNull(Time), description: 'when it was made last; null: never' },
    }),
  ),
  consumers: Type.Array(object({ schedule: Type.String(), since: Time }), { description: 'schedules that its events trigger' }),
}
const Asset = object(asset, 'Asset')
const AssetDetailAnswer = object(
  { ...asset, watermark: orNull(Watermark), events: Type.Array(Event, { description: 'the last 50, latest first' }) },
  'AssetDetail',
)
const PartitionAnswer = object(
  {
    key: Type.String(),
    state: Type.Enum([...PARTITION_STATES], { description: 'failed: the last run that was to make it failed' }),
    count: Type.Integer({ description: 'how often it was made' }),
    at: { ...orNull(Time), description: 'when it was made last, where that is known' },
    run: orNull(Type.String()),
    failedAt: orNull(Time),
    failedRun: orNull(Type.String()),
  },
  'AssetPartition',
)
const LineageAnswer = object(
  {
    assets: Type.Array(Type.String()),
    producers: Type.Array(object({ definition: Type.String(), task: orNull(Type.String()), asset: Type.String() })),
    consumers: Type.Array(object({ schedule: Type.String(), definition: Type.String(), assets: AnyPayload })),
    more: Type.Boolean({ description: 'there are more than are shown' }),
  },
  'Lineage',
)

const listed = operation({
  name: 'assets.list',
  method: 'GET',
  path: ASSETS,
  summary: 'List assets by name',
  query: { limit, cursor },
  answers: { 200: object({ assets: Type.Array(Asset), next: orNull(Type.String()) }, 'Assets') },
  async handle({ engine, params, query }) {
    const what = ['assets', params.namespace]
    const { rows, next } = await engine.assets.list(params.namespace, {
      after: openCursor(query.cursor, what),
      limit: query.limit ?? PAGE_DEFAULT,
    })
    return `{"assets":[${rows.map(assetText).join(',')}],"next":${JSON.stringify(sealCursor(next, what))}}`
  },
})

const get = operation({
  name: 'assets.get',
  method: 'GET',
  path: ASSET,
  summary: 'An asset: its last events, who makes it, what waits for it',
  answers: { 200: AssetDetailAnswer },
  handle: async ({ engine, params }) => detailText(await engine.assets.get(params.namespace, params.name)),
})

const set = operation({
  name: 'assets.set',
  method: 'PUT',
  path: ASSET,
  summary: 'Say what an asset is and how it is cut; what is left out stays, null removes',
  body: { schema: AssetSet, raw: { watermark: 'raw' } },
  answers: { 200: object({ changed: Type.Enum(['created', 'edited', 'unchanged']) }, 'AssetChanged') },
  async handle({ engine, params, body, payloads, command }) {
    const { description, partitions, watermark } = body
    const change = {
      ...(description !== undefined && { description }),
      ...(partitions !== undefined && { partitions: partitions === null ? null : partitionSpecOf(partitions) }),
      ...(watermark !== undefined && { watermark: watermarkOf(watermark, payloads, '/watermark') }),
    }
    return JSON.stringify(await engine.assets.declare(params.namespace, params.name, { ...change, ...command() }))
  },
})

const emit = operation({
  name: 'assets.emit',
  method: 'POST',
  path: `${ASSET}/events`,
  summary: 'Say that an asset was made anew: what waits for it is told. The same call key again makes no second event',
  body: { schema: Emit, raw: { extra: 'raw' }, optional: true },
  answers: {
    200: object(
      {
        n: Type.Integer({ description: 'the number of the event' }),
        isNew: Type.Boolean({ description: 'false: the same call made it before' }),
        consumers: Type.Integer({ description: 'schedules that wait for it' }),
      },
      'AssetEmitted',
    ),
  },
  async handle({ engine, params, body, payloads, command }) {
    const { partition, extra } = body
    const event = { ...(partition !== undefined && { partition }), ...(extra !== undefined && { extra: extraOf(extra, payloads, '/extra') }) }
    return JSON.stringify(await engine.assets.emit(params.namespace, params.name, { ...event, ...command() }))
  },
})

const partitions = operation({
  name: 'assets.partitions',
  method: 'GET',
  path: `${ASSET}/partitions`,
  summary: 'How the partitions of an asset stand, the latest first; of keys in their order',
  query: { from: instant, until: instant, state: oneOrMore(PARTITION_STATES), limit, cursor },
  answers: { 200: object({ partitions: Type.Array(PartitionAnswer), next: orNull(Type.String()) }, 'AssetPartitions') },
  async handle({ engine, params, query }) {
    const { from, until, state } = query
    const filter = { ...(from !== undefined && { from }), ...(until !== undefined && { until }), ...(state && { states: state }) }
    const what = ['partitions', params.namespace, params.name, filter]
    const page = { after: openCursor(query.cursor, what), limit: query.limit ?? PAGE_DEFAULT }
    const { rows, next } = await engine.assets.partitions(params.namespace, params.name, filter, page)
    return JSON.stringify({ partitions: rows.map(partitionJson), next: sealCursor(next, what) })
  },
})

const lineage = operation({
  name: 'assets.lineage',
  method: 'GET',
  path: '/v1/namespaces/{namespace}/lineage',
  summary: 'Which definitions make which assets, and which schedules wait for them',
  answers: { 200: LineageAnswer },
  handle: async ({ engine, params }) => JSON.stringify(await engine.assets.lineage(params.namespace)),
})

function assetText(view: AssetView): string {
  const { last, producers, consumers, ...known } = view
  const told = {
    ...known,
    producers: producers.map(({ at, ...producer }) => ({ ...producer, at: instantOrNull(at) })),
    consumers: consumers.map(({ name, since }) => ({ schedule: name, since: formatInstant(since) })),
  }
  return `${JSON.stringify(told).slice(0, -1)},"last":${last === null ? 'null' : eventText(last)}}`
}

function detailText({ events, watermark, ...view }: AssetDetail): string {
  return `${assetText(view).slice(0, -1)},"watermark":${watermarkText(watermark)},"events":[${events.map(eventText).join(',')}]}`
}

function eventText({ n, at, source, partition, extra = 'null' }: AssetEvent): string {
  return `${JSON.stringify({ n, at: formatInstant(at), source, partition: partition ?? null }).slice(0, -1)},"extra":${extra}}`
}

function partitionJson({ key, state, count, made, failed }: KnownPartition): object {
  return {
    ...{ key, state, count, at: instantOrNull(made?.at ?? null), run: made?.run ?? null },
    ...{ failedAt: instantOrNull(failed?.at ?? null), failedRun: failed?.run ?? null },
  }
}

export const assets: Operation[] = [listed, get, set, emit, partitions, lineage]
