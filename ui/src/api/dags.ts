import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call, client } from './client.ts'
import type { components } from './generated.ts'

type Schemas = components['schemas']
export type DagGraph = Schemas['DagGraph']
export type DagTask = Schemas['DagTaskState']
export type DagGridRun = Schemas['DagGridRun']
export type DagItem = Schemas['DagItemState']
export type DagDurations = Schemas['DagDurations']
export type DagTaskDurations = Schemas['DagTaskDurations']
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

export const ITEMS_PAGE = 500
/** A page of the items of a mapped task. */
export function itemsQuery(namespace: string, run: string, task: string, from: number) {
  return queryOptions({
    queryKey: [namespace, 'run', run, 'items', task, from] as const,
    queryFn: ({ signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/runs/{run}/tasks/{name}/items', {
          params: { path: { namespace, run, name: task }, query: { from, limit: ITEMS_PAGE } },
          signal,
        }),
      ),
    meta: { refreshMs: 2_000 },
  })
}

const DURATIONS_RUNS = 100
/** How long the newest closed runs of a DAG took; `task`: and this one of them in each. */
export function durationsQuery(namespace: string, name: string, task: string | null) {
  return queryOptions({
    queryKey: [namespace, 'definition', name, 'durations', task] as const,
    queryFn: ({ signal }) =>
      call(
        client.GET('/v1/namespaces/{namespace}/definitions/{name}/durations', {
          params: { path: { namespace, name }, query: { limit: DURATIONS_RUNS, ...(task !== null && { task }) } },
          signal,
        }),
      ),
    meta: { refreshMs: 10_000 },
  })
}

export type Reruns = Schemas['Reruns']

/** What runs again besides a task, and where. */
export const WAYS = ['downstream', 'upstream', 'past', 'future', 'onlyFailed'] as const
export type Way = (typeof WAYS)[number]

const bodyOf = (task: string | null, ways: readonly Way[]) => ({
  ...(task !== null && { tasks: [task] }),
  ...Object.fromEntries(ways.map(way => [way, true])),
})

export function rerunTasks(namespace: string, run: string, callKey: string, task: string | null, ways: readonly Way[]): Promise<Reruns> {
  const params = { path: { namespace, run }, header: { 'Idempotency-Key': callKey } }
  return call(client.POST('/v1/namespaces/{namespace}/runs/{run}/rerun', { params, body: bodyOf(task, ways) }))
}

/** What that would do. */
export function rerunPreview(namespace: string, run: string, task: string | null, ways: readonly Way[]) {
  return queryOptions({
    queryKey: [namespace, 'run', run, 'rerun', task, ways] as const,
    queryFn: ({ signal }) =>
      call(
        client.POST('/v1/namespaces/{namespace}/runs/{run}/rerun', {
          params: { path: { namespace, run } },
          body: { ...bodyOf(task, ways), dryRun: true },
          signal,
        }),
      ),
    retry: false,
    gcTime: 0,
  })
}
