import type { InfiniteData, Query, QueryClient } from '@tanstack/react-query'
import type { LiveEvent, Run, RunDetail } from './client.ts'
import type { RunFilter } from './run-filter.ts'

/** One page of a list of runs, as `runs.list` answers it. */
export interface RunPage {
  runs: Run[]
  next: string | null
  /** How far back one look went, where no index knows the answer; null: to the end of the page. */
  through: string | null
  /** What was asked, for the pages after it. */
  asked?: Omit<RunFilter, 'last'>
}
type RunPages = InfiniteData<RunPage, unknown>

/** New runs put on top of a list before it is cut: without a bound a list left open over night would hold a day of runs. */
const NEWCOMERS_MAX = 5_000
/** What is left of it then, and is read anew. */
const KEPT_MAX = 200
/** A run's history, logs and explanation are read anew at most so often while it changes. */
const RUN_REFRESH_MS = 1_000

/** Applies a frame's events: runs in cached lists are replaced where they stand, new ones that a list accepts go on top, counts are read anew. */
export function patchRuns(queries: QueryClient, namespace: string, events: readonly LiveEvent[]): void {
  const changed = new Map<string, Run>()
  const outputs = new Map<string, unknown>()
  for (const event of events) {
    if (event.is !== 'run') continue
    changed.set(event.run.id, event.run)
    if (event.output !== undefined) outputs.set(event.run.id, event.output)
  }
  if (changed.size === 0) return
  for (const query of queries.getQueryCache().findAll({ queryKey: [namespace, 'runs'] })) patchList(queries, query, changed)
  for (const [id, run] of changed) {
    queries.setQueryData<RunDetail>([namespace, 'run', id], known => {
      if (known === undefined) return known
      const output = outputs.get(id)
      return { ...known, ...run, ...(output !== undefined && { output: output as RunDetail['output'] }) }
    })
    if (queries.getQueryCache().find({ queryKey: [namespace, 'run', id] }) !== undefined) refreshSoon(queries, [namespace, 'run', id], RUN_REFRESH_MS)
  }
  for (const query of queries.getQueryCache().findAll({ queryKey: [namespace], type: 'active' })) {
    const { refreshMs } = query.meta ?? {}
    if (refreshMs !== undefined) refreshSoon(queries, query.queryKey, refreshMs)
  }
}

function patchList(queries: QueryClient, query: Query, changed: ReadonlyMap<string, Run>): void {
  const data = query.state.data as RunPages | undefined
  const first = data?.pages[0]
  if (data === undefined || first === undefined) return
  const { accepts } = query.meta ?? {}
  const known = new Set<string>()
  let touched = false
  const pages = data.pages.map(page => {
    let pageTouched = false
    const runs: Run[] = []
    for (const run of page.runs) {
      known.add(run.id)
      const now = changed.get(run.id)
      if (now !== undefined) pageTouched = true
      if (now === undefined || accepts?.(now) !== false) runs.push(now ?? run)
    }
    if (!pageTouched) return page
    touched = true
    return { ...page, runs }
  })
  // Newest first, and ids sort by time: what is older than the list's head belongs to pages that are not read yet, or has just come to fit the filter.
  const newcomers =
    accepts === undefined ? [] : [...changed.values()].filter(run => !known.has(run.id) && accepts(run) === true && belongsOnTop(run, first))
  if (newcomers.length > 0) {
    touched = true
    const top = inOrder(newcomers.sort(byCreation), (pages[0] as RunPage).runs)
    pages[0] = { ...first, runs: top }
    if (top.length > NEWCOMERS_MAX) {
      // Cut to what one sees, and read anew from the top: what is on screen stays there meanwhile.
      const cut = { pages: [{ ...first, runs: top.slice(0, KEPT_MAX) }], pageParams: data.pageParams.slice(0, 1) }
      queries.setQueryData(query.queryKey, cut)
      return void queries.invalidateQueries({ queryKey: query.queryKey, exact: true })
    }
  }
  if (touched) queries.setQueryData(query.queryKey, { ...data, pages }, { updatedAt: query.state.dataUpdatedAt })
}

const byCreation = (a: Run, b: Run): number => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : a.id < b.id ? 1 : -1)

/** Both are in order. Newcomers mostly stand before all others, so this ends soon. */
function inOrder(newcomers: readonly Run[], others: readonly Run[]): Run[] {
  const [head] = others
  const last = newcomers.at(-1)
  if (head === undefined || (last !== undefined && byCreation(last, head) < 0)) return [...newcomers, ...others]
  return [...newcomers, ...others].sort(byCreation)
}

function belongsOnTop(run: Run, { runs, next }: RunPage): boolean {
  const last = runs.at(-1)
  return next === null || last === undefined || run.createdAt >= last.createdAt
}

const pending = new Map<string, { at: number; timer: number }>()
/** Now if it was long ago, else when its time has come; calls in between are one. */
function refreshSoon(queries: QueryClient, queryKey: readonly unknown[], everyMs: number): void {
  const hash = JSON.stringify(queryKey)
  const known = pending.get(hash)
  const now = Date.now()
  if (known !== undefined && known.timer !== 0) return
  const wait = Math.max(0, (known?.at ?? 0) + everyMs - now)
  const timer = window.setTimeout(() => {
    pending.set(hash, { at: Date.now(), timer: 0 })
    void queries.invalidateQueries({ queryKey }, { cancelRefetch: false })
    if (pending.size > 500) for (const [key, entry] of pending) if (entry.timer === 0) pending.delete(key)
  }, wait)
  pending.set(hash, { at: known?.at ?? 0, timer })
}
