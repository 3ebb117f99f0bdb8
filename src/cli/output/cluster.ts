import type { WireNodes, WireShards } from '@mainspring/sdk'
import { shortId } from '../../core/ids.ts'
import { pauseText } from './lists.ts'
import type { Look } from './runs.ts'
import { oneLine, table } from './table.ts'
import { distanceText } from './words.ts'

/** `mainspring node ls`. */
export function nodesText({ nodes, fault }: WireNodes, { now, paint }: Look): string {
  const list = table(
    [
      { title: 'node', value: node => oneLine(node.name), widthMax: 40 },
      { title: 'id', value: node => shortId(node.id) },
      { title: 'up since', value: node => distanceText(node.since, now) },
      { title: 'serves', value: ({ shards }) => (shards === 0 ? 'stands by' : `${shards} shards`) },
      { title: 'address', value: ({ address }) => address ?? '-', widthMax: 60 },
      { title: 'drained', value: ({ drained }) => pauseText(drained, now), widthMax: 60 },
    ],
    nodes,
  )
  return fault === null ? list : `${list}\n\n${paint.bad('nothing is served or written:')} ${oneLine(fault)}`
}

type Lane = WireShards['lanes'][number] & {
  /** Renewals within the last second; null: it was not there before. */
  lately: number | null
}

/** `mainspring cluster status`. */
export function shardsText({ count, free, lanes }: Omit<WireShards, 'lanes'> & { lanes: Lane[] }, { paint }: Look): string {
  const head = `${count} shards: ${count - free.length} held, ${free.length === 0 ? '0 free' : paint.bad(`${free.length} free (${rangesText(free)})`)}`
  if (lanes.length === 0) return `${head}\nNo node is there.`
  return `${head}\n\n${table(
    [
      { title: 'node', value: lane => oneLine(lane.name), widthMax: 40 },
      { title: 'id', value: lane => shortId(lane.node) },
      { title: 'shards', value: ({ shards }) => (shards.length === 0 ? 'stands by' : rangesText(shards)), widthMax: 40 },
      { title: 'lane', value: ({ lane }) => shortId(lane) },
      { title: 'claim', value: ({ claim }) => shortId(claim) },
      { title: 'renewals', value: ({ renewals }) => String(renewals), right: true },
      {
        title: 'last second',
        value: ({ lately }) => (lately === null ? 'new' : lately === 0 ? paint.bad('0: it stands still') : String(lately)),
        right: true,
      },
      { title: 'settings', value: ({ behind }) => (behind === 0 ? 'current' : `${behind} behind`) },
    ],
    lanes,
  )}`
}

/** `0-15, 20`. */
function rangesText(shards: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const shard of shards) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === shard - 1) last[1] = shard
    else ranges.push([shard, shard])
  }
  return ranges.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(', ')
}
