import { queryOptions } from '@tanstack/react-query'
import { call, client } from './client.ts'

/** What there is in a namespace, for lists and completion. */

export function definitionsQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'definitions'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/definitions', { params: { path: { namespace } }, signal })),
    staleTime: 10_000,
  })
}

export function queuesQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'queues'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/queues', { params: { path: { namespace } }, signal })),
    meta: { refreshMs: 2_000 },
    // What no run's event tells: a pause, a worker.
    refetchInterval: 10_000,
  })
}

export function summaryQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'summary'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/summary', { params: { path: { namespace } }, signal })),
    meta: { refreshMs: 1_000 },
    // What no run's event tells: a pause, a worker that went silent.
    refetchInterval: 15_000,
  })
}
