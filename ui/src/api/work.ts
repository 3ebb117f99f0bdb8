import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, client } from './client.ts'
import type { components } from './generated.ts'

/** Who does the work and what bounds it. Pauses, drains and workers that come and go are told by no run's event, so all of it is also read anew by itself. */

type Schemas = components['schemas']
export type Queue = Schemas['Queues']['queues'][number]
export type Limit = Schemas['Limit']
export type LimitDetail = Schemas['LimitDetail']
export type LimitKey = LimitDetail['byKey'][number]
export type Worker = Schemas['Workers']['workers'][number]
export type DefinitionRow = Schemas['DefinitionRow']
export type DefinitionDetail = Schemas['DefinitionDetail']
export type Batch = Schemas['BatchView']
export type Need = Schemas['Need']

const OFTEN = { meta: { refreshMs: 1_000 }, refetchInterval: 5_000 } as const
const AT_TIMES = { meta: { refreshMs: 2_000 }, refetchInterval: 10_000 } as const

export function workersQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'workers'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/workers', { params: { path: { namespace } }, signal })),
    ...OFTEN,
  })
}

export function limitsQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'limits'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/limits', { params: { path: { namespace } }, signal })),
    ...AT_TIMES,
  })
}

export function limitQuery(namespace: string, name: string) {
  return queryOptions({
    queryKey: [namespace, 'limit', name] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/limits/{name}', { params: { path: { namespace, name } }, signal })),
    ...OFTEN,
  })
}

export function definitionQuery(namespace: string, name: string) {
  return queryOptions({
    queryKey: [namespace, 'definition', name] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/definitions/{name}', { params: { path: { namespace, name } }, signal })),
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

export function batchQuery(namespace: string, batch: string) {
  return queryOptions({
    queryKey: [namespace, 'batch', batch] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/batches/{batch}', { params: { path: { namespace, batch } }, signal })),
    meta: { refreshMs: 1_000 },
    refetchInterval: query => (query.state.data?.closedAt === null ? 2_000 : false),
  })
}
