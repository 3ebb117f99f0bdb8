import { queryOptions } from '@tanstack/react-query'
import { call, client } from '../api/client.ts'

export const HOURS = [1, 6, 24] as const
export type Hours = (typeof HOURS)[number]
export const HOURS_DEFAULT: Hours = 6

/** What started and closed, and how long it took, in the last hours. */
export function activityQuery(namespace: string, hours: Hours) {
  return queryOptions({
    queryKey: [namespace, 'activity', hours] as const,
    queryFn: ({ signal }) => call(client.GET('/v1/namespaces/{namespace}/activity', { params: { path: { namespace }, query: { hours } }, signal })),
    meta: { refreshMs: 5_000 },
    // Minutes pass without a run, too.
    refetchInterval: 30_000,
    placeholderData: known => known,
  })
}

/** Runs that were created within the last hour, by state: what `/runs?last=1h` lists. */
export function lastHourQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'histogram', 'last hour'] as const,
    queryFn: ({ signal }) => {
      const query = { from: new Date(Date.now() - 3_600_000).toISOString(), buckets: 10 }
      return call(client.GET('/v1/namespaces/{namespace}/runs/histogram', { params: { path: { namespace }, query }, signal }))
    },
    meta: { refreshMs: 2_000 },
    refetchInterval: 30_000,
  })
}

const SCHEDULES_MAX = 200
export function schedulesQuery(namespace: string) {
  return queryOptions({
    queryKey: [namespace, 'schedules', 'home'] as const,
    queryFn: ({ signal }) =>
      call(client.GET('/v1/namespaces/{namespace}/schedules', { params: { path: { namespace }, query: { limit: SCHEDULES_MAX } }, signal })),
    meta: { refreshMs: 5_000 },
    refetchInterval: 15_000,
  })
}
