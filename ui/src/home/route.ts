import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { summaryQuery } from '../api/names.ts'
import { rootRoute } from '../app/root.ts'

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(summaryQuery(namespace)),
  component: lazyRouteComponent(() => import('./page.tsx'), 'HomePage'),
})

export const homeRoutes = [homeRoute] as const
