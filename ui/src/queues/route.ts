import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { queuesQuery } from '../api/names.ts'
import { rootRoute } from '../app/root.ts'
import { present, textOf } from '../app/search.ts'

const SHOWN = ['all', 'busy', 'attention'] as const
export type QueuesShown = (typeof SHOWN)[number]
const RANGES = ['1h', '6h', '24h'] as const
export type QueueRange = (typeof RANGES)[number]

const queuesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/queues',
  validateSearch: (search: Record<string, unknown>): { find?: string; show?: QueuesShown } =>
    present({ find: textOf(search.find), show: SHOWN.find(shown => shown === search.show) }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(queuesQuery(namespace)),
  component: lazyRouteComponent(() => import('./page.tsx'), 'QueuesPage'),
})

const queueRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/queues/$name',
  validateSearch: (search: Record<string, unknown>): { range?: QueueRange } => present({ range: RANGES.find(range => range === search.range) }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(queuesQuery(namespace)),
  component: lazyRouteComponent(() => import('./queue.tsx'), 'QueuePage'),
})

export const queuesRoutes = [queuesRoute, queueRoute] as const
