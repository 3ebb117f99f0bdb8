import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, client, type Schedule } from '../api/client.ts'
import type { components } from '../api/generated.ts'
import type { LedgerLine } from './became.ts'
import type { Account } from './search.ts'

type Schemas = components['schemas']
export type Preview = Schemas['Preview']
export type PreviewTime = Preview['times'][number]
export type BackfillAsk = Schemas['AskBackfill']
export type BackfillPreview = Schemas['BackfillPreview']
export type Upcoming = Schemas['UpcomingTimes']['schedules'][number]
export type Outcomes = Schemas['ScheduleOutcomes']['schedules'][number]

const DAY_MS = 86_400_000
/** A list of ten thousand schedules is read to its end; beyond that one filters by the command line. */
const PAGES_MAX = 20
/** What no run's event tells: a pause, an edit. */
const REFETCH_MS = 15_000

/** All schedules by name: they are filtered here, as one types. */
export function schedulesQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'schedules', 'list'] as const,
    queryFn: ({ signal }) =>
      all<Schedule>(async cursor => {
        const query = { limit: 1_000, ...(cursor !== null && { cursor }) }
        const { schedules, next } = await call(client.GET('/v1/namespaces/{namespace}/schedules', { params: { path: { namespace }, query }, signal }))
        return { rows: schedules, next }
      }),
    meta: { refreshMs: 5_000 },
    refetchInterval: REFETCH_MS,
  })
}

export const STRIP_LENGTH = 12

/** The last times of each schedule within a month, latest first, by its name. */
export function stripsQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'schedules', 'strips'] as const,
    queryFn: async ({ signal }) => {
      const until = Date.now()
      const { rows } = await outcomes(namespace, { from: until - 30 * DAY_MS, until, lines: STRIP_LENGTH, limit: 200 }, signal)
      return Object.fromEntries(rows.map(({ name, lines }) => [name, lines])) as Record<string, LedgerLine[] | undefined>
    },
    meta: { refreshMs: 10_000 },
    refetchInterval: REFETCH_MS,
  })
}

const UNFIRED: readonly Account[] = ['refused', 'skipped', 'excluded', 'blacked_out', 'paused']
const FIRED: readonly Account[] = ['intended', 'fired', 'recovered']

export interface Past {
  fired: Outcomes[]
  unfired: Outcomes[]
  /** When it was asked. */
  now: number
  more: boolean
}

/** What became of the times of a range. What was not fired is asked for by itself: few lines for many times. */
export function pastQuery(namespace: string, from: number, until: number) {
  return queryOptions({
    queryKey: [namespace, 'schedules', 'past', from, until] as const,
    queryFn: async ({ signal }): Promise<Past> => {
      const now = Date.now()
      const read = (account: readonly Account[]): Promise<{ rows: Outcomes[]; more: boolean }> =>
        outcomes(namespace, { from, until: Math.min(now, until - 1), account: [...account], limit: 100 }, signal)
      const [fired, unfired] = from >= now ? [NOTHING, NOTHING] : await Promise.all([read(FIRED), read(UNFIRED)])
      return { fired: fired.rows, unfired: unfired.rows, now, more: fired.more || unfired.more }
    },
    meta: { refreshMs: 5_000 },
    refetchInterval: 2 * REFETCH_MS,
    staleTime: 10_000,
  })
}
const NOTHING = { rows: [] as Outcomes[], more: false }

/** The times to come of a range. Runs do not change them: it is read anew for edits alone, since each time has to be worked out. */
export function futureQuery(namespace: string, from: number, until: number) {
  return queryOptions({
    queryKey: [namespace, 'schedules', 'future', from, until] as const,
    queryFn: async ({ signal }) => {
      const now = Date.now()
      if (until <= now) return { rows: [] as Upcoming[], more: false }
      return upcoming(namespace, Math.max(from, now - 1), until - 1, signal)
    },
    refetchInterval: 4 * REFETCH_MS,
    staleTime: 30_000,
  })
}

/** Which of all schedules fire in a minute. */
export function minuteQuery(namespace: string, at: number) {
  const from = Math.floor(at / 60_000) * 60_000
  return queryOptions({
    queryKey: [namespace, 'schedules', 'minute', from] as const,
    queryFn: async ({ signal }) => (await upcoming(namespace, from, from + 59_999, signal)).rows.filter(({ times }) => times.length > 0),
    staleTime: 60_000,
  })
}

/** The next starts of all schedules, for what one definition has to take. */
export function upcomingQuery(namespace: string, from: number, until: number) {
  return queryOptions({
    queryKey: [namespace, 'schedules', 'upcoming', from, until] as const,
    queryFn: async ({ signal }) => (await upcoming(namespace, from, until, signal)).rows,
    staleTime: 60_000,
  })
}

const isoText = (at: number): string => new Date(at).toISOString()

function outcomes(
  namespace: string,
  { from, until, ...query }: { from: number; until: number; account?: Account[]; lines?: number; limit: number },
  signal: AbortSignal,
): Promise<{ rows: Outcomes[]; more: boolean }> {
  const range = { from: isoText(from), until: isoText(until) }
  return paged<Outcomes>(async cursor => {
    const params = { path: { namespace }, query: { ...query, ...range, ...(cursor !== null && { cursor }) } }
    const { schedules, next } = await call(client.GET('/v1/namespaces/{namespace}/outcomes', { params, signal }))
    return { rows: schedules, next }
  })
}

function upcoming(namespace: string, from: number, until: number, signal: AbortSignal): Promise<{ rows: Upcoming[]; more: boolean }> {
  const range = { from: isoText(from), until: isoText(Math.max(from, until)), limit: 200 }
  return paged<Upcoming>(async cursor => {
    const params = { path: { namespace }, query: { ...range, ...(cursor !== null && { cursor }) } }
    const { schedules, next } = await call(client.GET('/v1/namespaces/{namespace}/upcoming', { params, signal }))
    return { rows: schedules, next }
  })
}

async function all<Row>(read: (cursor: string | null) => Promise<{ rows: Row[]; next: string | null }>): Promise<Row[]> {
  return (await paged(read)).rows
}
async function paged<Row>(read: (cursor: string | null) => Promise<{ rows: Row[]; next: string | null }>): Promise<{ rows: Row[]; more: boolean }> {
  const rows: Row[] = []
  let cursor: string | null = null
  for (let page = 0; page < PAGES_MAX; page++) {
    const { rows: read_, next } = await read(cursor)
    rows.push(...read_)
    cursor = next
    if (cursor === null) break
  }
  return { rows, more: cursor !== null }
}

const params = (namespace: string, name: string) => ({ path: { namespace, name } })

export function scheduleQuery(namespace: string, name: string) {
  return queryOptions({
    queryKey: [namespace, 'schedule', name] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/schedules/{name}', { params: params(namespace, name), signal })),
    meta: { refreshMs: 2_000 },
    refetchInterval: REFETCH_MS,
  })
}

export function nextTimesQuery(namespace: string, name: string, count: number) {
  return queryOptions({
    queryKey: [namespace, 'schedule', name, 'next', count] as const,
    queryFn: ({ signal }) =>
      call(client.GET('/v1/namespaces/{namespace}/schedules/{name}/preview', { params: { ...params(namespace, name), query: { count } }, signal })),
    refetchInterval: REFETCH_MS,
  })
}

/** Times of a range that may lie in the past. One more than `count` may be there. */
export function timesQuery(namespace: string, name: string, from: string, count: number) {
  return queryOptions({
    queryKey: [namespace, 'schedule', name, 'times', from, count] as const,
    queryFn: ({ signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/schedules/{name}/preview', { params: { ...params(namespace, name), query: { from, count } }, signal }),
      ),
    staleTime: 60_000,
  })
}

/** What a backfill would do, and about how long it would take. Asked of the ledger each time: a run may have begun meanwhile. */
export function backfillPreviewQuery(namespace: string, name: string, body: BackfillAsk) {
  return queryOptions({
    queryKey: [namespace, 'schedule', name, 'backfill-preview', body] as const,
    queryFn: ({ signal }) =>
      call(
        client.POST('/v1/namespaces/{namespace}/schedules/{name}/backfill/preview', {
          params: { path: { namespace, name }, header: {} },
          body,
          signal,
        }),
      ),
    refetchInterval: REFETCH_MS,
  })
}

export function explainScheduleQuery(namespace: string, name: string, at: string | undefined) {
  return queryOptions({
    queryKey: [namespace, 'schedule', name, 'explain', at ?? ''] as const,
    queryFn: ({ signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/schedules/{name}/explain', {
          params: { ...params(namespace, name), query: at === undefined ? {} : { at } },
          signal,
        }),
      ),
    refetchInterval: REFETCH_MS,
  })
}

export interface LedgerFilter {
  account?: Account[]
  from?: string
  to?: string
}

export function ledgerQuery(namespace: string, name: string, filter: LedgerFilter, limit = 100) {
  return infiniteQueryOptions({
    queryKey: [namespace, 'schedule', name, 'ledger', filter, limit] as const,
    queryFn: ({ pageParam, signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/schedules/{name}/ledger', {
          params: { ...params(namespace, name), query: { ...filter, limit, ...(pageParam !== null && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.next,
    meta: { refreshMs: 3_000 },
  })
}
