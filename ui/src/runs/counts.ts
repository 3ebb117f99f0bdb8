import { queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { call, client, type RunState } from '../api/client.ts'
import { askedOf, runsQuery, spanMs } from '../api/runs.ts'
import { hasTime, isSlow, type RunsSearch } from './search.ts'

const DAY_MS = 86_400_000
/** Long before the first run. */
const EVER = '2020-01-01T00:00:00.000Z'
/** What a chart shows as long as nobody asks for a time. */
export const SHOWN_MS = DAY_MS

/** As many bars as there is room for; the same for a page and for what is read ahead of it. */
const BUCKETS = window.innerWidth < 640 ? 40 : 96

/** Whether the list has been read: to count hundreds of thousands costs the server more than to list a hundred, so that the rows come first. */
function useListed(namespace: string, search: RunsSearch): boolean {
  return !useInfiniteQuery(runsQuery(namespace, search)).isPending
}

export function useHistogram(namespace: string, search: RunsSearch) {
  return useQuery({ ...histogramQuery(namespace, search), enabled: useListed(namespace, search) })
}

/** When the runs of the filter were created, by state; over its own time, else over the last day. The state that is asked for does not matter. */
function histogramQuery(namespace: string, search: RunsSearch) {
  const { state: _, ...filter } = search
  const buckets = BUCKETS
  return queryOptions({
    queryKey: [namespace, 'histogram', filter] as const,
    queryFn: ({ signal }) => {
      const { createdAfter, createdBefore, ...asked } = askedOf(filter)
      const range = rangeOf(search)
      const query = { ...asked, from: new Date(range.from).toISOString(), until: new Date(range.until).toISOString(), buckets }
      return call(client.GET('/v1/namespaces/{namespace}/runs/histogram', { params: { path: { namespace }, query }, signal }))
    },
    meta: { refreshMs: isSlow(filter) ? 10_000 : 3_000 },
    placeholderData: known => known,
  })
}

/** How many there are in each state, of all times; the state that is asked for does not matter. */
function everQuery(namespace: string, search: RunsSearch, listed: boolean) {
  const { state: _, ...filter } = search
  return queryOptions({
    queryKey: [namespace, 'histogram', 'ever', filter] as const,
    queryFn: ({ signal }) => {
      const query = { ...askedOf(filter), from: EVER, buckets: 10 }
      return call(client.GET('/v1/namespaces/{namespace}/runs/histogram', { params: { path: { namespace }, query }, signal }))
    },
    // It may count 50,000 runs, which costs the server some 100 ms.
    meta: { refreshMs: 10_000 },
    placeholderData: known => known,
    enabled: listed && !hasTime(search),
  })
}

export interface Counts {
  counts: Record<string, number> | undefined
  /** They are lower bounds: not all runs were counted. */
  least: boolean
  /** Of those in the states that are asked for; null: not known. */
  matching: number | null
}

/** The counts behind the list: of its own time, else of all times. */
export function useCounts(namespace: string, search: RunsSearch): Counts {
  const timed = hasTime(search)
  const ever = useQuery(everQuery(namespace, search, useListed(namespace, search)))
  const within = useHistogram(namespace, search)
  const { data, isError } = timed ? within : ever
  if (data === undefined) return { counts: isError ? {} : undefined, least: false, matching: null }
  const counts = data.counts as Record<string, number>
  const matching = Object.entries(counts).reduce(
    (sum, [state, count]) => ((search.state?.includes(state as RunState) ?? true) ? sum + count : sum),
    0,
  )
  return { counts, least: !data.complete, matching }
}

/** From when until when: what the filter says, else the last day. */
export function rangeOf({ last, createdAfter, createdBefore }: RunsSearch, now = Date.now()): { from: number; until: number } {
  const until = createdBefore === undefined ? now : Date.parse(createdBefore)
  const ms = last === undefined ? null : spanMs(last)
  const from = createdAfter !== undefined ? Date.parse(createdAfter) : ms !== null ? now - ms : until - SHOWN_MS
  return { from: Math.min(from, until - 1_000), until }
}

/** Three times as wide around the same middle, never beyond now. */
export function wider(search: RunsSearch, now = Date.now()): { createdAfter: string; createdBefore?: string } {
  const { from, until } = rangeOf(search, now)
  const more = until - from
  const end = until + more
  return {
    createdAfter: new Date(Math.floor(from - more)).toISOString(),
    ...(end < now && { createdBefore: new Date(Math.ceil(end)).toISOString() }),
  }
}

/** What a chart tells apart: outcomes, those that matter most at its foot. */
export const OUTCOMES = [
  { label: 'failed', states: ['failed', 'timed_out'], tone: 'failed' },
  { label: 'open', states: ['scheduled', 'queued', 'running', 'waiting', 'paused'], tone: 'running' },
  { label: 'cancelled', states: ['cancelled', 'terminated'], tone: 'cancelled' },
  { label: 'completed', states: ['completed'], tone: 'completed' },
] as const satisfies readonly { label: string; states: readonly RunState[]; tone: string }[]
