import { type InfiniteData, infiniteQueryOptions, queryOptions, replaceEqualDeep } from '@tanstack/react-query'
import { call, client, type RunState } from './client.ts'
import type { RunPage } from './patch.ts'
import { accepts, type RunFilter } from './run-filter.ts'
import { type After, readRuns } from './run-pages.ts'

export { accepts, askedOf, RUN_STATES, type RunFilter, spanMs } from './run-filter.ts'

const CLOSED: readonly RunState[] = ['completed', 'failed', 'timed_out', 'cancelled', 'terminated']
export const isClosed = (state: RunState): boolean => CLOSED.includes(state)

/** A list of runs, newest first, page by page, kept live: runs change where they stand, new ones that fit come on top. */
export function runsQuery(namespace: string, filter: RunFilter) {
  return infiniteQueryOptions({
    queryKey: [namespace, 'runs', filter] as const,
    queryFn: ({ pageParam, signal }) => readRuns(namespace, filter, pageParam, signal),
    initialPageParam: null as After | null,
    getNextPageParam: page => (page.next === null ? null : { cursor: page.next, asked: page.asked }),
    meta: { accepts: run => accepts(filter, run) },
    // Live events leave the pages' parameters alone, and each row that they do not name: to compare thousands of rows with each frame would find nothing else.
    structuralSharing: (before, now) => (paramsOf(before) === paramsOf(now) ? now : replaceEqualDeep(before, now)),
  })
}

const paramsOf = (data: unknown): unknown => (data as InfiniteData<RunPage> | undefined)?.pageParams

const params = (namespace: string, run: string) => ({ path: { namespace, run } })

export function runQuery(namespace: string, run: string) {
  return queryOptions({
    queryKey: [namespace, 'run', run] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/runs/{run}', { params: params(namespace, run), signal })),
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
