import { queryOptions } from '@tanstack/react-query'
import { call, client } from '../api/client.ts'

/** What is usual of a definition's newest runs: what a start of it costs. */
export function definitionQuery(namespace: string, name: string) {
  return queryOptions({
    queryKey: [namespace, 'definition', name] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/definitions/{name}', { params: { path: { namespace, name } }, signal })),
    staleTime: 30_000,
  })
}

export function limitsQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'limits'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/limits', { params: { path: { namespace } }, signal })),
    staleTime: 10_000,
  })
}
