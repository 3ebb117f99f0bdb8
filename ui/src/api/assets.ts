import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, client } from './client.ts'
import type { components } from './generated.ts'
import { AT_TIMES } from './work.ts'

type Schemas = components['schemas']
export type Asset = Schemas['Asset']
export type AssetDetail = Schemas['AssetDetail']
export type AssetEvent = Schemas['AssetEvent']
export type AssetPartition = Schemas['AssetPartition']
export type Lineage = Schemas['Lineage']

const PAGE = 200
export function assetsQuery(namespace: string) {
  return infiniteQueryOptions({
    queryKey: [namespace, 'assets'] as const,
    queryFn: ({ pageParam, signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/assets', {
          params: { path: { namespace }, query: { limit: PAGE, ...(pageParam !== null && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.next,
    ...AT_TIMES,
  })
}

export function assetQuery(namespace: string, name: string) {
  return queryOptions({
    queryKey: [namespace, 'asset', name] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/assets/{name}', { params: { path: { namespace, name } }, signal })),
    ...AT_TIMES,
  })
}

/** The latest ones, as many as a strip shows. */
const STRIP = 120
export function partitionsQuery(namespace: string, name: string) {
  return queryOptions({
    queryKey: [namespace, 'asset', name, 'partitions'] as const,
    queryFn: ({ signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/assets/{name}/partitions', { params: { path: { namespace, name }, query: { limit: STRIP } }, signal }),
      ),
    ...AT_TIMES,
  })
}

export function lineageQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'lineage'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/lineage', { params: { path: { namespace } }, signal })),
    ...AT_TIMES,
  })
}
