import { queryOptions } from '@tanstack/react-query'
import { call, client } from '../api/client.ts'
import type { QueueRange } from './route.ts'

const HOURS: Record<QueueRange, number> = { '1h': 1, '6h': 6, '24h': 24 }
const MINUTE_MS = 60_000
const BUCKETS = 60

/** Runs of a queue by when they were created and what has become of them. */
export function queueHistogramQuery(namespace: string, queue: string, range: QueueRange, buckets = BUCKETS) {
  return queryOptions({
    queryKey: [namespace, 'queue', queue, 'histogram', range, buckets] as const,
    queryFn: ({ signal }) => {
      const until = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS
      const from = until - HOURS[range] * 60 * MINUTE_MS
      const query = { queue: [queue], from: new Date(from).toISOString(), until: new Date(until).toISOString(), buckets }
      return call(client.GET('/v1/namespaces/{namespace}/runs/histogram', { params: { path: { namespace }, query }, signal }))
    },
    staleTime: 30_000,
    meta: { refreshMs: range === '1h' ? 5_000 : 15_000 },
    refetchInterval: 60_000,
  })
}
