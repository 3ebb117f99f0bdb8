import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { batchesQuery, batchQuery } from '../api/work.ts'
import { rootRoute } from '../app/root.ts'
import { present, textOf } from '../app/search.ts'

const SHOWN = ['all', 'open', 'jobs', 'operations'] as const
export type BatchesShown = (typeof SHOWN)[number]

const batchesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/batches',
  validateSearch: (search: Record<string, unknown>): { find?: string; show?: BatchesShown } =>
    present({ find: textOf(search.find), show: SHOWN.find(shown => shown === search.show) }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps: { namespace = 'default' } }) => void context.queries.prefetchInfiniteQuery(batchesQuery(namespace)),
  component: lazyRouteComponent(() => import('./page.tsx'), 'BatchesPage'),
})

const batchRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/batches/$batch',
  loaderDeps: ({ search }) => search,
  loader: ({ context, params, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(batchQuery(namespace, params.batch)),
  component: lazyRouteComponent(() => import('./batch.tsx'), 'BatchPage'),
})

export const batchesRoutes = [batchesRoute, batchRoute] as const
