import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { limitQuery, limitsQuery } from '../api/work.ts'
import { rootRoute } from '../app/root.ts'
import { present, textOf } from '../app/search.ts'

const SHOWN = ['all', 'waiting', 'operator'] as const
export type LimitsShown = (typeof SHOWN)[number]

const limitsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/limits',
  validateSearch: (search: Record<string, unknown>): { find?: string; show?: LimitsShown } =>
    present({ find: textOf(search.find), show: SHOWN.find(shown => shown === search.show) }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(limitsQuery(namespace)),
  component: lazyRouteComponent(() => import('./page.tsx'), 'LimitsPage'),
})

const limitRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/limits/$name',
  validateSearch: (search: Record<string, unknown>): { key?: string } => present({ key: textOf(search.key) }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, params, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(limitQuery(namespace, params.name)),
  component: lazyRouteComponent(() => import('./limit.tsx'), 'LimitPage'),
})

export const limitsRoutes = [limitsRoute, limitRoute] as const
