import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { workersQuery } from '../api/work.ts'
import { rootRoute } from '../app/root.ts'
import { present, textOf } from '../app/search.ts'

export interface WorkersSearch {
  find?: string
  /** Those that take from it. */
  queue?: string
  /** Those that serve it. */
  definition?: string
}

const workersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/workers',
  validateSearch: (search: Record<string, unknown>): WorkersSearch =>
    present({ find: textOf(search.find), queue: textOf(search.queue), definition: textOf(search.definition) }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(workersQuery(namespace)),
  component: lazyRouteComponent(() => import('./page.tsx'), 'WorkersPage'),
})

const workerRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/workers/$id',
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(workersQuery(namespace)),
  component: lazyRouteComponent(() => import('./worker.tsx'), 'WorkerPage'),
})

export const workersRoutes = [workersRoute, workerRoute] as const
