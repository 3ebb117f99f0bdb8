import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, client } from './client.ts'
import type { components } from './generated.ts'

type Schemas = components['schemas']
export type DagGraph = Schemas['DagGraph']
export type DagTask = Schemas['DagTaskState']
export type DagGridRun = Schemas['DagGridRun']
export type TaskState = DagTask['state']

/** A version's graph, which never changes; null: of the newest, which does. */
export function graphQuery(namespace: string, name: string, version: string | null) {
  return queryOptions({
    queryKey: [namespace, 'definition', name, 'graph', version] as const,
    queryFn: ({ signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/definitions/{name}/graph', {
          params: { path: { namespace, name }, query: version === null ? {} : { version } },
          signal,
        }),
      ),
    ...(version === null ? { refetchInterval: 15_000 } : { staleTime: Number.POSITIVE_INFINITY }),
  })
}

const GRID_PAGE = 100
/** The newest runs of a DAG and how their tasks stand, page by page. */
export function gridQuery(namespace: string, name: string) {
  return infiniteQueryOptions({
    queryKey: [namespace, 'definition', name, 'grid'] as const,
    queryFn: ({ pageParam, signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/definitions/{name}/grid', {
          params: { path: { namespace, name }, query: { limit: GRID_PAGE, ...(pageParam !== null && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.next,
    meta: { refreshMs: 2_000 },
  })
}

const TASKS_PAGE = 1_000
/** How all tasks of a run stand. */
export function tasksQuery(namespace: string, run: string) {
  return queryOptions({
    queryKey: [namespace, 'run', run, 'tasks'] as const,
    async queryFn({ signal }) {
      const page = (from: number) =>
        call(
          client.GET('/v1/namespaces/{namespace}/runs/{run}/tasks', {
            params: { path: { namespace, run }, query: { from, limit: TASKS_PAGE } },
            signal,
          }),
        )
      const first = await page(0)
      const tasks = [...first.tasks]
      for (let { next } = first; next !== null; ) {
        const more = await page(next)
        tasks.push(...more.tasks)
        next = more.next
      }
      return { version: first.version, definition: first.definition, tasks }
    },
    // What begins or ends in it is told of its tasks' runs, not of itself.
    meta: { refreshMs: 1_000 },
  })
}
