import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, client, type Run, type RunState } from './client.ts'
import type { RunPage } from './patch.ts'

export const RUN_STATES = [
  'scheduled',
  'queued',
  'running',
  'waiting',
  'paused',
  'completed',
  'failed',
  'timed_out',
  'cancelled',
  'terminated',
] as const satisfies readonly RunState[]
const CLOSED: readonly RunState[] = ['completed', 'failed', 'timed_out', 'cancelled', 'terminated']
export const isClosed = (state: RunState): boolean => CLOSED.includes(state)

/** What runs are filtered by, as the API names it; `last` beside it. */
export interface RunFilter {
  state?: RunState[]
  kind?: Run['kind'][]
  reason?: string[]
  definition?: string[]
  queue?: string[]
  /** `name:value`, all of them. */
  tag?: string[]
  /** `name:value`, all of them. */
  metadata?: string[]
  /** In the type or the message of the error. */
  error?: string
  batch?: string
  /** Durations: `90s`. */
  longerThan?: string
  shorterThan?: string
  /** Created so long ago at most, as of when it is asked: `6h`. */
  last?: string
  createdAfter?: string
  createdBefore?: string
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
/** `90m`, `6h`, `7d`, `2w` in milliseconds; null: it is not such a span. */
export function spanMs(text: string): number | null {
  const [, count, unit] = /^(\d{1,5})([mhdw])$/.exec(text) ?? []
  return count === undefined || Number(count) === 0 ? null : Number(count) * UNITS[unit as keyof typeof UNITS]
}

/** As the API takes it: `last` becomes an instant. */
export function askedOf({ last, ...filter }: RunFilter, now = Date.now()): Omit<RunFilter, 'last'> {
  const ms = last === undefined ? null : spanMs(last)
  if (ms === null) return filter
  const since = new Date(now - ms).toISOString()
  return { ...filter, createdAfter: filter.createdAfter !== undefined && filter.createdAfter > since ? filter.createdAfter : since }
}

const PAGE = 100

/** A list of runs, newest first, page by page, kept live: runs change where they stand, new ones that fit come on top. */
export function runsQuery(namespace: string, filter: RunFilter) {
  return infiniteQueryOptions({
    queryKey: [namespace, 'runs', filter] as const,
    queryFn: async ({ pageParam, signal }): Promise<RunPage> => {
      // All pages of one list ask the same: what `last` means is fixed with the first.
      const query = pageParam?.asked ?? askedOf(filter)
      const page = await call(
        client.GET('/v1/namespaces/{namespace}/runs', {
          params: { path: { namespace }, query: { ...query, limit: PAGE, ...(pageParam !== null && { cursor: pageParam.cursor }) } },
          signal,
        }),
      )
      return { ...page, asked: query }
    },
    initialPageParam: null as { cursor: string; asked: Omit<RunFilter, 'last'> | undefined } | null,
    getNextPageParam: page => (page.next === null ? null : { cursor: page.next, asked: page.asked }),
    meta: { accepts: run => accepts(filter, run) },
  })
}

/** Whether a list of this filter would hold the run; null: only the server can tell (metadata, a batch's members), so it is left to the next reading. */
export function accepts(filter: RunFilter, run: Run, now = Date.now()): boolean | null {
  const { createdAfter, createdBefore, longerThan, shorterThan } = askedOf(filter, now)
  const error = filter.error?.toLowerCase()
  const knownNot =
    !(filter.state?.includes(run.state) ?? true) ||
    !(filter.kind?.includes(run.kind) ?? true) ||
    !(filter.reason?.includes(run.reason ?? '') ?? true) ||
    !(filter.definition?.includes(run.definition) ?? true) ||
    !(filter.queue?.includes(run.queue) ?? true) ||
    !(filter.tag?.every(tag => run.tags?.[tag.slice(0, tag.indexOf(':'))] === tag.slice(tag.indexOf(':') + 1)) ?? true) ||
    (error !== undefined && !`${run.failure?.type}: ${run.failure?.message}`.toLowerCase().includes(error)) ||
    (createdAfter !== undefined && run.createdAt < createdAfter) ||
    (createdBefore !== undefined && run.createdAt >= createdBefore)
  if (knownNot) return false
  return filter.batch === undefined && filter.metadata === undefined && longerThan === undefined && shorterThan === undefined ? true : null
}

const params = (namespace: string, run: string) => ({ path: { namespace, run } })

export function runQuery(namespace: string, run: string) {
  return queryOptions({
    queryKey: [namespace, 'run', run] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/runs/{run}', { params: params(namespace, run), signal })),
  })
}

export function historyQuery(namespace: string, run: string) {
  return queryOptions({
    queryKey: [namespace, 'run', run, 'history'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/runs/{run}/history', { params: params(namespace, run), signal })),
  })
}

export function explainQuery(namespace: string, run: string) {
  return queryOptions({
    queryKey: [namespace, 'run', run, 'explain'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/runs/{run}/explain', { params: params(namespace, run), signal })),
  })
}

export function cancelRun(namespace: string, run: string, callKey: string, why: string) {
  return call(
    client.POST('/v1/namespaces/{namespace}/runs/{run}/cancel', {
      params: { path: { namespace, run }, header: { 'Idempotency-Key': callKey } },
      body: why === '' ? {} : { why },
    }),
  )
}

export function retryRun(namespace: string, run: string, callKey: string) {
  return call(
    client.POST('/v1/namespaces/{namespace}/runs/{run}/retry', {
      params: { path: { namespace, run }, header: { 'Idempotency-Key': callKey } },
      body: {},
    }),
  )
}
