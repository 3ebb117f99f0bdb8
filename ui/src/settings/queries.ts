import { queryOptions } from '@tanstack/react-query'
import { call, client } from '../api/client.ts'
import type { components } from '../api/generated.ts'

export type Server = components['schemas']['Server']

/** These belong to the server and to no namespace, so their keys begin with none. */
export const serverQuery = queryOptions({
  queryKey: ['server'] as const,
  queryFn: ({ signal }) => call(client.GET('/v1/server', { signal })),
  refetchInterval: 15_000,
})

export const nodesQuery = queryOptions({
  queryKey: ['nodes'] as const,
  queryFn: ({ signal }) => call(client.GET('/v1/nodes', { signal })),
  refetchInterval: 5_000,
})

export const keysQuery = queryOptions({
  queryKey: ['keys'] as const,
  queryFn: ({ signal }) => call(client.GET('/v1/keys', { signal })),
})

export const namespacesQuery = queryOptions({
  queryKey: ['namespaces'] as const,
  queryFn: ({ signal }) => call(client.GET('/v1/namespaces', { signal })),
  refetchInterval: 10_000,
})

export type Variable = components['schemas']['Variable']
export type Connection = components['schemas']['Connection']

export const variablesQuery = (namespace: string) =>
  queryOptions({
    queryKey: [namespace, 'variables'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/variables', { params: { path: { namespace } }, signal })),
  })

export const connectionsQuery = (namespace: string) =>
  queryOptions({
    queryKey: [namespace, 'connections'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/connections', { params: { path: { namespace } }, signal })),
  })
