import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call, client, type HistoryEvent } from './client.ts'

/** Events that are read at once: of a long history the newest are what one came for. */
export const HISTORY_PAGE = 500

/** The newest events of a run, without a gap: from number `from` on. */
export interface History {
  from: number
  events: readonly HistoryEvent[]
  /** How many the run has. */
  total: number
}

/** Events are only ever added: of a history that is known what came since is read, and put behind it. */
export function historyQuery(namespace: string, run: string) {
  const queryKey = [namespace, 'run', run, 'history'] as const
  return queryOptions({
    queryKey,
    queryFn: async ({ client: queries, signal }): Promise<History> => {
      const total = queries.getQueryData<History>(queryKey)?.total
      const asked = total === undefined ? null : await read(namespace, run, { from: total, limit: HISTORY_PAGE }, signal)
      // So many came meanwhile that those between would be a long way: the newest again.
      if (asked === null || asked.next !== null) return read(namespace, run, { last: HISTORY_PAGE }, signal)
      // Earlier ones may have come in the meantime.
      const known = queries.getQueryData<History>(queryKey) ?? { from: asked.from, events: [] }
      return { from: known.from, events: asked.events.length === 0 ? known.events : [...known.events, ...asked.events], total: asked.total }
    },
    structuralSharing: false,
  })
}

/** The history as far as it is known, and how to know more of what was earlier. */
export function useHistory(namespace: string, run: string) {
  const queries = useQueryClient()
  const query = historyQuery(namespace, run)
  const earlier = useMutation({
    mutationFn: async () => {
      const before = queries.getQueryData(query.queryKey)?.from ?? 0
      const from = Math.max(0, before - HISTORY_PAGE)
      const events: HistoryEvent[] = []
      for (let next: number | null = from; next !== null && next < before; ) {
        const page: Page = await read(namespace, run, { from: next, limit: before - next })
        events.push(...page.events)
        next = page.next
      }
      queries.setQueryData(query.queryKey, known => (known?.from === before ? { ...known, from, events: [...events, ...known.events] } : known))
    },
  })
  return { ...useQuery(query), earlier }
}

type Page = History & { next: number | null }

function read(
  namespace: string,
  run: string,
  query: { from?: number; last?: number; limit?: number },
  signal: AbortSignal | null = null,
): Promise<Page> {
  return call(client.GET('/v1/namespaces/{namespace}/runs/{run}/history', { params: { path: { namespace, run }, query }, signal }))
}
