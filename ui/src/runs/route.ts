import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { runsQuery } from '../api/runs.ts'
import { rootRoute } from '../app/root.ts'
import { validateRunsSearch } from './search.ts'

const runsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/runs',
  validateSearch: validateRunsSearch,
  loaderDeps: ({ search }) => search,
  // Begun with the page's code, and on intent before the click; what fails is shown by the page itself.
  loader: ({ context: { queries }, deps: { namespace = 'default', ...search } }) => void queries.prefetchInfiniteQuery(runsQuery(namespace, search)),
  component: lazyRouteComponent(() => import('./page.tsx'), 'RunsPage'),
})

export const runsRoutes = [runsRoute] as const
