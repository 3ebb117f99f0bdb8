import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../app/root.ts'
import { scheduleQuery, schedulesQuery } from './queries.ts'
import { validateScheduleSearch, validateSchedulesSearch } from './search.ts'

const schedulesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/schedules',
  validateSearch: validateSchedulesSearch,
  loaderDeps: ({ search: { namespace } }) => ({ namespace }),
  loader: ({ context, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(schedulesQuery(namespace)),
  component: lazyRouteComponent(() => import('./page.tsx'), 'SchedulesPage'),
})

const scheduleRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/schedules/$name',
  validateSearch: validateScheduleSearch,
  loaderDeps: ({ search: { namespace } }) => ({ namespace }),
  loader: ({ context, params: { name }, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(scheduleQuery(namespace, name)),
  component: lazyRouteComponent(() => import('./schedule-page.tsx'), 'SchedulePage'),
})

export const schedulesRoutes = [schedulesRoute, scheduleRoute] as const
