import type { RunId } from '../../core/ids.ts'
import type { Instant } from '../../core/time.ts'
import { type Partition, partitionOf } from './partitions.ts'
import type { AssetEvent, AssetState, Mark } from './types.ts'

/** Partitions of which it is known when and by which run they were made; of those before it is only known whether they were. */
const MARKS_MAX = 1_000
/** Stretches of time without a gap; beyond, the earliest are forgotten, and count as missing. */
const STRETCHES_MAX = 1_000

export type PartitionState = 'missing' | 'made' | 'failed'

export interface KnownPartition {
  key: string
  state: PartitionState
  made: Mark['made'] | null
  failed: Mark['failed'] | null
  count: number
}

/** How a partition stands: `failed` after it was made is still failed. */
export function knownOf(state: AssetState, { key, start }: Partition): KnownPartition {
  const mark = state.marks[placeOf(state.marks, start)]
  const known = mark?.start === start ? mark : undefined
  const isMade = known?.made !== undefined || isWithin(state.made, start)
  return {
    key,
    state: known?.failed !== undefined ? 'failed' : isMade ? 'made' : 'missing',
    made: known?.made ?? null,
    failed: known?.failed ?? null,
    count: known?.count ?? (isMade ? 1 : 0),
  }
}

/** It was made at some time. */
export function isMade(state: AssetState, { start }: Partition): boolean {
  const mark = state.marks[placeOf(state.marks, start)]
  return (mark?.start === start && mark.made !== undefined) || isWithin(state.made, start)
}

export function withMade(state: AssetState, key: string, { n, at, source }: AssetEvent): AssetState {
  const partition = state.partitions === undefined ? null : partitionOf(state.partitions, key)
  if (partition === null) return state
  const made = { n, at, ...(source.is === 'run' && { run: source.run }) }
  const marked = marking(state, partition, ({ failed: _, ...mark }) => ({ ...mark, made, count: mark.count + 1 }))
  return 'keys' in (state.partitions as object) ? marked : { ...marked, made: joined(state.made, partition) }
}

export function withFailed(state: AssetState, key: string, at: Instant, run: RunId): AssetState {
  const partition = state.partitions === undefined ? null : partitionOf(state.partitions, key)
  return partition === null ? state : marking(state, partition, mark => ({ ...mark, failed: { at, run } }))
}

function marking(state: AssetState, { key, start }: Partition, change: (mark: Mark) => Mark): AssetState {
  const place = placeOf(state.marks, start)
  const known = state.marks[place]
  const isKnown = known?.start === start
  const marks = state.marks.toSpliced(place, isKnown ? 1 : 0, change(isKnown ? known : { key, start, count: 0 }))
  return { ...state, marks: marks.slice(-MARKS_MAX) }
}

/** Where the mark of a start stands, or would. */
function placeOf(marks: readonly Mark[], start: number): number {
  let low = 0
  for (let high = marks.length; low < high; ) {
    const middle = (low + high) >>> 1
    if ((marks[middle] as Mark).start < start) low = middle + 1
    else high = middle
  }
  return low
}

type Stretches = AssetState['made']

function isWithin(stretches: Stretches, start: number): boolean {
  return stretches.some(([from, until]) => from <= start && start < until)
}

/** With one more, which may fill the gap between two. */
function joined(stretches: Stretches, { start, end }: Partition): Stretches {
  if (isWithin(stretches, start)) return stretches
  const before = stretches.filter(([, until]) => until < start)
  const after = stretches.filter(([from]) => from > end)
  const touching = stretches.filter(([from, until]) => until >= start && from <= end)
  const from = Math.min(start, ...touching.map(([first]) => first))
  const until = Math.max(end, ...touching.map(([, last]) => last))
  return [...before, [from, until] as const, ...after].slice(-STRETCHES_MAX)
}
