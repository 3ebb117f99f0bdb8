import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, retainSearchParams } from '@tanstack/react-router'
import { NotFound, PageFailure } from './failures.tsx'
import { present, textOf } from './search.ts'
import { Shell } from './shell.tsx'

export interface RootSearch {
  namespace?: string
}

/** What every page stands in. The namespace is part of every address that is not about the usual one, and links keep it. */
export const rootRoute = createRootRouteWithContext<{ queries: QueryClient }>()({
  validateSearch: (search: Record<string, unknown>): RootSearch => present({ namespace: textOf(search.namespace) }),
  search: { middlewares: [retainSearchParams(['namespace'])] },
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: PageFailure,
})
