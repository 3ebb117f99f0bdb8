import { createRouter } from '@tanstack/react-router'
import { BASE } from '../api/client.ts'
import { createQueries } from '../api/queries.ts'
import { approvalsRoutes } from '../approvals/route.ts'
import { assetsRoutes } from '../assets/route.ts'
import { batchesRoutes } from '../batches/route.ts'
import { definitionsRoutes } from '../definitions/route.ts'
import { homeRoutes } from '../home/route.ts'
import { limitsRoutes } from '../limits/route.ts'
import { queuesRoutes } from '../queues/route.ts'
import { runRoutes } from '../run/route.ts'
import { runsRoutes } from '../runs/route.ts'
import { schedulesRoutes } from '../schedules/route.ts'
import { settingsRoutes } from '../settings/route.ts'
import { workersRoutes } from '../workers/route.ts'
import { rootRoute } from './root.ts'
import { parseSearch, stringifySearch } from './search.ts'

export const queries = createQueries()

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    ...homeRoutes,
    ...runsRoutes,
    ...runRoutes,
    ...schedulesRoutes,
    ...queuesRoutes,
    ...limitsRoutes,
    ...workersRoutes,
    ...definitionsRoutes,
    ...batchesRoutes,
    ...approvalsRoutes,
    ...assetsRoutes,
    ...settingsRoutes,
  ]),
  context: { queries },
  basepath: BASE === '' ? '/' : BASE,
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  // Data belongs to the query cache, which knows what is old.
  defaultPreloadStaleTime: 0,
  scrollRestoration: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
