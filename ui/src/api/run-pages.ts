import { call, client } from './client.ts'
import type { RunPage } from './patch.ts'
import { askedOf, type RunFilter } from './run-filter.ts'

const PAGE = 100

/** Where the page after another begins, and what was asked for that one. */
export interface After {
  cursor: string
  asked: Omit<RunFilter, 'last'> | undefined
}

/** A page of a list of runs. All pages of one list ask the same: what `last` means is fixed with the first. */
export async function readRuns(namespace: string, filter: RunFilter, after: After | null, signal?: AbortSignal): Promise<RunPage> {
  const early = after === null ? taken(namespace, filter) : null
  if (early !== null) return early
  const query = after?.asked ?? askedOf(filter)
  const page = await call(
    client.GET('/v1/namespaces/{namespace}/runs', {
      params: { path: { namespace }, query: { ...query, limit: PAGE, ...(after !== null && { cursor: after.cursor }) } },
      ...(signal && { signal }),
    }),
  )
  return { ...page, asked: query }
}

let early: { of: string; page: Promise<RunPage> } | null = null

/** Asks for the first page of a list before the code is there that shows it; whoever reads that list first gets this answer. */
export function readRunsEarly(namespace: string, filter: RunFilter): void {
  const page = readRuns(namespace, filter, null)
  // Told to who takes it.
  page.catch(() => undefined)
  early = { of: nameOf(namespace, filter), page }
}

function taken(namespace: string, filter: RunFilter): Promise<RunPage> | null {
  const found = early?.of === nameOf(namespace, filter) ? early.page : null
  early = null
  return found
}

const nameOf = (namespace: string, filter: RunFilter): string => JSON.stringify([namespace, filter])
