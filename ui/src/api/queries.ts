import { QueryClient } from '@tanstack/react-query'
import type { Run } from './client.ts'
import { problemOf } from './problem.ts'

declare module '@tanstack/react-query' {
  interface Register {
    queryMeta: {
      /** Read anew while runs change, at most this often: for counts that no single event tells. */
      refreshMs?: number
      /**
       * Of a list of runs (its key begins with namespace, 'runs'): whether a run belongs into it; null: that cannot be told here. Those that do come on top,
       * those that no longer do leave. Absent: its newcomers need a refresh.
       */
      accepts?: (run: Run) => boolean | null
    }
  }
}

/** Every key begins with the namespace and the noun: `[namespace, 'runs', filter]`. */
export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        refetchOnWindowFocus: true,
        // What is refused stays refused; what could not be reached comes back with the live feed.
        retry: (failures, error) => failures < 2 && isPassing(problemOf(error).status),
        retryDelay: failures => Math.min(1_000 * 2 ** failures, 5_000),
        // Offline is what the server's silence says, not what the browser believes.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}

function isPassing(status: number): boolean {
  return status === 503 || status === 502
}
