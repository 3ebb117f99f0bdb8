import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { definitionsQuery, summaryQuery } from '../api/names.ts'
import { rootRoute } from '../app/root.ts'
import { present } from '../app/search.ts'
import { activityQuery, HOURS, HOURS_DEFAULT, type Hours } from './queries.ts'

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  /** `hours`: how far back the charts go. `needs=all`: all that needs a person, not the most urgent alone. */
  validateSearch: (search: Record<string, unknown>): { hours?: Hours; needs?: 'all' } =>
    present({ hours: HOURS.find(hours => String(hours) === String(search.hours)), needs: search.needs === 'all' ? ('all' as const) : undefined }),
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queries }, deps: { namespace = 'default', hours = HOURS_DEFAULT } }) => {
    void queries.prefetchQuery(summaryQuery(namespace))
    void queries.prefetchQuery(definitionsQuery(namespace))
    void queries.prefetchQuery(activityQuery(namespace, hours))
  },
  component: lazyRouteComponent(() => import('./page.tsx'), 'HomePage'),
})

export const homeRoutes = [homeRoute] as const
