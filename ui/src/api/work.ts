import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, client } from './client.ts'
import type { components } from './generated.ts'

/** Who does the work and what bounds it. Pauses, drains and workers that come and go are told by no run's event, so all of it is also read anew by itself. */

type Schemas = components['schemas']
export type Queue = Schemas['Queues']['queues'][number]
export type Limit = Schemas['Limit']
export type LimitDetail = Schemas['LimitDetail']
export type LimitKey = LimitDetail['byKey'][number]
export type Share = Schemas['QueueShares']['shares'][number]
export type Worker = Schemas['Workers']['workers'][number]
export type DefinitionRow = Schemas['DefinitionRow']
export type DefinitionDetail = Schemas['DefinitionDetail']
export type WorkflowVersions = Schemas['Versions']
export type Batch = Schemas['BatchView']
export type Need = Schemas['Need']

/** How often a page reads it anew. What is only looked up says for how long an answer will do. */
type Rhythm = { meta: { refreshMs: number }; refetchInterval: number } | { staleTime: number }
const OFTEN: Rhythm = { meta: { refreshMs: 1_000 }, refetchInterval: 5_000 }
export const AT_TIMES: Rhythm = { meta: { refreshMs: 2_000 }, refetchInterval: 10_000 }

export function workersQuery(namespace: string, rhythm: Rhythm = OFTEN) {
  return queryOptions({
    queryKey: [namespace, 'workers'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/workers', { params: { path: { namespace } }, signal })),
    ...rhythm,
  })
}

export function limitsQuery(namespace: string, rhythm: Rhythm = AT_TIMES) {
  return queryOptions({
    queryKey: [namespace, 'limits'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/limits', { params: { path: { namespace } }, signal })),
    ...rhythm,
  })
}

export function limitQuery(namespace: string, name: string) {
  return queryOptions({
    queryKey: [namespace, 'limit', name] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/limits/{name}', { params: { path: { namespace, name } }, signal })),
    ...OFTEN,
  })
}

export function sharesQuery(namespace: string, queue: string) {
  return queryOptions({
    queryKey: [namespace, 'queue', queue, 'shares'] as const,
    queryFn: ({ signal }) =>
      call(client.GET('/v1/namespaces/{namespace}/queues/{name}/shares', { params: { path: { namespace, name: queue } }, signal })),
    ...OFTEN,
  })
}

export function definitionQuery(namespace: string, name: string, rhythm: Rhythm = AT_TIMES) {
  return queryOptions({
    queryKey: [namespace, 'definition', name] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/definitions/{name}', { params: { path: { namespace, name } }, signal })),
    ...rhythm,
  })
}

/** Of a workflow: which of its versions gets what share of the work. */
export function versionsQuery(namespace: string, name: string) {
  return queryOptions({
    queryKey: [namespace, 'definition', name, 'versions'] as const,
    queryFn: ({ signal }) =>
      call(client.GET('/v1/namespaces/{namespace}/definitions/{name}/versions', { params: { path: { namespace, name } }, signal })),
    ...AT_TIMES,
  })
}

const BATCH_PAGE = 100
export function batchesQuery(namespace: string) {
  return infiniteQueryOptions({
    queryKey: [namespace, 'batches'] as const,
    queryFn: ({ pageParam, signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/batches', {
          params: { path: { namespace }, query: { limit: BATCH_PAGE, ...(pageParam !== null && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.next,
    ...AT_TIMES,
  })
}

/** The newest backfills of a schedule. */
export function backfillsQuery(namespace: string, schedule: string) {
  return queryOptions({
    queryKey: [namespace, 'batches', 'of', schedule] as const,
    queryFn: ({ signal }) =>
      call(client.GET('/v1/namespaces/{namespace}/batches', { params: { path: { namespace }, query: { schedule, limit: 20 } }, signal })),
    meta: { refreshMs: 1_000 },
    refetchInterval: 5_000,
  })
}

export function batchQuery(namespace: string, batch: string) {
  return queryOptions({
    queryKey: [namespace, 'batch', batch] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/batches/{batch}', { params: { path: { namespace, batch } }, signal })),
    meta: { refreshMs: 1_000 },
    refetchInterval: query => (query.state.data?.closedAt === null ? 2_000 : false),
  })
}
