import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../app/root.ts'
import { present, textOf } from '../app/search.ts'

const approvalsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/approvals',
  validateSearch: (search: Record<string, unknown>): { find?: string; run?: string } =>
    present({ find: textOf(search.find), run: textOf(search.run) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'ApprovalsPage'),
})

export const approvalsRoutes = [approvalsRoute] as const
