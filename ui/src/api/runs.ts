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

/** What `runs.list` filters by, as the API names it. */
export interface RunFilter {
  state?: RunState[]
  definition?: string[]
  queue?: string[]
  /** `name:value` */
  tag?: string[]
  batch?: string
  createdAfter?: string
  createdBefore?: string
}

const PAGE = 100

/** A list of runs, newest first, page by page, kept live: runs change where they stand, new ones that fit come on top. */
export function runsQuery(namespace: string, filter: RunFilter) {
  return infiniteQueryOptions({
    queryKey: [namespace, 'runs', filter] as const,
    queryFn: ({ pageParam, signal }): Promise<RunPage> =>
      call(
        client.GET('/v1/namespaces/{namespace}/runs', {
          params: { path: { namespace }, query: { ...filter, limit: PAGE, ...(pageParam !== null && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.next,
    meta: { accepts: run => accepts(filter, run) },
  })
}

/** Whether a list of this filter would hold the run: what only the server can tell (a batch's members) is left to the next reading. */
export function accepts(filter: RunFilter, run: Run): boolean {
  return (
    (filter.state?.includes(run.state) ?? true) &&
    (filter.definition?.includes(run.definition) ?? true) &&
    (filter.queue?.includes(run.queue) ?? true) &&
    (filter.tag?.every(tag => run.tags?.[tag.slice(0, tag.indexOf(':'))] === tag.slice(tag.indexOf(':') + 1)) ?? true) &&
    filter.batch === undefined &&
    (filter.createdAfter === undefined || run.createdAt >= filter.createdAfter) &&
    (filter.createdBefore === undefined || run.createdAt < filter.createdBefore)
  )
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
