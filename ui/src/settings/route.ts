import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../app/root.ts'
import { present } from '../app/search.ts'

const TABS = ['server', 'nodes', 'keys', 'variables', 'namespaces', 'appearance', 'keyboard'] as const
export type SettingsTab = (typeof TABS)[number]

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  validateSearch: (search: Record<string, unknown>): { tab?: SettingsTab } => present({ tab: TABS.find(tab => tab === search.tab) }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'SettingsPage'),
})

export const settingsRoutes = [settingsRoute] as const
