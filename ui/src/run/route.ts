import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { historyQuery } from '../api/history.ts'
import { explainQuery, runQuery } from '../api/runs.ts'
import { rootRoute } from '../app/root.ts'
import { validateRunSearch } from './search.ts'

const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/runs/$run',
  validateSearch: validateRunSearch,
  loaderDeps: ({ search: { namespace } }) => ({ namespace }),
  loader: ({ context, params: { run }, deps: { namespace = 'default' } }) => {
    for (const query of [runQuery, historyQuery, explainQuery]) void context.queries.prefetchQuery(query(namespace, run) as never)
  },
  component: lazyRouteComponent(() => import('./page.tsx'), 'RunPage'),
})

export const runRoutes = [runRoute] as const
