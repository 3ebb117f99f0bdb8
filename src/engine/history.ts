import type { HistoryEvent } from '../core/run.ts'
import type { SegmentRow } from '../store/store.ts'
import type { Body } from './codec.ts'
import type { EventPage } from './face.ts'

/** Segments that are read at once, and after how many characters of them a page ends. */
const SEGMENTS_AT_ONCE = 16
const PAGE_LENGTH_MAX = 4 * 1024 * 1024

/**
 * The events of a run from a number on, or from so many before its end (a negative `from`): those of its segments, and those that its row has. A page ends after `limit` events, or so many characters; without a
 * limit it has all. `body` was read before the segments: what moved there since is in both.
 */
export async function historyPage(
  { first = 0, events: last }: Pick<Body, 'first' | 'events'>,
  read: (from: number, count: number) => Promise<SegmentRow[]>,
  asked: number,
  limit: number,
): Promise<EventPage> {
  const total = first + last.length
  const from = asked < 0 ? Math.max(0, total + asked) : asked
  const events: HistoryEvent[] = []
  let [next, length] = [from, 0]
  const isFull = (): boolean => limit !== Number.POSITIVE_INFINITY && (events.length >= limit || length >= PAGE_LENGTH_MAX)
  while (next < first && !isFull()) {
    const segments = await read(next, SEGMENTS_AT_ONCE)
    const before = next
    for (const segment of segments) {
      if (segment.first >= first || isFull()) break
      const told = (JSON.parse(segment.events) as HistoryEvent[]).slice(next - segment.first)
      for (const event of told) events.push(event)
      next += told.length
      length += segment.events.length
    }
    if (next === before) break // it was purged meanwhile
  }
  if (next >= first && !isFull()) {
    const told = last.slice(next - first)
    for (const event of told) events.push(event)
    next += told.length
  }
  if (events.length > limit) events.length = limit
  const isAll = from + events.length >= total
  return { events, from, next: isAll ? null : from + events.length, total }
}
