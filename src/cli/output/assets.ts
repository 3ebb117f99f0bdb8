import type { WireAsset, WireAssetDetail, WireAssetEmitted, WireAssetEvent, WireAssetPartitions, WireWatermark } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import type { Look } from './runs.ts'
import { oneLine, pairs, table } from './table.ts'
import { countText, distanceText, momentText } from './words.ts'

/** `mainspring asset ls`. */
export function assetsText(assets: readonly WireAsset[], { now }: Look): string {
  if (assets.length === 0) return 'No assets: a task makes one that it names among its outlets.'
  return table(
    [
      { title: 'asset', value: ({ name }) => oneLine(name), widthMax: 60 },
      { title: 'events', value: ({ count }) => String(count), right: true },
      { title: 'last', value: ({ last }) => (last === null ? '-' : distanceText(last.at, now)) },
      { title: 'made by', value: makersText, widthMax: 40 },
      {
        title: 'waited for by',
        value: ({ consumers }) => (consumers.length === 0 ? '-' : oneLine(consumers.map(({ schedule }) => schedule).join(', '))),
      },
    ],
    assets,
  )
}

/** `mainspring asset show`. */
export function assetText(asset: WireAssetDetail, { now, paint }: Look): string {
  const { name, description, count, consumers, events, watermark } = asset
  const facts: [string, string][] = [
    ['made by', makersText(asset)],
    ['waited for by', consumers.length === 0 ? '-' : oneLine(consumers.map(({ schedule }) => schedule).join(', '))],
    ['cut', cutText(asset)],
    ['events', String(count)],
    ...(watermark === null ? [] : [['watermark', watermarkText(watermark, now)] as [string, string]]),
  ]
  const about = description === null ? '' : `\n${oneLine(description)}`
  const listed = events.length === 0 ? '' : `\n\n${eventsTable(events, now)}`
  return `${oneLine(name)}${about}\n\n${pairs(facts, paint.dim)}${listed}`
}

export function watermarkText({ value, at, run, by }: WireWatermark, now: number): string {
  const who = run === null ? by : shortId(run)
  return oneLine(`${JSON.stringify(value)}, ${distanceText(at, now)}${who === null ? '' : ` by ${who}`}`)
}

function eventsTable(events: readonly WireAssetEvent[], now: number): string {
  return table(
    [
      { title: 'n', value: ({ n }) => String(n), right: true },
      { title: 'at', value: ({ at }) => momentText(at, now) },
      { title: 'by', value: sourceText, widthMax: 40 },
      { title: 'partition', value: ({ partition }) => (partition === null ? '-' : oneLine(partition)), widthMax: 30 },
      { title: 'extra', value: ({ extra }) => (extra === null ? '-' : oneLine(JSON.stringify(extra))) },
    ],
    events,
  )
}

/** `mainspring asset partitions`. */
export function partitionsText({ partitions, next }: WireAssetPartitions, { now }: Look): string {
  if (partitions.length === 0) return 'No such partitions.'
  const rows = table(
    [
      { title: 'partition', value: ({ key }) => oneLine(key), widthMax: 40 },
      { title: 'state', value: ({ state }) => state },
      { title: 'made', value: ({ at, count }) => (at === null ? (count > 0 ? 'before what is remembered' : '-') : momentText(at, now)) },
      { title: 'times', value: ({ count }) => String(count), right: true },
      { title: 'run', value: ({ state, run, failedRun }) => runText(state === 'failed' ? failedRun : run) },
    ],
    partitions,
  )
  return next === null ? rows : `${rows}\nThere are more: --limit, or --until.`
}

export function emittedText(name: string, { n, isNew, consumers }: WireAssetEmitted): string {
  const said = isNew ? `event ${n} of ${oneLine(name)}` : `event ${n} of ${oneLine(name)} is there already: this key has made it before`
  return `${said}\n${consumers === 0 ? 'no schedule waits for it' : `${countText(consumers, 'schedule')} wait${consumers === 1 ? 's' : ''} for it`}`
}

function makersText({ producers }: Pick<WireAsset, 'producers'>): string {
  const names = producers.map(({ definition, dag, task }) => (dag === undefined ? definition : `${dag}.${task ?? definition}`))
  return names.length === 0 ? '-' : oneLine([...new Set(names)].join(', '))
}

function sourceText({ source }: WireAssetEvent): string {
  if (source.is === 'call') return source.by === undefined ? 'a call' : oneLine(source.by)
  return `${oneLine(source.dag === undefined ? source.definition : `${source.dag}.${source.task ?? source.definition}`)} ${shortId(source.run)}`
}

function cutText({ partitions }: WireAsset): string {
  if (partitions === null) return 'not at all'
  if ('keys' in partitions) return oneLine(`by key: ${partitions.keys.join(', ')}`)
  return `by ${partitions.every}, from ${partitions.start} on, in ${partitions.timezone ?? 'UTC'}`
}

function runText(run: string | null): string {
  return run === null ? '-' : shortId(run)
}
