import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, client, type RunState } from './client.ts'
import type { RunPage } from './patch.ts'
import { accepts, askedOf, type RunFilter } from './run-filter.ts'

export { accepts, askedOf, type RunFilter, spanMs } from './run-filter.ts'

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
