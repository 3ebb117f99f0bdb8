import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { definitionsQuery } from '../api/names.ts'
import { definitionQuery } from '../api/work.ts'
import { rootRoute } from '../app/root.ts'
import { present, textOf } from '../app/search.ts'

const SHOWN = ['all', 'failing', 'changed', 'paused'] as const
export type DefinitionsShown = (typeof SHOWN)[number]
const TABS = ['overview', 'grid', 'graph', 'durations', 'options', 'input'] as const
export type DefinitionTab = (typeof TABS)[number]

const definitionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/definitions',
  validateSearch: (search: Record<string, unknown>): { find?: string; show?: DefinitionsShown } =>
    present({ find: textOf(search.find), show: SHOWN.find(shown => shown === search.show) }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(definitionsQuery(namespace)),
  component: lazyRouteComponent(() => import('./page.tsx'), 'DefinitionsPage'),
})

const definitionRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/definitions/$name',
  // `task`: the one that is picked in the graph, or beside the durations of runs.
  validateSearch: (search: Record<string, unknown>): { tab?: DefinitionTab; task?: string } =>
    present({ tab: TABS.find(tab => tab === search.tab), task: textOf(search.task) }),
  loaderDeps: ({ search }) => search,
  loader: ({ context, params, deps: { namespace = 'default' } }) => void context.queries.prefetchQuery(definitionQuery(namespace, params.name)),
  component: lazyRouteComponent(() => import('./definition.tsx'), 'DefinitionPage'),
})

export const definitionsRoutes = [definitionsRoute, definitionRoute] as const
