import { queryOptions, useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import { call, client } from '../api/client.ts'
import { isClosed, runQuery } from '../api/runs.ts'
import { workersQuery } from '../api/work.ts'
import { shortId } from '../format/id.ts'

export function relatedQuery(namespace: string, run: string) {
  return queryOptions({
    queryKey: [namespace, 'run', run, 'related'] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/runs/{run}/related', { params: { path: { namespace, run } }, signal })),
  })
}

/** What a worker calls itself; of one that is gone nobody knows, and the end of its id must do. */
export function useWorkerName(namespace: string): (id: string) => string {
  const { data } = useQuery(workersQuery(namespace, { staleTime: 30_000 }))
  return useCallback((id: string) => data?.workers.find(worker => worker.id === id)?.name ?? `worker ${shortId(id)}`, [data])
}

/** A run that another one names: its state, live. Undefined: not known, or gone. */
export function useNamedRun(namespace: string, id: string) {
  const { data } = useQuery({ ...runQuery(namespace, id), retry: false, staleTime: 10_000 })
  return data === undefined ? undefined : { ...data, closed: isClosed(data.state) }
}
