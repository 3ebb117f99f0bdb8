import { queryOptions } from '@tanstack/react-query'
import { call, client, type Run } from './client.ts'

/** So many waiting runs are read as one page, of which the oldest are the last: lists are newest first. */
const PAGE = 500
const SHOWN = 8

export interface WaitingWhere {
  queue?: string
  definition?: string
}

/** The queued runs that wait longest, the oldest first. `oldestAt`: of a deep queue, where it stands; then those that were there before it. */
export function waitingQuery(namespace: string, where: WaitingWhere, oldestAt: string | null = null) {
  return queryOptions({
    queryKey: [namespace, 'waiting', where, oldestAt] as const,
    queryFn: async ({ signal }): Promise<Run[]> => {
      const query = {
        state: ['queued' as const],
        limit: PAGE,
        ...(where.queue !== undefined && { queue: [where.queue] }),
        ...(where.definition !== undefined && { definition: [where.definition] }),
        ...(oldestAt !== null && { createdBefore: new Date(Date.parse(oldestAt) + 1_000).toISOString() }),
      }
      const { runs } = await call(client.GET('/v1/namespaces/{namespace}/runs', { params: { path: { namespace }, query }, signal }))
      return runs.slice(-SHOWN).reverse()
    },
    meta: { refreshMs: 3_000 },
  })
}

export function isDeep(depth: number): boolean {
  return depth > PAGE
}
