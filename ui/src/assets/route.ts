import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../app/root.ts'
import { present, textOf } from '../app/search.ts'

const SHOWN = ['list', 'lineage'] as const
export type AssetsShown = (typeof SHOWN)[number]

/** Not `/assets`: there lie the files of the console itself. */
const assetsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data',
  validateSearch: (search: Record<string, unknown>): { find?: string; show?: AssetsShown } =>
    present({ find: textOf(search.find), show: SHOWN.find(shown => shown === search.show) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'AssetsPage'),
})

const assetRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/data/$name',
  component: lazyRouteComponent(() => import('./asset.tsx'), 'AssetPage'),
})

export const assetsRoutes = [assetsRoute, assetRoute] as const
